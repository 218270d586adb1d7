//! A daemon in a runtime that the program owns never ends the process by itself, unless it was let.

use libtest_mimic::Trial;

use crate::support::process::Signal;
use crate::{on_rows, rows, spawn};

pub(crate) fn trials() -> Vec<Trial> {
    [
        on_rows("an_adopted_daemon_returns_and_the_process_lives", rows::EACH, returns),
        on_rows("a_forced_end_stands_in_the_report", rows::EACH, forced),
        on_rows("a_runtime_that_waits_for_ever_is_left", &["tokio-1"], waits_for_ever),
        on_rows("exit_when_stuck_opts_into_the_deadman", rows::ALL, stuck),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn returns(row: &'static str) {
    let process = spawn("adopted", row);
    process.stdout_line("up");
    process.signal(Signal::TERM);
    let exit = process.wait().expect_code(0);
    assert!(exit.stdout().ends_with("still here, 0\n"), "{}", exit.stdout());
}

fn forced(row: &'static str) {
    let process = spawn("adopted-deaf", row);
    process.stdout_line("up");
    process.signal(Signal::QUIT);
    let exit = process.wait().expect_code(131);
    assert!(exit.stdout().ends_with("still here, 131\n"), "{}", exit.stdout());
    exit.expect_stderr("state of 1 subsystems:");
    exit.expect_stderr("  deaf: ");
}

/// The run returns its report, and then the runtime waits for a thread that is blocked.
fn waits_for_ever(_: &'static str) {
    let process = spawn("tokio-main-stuck", "tokio-1");
    process.stdout_line("up");
    process.signal(Signal::TERM);
    process.wait().expect_code(124).expect_stderr("stuck: `blocked-");
}

fn stuck(row: &'static str) {
    let process = spawn("adopted-stuck", row);
    process.stdout_line("up");
    process.signal(Signal::TERM);
    let exit = process.wait().expect_code(124);
    // With a worker left for the driver it reports; with none the sentinel leaves.
    let text = exit.stderr();
    assert!(exit.stdout().contains("still here") || text.contains("stuck: `blocked-"), "{text}");
}
