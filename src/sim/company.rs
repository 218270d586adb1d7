//! The model of who is stopped, and starts again, with whom, although the daemon goes on: written from the rules
//! of groups, bound dependencies and calls by name, without a look into the engine.

use super::book::{Book, Unit};
use super::model;
use crate::restart::Restart;
use crate::state::SubsystemState as State;
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

/// Subsystems that start again together.
#[derive(Clone, Debug)]
pub(super) struct Company {
    members: Vec<u32>,
    /// Who has to end before any of them starts: the generation that lived.
    awaited: Vec<(u32, u32)>,
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

    fn over(&self) -> bool {
        matches!(self.state, State::Stopped | State::Failed | State::Zombie | State::Removed)
    }

    fn lives(&self) -> bool {
        self.live && !self.left
    }
}

/// Who starts again when `unit` does.
fn company_of(book: &Book, unit: u32) -> Vec<u32> {
    let mut members = vec![unit];
    let mut seen = 0;
    while let Some(&next) = members.get(seen) {
        let bound = (0..).zip(&book.units).filter(|(_, other)| other.binds.contains(&next));
        let along = bound.map(|(other, _)| other).chain(book.units[next as usize].along.clone());
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
    join(book, Company { members, awaited });
    // What is not started again is lost to those that require it.
    for member in gone {
        model::lose(book, member);
    }
}

/// Whether `caller` is stopped when `unit` starts again: with it, or because it cannot be without one that is stopped
/// for good.
fn stops_with(book: &Book, unit: u32, caller: u32) -> bool {
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

fn not_without(book: &Book, unit: u32) -> Vec<u32> {
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

/// A call by name.
pub(super) fn control(book: &mut Book, unit: u32, op: Op, caller: Option<u32>) {
    let this = &book.units[unit as usize];
    let over = book.stop_began.is_some() || book.cause.is_some() || book.dumping.is_some();
    if over || !book.started || matches!(this.state, State::Zombie | State::Removed) {
        return;
    }
    match op {
        Op::Start | Op::Restart if this.state == State::Backoff => {
            if waited_for(book, unit).is_none() {
                book.units[unit as usize].due = None;
            }
        }
        Op::Start | Op::Restart if matches!(this.state, State::Stopped | State::Failed) => {
            book.called = Some(unit);
        }
        Op::Start => {}
        Op::Remove if needed(book, unit) => {}
        Op::Stop | Op::Remove => {
            let stops = !matches!(this.state, State::Stopped | State::Failed);
            let own = caller.is_some_and(|caller| not_without(book, unit).contains(&caller));
            if stops && !own {
                retire(book, unit);
            }
        }
        Op::Restart if this.rules.once || this.lost || this.leave == Leave::Retired => {}
        Op::Restart if this.lives() => {
            if !caller.is_some_and(|caller| stops_with(book, unit, caller)) {
                again(book, unit);
            }
        }
        Op::Restart => {}
    }
}

fn needed(book: &Book, unit: u32) -> bool {
    let mut others = book.units[unit as usize].dependents.iter();
    others.any(|other| book.units[*other as usize].state != State::Removed)
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

/// Forgets the companies of which everybody has ended.
pub(super) fn disband(book: &mut Book) {
    let mut companies = std::mem::take(&mut book.companies);
    companies.retain(|company| {
        company.awaited.iter().any(|(unit, generation)| lives_on(book, *unit, *generation))
    });
    book.companies = companies;
}
