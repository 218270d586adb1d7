use std::process::ExitCode;

use custom_backend::Pool;

fn main() -> ExitCode {
    proc_daemon_conformance::run::<Pool>()
}
