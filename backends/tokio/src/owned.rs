use std::future::Future;
use std::io;
use std::time::Duration;

use proc_daemon_runtime::{OwnedRuntime, Runtime, RuntimeOptions, ShutdownSummary};
use tokio::runtime::{Builder, Runtime as Inner};

use crate::TokioHandle;

/// A tokio runtime with timers and I/O.
///
/// Dropping it stops it without waiting, as `shutdown(Duration::ZERO)` does.
#[derive(Debug)]
pub struct Tokio {
    // Taken by the shutdown alone.
    inner: Option<Inner>,
    handle: TokioHandle,
}

impl OwnedRuntime for Tokio {
    type Runtime = TokioHandle;

    fn build(options: &RuntimeOptions) -> io::Result<Self> {
        let mut builder = Builder::new_current_thread();
        if let Some(workers) = options.worker_count() {
            builder = Builder::new_multi_thread();
            builder.worker_threads(workers.get());
        }
        if let Some(name) = &options.thread_name {
            builder.thread_name(name);
        }
        if let Some(threads) = options.max_blocking_threads {
            builder.max_blocking_threads(threads.get());
        }
        let inner = builder.enable_all().build()?;
        let handle = TokioHandle::adopt(inner.handle())?;
        Ok(Self { inner: Some(inner), handle })
    }

    fn handle(&self) -> TokioHandle {
        self.handle.clone()
    }

    /// # Panics
    ///
    /// On a thread that polls tasks of a tokio runtime already.
    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        let inner = self.inner.as_ref();
        inner.expect("taken by the shutdown alone").block_on(future)
    }

    /// Tasks of a runtime without workers are dropped on this thread, whatever their destructors take.
    ///
    /// # Panics
    ///
    /// On a thread that polls tasks of a tokio runtime, unless `grace` is zero.
    fn shutdown(mut self, grace: Duration) -> ShutdownSummary {
        self.stop(grace)
    }
}

impl Tokio {
    fn stop(&mut self, grace: Duration) -> ShutdownSummary {
        self.handle.timer().close();
        let Some(inner) = self.inner.take() else { return ShutdownSummary::default() };
        let leaked = inner.metrics().num_alive_tasks();
        inner.shutdown_timeout(grace);
        ShutdownSummary::new(leaked, self.handle.blocking.count())
    }
}

impl Drop for Tokio {
    fn drop(&mut self) {
        let _ = self.stop(Duration::ZERO);
    }
}
