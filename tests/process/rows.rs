//! Every runtime, in every size it can be built.

use std::process::ExitCode;

use proc_daemon::runtime::OwnedRuntime;
use proc_daemon::{DaemonBuilder, RuntimeOptions};

/// One name for each way to build a runtime.
pub(crate) const ALL: &[&str] = &[
    "tokio-1",
    "tokio-2",
    "tokio-4",
    "tokio-current",
    "async-std-1",
    "async-std-2",
    "async-std-4",
    "smol-1",
    "smol-2",
    "smol-4",
    "smol-current",
];

/// One row for each runtime.
pub(crate) const EACH: &[&str] = &["tokio-2", "async-std-2", "smol-2"];

fn options(size: &str) -> RuntimeOptions {
    match size {
        "current" => RuntimeOptions::new().current_thread(),
        workers => RuntimeOptions::new().workers(workers.parse().expect("a number of workers")),
    }
}

/// The number of threads that poll subsystems in this row.
pub(crate) fn workers(row: &str) -> usize {
    row.rsplit('-').next().and_then(|size| size.parse().ok()).unwrap_or(1)
}

/// Runs `daemon` as a program's `main` would, on `row`.
pub(crate) fn main_on(row: &str, daemon: DaemonBuilder) -> ExitCode {
    let (runtime, size) = row.rsplit_once('-').expect("RUNTIME-SIZE");
    let daemon = daemon.runtime_options(options(size));
    match runtime {
        "tokio" => daemon.main_on::<proc_daemon_tokio::Tokio>(),
        "async-std" => daemon.main_on::<proc_daemon_async_std::AsyncStd>(),
        "smol" => daemon.main_on::<proc_daemon_smol::Smol>(),
        other => panic!("no runtime named {other}"),
    }
}

/// Runs `daemon` in a runtime that the program owns, and gives the code of its report.
pub(crate) fn adopted(row: &str, daemon: DaemonBuilder) -> u8 {
    fn on<B: OwnedRuntime>(row: &str, daemon: DaemonBuilder) -> u8 {
        let (_, size) = row.rsplit_once('-').expect("RUNTIME-SIZE");
        let mut runtime = B::build(&options(size)).expect("this row can be built");
        let handle = runtime.handle();
        let daemon = daemon.build().expect("it is well-formed");
        runtime.block_on(async {
            let _ = daemon.clone().run_on(handle).await;
            daemon.stopped().await.code
        })
    }
    match row.rsplit_once('-').expect("RUNTIME-SIZE").0 {
        "tokio" => on::<proc_daemon_tokio::Tokio>(row, daemon),
        "async-std" => on::<proc_daemon_async_std::AsyncStd>(row, daemon),
        "smol" => on::<proc_daemon_smol::Smol>(row, daemon),
        other => panic!("no runtime named {other}"),
    }
}
