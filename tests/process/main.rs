//! Real processes, real signals: what only a process can show.
//!
//! This binary is both sides. Without arguments of its own it runs the tests; as `child SCENARIO ROW` it
//! is the daemon that a test watches.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a real process lives in real time"
)]

mod adopted;
mod blocked;
mod child;
mod early;
mod failing;
mod logs;
mod restarts;
mod rows;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod ugly;

use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Trial};

use support::process::Process;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("child") {
        let scenario = args.next().expect("child SCENARIO ROW");
        let row = args.next().expect("child SCENARIO ROW");
        let found = [ugly::child_of, restarts::child_of, failing::child_of]
            .into_iter()
            .find_map(|child_of| child_of(&scenario, &row));
        return found.unwrap_or_else(|| child::run(&scenario, &row));
    }
    let mut trials = Vec::new();
    trials.extend(blocked::trials());
    trials.extend(early::trials());
    trials.extend(signals::trials());
    trials.extend(adopted::trials());
    trials.extend(logs::trials());
    trials.extend(ugly::trials());
    trials.extend(restarts::trials());
    trials.extend(failing::trials());
    let mut arguments = Arguments::from_args();
    // The tests wait for processes that mostly sleep.
    arguments.test_threads.get_or_insert(4);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The command that makes this binary the daemon of `scenario` on `row`.
fn child(scenario: &str, row: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary has a path"));
    // A backtrace of a debug build takes longer than some of these daemons wait.
    command.args(["child", scenario, row]).env_remove("RUST_LOG").env("RUST_BACKTRACE", "0");
    command
}

fn spawn(scenario: &str, row: &str) -> Process {
    Process::spawn(&mut child(scenario, row))
}

/// One test of `body` for each of `rows`.
fn on_rows(name: &str, rows: &[&'static str], body: fn(&'static str)) -> Vec<Trial> {
    let trial = |row: &&'static str| {
        let row = *row;
        Trial::test(format!("{name}::{row}"), move || {
            body(row);
            Ok(())
        })
    };
    rows.iter().map(trial).collect()
}
