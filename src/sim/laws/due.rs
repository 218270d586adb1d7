//! What has to happen: after each step nothing may be left undone that was due by then.

use proc_daemon_runtime::{Instant, Signal};

use super::Found;
use super::stop::holds;
use crate::backends::sim::SimHandle;
use crate::signal::{Action, Row};
use crate::sim::book::{Book, Unit};
use crate::sim::company::Leave;
use crate::state::SubsystemState::{Backoff, Failed, Removed, Stopped, Waiting, Zombie};
use crate::supervisor::engine::{Cause, Event};

/// The engine has found a reason to end.
pub(in crate::sim) fn initiated(book: &Book, cause: Cause, found: &mut Found) {
    let holds = match cause {
        Cause::Signal(signal) => ends(book, signal) || dumps(book, signal),
        Cause::Asked(unit, code) => book.units[unit as usize].said == Some(code),
        Cause::NothingToRun => !book.units.iter().any(keeps),
        Cause::Stranded(_) => book.stranded,
        Cause::Failed(unit) | Cause::StartFailed(unit) => {
            let this = &book.units[unit as usize];
            let wanted = !this.rules.optional && !this.asking && !this.spared;
            wanted && (this.returned || this.ready == matches!(cause, Cause::Failed(_)))
        }
    };
    found.expect(holds, "cause is true", || format!("{cause:?}"));
}

/// The engine was stepped.
pub(in crate::sim) fn after(
    book: &Book,
    handle: &SimHandle,
    event: Event,
    now: Instant,
    found: &mut Found,
) {
    if book.exited.is_some() {
        return;
    }
    let Some(until) = book.lame_duck_until() else {
        before_the_stop(book, event, found);
        return;
    };
    let slack = if book.tuning.timeouts.lame_duck().is_zero() {
        Default::default()
    } else {
        handle.slack()
    };
    let mut alive = false;
    for (unit, this) in (0..).zip(&book.units).filter(|(_, unit)| holds(unit)) {
        alive = true;
        let held = || this.dependents.iter().any(|other| holds(&book.units[*other as usize]));
        let waits = this.asked.is_none() && this.aborted.is_none() && book.forced_by.is_none();
        if waits && until + slack <= now {
            found.expect(held(), "asked in turn", || {
                format!("nobody holds `{}` at {now:?}, and it was not asked", book.name(unit))
            });
        }
    }
    found.expect(alive || book.dumping.is_some(), "exit when over", || {
        format!("nothing is alive at {now:?}, and the run goes on")
    });
}

fn before_the_stop(book: &Book, event: Event, found: &mut Found) {
    if let Event::Signal(signal) = event {
        found.expect(!ends(book, signal) || book.cause.is_some(), "signal heeded", || {
            format!("{signal} arrived, and nothing was done about it")
        });
    }
    if book.cause.is_none() {
        losses_heeded(book, found);
        let waited_for = book.units.iter().filter(|unit| unit.is_waited_for(book.was_ready));
        let ready = book.started && waited_for.into_iter().all(Unit::is_ready);
        let asking = book.units.iter().any(|unit| unit.asking || !unit.is_certain());
        // A state dump is followed by a forced end: nothing becomes ready any more.
        let over = asking || book.dumping.is_some() && !book.shown_ready;
        found.expect(over || ready == book.shown_ready, "ready when all are", || {
            format!("that everything is ready: {ready}; shown is {}", book.shown_ready)
        });
        super::health::heeded(book, found);
    }
    // A state dump is followed by a forced end.
    let dumping = book.dumping.is_some();
    let idle = book.started && !dumping && !book.units.iter().any(keeps);
    found.expect(!idle || book.cause.is_some(), "nothing left to run", || {
        "everything that keeps the daemon alive has ended, and it goes on".to_owned()
    });
}

/// No reason for the end was found: then nothing critical is gone, and who lost what it requires is on its way out.
fn losses_heeded(book: &Book, found: &mut Found) {
    for (unit, this) in (0..).zip(&book.units) {
        let meant = this.spared || this.asking || this.leave == Leave::Retired;
        let gone = matches!(this.state, Failed | Zombie) && !meant;
        found.expect(!gone && this.said.is_none(), "loss ends the daemon", || {
            format!("`{}` was given up or asked for the end, and it goes on", book.name(unit))
        });
        let rests = this.asked.is_none() && this.aborted.is_none() && this.leaves();
        let lives = |other: &u32| {
            let other = &book.units[*other as usize];
            other.leaves() && (holds(other) || other.asking)
        };
        let overlooked = rests && holds(this) && !this.dependents.iter().any(lives);
        found.expect(!overlooked, "leaving and asked", || {
            format!("`{}` is to stop, and was not asked", book.name(unit))
        });
        let idle = this.lost && matches!(this.state, Waiting | Backoff);
        found.expect(!idle, "lost and given up", || {
            format!("`{}` has lost what it requires, and waits to start", book.name(unit))
        });
    }
}

/// Whether it keeps the daemon alive.
const fn keeps(unit: &Unit) -> bool {
    let over = matches!(unit.state, Stopped | Failed | Zombie | Removed) && !unit.asking;
    !unit.rules.background && !over
}

fn ends(book: &Book, signal: Signal) -> bool {
    matches!(book.actions.get(signal), Some(Row::Action(Action::Shutdown | Action::Force)))
}

fn dumps(book: &Book, signal: Signal) -> bool {
    matches!(book.actions.get(signal), Some(Row::Action(Action::Dump)))
}
