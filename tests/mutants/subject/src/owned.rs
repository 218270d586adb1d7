use std::future::{Future, poll_fn};
use std::io;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proc_daemon_runtime::{OwnedRuntime, RuntimeOptions, ShutdownSummary, Threading};

use crate::chosen::{is, know_this_thread};
use crate::handle::BrokenHandle;

/// A runtime with the chosen thing wrong.
pub(crate) struct Broken<B: OwnedRuntime> {
    inner: B,
    handle: BrokenHandle<B::Runtime>,
}

impl<B: OwnedRuntime> OwnedRuntime for Broken<B> {
    type Runtime = BrokenHandle<B::Runtime>;

    fn build(options: &RuntimeOptions) -> io::Result<Self> {
        know_this_thread();
        let mut options = options.clone();
        if is("refused-in-other-words") && options.max_blocking_threads.is_some() {
            return Err(io::Error::other("max_blocking_threads: no"));
        }
        if is("worker-count-ignored") && options.threading != Threading::CurrentThread {
            options = options.workers(1);
        }
        if is("one-worker-more") && options.worker_count().is_some_and(|n| n.get() > 1) {
            options = options.workers(3);
        }
        if is("current-thread-has-a-worker") && options.threading == Threading::CurrentThread {
            options = options.workers(1);
        }
        if is("thread-name-ignored") {
            options.thread_name = None;
        }
        if is("blocking-cap-ignored") {
            options.max_blocking_threads = None;
        }
        let inner = B::build(&options)?;
        let handle = BrokenHandle::new(inner.handle());
        Ok(Self { inner, handle })
    }

    fn handle(&self) -> Self::Runtime {
        self.handle.clone()
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        know_this_thread();
        let shared = &self.handle.shared;
        shared.epoch.fetch_add(1, Ordering::SeqCst);
        let mut future = pin!(future);
        let panicked = || shared.panic.lock().take();
        let output = self.inner.block_on(poll_fn(|cx| future.as_mut().poll(cx)));
        shared.epoch.fetch_add(1, Ordering::SeqCst);
        if let Some(panic) = panicked() {
            resume_unwind(panic);
        }
        output
    }

    fn shutdown(self, grace: Duration) -> ShutdownSummary {
        self.handle.shared.close();
        if is("shutdown-keeps-the-tasks") {
            Box::leak(Box::new(self.inner));
            return ShutdownSummary::new(1, 0);
        }
        let grace = match () {
            () if is("grace-ignored") => Duration::from_secs(3600),
            () if is("grace-skipped") => Duration::ZERO,
            () => grace,
        };
        let summary = self.inner.shutdown(grace);
        match () {
            () if is("nothing-is-left") => ShutdownSummary::new(0, 0),
            () if is("something-is-left") => {
                ShutdownSummary::new(summary.leaked_tasks, summary.blocked_threads + 1)
            }
            () => summary,
        }
    }
}
