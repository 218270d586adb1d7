//! A second opinion: how each subsystem ends and with what code the daemon exits, from what was seen of
//! the subsystems and the signals. Written from lifecycle's rules, without a look into the engine.

use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use super::book::{Book, Came, Unit};
use crate::end::EndKind;
use crate::signal::{Action, Row};
use crate::supervisor::engine::Cause;

/// Presses of Ctrl-C closer to each other than this are one.
const ONE_PRESS: Duration = Duration::from_millis(300);
/// How long a state dump is waited for.
const DUMP: Duration = Duration::from_secs(1);

/// A signal reaches the daemon.
pub(super) fn signal(book: &mut Book, signal: Signal, now: Instant) {
    match book.actions.get(signal) {
        Some(Row::Action(Action::Force)) => force(book, signal, now),
        Some(Row::Action(Action::Dump)) => {
            book.dumping.get_or_insert((signal, now));
        }
        Some(Row::Action(Action::Shutdown)) if signal == Signal::Interrupt => match book.pressed {
            None => book.pressed = Some(now),
            Some(first) if now.since(first) >= ONE_PRESS => force(book, signal, now),
            Some(_) => {}
        },
        _ => {}
    }
}

/// The state dump is written.
pub(super) fn dumped(book: &mut Book, now: Instant) {
    if let Some((signal, since)) = book.dumping.take() {
        force(book, signal, now.min(since + DUMP));
    }
}

/// Time has passed.
pub(super) fn time(book: &mut Book, now: Instant) {
    if book.dumping.is_some_and(|(_, since)| since + DUMP <= now) {
        dumped(book, now);
    }
}

fn force(book: &mut Book, signal: Signal, at: Instant) {
    book.forced_by.get_or_insert((signal, at));
}

/// How a subsystem ended; none if it was never started.
pub(super) fn end(unit: &Unit) -> Option<EndKind> {
    unit.launched?;
    if unit.left {
        return Some(EndKind::Zombie);
    }
    if unit.late {
        return Some(EndKind::StartTimeout);
    }
    Some(match unit.outcome {
        Some(Came::Panic) => EndKind::Panic,
        Some(Came::Error) => EndKind::Error,
        _ if unit.orphan => EndKind::Panic,
        None => EndKind::Aborted,
        Some(Came::Ok | Came::Stopping) if unit.cut => EndKind::Aborted,
        Some(Came::Stopping) if unit.asked.is_some() => EndKind::Requested,
        Some(Came::Stopping) => EndKind::Error,
        Some(Came::Ok) if unit.asked_by_then => EndKind::Requested,
        Some(Came::Ok) if unit.rules.explicit_ready && !unit.ready => EndKind::Error,
        Some(Came::Ok) => EndKind::Completed,
    })
}

/// The code that the daemon exits with.
pub(super) fn exit_code(book: &Book) -> u8 {
    if let Some((signal, _)) = book.forced_by {
        return 128 + u8::try_from(signal.number()).unwrap_or(0);
    }
    let ends = || book.units.iter().filter_map(end);
    if ends().any(|end| matches!(end, EndKind::Aborted | EndKind::Zombie)) {
        return 124;
    }
    let culprit = match book.cause.filter(|_| book.own) {
        Some(Cause::Failed(unit) | Cause::StartFailed(unit)) => end(&book.units[unit as usize]),
        _ => None,
    };
    culprit.map(code).unwrap_or_else(|| ends().map(code).max().unwrap_or(0))
}

fn code(end: EndKind) -> u8 {
    match end {
        EndKind::Completed | EndKind::Requested => 0,
        EndKind::Error => 1,
        EndKind::Panic => 70,
        EndKind::StartTimeout => 75,
        EndKind::Aborted | EndKind::Zombie => 124,
    }
}
