//! Where daemons live: each runtime.

use std::process::ExitCode;

use libtest_mimic::Trial;
use proc_daemon::runtime::OwnedRuntime;
use proc_daemon::{Daemon, DaemonBuilder, ExitReport, RuntimeOptions};

/// One name for each runtime.
pub(crate) const EACH: [&str; 3] = ["tokio", "async-std", "smol"];

/// How many threads poll subsystems.
pub(crate) const WORKERS: usize = 2;

/// One test of `body` for each runtime.
pub(crate) fn on_each(
    name: &str,
    body: impl Fn(&'static str) + Clone + Send + 'static,
) -> Vec<Trial> {
    let trial = |row: &'static str| {
        let body = body.clone();
        Trial::test(format!("{name}::{row}"), move || {
            body(row);
            Ok(())
        })
    };
    EACH.map(trial).into()
}

/// Runs `daemon` as a program's `main` would.
pub(crate) fn main_on(row: &str, daemon: DaemonBuilder) -> ExitCode {
    let daemon = daemon.runtime_options(RuntimeOptions::new().workers(WORKERS));
    match row {
        "tokio" => daemon.main_on::<proc_daemon_tokio::Tokio>(),
        "async-std" => daemon.main_on::<proc_daemon_async_std::AsyncStd>(),
        "smol" => daemon.main_on::<proc_daemon_smol::Smol>(),
        other => panic!("no runtime named {other}"),
    }
}

/// Runs `daemon` to its end in a runtime of its own.
pub(crate) fn run_on(row: &str, daemon: &Daemon) -> ExitReport {
    fn on<B: OwnedRuntime>(daemon: &Daemon) -> ExitReport {
        let options = RuntimeOptions::new().workers(WORKERS);
        let mut runtime = B::build(&options).expect("this row can be built");
        let handle = runtime.handle();
        runtime.block_on(async {
            let _ = daemon.clone().run_on(handle).await;
            daemon.stopped().await
        })
    }
    match row {
        "tokio" => on::<proc_daemon_tokio::Tokio>(daemon),
        "async-std" => on::<proc_daemon_async_std::AsyncStd>(daemon),
        "smol" => on::<proc_daemon_smol::Smol>(daemon),
        other => panic!("no runtime named {other}"),
    }
}
