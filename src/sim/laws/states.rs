use std::time::Duration;

use proc_daemon_runtime::Instant;

use super::Found;
use crate::sim::book::{Book, Next};
use crate::sim::company::{self, Woken};
use crate::state::SubsystemState::{
    self as State, Aborting, Backoff, Draining, Failed, Registered, Removed, Running, Starting,
    Stopped, Stopping, Waiting, Zombie,
};
use crate::supervisor::engine::{Event, Turn};

/// A subsystem's state changes.
pub(in crate::sim) fn turned(book: &Book, turn: Turn, found: &mut Found) {
    let from = book.units[turn.unit as usize].state;
    // A start that was not made is taken back.
    let back = (from, turn.state) == (Starting, Waiting) && !book.units[turn.unit as usize].live;
    found.expect(back || legal(from, turn.state), "legal transition", || {
        format!("`{}` went from {from} to {}", book.name(turn.unit), turn.state)
    });
    let ready = turn.state != Running || book.units[turn.unit as usize].ready;
    found.expect(ready, "runs when ready", || {
        format!("`{}` runs, and it or its startup check has not said so", book.name(turn.unit))
    });
}

/// The arrows of [`SubsystemState`](crate::SubsystemState).
const fn legal(from: State, to: State) -> bool {
    match from {
        Registered => matches!(to, Waiting | Starting | Stopped),
        Waiting => matches!(to, Starting | Stopped | Failed),
        Starting => matches!(to, Running) || legal(Running, to),
        Running => matches!(to, Draining | Stopping) || legal(Stopping, to),
        // Straight to its end if somebody else noted work in flight on its context once it had returned.
        Draining => matches!(to, Stopping) || legal(Stopping, to),
        Stopping => matches!(to, Aborting | Stopped | Failed | Backoff | Zombie),
        Aborting => matches!(to, Stopped | Failed | Backoff | Zombie),
        Backoff => matches!(to, Starting | Waiting | Stopped | Failed),
        Zombie => matches!(to, Stopped | Failed),
        Stopped => matches!(to, Starting | Waiting | Backoff | Removed),
        Failed => matches!(to, Starting | Waiting | Backoff | Removed),
        Removed => false,
    }
}

/// What anybody can read is what the engine decided last.
pub(in crate::sim) fn shown(book: &Book, unit: u32, found: &mut Found) {
    let (shown, decided) = (book.board.row(unit).state(), book.units[unit as usize].state);
    found.expect(shown == decided, "status agrees", || {
        format!("the status shows `{}` as {shown}; it is {decided}", book.name(unit))
    });
}

/// What became of a subsystem that ended is what the model says.
pub(in crate::sim) fn decided(book: &Book, event: Event, found: &mut Found) {
    let Event::Unit { unit, .. } = event else { return };
    let Some(next) = book.units[unit as usize].next else { return };
    let (state, tie) = (book.units[unit as usize].state, book.units[unit as usize].tie);
    let fits = match next {
        // Aborted at a moment that two rules claim: it is a failure by one of them.
        Next::Stopped | Next::Failed if tie => matches!(state, Stopped | Failed | Removed),
        Next::Stopped => matches!(state, Stopped | Removed),
        Next::Failed => matches!(state, Failed | Removed),
        // With nobody to wait for, it starts at once.
        Next::Backoff(_, Instant::MAX) => matches!(state, Backoff | Starting | Waiting),
        Next::Backoff(..) => {
            let hurried = book.reload.hurried.contains(&unit);
            state == Backoff || hurried && matches!(state, Starting | Waiting)
        }
    };
    found.expect(fits, "decision", || {
        format!("`{}` is {state} after its end; the model says {next:?}", book.name(unit))
    });
}

/// It is told when a subsystem starts again.
pub(in crate::sim) fn due(book: &Book, unit: u32, at: Instant, now: Instant, found: &mut Found) {
    let fits = match book.units[unit as usize].next {
        // A reload has ended it, and the storm guard holds it back.
        _ if super::storm::is_hurried(book, unit) => at >= now,
        // Its backoff begins.
        Some(Next::Backoff(earliest, latest)) => (earliest..=latest).contains(&at),
        // The storm guard holds it back.
        Some(_) => false,
        None => at >= now,
    };
    found.expect(fits, "backoff kept", || {
        let next = book.units[unit as usize].next;
        format!(
            "`{}` is due at {at:?}; it is {now:?}, and the model says {next:?}",
            book.name(unit)
        )
    });
}

/// Who starts again with others, in this step, is not due before them.
pub(in crate::sim) fn due_together(book: &Book, unit: u32, at: Instant, found: &mut Found) {
    let this = &book.units[unit as usize];
    let along = matches!(this.next, Some(Next::Backoff(_, Instant::MAX)));
    let due = company::due_with(book, unit);
    found.expect(!(along || this.woken != Woken::No) || at >= due, "together", || {
        format!(
            "`{}` is due at {at:?}; those with which it starts again at {due:?}",
            book.name(unit)
        )
    });
}

/// Nobody stays in backoff beyond its moment, but for what the world is late, or because the end has been decided.
pub(in crate::sim) fn overdue(book: &Book, slack: Duration, now: Instant, found: &mut Found) {
    if book.cause.is_some() || book.dumping.is_some() || book.forced_by.is_some() {
        return;
    }
    for (unit, this) in (0..).zip(&book.units).filter(|(_, unit)| unit.state == Backoff) {
        let due = this.due.unwrap_or(Instant::ZERO);
        let held = book.reload.held.contains(&unit)
            || super::storm::holds(book, unit, slack, now, found)
            || company::waited_for(book, unit).is_some();
        found.expect(held || due + slack >= now, "backoff ends", || {
            format!("`{}` is in backoff at {now:?}; it was due at {due:?}", book.name(unit))
        });
    }
}

/// Who is over does not start again, but by name or with others.
pub(in crate::sim) fn stays_over(book: &Book, turn: Turn, found: &mut Found) {
    let this = &book.units[turn.unit as usize];
    let over = matches!(this.state, Stopped | Failed) && this.generation > 0;
    let starts = matches!(turn.state, Starting | Waiting | Backoff);
    let called = book.called == Some(turn.unit) || this.woken != Woken::No || this.next.is_some();
    found.expect(!over || !starts || called, "over stays over", || {
        format!("`{}` was {} and starts again by itself", book.name(turn.unit), this.state)
    });
}

/// Who is over by itself starts again with its company, in the step in which that is decided.
pub(in crate::sim) fn woken(book: &Book, found: &mut Found) {
    if book.cause.is_some() {
        return;
    }
    for (unit, this) in (0..).zip(&book.units) {
        let stays = this.woken == Woken::Yes && this.state == Stopped;
        found.expect(!stays, "starts with the others", || {
            format!("`{}` is over, and did not start again with its group", book.name(unit))
        });
    }
}
