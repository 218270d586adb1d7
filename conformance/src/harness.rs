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
    let (options, filters) = split(std::env::args());
    let mut arguments = Arguments::from_iter(options);
    panics::install(arguments.nocapture);
    arguments.test_threads.get_or_insert_with(run::threads);
    let tally = Tally::default();
    let wanted = trials.iter().filter(|trial| wanted(trial, &filters, arguments.exact));
    let tests = wanted.cloned().map(|trial| test(trial, tally.clone())).collect();
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

/// The options, and the filters apart: libtest-mimic takes one, where libtest takes any number.
fn split(arguments: impl Iterator<Item = String>) -> (Vec<String>, Vec<String>) {
    const WITH_A_VALUE: [&str; 6] =
        ["--test-threads", "--logfile", "--skip", "--color", "--format", "-Z"];
    let (mut options, mut filters) = (Vec::new(), Vec::new());
    let mut arguments = arguments;
    // The program.
    options.extend(arguments.next());
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            filters.extend(arguments.by_ref());
        } else if argument.starts_with('-') {
            let has_value = WITH_A_VALUE.contains(&&*argument);
            options.push(argument);
            options.extend(has_value.then(|| arguments.next()).flatten());
        } else {
            filters.push(argument);
        }
    }
    (options, filters)
}

/// Whether a filter names it: by a part of its path, in capitals or not, or exactly as `--list` prints it.
fn wanted(trial: &Trial, filters: &[String], exact: bool) -> bool {
    if exact {
        let (path, kind) = (trial.path(), trial.scenario.tier.as_str());
        let listed = format!("[{kind}] {path}");
        return filters.is_empty() || filters.iter().any(|name| *name == path || *name == listed);
    }
    filters.is_empty() || trial.is_called(filters)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_told_from_the_values_of_options() {
        let text = "program law --skip SPAWN-01 -q -Z unstable-options --color=never core -- -odd";
        let (options, filters) = split(text.split(' ').map(str::to_owned));
        let expected = "program --skip SPAWN-01 -q -Z unstable-options --color=never";
        assert_eq!(options.join(" "), expected);
        assert_eq!(filters, ["law", "core", "-odd"]);
    }
}
