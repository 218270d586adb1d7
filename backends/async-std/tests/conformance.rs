//! The contract and a daemon's life on async-std, one test for each scenario on each row.

use std::process::ExitCode;

use proc_daemon_async_std::AsyncStd;

fn main() -> ExitCode {
    proc_daemon_conformance::run::<AsyncStd>()
}
