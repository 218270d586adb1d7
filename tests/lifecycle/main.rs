//! The lifecycle from outside, the same bodies on every runtime, in one process, without signals.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests look at real runtimes from outside, by real time"
)]

mod children;
mod config;
mod ends;
mod handle;
mod interval;
mod order;
mod rows;
mod stopping;

use std::sync::{Arc, Mutex};

use proc_daemon::runtime::{OwnedRuntime, RuntimeOptions};
use proc_daemon::{DaemonBuilder, ExitReport};

/// A runtime and how to build it: one row of every test.
pub(crate) struct Row<B> {
    pub(crate) options: RuntimeOptions,
    pub(crate) _runtime: std::marker::PhantomData<B>,
}

impl<B: OwnedRuntime> Row<B> {
    /// Runs a daemon to its end on a runtime of its own.
    pub(crate) fn run(&self, daemon: DaemonBuilder) -> ExitReport {
        let daemon = daemon.without_signals().build().expect("it is well-formed");
        let mut runtime = B::build(&self.options).expect("this row can be built");
        let handle = runtime.handle();
        let report = runtime.block_on(async {
            let _ = daemon.clone().run_on(handle).await;
            daemon.stopped().await
        });
        let _ = runtime.shutdown(std::time::Duration::from_secs(1));
        report
    }
}

/// What happened, in order, told from anywhere.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// The place of a line that must be there once.
    #[track_caller]
    pub(crate) fn at(&self, line: &str) -> usize {
        let lines = self.lines();
        let mut places = (0..lines.len()).filter(|n| lines[*n] == line);
        let place = places.next().unwrap_or_else(|| panic!("no {line:?} in {lines:?}"));
        assert!(places.next().is_none(), "{line:?} twice in {lines:?}");
        place
    }
}
