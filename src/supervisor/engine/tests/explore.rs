//! Every state that a small daemon can come into, by every way: breadth first, with the invariants held at each
//! step and in each state, and with a shutdown from each.
//!
//! One subsystem and pairs of them exhaustively; trios of every graph and group, and quartets, of some rules each.
//! An unoptimized build explores fewer of them: `cargo test --release --lib explore` explores the rest. What is
//! found is a way to it, the shortest: a failure prints that.

use std::collections::VecDeque;

use super::acts::{Act, Detail, Twist};
use super::cells::Cells;
use super::digest::{Digests, digest};
use super::mixes::{self, Mix};
use super::*;

/// An unoptimized build is ten times slower.
const QUICK: bool = cfg!(debug_assertions);

/// What an exploration has come across.
#[derive(Default)]
pub(super) struct Found {
    daemons: usize,
    states: usize,
    steps: usize,
    pub(super) cells: Cells,
}

/// How a state was come to: from which, by what. Printed when an invariant does not hold.
struct Trail<'a> {
    mix: &'a Mix,
    came: Vec<(usize, Act, Twist)>,
    at: usize,
    next: Option<(Act, Twist)>,
}

impl Drop for Trail<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let (mut way, mut at) = (Vec::new(), self.at);
        while at > 0 {
            let (from, act, twist) = self.came[at];
            way.push((act, twist));
            at = from;
        }
        way.reverse();
        way.extend(self.next);
        let Mix { rules, edges, group, watched, .. } = self.mix;
        println!("\nedges {edges:?}, group {group:?}");
        rules.iter().for_each(|rules| println!("{rules:?}"));
        watched.iter().for_each(|watched| println!("{watched:?}"));
        way.iter().for_each(|(act, twist)| println!("  {act:?}, {twist:?}"));
    }
}

impl Found {
    fn all(mixes: impl Iterator<Item = Mix>, detail: Detail) -> Self {
        let mut found = Self::default();
        mixes.for_each(|mix| found.explore(&mix, detail));
        let Self { daemons, states, steps, cells } = &found;
        println!("{daemons} daemons, {states} states, {steps} steps");
        cells.are_documented();
        found
    }

    pub(super) fn explore(&mut self, mix: &Mix, detail: Detail) {
        let mut start = mix.world();
        start.cells = Some(Vec::new());
        let mut seen = Digests::default();
        seen.insert(digest(&start, detail));
        let mut open = VecDeque::from([(start, 0)]);
        let came = vec![(0, Act::Start, Twist::Plain)];
        let mut trail = Trail { mix, came, at: 0, next: None };
        self.daemons += 1;
        while let Some((world, at)) = open.pop_front() {
            self.states += 1;
            (trail.at, trail.next) = (at, None);
            world.clone().goes_down();
            let mut twists = Vec::new();
            for act in world.acts(detail) {
                twists.push(Twist::Plain);
                while let Some(twist) = twists.pop() {
                    trail.next = Some((act, twist));
                    let mut next = world.clone();
                    next.take(act, twist, detail);
                    self.steps += 1;
                    if twist == Twist::Plain {
                        reasons::of_an_act(mix, &world, &next, act);
                        twists.extend(next.twists(detail));
                    }
                    next.forget(&mut self.cells);
                    if !next.exited && seen.insert(digest(&next, detail)) {
                        trail.came.push((at, act, twist));
                        open.push_back((next, trail.came.len() - 1));
                    }
                }
            }
        }
    }
}

#[test]
fn one_subsystem() {
    let mixes = mixes::alone().into_iter().step_by(if QUICK { 17 } else { 1 });
    Found::all(mixes, Detail::All);
}

#[test]
fn two_subsystems() {
    match QUICK {
        true => Found::all(mixes::pairs(&mixes::POLICIES, 3).step_by(5), Detail::Coarse),
        false => Found::all(mixes::pairs(&mixes::all_rules(), 4), Detail::Kinds),
    };
}

#[test]
fn one_subsystem_that_is_watched() {
    let mixes = mixes::watched_alone().step_by(if QUICK { 19 } else { 1 });
    Found::all(mixes, Detail::Kinds);
}

#[test]
fn two_subsystems_that_are_watched() {
    let mixes = mixes::watched_pairs().step_by(if QUICK { 307 } else { 13 });
    Found::all(mixes, Detail::Coarse);
}

#[test]
fn three_subsystems() {
    let mixes = mixes::trios().step_by(if QUICK { 193 } else { 5 });
    Found::all(mixes, Detail::Coarse);
}

#[test]
fn any_subsystems() {
    let any = |units, count, detail| Found::all(mixes::any(units, count), detail);
    if QUICK {
        any(3, 1, Detail::Coarse);
    } else {
        any(2, 1, Detail::All);
        any(3, 40, Detail::Coarse);
        any(4, 2, Detail::Coarse);
    }
}
