//! The kit as a test binary, from outside: what its filters leave.
//!
//! `harness = false`: this program starts itself as that binary.

use std::env;
use std::process::{Command, ExitCode};

const AS_THE_KIT: &str = "LIBTEST_AS_THE_KIT";

fn main() -> ExitCode {
    if env::var_os(AS_THE_KIT).is_some() {
        return proc_daemon_conformance::run_simulated();
    }
    for (arguments, expected) in [
        ("SPAWN-02 SLEEP-03", ["SPAWN-02", "SLEEP-03"].as_slice()),
        ("--color never sleep-03 --format terse", &["SLEEP-03"]),
        ("PANIC-0 --skip PANIC-01 --skip PANIC-02 --skip PANIC-03", &["PANIC-04", "PANIC-05"]),
        ("--exact sim::SPAWN-02::a_dropped_handle_detaches SLEEP-03", &["SPAWN-02"]),
        ("no-such", &[]),
    ] {
        assert_eq!(listed(arguments), expected, "{arguments}");
    }
    let output = kit("SPAWN-02 sleep-03");
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert!(output.status.success() && text.contains("2 passed; 0 failed"), "{text}");
    let nothing = kit("no-such");
    let said = String::from_utf8_lossy(&nothing.stderr).into_owned();
    assert!(!nothing.status.success() && said.contains("no scenario was executed"), "{said}");
    ExitCode::SUCCESS
}

fn kit(arguments: &str) -> std::process::Output {
    let mut command = Command::new(env::current_exe().expect("it has a path"));
    command.args(arguments.split(' ')).env(AS_THE_KIT, "1");
    command.output().expect("it can be started")
}

/// The ids that `--list` prints.
fn listed(arguments: &str) -> Vec<String> {
    let output = kit(&format!("{arguments} --list"));
    let text = String::from_utf8(output.stdout).expect("it is text");
    let paths = text.lines().filter(|line| line.ends_with(": test"));
    let ids = paths.filter_map(|path| path.split("::").nth(1));
    ids.map(str::to_owned).collect()
}
