//! A spawned future that can be joined and aborted, the same on every runtime.
//!
//! ```text
//!   Task<T> --abort()--> Shared <--poll, result-- Runner (the future that the runtime polls)
//! ```
//!
//! # Invariants
//!
//! 1. The result is stored exactly once, after the future and what it owns have been dropped (L4).
//! 2. A runner that the runtime drops stores [`JoinError::RuntimeGone`], so a join always resolves.
//! 3. Wakers are called without the lock held.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::prim::{AtomicBool, Mutex, Ordering};
use crate::{AnyRuntime, PanicPayload, Runtime, TaskName, catch, discard};

/// A spawned future: awaiting it gives its result.
///
/// Dropping the handle detaches the task (L1). Awaiting is cancel-safe: the result stays until it has
/// been returned once. After that the handle must not be polled again.
#[must_use = "dropping a task detaches it"]
pub struct Task<T> {
    shared: Arc<Shared<T>>,
}

/// Why a [`Task`] has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// It was aborted before it ended.
    Aborted,
    /// It panicked.
    Panicked(PanicPayload),
    /// The runtime stopped before it ended.
    RuntimeGone,
}

struct Shared<T> {
    aborted: AtomicBool,
    state: Mutex<State<T>>,
}

struct State<T> {
    runner: Option<Waker>,
    joiner: Option<Waker>,
    result: Option<Result<T, JoinError>>,
    finished: bool,
}

impl<T: Send + 'static> Task<T> {
    /// Spawns `future` on `runtime`.
    #[track_caller]
    pub fn spawn<R, F>(runtime: &R, name: TaskName, future: F) -> Self
    where
        R: Runtime,
        F: Future<Output = T> + Send + 'static,
    {
        let (task, runner) = Self::prepare(future);
        runtime.spawn(name, runner);
        task
    }

    /// Spawns `future` on an erased runtime.
    #[track_caller]
    pub fn spawn_on<F>(runtime: &AnyRuntime, name: TaskName, future: F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (task, runner) = Self::prepare(future);
        runtime.spawn(name, Box::pin(runner));
        task
    }

    /// Runs `work` on a blocking thread. Once it has started, aborting has no effect on it.
    #[track_caller]
    pub fn spawn_blocking_on<F>(runtime: &AnyRuntime, name: TaskName, work: F) -> Self
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let shared = Arc::new(Shared::new());
        let mut run = BlockingRun(Some(Arc::clone(&shared)));
        runtime.spawn_blocking(
            name,
            Box::new(move || {
                let Some(shared) = run.0.take() else { return };
                let result = if shared.aborted.load(Ordering::Acquire) {
                    discard(work);
                    Err(JoinError::Aborted)
                } else {
                    catch(work).map_err(JoinError::Panicked)
                };
                shared.finish(result);
            }),
        );
        Self { shared }
    }

    pub(crate) fn prepare<F: Future<Output = T>>(future: F) -> (Self, Runner<F>) {
        let shared = Arc::new(Shared::new());
        (
            Self { shared: Arc::clone(&shared) },
            Runner { future: Some(future), shared: Some(shared) },
        )
    }

    /// Asks for the task's end at its next await point. Idempotent; returns at once (L4).
    pub fn abort(&self) {
        self.shared.abort();
    }

    /// Whether the result is there.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.shared.state.lock().finished
    }

    /// A handle that can abort this task and nothing else.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(Arc::clone(&self.shared) as Arc<dyn Abort>)
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.shared.state.lock();
        if let Some(result) = state.result.take() {
            return Poll::Ready(result);
        }
        if state.finished {
            return Poll::Ready(Err(JoinError::RuntimeGone));
        }
        store(&mut state.joiner, cx.waker());
        Poll::Pending
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("finished", &self.shared.state.lock().finished).finish()
    }
}

/// Aborts one task. Clones abort the same task; dropping one does nothing.
#[derive(Clone)]
#[must_use]
pub struct AbortHandle(Arc<dyn Abort>);

impl AbortHandle {
    /// As [`Task::abort`].
    pub fn abort(&self) {
        self.0.abort();
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AbortHandle")
    }
}

trait Abort: Send + Sync {
    fn abort(&self);
}

impl<T: Send> Abort for Shared<T> {
    fn abort(&self) {
        // The flag is set before the waker is taken. A runner that stored its waker before the lock is
        // woken here; one that stores it after has yet to read the flag, under the same lock.
        self.aborted.store(true, Ordering::Release);
        let waker = self.state.lock().runner.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Shared<T> {
    fn new() -> Self {
        let state = State { runner: None, joiner: None, result: None, finished: false };
        Self { aborted: AtomicBool::new(false), state: Mutex::new(state) }
    }

    fn finish(&self, result: Result<T, JoinError>) {
        let joiner = {
            let mut state = self.state.lock();
            state.result = Some(result);
            state.finished = true;
            state.runner = None;
            state.joiner.take()
        };
        if let Some(joiner) = joiner {
            joiner.wake();
        }
    }
}

/// Keeps the newest waker without cloning one that would wake the same task.
fn store(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(kept) => kept.clone_from(waker),
        None => *slot = Some(waker.clone()),
    }
}

pin_project_lite::pin_project! {
    /// What the runtime polls.
    pub(crate) struct Runner<F: Future> {
        #[pin]
        future: Option<F>,
        shared: Option<Arc<Shared<F::Output>>>,
    }

    impl<F: Future> PinnedDrop for Runner<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(shared) = this.shared.take() {
                let _ = catch(|| this.future.set(None));
                let aborted = shared.aborted.load(Ordering::Acquire);
                shared.finish(Err(if aborted { JoinError::Aborted } else { JoinError::RuntimeGone }));
            }
        }
    }
}

impl<F: Future> Future for Runner<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(shared) = this.shared.as_ref() else {
            return Poll::Ready(());
        };
        store(&mut shared.state.lock().runner, cx.waker());
        let result = if shared.aborted.load(Ordering::Acquire) {
            Err(JoinError::Aborted)
        } else {
            let Some(future) = this.future.as_mut().as_pin_mut() else {
                return Poll::Ready(());
            };
            match catch(|| future.poll(cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(value)) => Ok(value),
                Err(payload) => Err(JoinError::Panicked(payload)),
            }
        };
        // Invariant 1: destructors first. One that panics replaces a result that was fine.
        let dropped = catch(|| this.future.set(None));
        if let Some(shared) = this.shared.take() {
            shared.finish(match (result, dropped) {
                (Ok(_) | Err(JoinError::Aborted), Err(payload)) => {
                    Err(JoinError::Panicked(payload))
                }
                (result, _) => result,
            });
        }
        Poll::Ready(())
    }
}

/// Resolves the join when the runtime drops blocking work that never started.
struct BlockingRun<T>(Option<Arc<Shared<T>>>);

impl<T> Drop for BlockingRun<T> {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.finish(Err(JoinError::RuntimeGone));
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aborted => f.write_str("the task was aborted"),
            Self::Panicked(payload) => write!(f, "the task panicked: {payload}"),
            Self::RuntimeGone => f.write_str("the runtime stopped before the task ended"),
        }
    }
}

impl std::error::Error for JoinError {}

#[cfg(test)]
#[path = "task_tests.rs"]
mod tests;
