//! The ends that are reported, and the code of the daemon.

use crate::end::EndKind;
use crate::sim::book::{Book, Came, Unit};
use crate::state::SubsystemState as State;
use crate::supervisor::engine::Cause;

/// How a subsystem ended; none if it was never started.
pub(in crate::sim) fn end(unit: &Unit) -> Option<EndKind> {
    if unit.lost_idle {
        return Some(EndKind::DependencyStopped);
    }
    let end = own_end(unit)?;
    let well = matches!(end, EndKind::Completed | EndKind::Requested);
    Some(if well && unit.lost && matches!(unit.state, State::Failed | State::Removed) {
        EndKind::DependencyStopped
    } else {
        end
    })
}

fn own_end(unit: &Unit) -> Option<EndKind> {
    unit.launched?;
    if unit.zombie {
        return Some(EndKind::Zombie);
    }
    if unit.late {
        return Some(EndKind::StartTimeout);
    }
    if unit.ended_unhealthy {
        return Some(EndKind::Unhealthy);
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
pub(in crate::sim) fn exit_code(book: &Book) -> u8 {
    if let Some((signal, _)) = book.forced_by {
        return 128 + u8::try_from(signal.number()).unwrap_or(0);
    }
    let left =
        |unit: &Unit| !unit.past && matches!(end(unit), Some(EndKind::Aborted | EndKind::Zombie));
    if book.units.iter().any(left) {
        return 124;
    }
    match book.cause.filter(|_| book.own) {
        Some(Cause::Failed(unit) | Cause::StartFailed(unit)) => code(&book.units[unit as usize]),
        Some(Cause::Asked(_, code)) => code,
        Some(Cause::Stranded(_)) => 78,
        cause => {
            let failed = book.units.iter().filter(|unit| unit.state == State::Failed);
            let worst = failed.map(code).max();
            let keeps = |unit: &&Unit| !unit.rules.background;
            let there = |unit: &&Unit| unit.state != State::Removed;
            let well = |unit: &Unit| !unit.rules.background && unit.state != State::Failed;
            match worst {
                Some(worst) if cause == Some(Cause::NothingToRun) => {
                    let mut keeping = book.units.iter().filter(there).filter(keeps);
                    let only_background = keeping.next().is_none();
                    let alone = !only_background && !book.units.iter().filter(there).any(well);
                    if alone { worst.max(69) } else { worst }
                }
                worst => worst.unwrap_or(0),
            }
        }
    }
}

/// The code of a failure.
fn code(unit: &Unit) -> u8 {
    match end(unit) {
        Some(EndKind::Panic) => 70,
        Some(EndKind::StartTimeout) => 75,
        Some(EndKind::DependencyStopped) => 69,
        Some(EndKind::Error | EndKind::Unhealthy) if unit.too_often => 69,
        Some(EndKind::Error | EndKind::Unhealthy) => 1,
        Some(EndKind::Completed) if unit.too_often => 69,
        _ => 0,
    }
}
