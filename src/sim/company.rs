//! The model of who is stopped, and starts again, with whom, although the daemon goes on: written from the rules
//! of groups, bound dependencies and calls by name, without a look into the engine.

use proc_daemon_runtime::Instant;

use super::book::{Book, Unit};
use super::model;
use crate::restart::Restart;
use crate::state::SubsystemState as State;
use crate::strategy::Strategy;
use crate::supervisor::engine::Op;

/// Why a subsystem is stopped although the daemon goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Leave {
    #[default]
    No,
    /// It starts again, with others or because that was asked for.
    Again,
    /// It stays stopped.
    Retired,
}

/// Whether a subsystem that is over by itself starts again with others in this step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Woken {
    #[default]
    No,
    Yes,
    /// What it requires is being aborted: it may be left behind in this step.
    Perhaps,
}

/// Subsystems that start again together.
#[derive(Clone, Debug)]
pub(super) struct Company {
    members: Vec<u32>,
    /// Who has to end before any of them starts: the generation that lived.
    awaited: Vec<(u32, u32)>,
    /// When the last of them whose backoff that is is due.
    due: Instant,
}

impl Unit {
    /// It ends, or stays ended, for a reason of others.
    pub(super) fn leaves(&self) -> bool {
        self.lost || self.unhealthy.is_some() || self.leave != Leave::No
    }

    /// Over, or about to be, and meant to be: nobody waits for it.
    pub(super) fn is_retired(&self) -> bool {
        self.leave == Leave::Retired
    }

    /// Whether the daemon, which `was_ready` once, is not ready as long as it is not.
    pub(super) fn is_waited_for(&self, was_ready: bool) -> bool {
        let counts = match self.state {
            State::Registered | State::Starting => !was_ready,
            State::Running => !was_ready || self.served,
            _ => false,
        };
        let optional = self.rules.optional && (!counts || self.leaves());
        !self.spared && !self.is_retired() && !optional
    }

    pub(super) fn over(&self) -> bool {
        matches!(self.state, State::Stopped | State::Failed | State::Zombie | State::Removed)
    }

    pub(super) fn lives(&self) -> bool {
        self.live && !self.left
    }
}

/// Who starts again with `unit` by the strategy of its group.
pub(super) fn along(book: &Book, unit: u32) -> Vec<u32> {
    let Some((group, strategy)) = book.units[unit as usize].group else { return Vec::new() };
    let members = (0..).zip(&book.units).filter(|(other, this)| {
        let mine = this.group.is_some_and(|(theirs, _)| theirs == group);
        let with = match strategy {
            Strategy::OneForOne => false,
            Strategy::OneForAll => true,
            Strategy::RestForOne => *other > unit,
        };
        mine && with && *other != unit && this.state != State::Removed
    });
    members.map(|(other, _)| other).collect()
}

/// Who starts again when `unit` does.
pub(super) fn company_of(book: &Book, unit: u32) -> Vec<u32> {
    let mut members = vec![unit];
    let mut seen = 0;
    while let Some(&next) = members.get(seen) {
        let bound = (0..).zip(&book.units).filter(|(_, other)| other.binds.contains(&next));
        let along = bound.map(|(other, _)| other).chain(along(book, next));
        let gone = |other: &u32| book.units[*other as usize].state == State::Removed;
        let fresh: Vec<u32> =
            along.filter(|other| !members.contains(other) && !gone(other)).collect();
        members.extend(fresh);
        seen += 1;
    }
    members.sort_unstable();
    members.dedup();
    members
}

/// `unit` starts again, and its company does.
pub(super) fn again(book: &mut Book, unit: u32) {
    let members = company_of(book, unit);
    let awaited = members
        .iter()
        .filter(|member| book.units[**member as usize].lives())
        .map(|member| (*member, book.units[*member as usize].generation))
        .collect();
    let mut gone = Vec::new();
    for &member in &members {
        let this = &mut book.units[member as usize];
        if !this.lives() || this.lost || this.leave == Leave::Retired {
            continue;
        }
        let temporary = this.rules.restart == Restart::Never && member != unit;
        if temporary {
            this.leave = Leave::Retired;
        } else if this.unhealthy.is_none() {
            // What is unhealthy leaves for that reason: its policy decides upon its end.
            this.leave = Leave::Again;
        }
        this.met = false;
        if temporary {
            gone.push(member);
        }
    }
    join(book, Company { members: members.clone(), awaited, due: Instant::ZERO });
    // What is not started again is lost to those that require it.
    model::lose(book, &gone);
    wake(book, unit, &members);
}

/// Whether `caller` is stopped when `unit` starts again: with it, or because it cannot be without one that is stopped
/// for good.
pub(super) fn stops_with(book: &Book, unit: u32, caller: u32) -> bool {
    let company = company_of(book, unit);
    let stays = |member: &u32| {
        let this = &book.units[*member as usize];
        let goes = this.lives() && !this.lost && this.leave != Leave::Retired;
        goes && this.rules.restart == Restart::Never && *member != unit
    };
    let stay: Vec<u32> = company.iter().copied().filter(stays).collect();
    company.contains(&caller) || model::losses(book, &stay).contains(&caller)
}

