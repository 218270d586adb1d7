//! The contract and a daemon's life on smol, one test for each scenario on each row.

use std::process::ExitCode;

use proc_daemon_smol::Smol;

fn main() -> ExitCode {
    proc_daemon_conformance::run::<Smol>()
}
