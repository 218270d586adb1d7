//! The kit as a test binary of a backend: libtest's arguments, one test for each scenario on each row.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::Case;
use crate::{child, panics, run};

/// Runs `cases` by the arguments of this process.
pub(crate) fn main(cases: &[Case]) -> ExitCode {
    child::run_if_asked(cases);
    let mut arguments = Arguments::from_args();
    panics::install(arguments.nocapture);
    arguments.test_threads.get_or_insert_with(run::threads);
    let trials = cases.iter().cloned().map(trial).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list && conclusion.num_passed + conclusion.num_failed == 0 {
        eprintln!("error: no scenario was executed: see --list for their names");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn trial(case: Case) -> Trial {
    let kind = case.about.tier.as_str();
    let path = case.path();
    Trial::test(path, move || {
        let outcome = run::one(&case).outcome;
        if outcome.is_failure() {
            let (goal, method) = (case.about.goal, case.about.method);
            let text = outcome.message();
            return Err(Failed::from(format!("{text}\n  must hold: {goal}\n  method: {method}")));
        }
        Ok(())
    })
    .with_kind(kind)
}
