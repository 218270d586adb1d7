//! Situations that a sweep should have met: what they were is noted, once a life.

use std::collections::VecDeque;

use proc_daemon_runtime::Instant;

use crate::backends::sim::SimHandle;
use crate::sim::book::{Book, Unit};
use crate::sim::company::Leave;
use crate::state::SubsystemState::{self as State};
use crate::supervisor::engine::{Cause, Effect, Event, How, Note, Outcome, Probe, Turn, UnitEvent};

const EARLY_SIGNAL: &str = "a signal before the start";
const EARLY_STOP: &str = "a stop before the start";
const STOP_IN_START: &str = "a stop during the start";
const SIGNAL_IN_STOP: &str = "a signal while stopping";
const SIGNAL_AGAIN: &str = "the same signal again";
const FORCED_IN_START: &str = "forced while starting";
const FORCED_IN_STOP: &str = "forced while stopping";
const GRACE_OVER: &str = "aborted when its grace was over";
const FORCE_TIME: &str = "aborted with the daemon";
const LEFT_BEHIND: &str = "left behind";
const SLOW_START: &str = "a start that took too long";
const FAILURE_IN_START: &str = "a failure while starting";
const FAILURE_IN_STOP: &str = "a failure while stopping";
const TWO_FAILURES: &str = "two failures at one instant";
const FAILURE_AFTER_ABORT: &str = "a failure after an abort";
const PANIC: &str = "a panic";
const RESTART: &str = "a restart";
const TOO_OFTEN: &str = "given up after too many failures";
const LOST: &str = "given up for what it requires";
const STOP_IN_BACKOFF: &str = "a stop in backoff";
const LIVENESS_FELL: &str = "a liveness check fell";
const READINESS_FELL: &str = "a readiness check fell";
const NO_BEAT: &str = "a heartbeat was missed";
const STALE_ANSWER: &str = "a stale answer";
const ALL_COMPLETED: &str = "everything completed";
const ESCALATED: &str = "a failure that ended the daemon";
const JOINTLY: &str = "a restart with others";
const STOP_IN_RESTART: &str = "a stop during a restart";
const STALE_READY: &str = "a stale readiness";
const RETIRED: &str = "a stop by name";
const RELOADED: &str = "a reload";
const REFUSED: &str = "a reload that was refused";
const UNCHANGED: &str = "a reload of the same";
const UNUSABLE: &str = "a reload of what cannot be used";
const WENT_BACK: &str = "a reload that was taken back";
const STRANDED: &str = "a reload that could not be taken back";
const RELOAD_IN_RELOAD: &str = "a reload during a reload";
const STOP_IN_RELOAD: &str = "a stop during a reload";

const OVERDUE: &str = "a reload that makes a check overdue";
const SWITCHED_OFF: &str = "a reload that ends a check";
const SWITCHED_ON: &str = "a reload after which checks are asked again";
const TUNED_BACK: &str = "another health check interval taken back";

/// The situations that the simulator notes by itself.
pub(in crate::sim) const ALL: [&str; 30] = [
    EARLY_SIGNAL,
    EARLY_STOP,
    STOP_IN_START,
    SIGNAL_IN_STOP,
    SIGNAL_AGAIN,
    FORCED_IN_START,
    FORCED_IN_STOP,
    GRACE_OVER,
    FORCE_TIME,
    LEFT_BEHIND,
    SLOW_START,
    FAILURE_IN_START,
    FAILURE_IN_STOP,
    TWO_FAILURES,
    FAILURE_AFTER_ABORT,
    PANIC,
    ALL_COMPLETED,
    RESTART,
    TOO_OFTEN,
    LOST,
    STOP_IN_BACKOFF,
    LIVENESS_FELL,
    READINESS_FELL,
    NO_BEAT,
    STALE_ANSWER,
    ESCALATED,
    JOINTLY,
    STOP_IN_RESTART,
    STALE_READY,
    RETIRED,
];

/// Those of reloads, which a daemon that is not edited does not meet.
pub(in crate::sim) const RELOADS: [&str; 8] =
    [RELOADED, REFUSED, UNCHANGED, UNUSABLE, WENT_BACK, STRANDED, RELOAD_IN_RELOAD, STOP_IN_RELOAD];

/// Those of reloads that change how checks are asked.
pub(in crate::sim) const CHECKS: [&str; 4] = [OVERDUE, SWITCHED_OFF, SWITCHED_ON, TUNED_BACK];

/// A configuration is in force, and the checks have not been told.
pub(in crate::sim) fn tuning(book: &Book, handle: &SimHandle, now: Instant) {
    let Some(was) = book.reload.tuning else { return };
    let is = book.tuning;
    let some = |holds: &dyn Fn(&Unit) -> bool| {
        book.units.iter().any(|unit| unit.is_watched(Probe::Liveness) && holds(unit))
    };
    if was.check_every != is.check_every && is.health_checks {
        if some(&|unit| unit.pulse.is_overdue(is.check_every, now)) {
            handle.reached(OVERDUE);
        }
        if book.reload.back {
            handle.reached(TUNED_BACK);
        }
    }
    if was.health_checks && !is.health_checks && some(&|unit| unit.pulse.is_open()) {
        handle.reached(SWITCHED_OFF);
    }
    if !was.health_checks && is.health_checks && book.units.iter().any(Unit::runs) {
        handle.reached(SWITCHED_ON);
    }
}

