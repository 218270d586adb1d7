//! Joint restarts: subsystems that start again together, once all of them have ended.
//!
//! 1. Nobody of a joint starts before everybody of it who lived has ended or was left behind.
//! 2. Two joints that share a member are one.

use std::collections::{BTreeMap, BTreeSet};

use proc_daemon_runtime::Instant;

use super::{Effect, Engine, Leaving, Met, NAMES_IN_A_NOTE, Note, Out, State, Waiting};
use crate::restart::Restart;

/// Those that start again together.
#[derive(Clone, Debug)]
pub(crate) struct Joint {
    pub(super) members: Vec<u32>,
    /// Who of them has yet to end.
    pub(super) living: u32,
    /// When they start, if all have ended by then.
    pub(super) due: Instant,
}

impl Engine {
    /// `unit` starts again at `due`, and so do those of its group and those that are bound to it. What lives of
    /// them is stopped; `unit` itself, if it does, as `leaving` says.
    pub(super) fn take_along(
        &mut self,
        unit: u32,
        leaving: Leaving,
        due: Instant,
        now: Instant,
        out: &mut Out,
    ) {
        let all = self.ensemble(unit);
        if all.len() == 1 && !self.units[unit as usize].is_live() {
            return;
        }
        let joint = self.join(&all, due);
        let mut gone = Vec::new();
        for &member in &all {
            let this = &self.units[member as usize];
            if self.is_idle(member) && this.is_unlaunched() {
                self.take_back(member);
                self.hold(member, now, out);
            } else if this.is_live() {
                let wanted = match self.rule(member).restart {
                    _ if member == unit => leaving,
                    Restart::Never => Leaving::Retired,
                    _ => Leaving::Again,
                };
                if wanted == Leaving::Retired && this.leaving < Leaving::Lost {
                    gone.push(member);
                }
                self.leave_jointly(member, joint, wanted);
            }
        }
        self.note_joint(&all, out);
        // What does not start again is lost to those that require it.
        self.lose_requiring(&gone, now, out);
        if self.units[unit as usize].leaving < Leaving::Lost {
            self.wake_over(&all, now, out);
        }
        self.leavers.extend(all);
        self.start_jointly(joint, now, out);
    }

    /// Those who are over by themselves start again with the first.
    fn wake_over(&mut self, all: &[u32], now: Instant, out: &mut Out) {
        for &member in &all[1..] {
            if self.comes_again(member) {
                self.keeping += usize::from(!self.rule(member).background);
                self.hold(member, now, out);
                self.set_met(member, Met::No, out);
            }
        }
    }

    fn note_joint(&self, all: &[u32], out: &mut Out) {
        let [unit, others @ ..] = all else { return };
        let more = others.len().saturating_sub(NAMES_IN_A_NOTE);
        let units = others[..others.len() - more].to_vec();
        if !units.is_empty() {
            let others = Box::new(Waiting { units, more });
            out.push_back(Effect::Note(Note::TakesAlong { unit: *unit, others }));
        }
    }

    /// Whoever starts again when `unit` does, itself first.
    pub(super) fn ensemble(&self, unit: u32) -> Vec<u32> {
        let mut all = vec![unit];
        if self.groups.along(unit).is_empty() && self.graph.binding(unit).is_empty() {
            return all;
        }
        let mut seen = BTreeSet::from([unit]);
        // What was taken of each group: all of it, or the rest of it from one member on.
        let mut taken = BTreeMap::new();
        let mut next = 0;
        while next < all.len() {
            let one = all[next];
            let mut along = self.groups.along(one);
            if let Some((group, _)) = self.groups.of(one) {
                let most = taken.entry(group).or_insert(0);
                if along.len() <= *most {
                    along = &[];
                }
                *most = along.len().max(*most);
            }
            for &other in along.iter().chain(self.graph.binding(one)) {
                let gone = self.units[other as usize].state == State::Removed;
                if !gone && seen.insert(other) {
                    all.push(other);
                }
            }
            next += 1;
        }
        all
    }

