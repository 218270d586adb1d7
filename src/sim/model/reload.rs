//! The model of a reload: who restarts with it, whose failure is the reload's, and what it waits for. Written from
//! the documentation of the hooks and sections, from who was asked and what was said.

use std::collections::{BTreeMap, BTreeSet};

use proc_daemon_runtime::Instant;

use crate::sim::book::{Book, Next};
use crate::sim::company::{self, Leave};
use crate::state::SubsystemState as State;
use crate::supervisor::engine::{Concern, Duty, Said, Ticket, Tuning};

/// What was seen of the reload that is under way.
#[derive(Debug, Default)]
pub(in crate::sim) struct Reload {
    /// The calls that are not answered.
    pub(in crate::sim) calls: BTreeSet<Ticket>,
    concerned: Vec<Concern>,
    /// What it says of the daemon itself; once it is published, what the one before said.
    pub(in crate::sim) tuning: Option<Tuning>,
    /// Who was asked, in which generation, and what it said.
    pub(in crate::sim) asked: BTreeMap<u32, (u32, Option<Said>)>,
    /// Who restarted, and who took it without.
    restarted: Vec<u32>,
    took: Vec<u32>,
    /// The configuration before is proposed again.
    pub(in crate::sim) back: bool,
    /// And is the configuration again.
    went_back: bool,
    /// It was published in this step. What is lost in it is lost before.
    published: bool,
    /// Who restarts and has not been ready since, and the last generation before.
    pub(in crate::sim) waiting: BTreeMap<u32, u32>,
    /// Whose backoff it has ended in this step.
    pub(in crate::sim) hurried: BTreeSet<u32>,
    /// Who failed with it, and starts when it is taken back.
    pub(in crate::sim) held: BTreeSet<u32>,
}

/// Another configuration was read.
pub(in crate::sim) fn proposed(book: &mut Book, concerned: &[Concern], tuning: Tuning) {
    let calls = std::mem::take(&mut book.reload.calls);
    let tuning = Some(tuning);
    book.reload = Reload { calls, concerned: concerned.to_vec(), tuning, ..Reload::default() };
}

/// A subsystem is asked.
pub(in crate::sim) fn asked(book: &mut Book, unit: u32, generation: u32) {
    book.reload.asked.insert(unit, (generation, None));
}

/// A subsystem has answered.
pub(in crate::sim) fn said(book: &mut Book, unit: u32, said: Said) {
    if let Some((_, answer)) = book.reload.asked.get_mut(&unit) {
        *answer = Some(said);
    }
}

/// The configuration before is proposed: to those that had taken the other one.
pub(in crate::sim) fn reverted(book: &mut Book) {
    let reload = &mut book.reload;
    let goes_on = |unit: &u32| reload.took.contains(unit) && !reload.restarted.contains(unit);
    reload.concerned.retain(|concern| goes_on(&concern.unit));
    reload.back = true;
    reload.asked.clear();
}

/// It is the configuration from now on.
pub(in crate::sim) fn published(book: &mut Book) {
    if let Some(tuning) = &mut book.reload.tuning {
        std::mem::swap(tuning, &mut book.tuning);
    }
    let mut restarts = Vec::new();
    for Concern { unit, duty } in book.reload.concerned.clone() {
        let this = &book.units[unit as usize];
        let asked = book.reload.asked.get(&unit);
        let stays =
            this.lives() && this.asked.is_none() && !this.leaves() && this.aborted.is_none();
        let said = asked.filter(|(generation, _)| *generation == this.generation && stays);
        let said = said.and_then(|(_, said)| *said);
        let again = match said {
            None => duty != Duty::Look,
            Some(Said::Restart) => true,
            Some(Said::Nothing) => duty != Duty::Look,
            Some(_) => duty == Duty::Restart,
        };
        if again {
            restarts.push(unit);
        } else if said.is_some() {
            book.reload.took.push(unit);
        }
    }
    if book.reload.back {
        restarts.extend(book.reload.restarted.clone());
    }
    book.reload.held.clear();
    if book.reload.back {
        book.reload.went_back = true;
        book.reload.waiting.clear();
    }
    // Whose end has led to this has left its company before.
    company::disband(book);
    for unit in restarts {
        restart(book, unit);
    }
    book.reload.published = true;
}

/// `unit` restarts with the configuration that was published, if it lives; in backoff it starts at once.
pub(in crate::sim) fn restart(book: &mut Book, unit: u32) {
    let this = &book.units[unit as usize];
    let fails = matches!(this.next, Some(Next::Backoff(..)));
    if fails || matches!(this.state, State::Backoff | State::Waiting) {
        if fails || this.state == State::Backoff {
            book.reload.hurried.insert(unit);
            book.units[unit as usize].due = None;
        }
        if book.reload.back && book.reload.restarted.contains(&unit) {
            let generation = book.units[unit as usize].generation;
            book.reload.waiting.insert(unit, generation);
        }
        return;
    }
    if !this.lives() || this.lost || this.leave == Leave::Retired || this.rules.once {
        return;
    }
    company::again(book, unit);
    for member in company::company_of(book, unit) {
        let this = &book.units[member as usize];
        // Whose end is told in this step has not turned yet.
        let starts = this.state == State::Starting && this.next.is_none();
        let lives = this.lives() || starts;
        if lives && !this.lost && this.leave != Leave::Retired {
            book.reload.waiting.insert(member, this.generation);
            if !book.reload.restarted.contains(&member) {
                book.reload.restarted.push(member);
            }
        }
    }
}

/// Whether a failure of `unit` is the reload's.
pub(in crate::sim) fn is_tried(book: &Book, unit: u32) -> bool {
    let generation = book.units[unit as usize].generation;
    !book.reload.went_back
        && book.reload.waiting.get(&unit).is_some_and(|before| generation > *before)
}

/// The engine was stepped: who is ready with it, or has left for another reason, is not waited for.
pub(in crate::sim) fn after(book: &mut Book, now: Instant) {
    for unit in std::mem::take(&mut book.reload.hurried) {
        // It may wait for those with whom it starts again, and after that for its turn.
        book.units[unit as usize].due = Some(now);
    }
    let mut waiting = std::mem::take(&mut book.reload.waiting);
    if std::mem::take(&mut book.reload.published) {
        waiting.retain(|unit, _| !book.units[*unit as usize].lost);
    }
    loop {
        let count = waiting.len();
        let all = waiting.clone();
        waiting.retain(|unit, before| {
            let this = &book.units[*unit as usize];
            let later = this.generation > *before && this.spawned.is_some();
            let ready = later && this.met && matches!(this.state, State::Running | State::Stopped);
            let over = matches!(
                this.state,
                State::Stopped | State::Failed | State::Zombie | State::Removed
            );
            // It waits for one that has nothing to do with it.
            let elsewhere = this.state == State::Waiting
                && !this.dependencies.iter().zip(&this.requires).any(|(on, required)| {
                    let other = &book.units[*on as usize];
                    let unmet = !other.met && (*required || !other.over());
                    unmet && all.contains_key(on)
                });
            !(ready || over || elsewhere || later && (this.lost || this.is_retired()))
        });
        if waiting.len() == count {
            break;
        }
    }
    book.reload.waiting = waiting;
}

/// It is over.
pub(in crate::sim) fn over(book: &mut Book) {
    let calls = std::mem::take(&mut book.reload.calls);
    book.reload = Reload { calls, ..Reload::default() };
}