/// What became of a reload, and what came in between; its effects are those from the place `first` on.
pub(in crate::sim) fn reloading(
    book: &Book,
    handle: &SimHandle,
    event: Event,
    effects: &VecDeque<Effect>,
    first: usize,
) {
    if matches!(event, Event::Reload { .. }) && book.reload.calls.len() > 1 {
        handle.reached(RELOAD_IN_RELOAD);
    }
    for effect in effects.range(first..) {
        if let Effect::Reloaded { outcome, .. } = effect {
            handle.reached(match outcome {
                Outcome::Done => RELOADED,
                Outcome::Unchanged => UNCHANGED,
                Outcome::Refused(_) | Outcome::Silent(_) | Outcome::Once(_) => REFUSED,
                Outcome::RolledBack(_) => WENT_BACK,
                Outcome::Stranded(_) => STRANDED,
                Outcome::ShuttingDown => STOP_IN_RELOAD,
                Outcome::Nothing | Outcome::Bad | Outcome::Unread | Outcome::Busy => UNUSABLE,
            });
        }
    }
}

pub(in crate::sim) fn told(book: &mut Book, handle: &SimHandle, event: Event) {
    let starting = |book: &Book| {
        book.units.iter().any(|unit| matches!(unit.state, State::Waiting | State::Starting))
    };
    match event {
        Event::Signal(signal) => {
            if !book.started {
                handle.reached(EARLY_SIGNAL);
            }
            if book.stop_began.is_some() {
                handle.reached(SIGNAL_IN_STOP);
            }
            if book.last_signal.replace(signal) == Some(signal) {
                handle.reached(SIGNAL_AGAIN);
            }
        }
        Event::Shutdown { .. } => {
            if !book.started {
                handle.reached(EARLY_STOP);
            } else if starting(book) {
                handle.reached(STOP_IN_START);
            }
            let restarts = |unit: &Unit| {
                let begins = unit.generation > 1 && unit.state == State::Starting;
                begins || unit.leave == Leave::Again && unit.live
            };
            if book.units.iter().any(restarts) {
                handle.reached(STOP_IN_RESTART);
            }
        }
        Event::Unit { unit, generation, what: UnitEvent::Checked { probe, .. } } => {
            let this = &book.units[unit as usize];
            let stopping = book.stop_began.is_some();
            if stopping || this.generation != generation || !this.is_watched(probe) {
                handle.reached(STALE_ANSWER);
            }
        }
        Event::Unit { unit, generation, what: UnitEvent::Ready } => {
            let this = &book.units[unit as usize];
            if this.generation != generation || this.asked.is_some() || this.aborted.is_some() {
                handle.reached(STALE_READY);
            }
        }
        _ => {}
    }
}

/// What the operator is told of the subsystems' health, from the place `first` on.
pub(in crate::sim) fn noted(handle: &SimHandle, effects: &VecDeque<Effect>, first: usize) {
    for effect in effects.range(first..) {
        match effect {
            Effect::Note(Note::Unhealthy { probe: Probe::Liveness, .. }) => {
                handle.reached(LIVENESS_FELL);
            }
            Effect::Note(Note::Unhealthy { probe: Probe::Readiness, .. }) => {
                handle.reached(READINESS_FELL);
            }
            Effect::Note(Note::NoBeat(_)) => handle.reached(NO_BEAT),
            Effect::Note(Note::TakesAlong { .. }) => handle.reached(JOINTLY),
            Effect::Initiate(Cause::Failed(_) | Cause::StartFailed(_)) => {
                handle.reached(ESCALATED);
            }
            _ => {}
        }
    }
}

pub(in crate::sim) fn ended(
    book: &mut Book,
    handle: &SimHandle,
    unit: u32,
    how: How,
    now: Instant,
) {
    let this = &book.units[unit as usize];
    match how {
        How::Panicked => handle.reached(PANIC),
        How::Failed { stopping: false } => {}
        _ => {
            let over = book.units.iter().filter(|unit| !unit.ended && unit.launched.is_some());
            if how == How::Completed && book.stop_began.is_none() && over.count() == 1 {
                handle.reached(ALL_COMPLETED);
            }
            return;
        }
    }
    if this.aborted.is_some() {
        handle.reached(FAILURE_AFTER_ABORT);
    }
    if book.stop_began.is_some() {
        handle.reached(FAILURE_IN_STOP);
    } else if book.units.iter().any(|unit| !unit.met) {
        handle.reached(FAILURE_IN_START);
    }
    if book.last_failure.replace(now) == Some(now) {
        handle.reached(TWO_FAILURES);
    }
}

pub(in crate::sim) fn aborted(book: &Book, handle: &SimHandle, unit: u32, now: Instant) {
    let this = &book.units[unit as usize];
    let situation = if book.forced_by.is_some() {
        if !this.ready { FORCED_IN_START } else { FORCED_IN_STOP }
    } else if this.asked.is_some_and(|asked| asked.by <= now) {
        GRACE_OVER
    } else if book.stop_began.is_some() {
        FORCE_TIME
    } else {
        SLOW_START
    };
    handle.reached(situation);
}

pub(in crate::sim) fn turned(book: &Book, handle: &SimHandle, turn: Turn) {
    let unit = &book.units[turn.unit as usize];
    match turn.state {
        State::Zombie => handle.reached(LEFT_BEHIND),
        State::Backoff => handle.reached(RESTART),
        State::Failed if unit.too_often => handle.reached(TOO_OFTEN),
        State::Failed if unit.lost => handle.reached(LOST),
        State::Stopped if unit.leave == Leave::Retired => handle.reached(RETIRED),
        State::Stopped if unit.state == State::Backoff => handle.reached(STOP_IN_BACKOFF),
        _ => {}
    }
}