    /// Whoever is stopped when `unit` starts again: some of them stay so, and so do those that cannot be without
    /// these, with their groups.
    pub(super) fn stops_with(&self, unit: u32) -> Vec<u32> {
        let mut all = self.ensemble(unit);
        // Who may be stopped for good, and is not about to be.
        let goes_on = |other: u32| {
            let this = &self.units[other as usize];
            this.leaving < Leaving::Lost && (this.is_live() || self.is_idle(other))
        };
        let stays = |other: &u32| {
            let temporary = self.rule(*other).restart == Restart::Never;
            *other != unit && temporary && self.units[*other as usize].is_live() && goes_on(*other)
        };
        let mut lost: Vec<u32> = all.iter().copied().filter(stays).collect();
        let (stay, mut next) = (lost.len(), 0);
        while let Some(&one) = lost.get(next) {
            let along = if next < stay { &[] } else { self.groups.along(one) };
            for &other in self.graph.requiring(one).iter().chain(along) {
                if goes_on(other) && !lost.contains(&other) {
                    lost.push(other);
                }
            }
            next += 1;
        }
        all.extend(lost);
        all
    }

    /// It has ended by itself, and is one to start again with its group.
    fn comes_again(&self, unit: u32) -> bool {
        let this = &self.units[unit as usize];
        this.state == State::Stopped
            && this.gave_up.is_none()
            && this.leaving != Leaving::Retired
            && self.rule(unit).restart != Restart::Never
            && self.down(unit).is_none()
    }

    /// Puts them into one joint, together with whoever was in one with any of them.
    fn join(&mut self, units: &[u32], due: Instant) -> u32 {
        self.last_joint += 1;
        let id = self.last_joint;
        let mut joint = Joint { members: units.to_vec(), living: 0, due };
        for unit in units {
            let was = self.units[*unit as usize].joint;
            if let Some(other) = self.joints.remove(&was) {
                joint.living += other.living;
                joint.due = joint.due.max(other.due);
                joint.members.extend(other.members);
            }
        }
        joint.members.sort_unstable();
        joint.members.dedup();
        for member in &joint.members {
            self.units[*member as usize].joint = id;
        }
        self.joints.insert(id, joint);
        id
    }

    fn leave_jointly(&mut self, unit: u32, joint: u32, wanted: Leaving) {
        let this = &mut self.units[unit as usize];
        if this.leaving < Leaving::Lost {
            this.leaving = this.leaving.max(wanted);
        }
        if !std::mem::replace(&mut this.awaited, true)
            && let Some(joint) = self.joints.get_mut(&joint)
        {
            joint.living += 1;
        }
    }

    /// It starts with the others.
    pub(super) fn hold(&mut self, unit: u32, now: Instant, out: &mut Out) {
        self.turn(unit, State::Backoff, out);
        let this = &mut self.units[unit as usize];
        this.held = true;
        if let Some(joint) = self.joints.get(&this.joint) {
            let due = joint.due.max(now);
            self.show_due(unit, due, out);
        }
    }

    /// Whether it has to wait for others to end.
    pub(super) fn is_held(&self, unit: u32) -> bool {
        let joint = self.joints.get(&self.units[unit as usize].joint);
        joint.is_some_and(|joint| joint.living > 0)
    }

    /// `unit` has ended, or was left behind: the last one lets the others start.
    pub(super) fn leave_joint(&mut self, unit: u32, now: Instant, out: &mut Out) {
        let this = &mut self.units[unit as usize];
        let id = this.joint;
        if std::mem::take(&mut this.awaited) {
            if let Some(joint) = self.joints.get_mut(&id) {
                joint.living -= 1;
            }
            self.start_jointly(id, now, out);
        }
    }

    /// Once nobody of them lives, they start when their time has come.
    fn start_jointly(&mut self, id: u32, now: Instant, out: &mut Out) {
        if self.joints.get(&id).is_none_or(|joint| joint.living > 0) {
            return;
        }
        let Some(joint) = self.joints.remove(&id) else { return };
        for &member in &joint.members {
            self.units[member as usize].joint = 0;
        }
        for member in joint.members {
            let this = &mut self.units[member as usize];
            let held = std::mem::take(&mut this.held);
            let (state, unmet) = (this.state, this.unmet);
            match state {
                State::Backoff if held && joint.due <= now => self.backoff_over(member, now, out),
                State::Backoff if held => {
                    self.start_again_at(member, joint.due);
                    self.show_due(member, joint.due, out);
                }
                State::Waiting if unmet == 0 && self.may_start() => self.spawn(member, out),
                _ => {}
            }
        }
    }
}
