//! The contract and a daemon's life in simulated worlds, in every order of polls.

use std::process::ExitCode;

fn main() -> ExitCode {
    proc_daemon_conformance::run_simulated()
}
