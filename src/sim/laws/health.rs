use proc_daemon_runtime::Instant;

use super::Found;
use super::stop::holds;
use crate::health::Probe;
use crate::sim::book::Book;
use crate::state::SubsystemState as State;

/// A question is asked.
pub(in crate::sim) fn asked(
    book: &mut Book,
    unit: u32,
    (probe, number): (Probe, u32),
    now: Instant,
    found: &mut Found,
) {
    let (name, stopping) = (book.name(unit).to_owned(), book.stop_began.is_some());
    let this = &mut book.units[unit as usize];
    let state = this.state;
    // Its start took too long as well, at this moment.
    let aborts = state == State::Aborting && this.aborted.is_none();
    let watched = (this.may_answer(probe) || aborts) && !stopping;
    found.expect(this.pulse.is_wanted(probe), "asked if it is wanted", || {
        format!("`{name}` is asked for its {}, and checks are switched off", probe.as_str())
    });
    found.expect(watched, "asked while it lives", || {
        format!("`{name}` is asked for its {} while {state}, or on its way out", probe.as_str())
    });
    let due = this.pulse.asked(probe, number, now);
    found.expect(due, "one question a period", || {
        format!("`{name}` is asked for its {} at {now:?}, too early or again", probe.as_str())
    });
}

/// It is looked whether there was a sign of life.
pub(in crate::sim) fn beat_asked(book: &Book, unit: u32, now: Instant, found: &mut Found) {
    let due = book.units[unit as usize].beat_due;
    found.expect(due.is_some_and(|(due, _)| due <= now), "heartbeat is judged", || {
        format!("a sign of life of `{}` is looked for at {now:?}; due is {due:?}", book.name(unit))
    });
}

/// The last sign of life is told.
pub(in crate::sim) fn beat_told(book: &Book, unit: u32, at: Instant, found: &mut Found) {
    let this = &book.units[unit as usize];
    let last = this.run.upgrade().and_then(|run| run.last_beat());
    let last = last.unwrap_or(Instant::ZERO).max(this.running);
    let runs = this.state == State::Running;
    found.expect(!runs || at == last, "heartbeat is judged", || {
        format!("the last sign of life of `{}` was at {last:?}, told is {at:?}", book.name(unit))
    });
}

/// The engine has looked at the time.
pub(in crate::sim) fn ticked(book: &Book, now: Instant, found: &mut Found) {
    if book.stop_began.is_some() || book.cause.is_some() {
        return;
    }
    for (unit, this) in (0..).zip(&book.units) {
        let overlooked =
            |probe: &Probe| this.is_watched(*probe) && this.pulse.overlooked(*probe, now);
        let overlooked = Probe::ALL.into_iter().find(overlooked);
        found.expect(overlooked.is_none(), "one question a period", || {
            format!("`{}` was to be asked by {now:?}: {overlooked:?}", book.name(unit))
        });
        let beats = this.is_watched(Probe::Liveness) && book.dumping.is_none();
        let missed = this.beat_due.is_some_and(|(due, set)| due <= now && set < now);
        found.expect(!beats || !missed, "heartbeat is judged", || {
            format!("a sign of life of `{}` was due by {now:?}", book.name(unit))
        });
    }
}

/// The engine was stepped, and no shutdown has begun.
pub(in crate::sim) fn heeded(book: &Book, found: &mut Found) {
    for (unit, this) in (0..).zip(&book.units) {
        let rests = this.asked.is_none() && this.aborted.is_none() && holds(this);
        let lives = |other: &u32| {
            let other = &book.units[*other as usize];
            holds(other) || other.asking
        };
        let held = || this.dependents.iter().any(lives);
        found.expect(this.unhealthy.is_none() || !rests || held(), "unhealthy and asked", || {
            format!("`{}` is unhealthy, and was not asked to stop", book.name(unit))
        });
        let fell = !this.is_ready() && this.is_certain() && this.is_waited_for(book.was_ready);
        let unready = this.state == State::Running && fell;
        found.expect(!unready || !book.shown_ready, "ready is withdrawn", || {
            format!("`{}` is not ready any more, and the daemon shows ready", book.name(unit))
        });
    }
}
