//! The contract and a daemon's life on tokio, one test for each scenario on each row.

use std::process::ExitCode;

use proc_daemon_tokio::Tokio;

fn main() -> ExitCode {
    proc_daemon_conformance::run::<Tokio>()
}
