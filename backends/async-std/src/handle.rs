use std::future::Future;
use std::io;
use std::time::Duration;

use proc_daemon_async_io::{IoSignals, IoTimer};
use proc_daemon_runtime::{Ambient, Capabilities, Runtime, TaskName, Tenants};

/// A handle to async-std's executor, which is process-wide. A clone is one count.
///
/// What is spawned through a handle of an [`AsyncStd`](crate::AsyncStd) after its shutdown is dropped
/// at once.
#[derive(Clone, Debug)]
pub struct AsyncStdHandle {
    pub(crate) tenants: Tenants,
}

impl AsyncStdHandle {
    /// The executor as it is or, at the first spawn, as `ASYNC_STD_THREAD_COUNT` and
    /// `ASYNC_STD_THREAD_NAME` say: one worker per core by default. Never stopped.
    #[must_use]
    pub fn global() -> Self {
        Self { tenants: Tenants::default() }
    }
}

impl Runtime for AsyncStdHandle {
    const NAME: &'static str = "async-std";
    type Timer = IoTimer;
    type Signals = IoSignals;

    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::all().process_wide().without_blocking_cap();
        capabilities.timer_lateness(Duration::from_millis(1))
    }

    fn timer(&self) -> &IoTimer {
        &IoTimer
    }

    fn signals(&self) -> &IoSignals {
        &IoSignals
    }

    fn spawn(&self, _: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        if let Some(task) = self.tenants.task(future) {
            drop(async_std::task::spawn(task));
        }
    }

    fn spawn_blocking(&self, _: TaskName, work: impl FnOnce() + Send + 'static) {
        async_global_executor::spawn_blocking(self.tenants.work(work)).detach();
    }
}

impl Ambient for AsyncStdHandle {
    fn current() -> io::Result<Self> {
        let polled = async_std::task::try_current().is_some();
        polled.then(Self::global).ok_or_else(Self::elsewhere)
    }
}
