//! Runs trials: each on a thread of its own, or in a process of its own, under a watchdog.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;

use crate::child;
use crate::lab::Roll;
use crate::outcome::{Failure, Line, Outcome};
use crate::panics;
use crate::report::Report;
use crate::scenario::Place;
use crate::trial::{Ended, Trial};

/// As many as there are cores.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `trials`, so many at once; `done` hears of each as it ends. The lines are in the order of the trials.
pub(crate) fn all(trials: &[Trial], threads: usize, done: &(dyn Fn(&Line) + Sync)) -> Report {
    let next = AtomicUsize::new(0);
    let lines = Mutex::new(Vec::with_capacity(trials.len()));
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, trials.len().max(1)) {
            scope.spawn(|| {
                while let Some((n, trial)) = {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    trials.get(n).map(|trial| (n, trial))
                } {
                    let line = one(trial);
                    done(&line);
                    lines.lock().push((n, line));
                }
            });
        }
    });
    let mut lines = lines.into_inner();
    lines.sort_by_key(|(n, _)| *n);
    Report::new(lines.into_iter().map(|(_, line)| line).collect())
}

/// Runs one trial to its line.
pub(crate) fn one(trial: &Trial) -> Line {
    let began = Instant::now();
    let outcome = match trial.place() {
        Place::Thread => on_a_thread(trial).0,
        Place::Process => child::in_a_process(trial, None),
        Place::Exit(code) => child::in_a_process(trial, Some(code)),
    };
    Line { backend: trial.row.clone(), scenario: trial.scenario, outcome, took: began.elapsed() }
}

/// Runs the body on a thread of its own, which is left behind if it hangs.
pub(crate) fn on_a_thread(trial: &Trial) -> (Outcome, Option<std::process::ExitCode>) {
    let (roll, (sender, receiver)) = (Roll::new(trial.limit), channel());
    let (theirs, inside) = (roll.clone(), trial.clone());
    let spawned = thread::Builder::new().name(trial.scenario.id.to_owned()).spawn(move || {
        let ended = panics::watched(|| inside.run(&theirs));
        let _ = sender.send(ended);
    });
    if let Err(error) = spawned {
        return (Outcome::Fail(Failure::new(format!("no thread for it: {error}"))), None);
    }
    let limit = trial.limit;
    match receiver.recv_timeout(limit) {
        Ok((Ok(Ended::Passed), _)) => (Outcome::Pass, None),
        Ok((Ok(Ended::Exit(code)), _)) => (Outcome::Pass, Some(code)),
        Ok((Ok(Ended::Absent(need)), _)) => (Outcome::Absent(need), None),
        Ok((Err(message), place)) => {
            (Outcome::Fail(Failure { place, ..Failure::new(message) }), None)
        }
        Err(RecvTimeoutError::Timeout) => {
            let text = format!("it hangs: not over after {limit:?}{}", roll.dump());
            (Outcome::Fail(Failure::hang(text)), None)
        }
        Err(RecvTimeoutError::Disconnected) => {
            (Outcome::Fail(Failure::new("its thread ended without a word")), None)
        }
    }
}
