use std::fmt::Debug;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::time::Duration;

use crate::{Capabilities, RuntimeOptions, ShutdownSummary, SignalSource, TaskName, Timer};

/// A handle to a running executor: what the core is written against.
///
/// A clone is a handle to the same executor. No method blocks. A handle may outlive its runtime: what
/// is spawned then is dropped, and a joined [`Task`](crate::Task) reports
/// [`JoinError::RuntimeGone`](crate::JoinError::RuntimeGone).
pub trait Runtime: Clone + Debug + Send + Sync + 'static {
    /// The name that users choose it by: `tokio`, `async-std`, `smol`.
    const NAME: &'static str;
    /// Its clock and sleeps.
    type Timer: Timer;
    /// Where operating system signals come from.
    type Signals: SignalSource;

    /// What this runtime can and cannot do.
    fn capabilities(&self) -> Capabilities;

    /// Its clock and sleeps.
    fn timer(&self) -> &Self::Timer;

    /// Where operating system signals come from.
    fn signals(&self) -> &Self::Signals;

    /// A seed for decisions that want randomness (jitter), another one each time: by default from std's
    /// randomly keyed hasher. A simulator scripts it.
    fn seed(&self) -> u64 {
        RandomState::new().hash_one(())
    }

    /// Runs `future` to its end, detached (L1). A panic in it ends this task alone (L2).
    ///
    /// Whoever is woken is polled again, by any thread (L16). Woken while it is polled, it is polled once more when
    /// that poll is over, and no other worker waits for that: a poll may block its thread.
    ///
    /// Allocates the task. When the runtime stops first, the future is dropped.
    fn spawn(&self, name: TaskName, future: impl Future<Output = ()> + Send + 'static);

    /// Runs `work` on a thread that may block, detached (L1). A panic in it ends this closure alone (L2).
    ///
    /// Started work cannot be cancelled: a process exits within its budget, not when the thread returns.
    fn spawn_blocking(&self, name: TaskName, work: impl FnOnce() + Send + 'static);
}

/// A runtime that code can find itself on.
pub trait Ambient: Runtime {
    /// The runtime this code is being polled on.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] if the code is not being polled on this runtime, another kind if it
    /// is and lacks what the contract needs (a tokio runtime without a timer, say). The text says what
    /// to do.
    fn current() -> io::Result<Self>;

    /// The error for code that is not being polled on this runtime.
    #[must_use]
    fn elsewhere() -> io::Error {
        let name = Self::NAME;
        let text = format!(
            "not polled on {name}: call this inside its block_on or one of its tasks, \
             or build a runtime by the `OwnedRuntime` of its backend"
        );
        io::Error::new(io::ErrorKind::NotFound, text)
    }
}

/// A runtime that this process built. Only `main`, tests and benchmarks hold one.
pub trait OwnedRuntime: Sized {
    /// The handle it gives out.
    type Runtime: Runtime;

    /// Builds a runtime.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::Unsupported`] for an option it cannot honour (L15), naming the option and what
    /// to use instead; otherwise the operating system's refusal (threads, descriptors).
    fn build(options: &RuntimeOptions) -> io::Result<Self>;

    /// A handle to it.
    fn handle(&self) -> Self::Runtime;

    /// Polls `future` on this thread until it resolves. Spawned tasks run meanwhile: on the workers, or with
    /// [`Threading::CurrentThread`](crate::Threading::CurrentThread) on this thread.
    fn block_on<F: Future>(&mut self, future: F) -> F::Output;

    /// Stops the runtime within about `grace`, and says what it left behind.
    ///
    /// Tasks are dropped, not joined: whoever spawned a task joins it first. Blocking work that has
    /// started is waited for up to `grace` and then left to its thread; so is a worker that user code blocks.
    fn shutdown(self, grace: Duration) -> ShutdownSummary;
}
