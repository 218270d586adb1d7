use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon_async_io::{IoSignals, IoTimer};
use proc_daemon_runtime::{Ambient, Capabilities, Census, Detached, Runtime, TaskName, catch};

/// A handle to async-std's executor, which is process-wide. A clone is one count.
///
/// What is spawned through a handle of an [`AsyncStd`](crate::AsyncStd) after its shutdown is dropped
/// at once.
#[derive(Clone, Debug)]
pub struct AsyncStdHandle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tasks: Census,
    blocking: Census,
    // Whoever holds a clone is waited for by the shutdown, which takes this one.
    alive: Mutex<Option<Sender<Infallible>>>,
}

impl AsyncStdHandle {
    /// The executor as it is or, at the first spawn, as `ASYNC_STD_THREAD_COUNT` and
    /// `ASYNC_STD_THREAD_NAME` say: one worker per core by default. Never stopped.
    #[must_use]
    pub fn global() -> Self {
        Self::new().0
    }

    /// A handle, and what disconnects when nothing of it is alive.
    pub(crate) fn new() -> (Self, Receiver<Infallible>) {
        let (alive, ended) = channel();
        let inner = Inner {
            tasks: Census::default(),
            blocking: Census::default(),
            alive: Mutex::new(Some(alive)),
        };
        (Self(Arc::new(inner)), ended)
    }

    /// What makes the shutdown wait while it is held; nothing once the shutdown has begun.
    pub(crate) fn alive(&self) -> Option<Sender<Infallible>> {
        self.0.alive.lock().clone()
    }

    fn open(&self) -> bool {
        self.0.alive.lock().is_some()
    }

    /// From here on nothing starts. Gives the tasks that are alive.
    pub(crate) fn close(&self) -> usize {
        drop(self.0.alive.lock().take());
        self.0.tasks.count()
    }

    /// Blocking closures that run.
    pub(crate) fn blocked(&self) -> usize {
        self.0.blocking.count()
    }
}

impl Runtime for AsyncStdHandle {
    const NAME: &'static str = "async-std";
    type Timer = IoTimer;
    type Signals = IoSignals;

    fn capabilities(&self) -> Capabilities {
        let lateness = if cfg!(windows) { 20 } else { 1 };
        Capabilities::all()
            .process_wide()
            .without_blocking_cap()
            .timer_lateness(Duration::from_millis(lateness))
    }

    fn timer(&self) -> &IoTimer {
        &IoTimer
    }

    fn signals(&self) -> &IoSignals {
        &IoSignals
    }

    fn spawn(&self, _: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        if self.open() {
            drop(async_std::task::spawn(Detached::new(&self.0.tasks, future)));
        }
    }

    fn spawn_blocking(&self, _: TaskName, work: impl FnOnce() + Send + 'static) {
        let handle = self.clone();
        let run = move || {
            let Some(_alive) = handle.alive() else { return };
            let _counted = handle.0.blocking.enter();
            let _ = catch(work);
        };
        async_global_executor::spawn_blocking(run).detach();
    }
}

impl Ambient for AsyncStdHandle {
    fn current() -> io::Result<Self> {
        if async_std::task::try_current().is_some() {
            return Ok(Self::global());
        }
        let text = "not polled on async-std: call this inside async_std::task::block_on or a task, or \
                    build proc_daemon_async_std::AsyncStd";
        Err(io::Error::new(io::ErrorKind::NotFound, text))
    }
}
