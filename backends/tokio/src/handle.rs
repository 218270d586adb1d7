use std::future::Future;
use std::io;
use std::time::Duration;

use proc_daemon_runtime::{Ambient, Capabilities, Census, Runtime, TaskName, catch};
use tokio::runtime::Handle;

use crate::{TokioSignals, TokioTimer};

/// A handle to a tokio runtime, owned by [`Tokio`](crate::Tokio) or adopted. A clone is four counts.
///
/// It does not keep the runtime alive. What is spawned after the shutdown is dropped at once.
#[derive(Clone, Debug)]
pub struct TokioHandle {
    handle: Handle,
    timer: TokioTimer,
    signals: TokioSignals,
    pub(crate) blocking: Census,
}

impl TokioHandle {
    /// A handle to a runtime that somebody else built and stops.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::Unsupported`] if it was built without timers or (on Unix) without I/O, which
    /// signals need. tokio has no query for this: the probe catches tokio's panic, which the panic hook
    /// has printed by then.
    ///
    /// # Panics
    ///
    /// Under `panic = "abort"` such a runtime ends the process here.
    pub fn adopt(handle: &Handle) -> io::Result<Self> {
        Ok(Self {
            handle: handle.clone(),
            timer: TokioTimer::adopt(handle)?,
            #[cfg(unix)]
            signals: TokioSignals::adopt(handle)?,
            #[cfg(windows)]
            signals: TokioSignals,
            blocking: Census::default(),
        })
    }
}

/// Does inside `handle` what panics if the runtime has no `what`.
pub(crate) fn probe<T>(handle: &Handle, what: &str, work: impl FnOnce() -> T) -> io::Result<T> {
    let _context = handle.enter();
    catch(work).map_err(|panic| {
        let text = format!(
            "this tokio runtime has no {what} ({panic}): \
             call enable_all() on the tokio::runtime::Builder that makes it"
        );
        io::Error::new(io::ErrorKind::Unsupported, text)
    })
}

impl Runtime for TokioHandle {
    const NAME: &'static str = "tokio";
    type Timer = TokioTimer;
    type Signals = TokioSignals;

    fn capabilities(&self) -> Capabilities {
        Capabilities::all().timer_lateness(Duration::from_millis(3))
    }

    fn timer(&self) -> &TokioTimer {
        &self.timer
    }

    fn signals(&self) -> &TokioSignals {
        &self.signals
    }

    fn spawn(&self, _: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(future));
    }

    fn spawn_blocking(&self, _: TaskName, work: impl FnOnce() + Send + 'static) {
        drop(self.handle.spawn_blocking(self.blocking.during(work)));
    }
}

impl Ambient for TokioHandle {
    fn current() -> io::Result<Self> {
        let handle = Handle::try_current().map_err(|_| Self::elsewhere())?;
        Self::adopt(&handle)
    }
}
