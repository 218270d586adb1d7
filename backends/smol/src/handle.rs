use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon_async_io::{IoSignals, IoTimer};
use proc_daemon_runtime::{Ambient, Capabilities, Census, Detached, Runtime, TaskName, catch};
use smol::Executor;

/// A handle to an executor: that of a [`Smol`](crate::Smol), an adopted one or smol's global one. A
/// clone is one count.
///
/// It does not keep the executor alive. What is spawned after its end is dropped at once.
#[derive(Clone, Debug)]
pub struct SmolHandle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    // `None` is smol's global one.
    executor: Option<Weak<Executor<'static>>>,
    tasks: Census,
    blocking: Census,
    // Whoever holds a clone is waited for by the shutdown, which takes this one.
    alive: Mutex<Option<Sender<Infallible>>>,
}

thread_local! {
    static CURRENT: RefCell<Option<SmolHandle>> = const { RefCell::new(None) };
}

impl SmolHandle {
    /// smol's global executor: `SMOL_THREADS` threads, one by default, started at the first spawn and
    /// never stopped.
    #[must_use]
    pub fn global() -> Self {
        Self::new(None).0
    }

    /// A handle to an executor that somebody else runs and keeps.
    ///
    /// It holds no count of it: tasks own handles, and a count in a task would keep its own executor.
    #[must_use]
    pub fn adopt(executor: &Arc<Executor<'static>>) -> Self {
        Self::new(Some(Arc::downgrade(executor))).0
    }

    /// A handle, and what disconnects when nothing of it is alive.
    pub(crate) fn new(executor: Option<Weak<Executor<'static>>>) -> (Self, Receiver<Infallible>) {
        let (alive, ended) = channel();
        let inner = Inner {
            executor,
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

    /// Makes this the current handle of the thread until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered {
        Entered(CURRENT.replace(Some(self.clone())))
    }
}

/// Restores the handle that was current before.
pub(crate) struct Entered(Option<SmolHandle>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl Runtime for SmolHandle {
    const NAME: &'static str = "smol";
    type Timer = IoTimer;
    type Signals = IoSignals;

    fn capabilities(&self) -> Capabilities {
        let lateness = if cfg!(windows) { 20 } else { 1 };
        Capabilities::all().without_blocking_cap().timer_lateness(Duration::from_millis(lateness))
    }

    fn timer(&self) -> &IoTimer {
        &IoTimer
    }

    fn signals(&self) -> &IoSignals {
        &IoSignals
    }

    fn spawn(&self, _: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        let task = Detached::new(&self.0.tasks, future);
        match &self.0.executor {
            None => smol::spawn(task).detach(),
            Some(executor) => {
                if let (Some(executor), true) = (executor.upgrade(), self.open()) {
                    executor.spawn(task).detach();
                }
            }
        }
    }

    fn spawn_blocking(&self, _: TaskName, work: impl FnOnce() + Send + 'static) {
        let handle = self.clone();
        let run = move || {
            let Some(_alive) = handle.alive() else { return };
            let _counted = handle.0.blocking.enter();
            let _ = catch(work);
        };
        smol::unblock(run).detach();
    }
}

impl Ambient for SmolHandle {
    /// The `Smol` whose worker or `block_on` this is, else the global executor, which every thread can
    /// use: never an error.
    fn current() -> io::Result<Self> {
        Ok(CURRENT.with_borrow(|current| current.clone().unwrap_or_else(Self::global)))
    }
}