/// Companies that share a member are one.
fn join(book: &mut Book, mut new: Company) {
    let mut apart = Vec::new();
    for other in std::mem::take(&mut book.companies) {
        if other.members.iter().any(|member| new.members.contains(member)) {
            new.members.extend(other.members);
            new.awaited.extend(other.awaited);
            new.due = new.due.max(other.due);
        } else {
            apart.push(other);
        }
    }
    apart.push(new);
    book.companies = apart;
}

/// `unit` and whatever cannot be without it stop, and stay stopped.
pub(super) fn retire(book: &mut Book, unit: u32) {
    for gone in not_without(book, unit) {
        let this = &mut book.units[gone as usize];
        (this.leave, this.lost) = (Leave::Retired, false);
        this.met &= !this.lives();
    }
}

pub(super) fn not_without(book: &Book, unit: u32) -> Vec<u32> {
    let mut all = vec![unit];
    let mut seen = 0;
    while let Some(&next) = all.get(seen) {
        for (other, this) in (0..).zip(&book.units) {
            let mut needs = this.dependencies.iter().zip(&this.requires);
            let needs = needs.any(|(on, required)| *required && *on == next);
            if needs && !this.over() && !all.contains(&other) {
                all.push(other);
            }
        }
        seen += 1;
    }
    all
}

/// A call by name that is not refused.
pub(super) fn control(book: &mut Book, unit: u32, op: Op) {
    let this = &book.units[unit as usize];
    match op {
        Op::Start | Op::Restart if this.state == State::Backoff => {
            if waited_for(book, unit).is_none() {
                book.units[unit as usize].due = None;
                book.named = Some(unit);
            }
        }
        Op::Start | Op::Restart if matches!(this.state, State::Stopped | State::Failed) => {
            book.called = Some(unit);
        }
        Op::Start => {}
        Op::Stop | Op::Remove => {
            let stops = !matches!(this.state, State::Stopped | State::Failed);
            if stops {
                retire(book, unit);
            }
        }
        Op::Restart => again(book, unit),
    }
}

/// What `unit` requires, and is over or about to be, for good.
pub(super) fn without(book: &Book, unit: u32) -> Option<u32> {
    needs(book, unit).into_iter().find(|on| {
        let on = &book.units[*on as usize];
        let goes = on.lost || on.leave == Leave::Retired;
        if on.over() { !on.met } else { goes }
    })
}

/// What `unit` cannot be without.
pub(super) fn needs(book: &Book, unit: u32) -> Vec<u32> {
    let this = &book.units[unit as usize];
    let needs = this.dependencies.iter().zip(&this.requires).filter(|(_, required)| **required);
    needs.map(|(on, _)| *on).collect()
}

/// Who of the company of `unit` is over by itself, and starts again with it.
fn wake(book: &mut Book, unit: u32, members: &[u32]) {
    if book.units[unit as usize].lost || book.units[unit as usize].leave == Leave::Retired {
        return;
    }
    for &member in members.iter().filter(|member| **member != unit) {
        let this = &book.units[member as usize];
        let by_itself = this.state == State::Stopped
            && !(this.left || this.done || this.leave == Leave::Retired)
            && this.rules.restart != Restart::Never;
        if by_itself {
            let aborting = |on: &u32| book.units[*on as usize].state == State::Aborting;
            let perhaps = needs(book, member).iter().any(aborting);
            let woken = match perhaps {
                true => Woken::Perhaps,
                false if without(book, member).is_some() => Woken::No,
                false => Woken::Yes,
            };
            book.units[member as usize].woken = woken;
        }
    }
}

/// Somebody of whose company has not ended, if there is one.
pub(super) fn waited_for(book: &Book, unit: u32) -> Option<u32> {
    let mine = book.companies.iter().filter(|company| company.members.contains(&unit));
    let mut awaited = mine.flat_map(|company| &company.awaited);
    awaited.find(|(other, generation)| lives_on(book, *other, *generation)).map(|(other, _)| *other)
}

fn lives_on(book: &Book, unit: u32, generation: u32) -> bool {
    let this = &book.units[unit as usize];
    this.lives() && this.generation == generation
}

/// The backoff of `unit` lasts until then: whoever it takes along does not start before.
pub(super) fn due(book: &mut Book, unit: u32, at: Instant) {
    if company_of(book, unit).len() == 1 {
        return;
    }
    for company in book.companies.iter_mut().filter(|company| company.members.contains(&unit)) {
        company.due = company.due.max(at);
    }
}

/// When the company of `unit` is due.
pub(super) fn due_with(book: &Book, unit: u32) -> Instant {
    let mine = book.companies.iter().filter(|company| company.members.contains(&unit));
    mine.map(|company| company.due).max().unwrap_or(Instant::ZERO)
}

/// Forgets the companies of which everybody has ended.
pub(super) fn disband(book: &mut Book) {
    let mut companies = std::mem::take(&mut book.companies);
    companies.retain(|company| {
        company.awaited.iter().any(|(unit, generation)| lives_on(book, *unit, *generation))
    });
    book.companies = companies;
}
