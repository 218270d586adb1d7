//! The kit as a test binary of a backend: libtest's arguments, one test for each scenario on each row.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Arguments, Failed};
use parking_lot::Mutex;

use crate::outcome::Outcome;
use crate::trial::Trial;
use crate::{child, panics, run};

/// Runs `trials` by the arguments of this process.
pub(crate) fn main(trials: &[Trial]) -> ExitCode {
    if let Err(unknown) = child::run_if_asked(|_| trials.to_vec()) {
        eprintln!("error: {unknown}");
        return ExitCode::FAILURE;
    }
    let mut arguments = Arguments::from_args();
    panics::install(arguments.nocapture);
    arguments.test_threads.get_or_insert_with(run::threads);
    let tally = Tally::default();
    let tests = trials.iter().cloned().map(|trial| test(trial, tally.clone())).collect();
    let conclusion = libtest_mimic::run(&arguments, tests);
    if arguments.list {
        return conclusion.exit_code();
    }
    let absent = tally.absent.lock();
    if !absent.is_empty() {
        println!("declared absent: {}\n", absent.join(", "));
    }
    if tally.executed.load(Ordering::Relaxed) == 0 {
        eprintln!("error: no scenario was executed: see --list for their names");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// What libtest's conclusion does not tell: it counts an absence as a pass.
#[derive(Clone, Default)]
struct Tally {
    executed: Arc<AtomicUsize>,
    absent: Arc<Mutex<Vec<String>>>,
}

fn test(trial: Trial, tally: Tally) -> libtest_mimic::Trial {
    let kind = trial.scenario.tier.as_str();
    let path = trial.path();
    libtest_mimic::Trial::test(path, move || {
        let outcome = run::one(&trial).outcome;
        match outcome {
            Outcome::Absent(need) => tally.absent.lock().push(format!("{} ({need})", trial.path())),
            _ => drop(tally.executed.fetch_add(1, Ordering::Relaxed)),
        }
        if outcome.is_failure() {
            let (goal, method) = (trial.scenario.goal, trial.scenario.method);
            let text = outcome.message();
            return Err(Failed::from(format!("{text}\n  must hold: {goal}\n  method: {method}")));
        }
        Ok(())
    })
    .with_kind(kind)
}
