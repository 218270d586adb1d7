use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use proc_daemon_runtime::{OwnedRuntime, RuntimeOptions, ShutdownSummary};
use smol::Executor;
use smol::channel::{Sender, bounded};

use crate::SmolHandle;

/// An executor with its own worker threads.
///
/// Dropping it stops it without waiting, as `shutdown(Duration::ZERO)` does: each worker ends after the
/// poll it is in, and the last of them drops the tasks.
#[derive(Debug)]
pub struct Smol {
    executor: Arc<Executor<'static>>,
    handle: SmolHandle,
    workers: usize,
    // Closing it stops the workers.
    stop: Sender<Infallible>,
}

impl OwnedRuntime for Smol {
    type Runtime = SmolHandle;

    fn build(options: &RuntimeOptions) -> io::Result<Self> {
        if options.max_blocking_threads.is_some() {
            let instead = "its blocking pool is process-wide, set BLOCKING_MAX_THREADS";
            return Err(RuntimeOptions::unsupported("smol", "max_blocking_threads", instead));
        }
        let executor = Arc::new(Executor::new());
        let handle = SmolHandle::adopt(&executor);
        let (stop, stopped) = bounded(1);
        let workers = options.worker_count().map_or(0, usize::from);
        for _ in 0..workers {
            let name = options.thread_name.as_deref().unwrap_or("smol-worker");
            let (executor, stopped) = (Arc::clone(&executor), stopped.clone());
            let (handle, stays) = (handle.clone(), handle.tenants.stay());
            thread::Builder::new().name(name.into()).spawn(move || {
                let _entered = handle.enter();
                let _ = smol::block_on(executor.run(stopped.recv()));
                // The shutdown waits for the destructors of the tasks as well.
                drop(executor);
                drop(stays);
            })?;
        }
        Ok(Self { executor, handle, workers, stop })
    }

    fn handle(&self) -> SmolHandle {
        self.handle.clone()
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        let _entered = self.handle.enter();
        if self.workers == 0 {
            smol::block_on(self.executor.run(future))
        } else {
            smol::block_on(future)
        }
    }

    /// The destructors of tasks run on another thread. A worker that user code blocks keeps the
    /// executor, with every task in it, until it returns.
    fn shutdown(mut self, grace: Duration) -> ShutdownSummary {
        self.stop(grace)
    }
}

impl Smol {
    fn stop(&mut self, grace: Duration) -> ShutdownSummary {
        let executor = std::mem::take(&mut self.executor);
        self.handle.tenants.end(grace, |stays| {
            self.stop.close();
            // If no thread can be had, the closure is dropped here, and the executor with it.
            let reaper = thread::Builder::new().name("smol-shutdown".into());
            let _ = reaper.spawn(move || {
                drop(executor);
                drop(stays);
            });
        })
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        let _ = self.stop(Duration::ZERO);
    }
}
