use std::io;
use std::num::NonZeroUsize;

/// How to build an [`OwnedRuntime`](crate::OwnedRuntime). The default is one worker per core.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeOptions {
    /// Which threads poll tasks.
    pub threading: Threading,
    /// The name of the worker threads, after which a backend may number them; the backend's own by default. Linux
    /// shows 15 bytes of it.
    pub thread_name: Option<String>,
    /// Most threads that blocking work may occupy at once; the runtime's own cap by default.
    pub max_blocking_threads: Option<NonZeroUsize>,
}

/// Which threads poll tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Threading {
    /// One worker per core.
    #[default]
    PerCore,
    /// This many workers.
    Workers(NonZeroUsize),
    /// No worker: tasks run on the thread that calls `block_on`, while it is in there.
    CurrentThread,
}

impl RuntimeOptions {
    /// One worker per core, the backend's own names and caps.
    #[must_use]
    pub const fn new() -> Self {
        Self { threading: Threading::PerCore, thread_name: None, max_blocking_threads: None }
    }

    /// Sets which threads poll tasks.
    #[must_use]
    pub const fn threading(mut self, threading: Threading) -> Self {
        self.threading = threading;
        self
    }

    /// Sets the number of workers; zero means one per core.
    #[must_use]
    pub const fn workers(self, workers: usize) -> Self {
        match NonZeroUsize::new(workers) {
            Some(workers) => self.threading(Threading::Workers(workers)),
            None => self.threading(Threading::PerCore),
        }
    }

    /// Runs tasks on the thread that calls `block_on`.
    #[must_use]
    pub const fn current_thread(self) -> Self {
        self.threading(Threading::CurrentThread)
    }

    /// Sets the name of the worker threads.
    #[must_use]
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = Some(name.into());
        self
    }

    /// Sets the most threads that blocking work may occupy at once.
    #[must_use]
    pub const fn max_blocking_threads(mut self, threads: NonZeroUsize) -> Self {
        self.max_blocking_threads = Some(threads);
        self
    }

    /// The number of workers asked for: none for [`Threading::CurrentThread`].
    #[must_use]
    pub fn worker_count(&self) -> Option<NonZeroUsize> {
        match self.threading {
            Threading::CurrentThread => None,
            Threading::Workers(workers) => Some(workers),
            Threading::PerCore => {
                Some(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
            }
        }
    }

    /// The error for an option that `runtime` cannot honour (L15).
    #[must_use]
    pub fn unsupported(runtime: &str, option: &str, instead: &str) -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            format!("{runtime} cannot honour {option}: {instead}"),
        )
    }
}

/// What [`OwnedRuntime::shutdown`](crate::OwnedRuntime::shutdown) left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct ShutdownSummary {
    /// Tasks that were alive when the shutdown began.
    pub leaked_tasks: usize,
    /// Blocking closures that were still running when it ended.
    pub blocked_threads: usize,
}

impl ShutdownSummary {
    /// A summary, for backends to return.
    pub const fn new(leaked_tasks: usize, blocked_threads: usize) -> Self {
        Self { leaked_tasks, blocked_threads }
    }

    /// Whether nothing was left behind.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.leaked_tasks == 0 && self.blocked_threads == 0
    }
}
