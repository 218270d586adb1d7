//! What checks and heartbeats lead to.

use proc_daemon_runtime::Instant;

use crate::health::Probe;
use crate::restart::Restart;
use crate::sim::book::Book;
use crate::sim::company;
use crate::sim::pulse::Change;
use crate::supervisor::engine::Answer;

/// The checks that are due, in the order in which they are.
pub(super) fn due(book: &mut Book, now: Instant) {
    let mut due = Vec::new();
    for (unit, this) in book.units.iter().enumerate() {
        for probe in Probe::ALL {
            due.extend(this.pulse.due(probe, now).map(|due| (due, unit, probe)));
        }
    }
    due.sort_unstable();
    for (_, unit, probe) in due {
        if !book.units[unit].is_watched(probe) {
            continue;
        }
        let rank = book.rank();
        if let Some(change) = book.units[unit].pulse.passed(probe, rank, now) {
            changed(book, unit, probe, change, now);
        }
    }
}

/// A check has answered.
pub(in crate::sim) fn checked(
    book: &mut Book,
    unit: u32,
    (probe, number): (Probe, u32),
    answer: Answer,
    now: Instant,
) {
    let this = &mut book.units[unit as usize];
    let watched = this.is_watched(probe) && book.stop_began.is_none();
    if let Some(change) = this.pulse.answered(probe, number, answer, watched) {
        changed(book, unit as usize, probe, change, now);
    }
}

/// Its last sign of life was then.
pub(in crate::sim) fn beat(book: &mut Book, unit: u32, at: Instant, now: Instant) {
    let this = &mut book.units[unit as usize];
    this.beat_due = this.pulse.heartbeat().map(|deadline| (at + deadline, now));
    let missed = this.pulse.heartbeat().is_some_and(|deadline| at + deadline <= now);
    if missed && this.is_watched(Probe::Liveness) {
        unhealthy(book, unit as usize, now);
    }
}

/// Another configuration is in force: whoever runs is asked as it says.
pub(in crate::sim) fn tuned(book: &mut Book, now: Instant) {
    let tuning = book.tuning;
    for unit in 0..book.units.len() {
        let ranks = [book.rank(), book.rank()];
        let this = &mut book.units[unit];
        let runs = this.runs();
        let before = this.pulse.is_wanted(Probe::Liveness);
        this.pulse.tune(&tuning, runs, ranks, now);
        if before != tuning.health_checks && runs {
            this.beat_due = this.pulse.heartbeat().map(|deadline| (now + deadline, now));
            // Whether it is ready is not asked any more. Asked again, it is until its check has fallen.
            this.met |= before && !this.leaves();
            this.served |= this.met;
        }
    }
}

fn changed(book: &mut Book, unit: usize, probe: Probe, change: Change, now: Instant) {
    let this = &mut book.units[unit];
    match (probe, change) {
        (Probe::Startup, Change::Rose) => this.ready |= this.pulse.told,
        (Probe::Startup, Change::Fell) | (Probe::Liveness, Change::Rose) => {}
        (Probe::Readiness, change) => {
            this.met = change == Change::Rose && !this.leaves();
            this.served |= this.met;
        }
        (Probe::Liveness, Change::Fell) => unhealthy(book, unit, now),
    }
}

/// It is to be stopped, unless everything is.
fn unhealthy(book: &mut Book, unit: usize, now: Instant) {
    if book.stop_began.is_some() || book.cause.is_some() || book.dumping.is_some() {
        return;
    }
    let this = &mut book.units[unit];
    this.unhealthy.get_or_insert(now);
    this.met = false;
    if this.rules.restart != Restart::Never {
        company::again(book, u32::try_from(unit).unwrap_or(u32::MAX));
    }
}
