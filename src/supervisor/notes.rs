//! What the operator is told, in words.

use std::fmt::Write;

use proc_daemon_runtime::{Signal, TaskName};
use tracing::{debug, error, info, warn};

use super::engine::{GaveUp, Note, Probe, Waiting};
use crate::duration::short;
use crate::state::SubsystemState;
use crate::subsystem::Board;

/// What the engine does not know, or does not say in its note.
pub(super) struct Known<'a> {
    pub(super) board: &'a Board,
    pub(super) finalizers: &'a [&'static str],
    /// Why a check fell.
    pub(super) reason: Option<&'a str>,
    /// It was ready before, and has not been since.
    pub(super) again: bool,
    /// Of what is given up: how often it failed, and what follows.
    pub(super) given_up: Option<(String, String)>,
}

/// Most names of what one subsystem waits for.
const WAITS_IN_A_NOTE: usize = 3;

/// Logs `note`, in words.
pub(super) fn log(note: &Note, known: &Known<'_>) {
    let board = known.board;
    let name = |unit: &u32| -> TaskName { board.row(*unit).name.clone() };
    let reason = known.reason.unwrap_or("no answer");
    match note {
        Note::AllReady => info!("ready"),
        Note::NotReady(waiting) => info!("not ready: {}", unready(waiting, board)),
        Note::StillStarting(waiting) => info!("still starting: {}", unready(waiting, board)),
        Note::StillStopping(waiting) => info!("still stopping: {}", names(waiting, board)),
        Note::StartTimedOut(unit) => warn!("`{}` did not become ready in time", name(unit)),
        Note::Restarts { unit, delay } => {
            warn!("`{}` starts again in {}", name(unit), short(*delay));
        }
        Note::GaveUp { unit, why } => {
            let (often, follows) = known.given_up.clone().unwrap_or_default();
            let why = match why {
                GaveUp::Final => "its end is final",
                GaveUp::Limit => &often,
                GaveUp::Lost => "what it requires has failed",
                GaveUp::Zombie => "it did not end after its abort",
            };
            error!("`{}` is not started again: {why}; {follows}", name(unit));
        }
        Note::Healthy { unit, probe: Probe::Startup } => debug!("`{}` has started", name(unit)),
        Note::Healthy { unit, probe: Probe::Readiness } => {
            info!("`{}` is ready{}", name(unit), if known.again { " again" } else { "" });
        }
        Note::Healthy { unit, probe } => info!("`{}`: {} is up", name(unit), probe.as_str()),
        Note::Unhealthy { unit, probe: Probe::Liveness } => {
            warn!("`{}` failed its liveness check: stopping it", name(unit));
        }
        Note::Unhealthy { unit, probe: Probe::Readiness } => {
            warn!("`{}` is not ready: {reason}", name(unit));
        }
        Note::Unhealthy { unit, probe } => {
            warn!("`{}`: {} is down: {reason}", name(unit), probe.as_str());
        }
        Note::NoBeat(unit) => {
            warn!("`{}` gave no sign of life in its time: stopping it", name(unit));
        }
        Note::TakesAlong { unit, others } => {
            info!("`{}` takes along: {}", name(unit), names(others, board));
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
        Note::ForceTime(left) => {
            warn!("shutdown time is over: aborting {}", subsystems(*left));
        }
        Note::Forced(signal, left) => {
            warn!("{signal} forces the end: aborting {}", subsystems(*left));
        }
        Note::Repeated(Signal::Interrupt) => {
            info!("SIGINT again: a shutdown is under way; once more forces it");
        }
        Note::Repeated(signal) => info!("{signal} again: a shutdown is under way"),
        Note::NothingToReload(signal) => info!("{signal}: nothing can be reloaded; ignored"),
        Note::NoLogFiles(signal) => info!("{signal}: no log file is open; ignored"),
        Note::AllEnded { left: 0 } => info!("stopped"),
        Note::AllEnded { left } => warn!("stopped; left behind: {}", subsystems(*left)),
        Note::FinalizerSlow(index) => {
            debug!("finalizer `{}` did not return in time", known.finalizers[*index]);
        }
    }
}

fn subsystems(number: usize) -> String {
    format!("{number} subsystem{}", if number == 1 { "" } else { "s" })
}

fn names(waiting: &Waiting, board: &Board) -> String {
    list(waiting, |unit| board.row(unit).name.to_string())
}

/// Their names, and why each is not ready.
fn unready(waiting: &Waiting, board: &Board) -> String {
    list(waiting, |unit| starting(unit, board))
}

fn starting(unit: u32, board: &Board) -> String {
    let row = board.row(unit);
    let waits = board.waits_for(unit);
    let mut text = row.name.to_string();
    if row.state() == SubsystemState::Backoff {
        text.push_str(" (in backoff)");
    } else if !waits.is_empty() {
        let more = waits.len().saturating_sub(WAITS_IN_A_NOTE);
        let units = waits.into_iter().take(WAITS_IN_A_NOTE).collect();
        let _ = write!(text, " (waits for {})", names(&Waiting { units, more }, board));
    }
    text
}

fn list(waiting: &Waiting, of: impl Fn(u32) -> String) -> String {
    let names: Vec<String> = waiting.units.iter().map(|unit| of(*unit)).collect();
    match waiting.more {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
