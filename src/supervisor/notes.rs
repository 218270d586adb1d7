//! What the operator is told, in words.

use proc_daemon_runtime::{Signal, TaskName};
use tracing::{debug, error, info, warn};

use super::engine::{GaveUp, Note, Probe, Waiting};
use crate::subsystem::{Board, short};

/// Logs `note`, with the names that the engine does not know.
pub(super) fn log(note: &Note, board: &Board, finalizers: &[&'static str]) {
    let name = |unit: &u32| -> TaskName { board.row(*unit).name.clone() };
    match note {
        Note::AllReady => info!("ready"),
        Note::StillStarting(waiting) => info!("still starting: {}", list(waiting, board)),
        Note::StillStopping(waiting) => info!("still stopping: {}", list(waiting, board)),
        Note::StartTimedOut(unit) => warn!("`{}` did not become ready in time", name(unit)),
        Note::Restarts { unit, delay } => {
            warn!("`{}` starts again in {}", name(unit), short(*delay));
        }
        Note::GaveUp { unit, why } => {
            let why = match why {
                GaveUp::Final => "its end is final",
                GaveUp::Limit => "it failed more often than its restart policy allows",
                GaveUp::Lost => "what it requires has failed",
                GaveUp::Zombie => "it did not end after its abort",
            };
            error!("`{}` is not started again: {why}", name(unit));
        }
        Note::Healthy { unit, probe: Probe::Startup } => debug!("`{}` has started", name(unit)),
        Note::Healthy { unit, probe } => info!("`{}`: {} is up", name(unit), probe.as_str()),
        Note::Unhealthy { unit, probe: Probe::Liveness } => {
            warn!("`{}` failed its liveness check: stopping it", name(unit));
        }
        Note::Unhealthy { unit, probe } => warn!("`{}`: {} is down", name(unit), probe.as_str()),
        Note::NoBeat(unit) => {
            warn!("`{}` gave no sign of life in its time: stopping it", name(unit));
        }
        Note::TakesAlong { unit, others } => {
            info!("`{}` takes along: {}", name(unit), list(others, board));
        }
        Note::GraceOver(unit) => warn!("the grace of `{}` is over: aborting it", name(unit)),
        Note::LeftBehind(unit) => {
            warn!(
                "`{}` did not end after its abort: leaving it; work that blocks a thread belongs in \
                 `ctx.spawn_blocking`",
                name(unit)
            );
        }
        Note::ForceTime(0) => {}
        Note::ForceTime(left) => warn!("shutdown time is over: aborting {left} subsystems"),
        Note::Forced(signal, left) => warn!("{signal} forces the end: aborting {left} subsystems"),
        Note::Repeated(Signal::Interrupt) => {
            info!("SIGINT again: a shutdown is under way; once more forces it");
        }
        Note::Repeated(signal) => info!("{signal} again: a shutdown is under way"),
        Note::NothingToReload(signal) => info!("{signal}: nothing can be reloaded; ignored"),
        Note::NoLogFiles(signal) => info!("{signal}: no log file is open; ignored"),
        Note::AllEnded { left: 0 } => info!("stopped"),
        Note::AllEnded { left } => warn!("stopped; {left} subsystems were left behind"),
        Note::FinalizerSlow(index) => {
            debug!("finalizer `{}` did not return in time", finalizers[*index]);
        }
    }
}

fn list(waiting: &Waiting, board: &Board) -> String {
    let names: Vec<String> =
        waiting.units.iter().map(|unit| board.row(*unit).name.to_string()).collect();
    match waiting.more {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
