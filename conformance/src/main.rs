//! The runner: every scenario on every backend that is compiled in, side by side.

use std::process::ExitCode;

fn main() -> ExitCode {
    proc_daemon_conformance::cli::main()
}
