//! The model of the calls by name: what each waits for, and why it may be refused. Written from the documentation
//! of the calls, without a look into the engine.

use super::book::Book;
use super::company::{self, Leave};
use crate::state::SubsystemState as State;
use crate::supervisor::engine::{Op, Refusal, Ticket};

/// A call that is not answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) unit: u32,
    /// None: it was added, and that is answered at once.
    pub(super) op: Option<Op>,
    /// The last start when it was made.
    pub(super) generation: u32,
    /// It was made before the daemon ran, and waits for that.
    pub(super) early: bool,
}

/// A call; `caller` is the subsystem that makes it.
pub(super) fn called(book: &mut Book, ticket: Ticket, (unit, op): (u32, Op), caller: Option<u32>) {
    let early = !book.started && book.stop_began.is_none();
    let refusals = refusals(book, unit, op, caller);
    let accepted = !early && refusals.is_empty();
    if !early {
        book.calling = Some((ticket, refusals));
    }
    let generation = book.units[unit as usize].generation;
    book.calls.insert(ticket, Call { unit, op: Some(op), generation, early });
    if accepted {
        company::control(book, unit, op);
    }
}

/// Somebody was added.
pub(super) fn added(book: &mut Book, ticket: Ticket, unit: u32) {
    book.calls.insert(ticket, Call { unit, op: None, generation: 0, early: false });
}

/// Why this call may be refused; if there is a reason, it is.
fn refusals(book: &Book, unit: u32, op: Op, caller: Option<u32>) -> Vec<Refusal> {
    let this = &book.units[unit as usize];
    let over = matches!(this.state, State::Stopped | State::Failed);
    let stopping = book.stop_began.is_some() || book.cause.is_some() || book.dumping.is_some();
    let held = || company::waited_for(book, unit).is_some();
    let is = |who: Vec<u32>| caller.is_some_and(|caller| who.contains(&caller));
    let mut all = Vec::new();
    let mut note = |refusal: Refusal, holds: bool| all.extend(holds.then_some(refusal));
    let gone = this.state == State::Removed;
    note(Refusal::Gone, gone);
    note(Refusal::StillStopping, this.removed && !gone);
    note(Refusal::ShuttingDown, stopping);
    let starts = match op {
        Op::Start => {
            let idle = matches!(this.state, State::Registered | State::Waiting);
            let runs = matches!(this.state, State::Starting | State::Running) && !this.leaves();
            let starts = idle || runs || this.state == State::Backoff && held();
            note(Refusal::AlreadyRunning, starts);
            let lives = !idle && !over && this.state != State::Backoff;
            note(Refusal::StillStopping, lives && !runs);
            over
        }
        Op::Restart => {
            let idle = matches!(this.state, State::Registered | State::Waiting);
            note(Refusal::Once, this.rules.once);
            note(Refusal::NotRunning, idle);
            let lives = !over && !idle && this.state != State::Backoff;
            let goes = this.lost || this.leave == Leave::Retired;
            note(Refusal::StillStopping, lives && (goes || this.state == State::Zombie));
            let own = caller.is_some_and(|caller| company::stops_with(book, unit, caller));
            note(Refusal::OwnStop, lives && own);
            over
        }
        Op::Stop => {
            note(Refusal::NotRunning, over);
            note(Refusal::StillStopping, this.state == State::Zombie);
            note(Refusal::OwnStop, !over && is(company::not_without(book, unit)));
            false
        }
        Op::Remove => {
            let needs = |other: &&u32| book.units[**other as usize].state != State::Removed;
            let by = this.dependents.iter().find(needs);
            note(Refusal::Needed(by.copied().unwrap_or_default()), by.is_some());
            note(Refusal::StillStopping, this.state == State::Zombie);
            note(Refusal::OwnStop, !over && caller == Some(unit));
            false
        }
    };
    if starts {
        note(Refusal::Once, this.rules.once && this.generation > 0);
        if let Some(on) = company::without(book, unit) {
            note(Refusal::Down(on), true);
        }
    }
    all
}
