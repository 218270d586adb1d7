//! Does one job of the harness, with the system's allocator.

use std::process::ExitCode;

fn main() -> ExitCode {
    proc_daemon_bench::sampler::main(None)
}
