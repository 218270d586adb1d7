use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use proc_daemon_async_io::{IoSignals, IoTimer};
use proc_daemon_runtime::{Ambient, Capabilities, Runtime, TaskName, Tenants};
use smol::Executor;

/// A handle to an executor: that of a [`Smol`](crate::Smol), an adopted one or smol's global one. A
/// clone is two counts.
///
/// It does not keep the executor alive. What is spawned after its end is dropped at once.
#[derive(Clone, Debug)]
pub struct SmolHandle {
    // `None` is smol's global one.
    executor: Option<Weak<Executor<'static>>>,
    pub(crate) tenants: Tenants,
}

thread_local! {
    static CURRENT: RefCell<Option<SmolHandle>> = const { RefCell::new(None) };
}

impl SmolHandle {
    /// smol's global executor: `SMOL_THREADS` threads, one by default, started at the first spawn and
    /// never stopped.
    #[must_use]
    pub fn global() -> Self {
        Self { executor: None, tenants: Tenants::default() }
    }

    /// A handle to an executor that somebody else runs and keeps.
    ///
    /// It holds no count of it: tasks own handles, and a count in a task would keep its own executor.
    #[must_use]
    pub fn adopt(executor: &Arc<Executor<'static>>) -> Self {
        Self { executor: Some(Arc::downgrade(executor)), tenants: Tenants::default() }
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
        let capabilities = Capabilities::all().without_blocking_cap();
        capabilities.timer_lateness(Duration::from_millis(1))
    }

    fn timer(&self) -> &IoTimer {
        &IoTimer
    }

    fn signals(&self) -> &IoSignals {
        &IoSignals
    }

    fn spawn(&self, _: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        let Some(task) = self.tenants.task(future) else { return };
        match self.executor.as_ref().map(Weak::upgrade) {
            None => smol::spawn(task).detach(),
            Some(Some(executor)) => executor.spawn(task).detach(),
            Some(None) => {}
        }
    }

    fn spawn_blocking(&self, _: TaskName, work: impl FnOnce() + Send + 'static) {
        smol::unblock(self.tenants.work(work)).detach();
    }
}

impl Ambient for SmolHandle {
    /// The `Smol` whose worker or `block_on` this is, else the global executor, which every thread can
    /// use: never an error.
    fn current() -> io::Result<Self> {
        Ok(CURRENT.with_borrow(|current| current.clone().unwrap_or_else(Self::global)))
    }
}
