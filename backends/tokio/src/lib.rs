//! proc-daemon's backend for tokio.
//!
//! ```text
//!   Tokio (owned.rs) --handle()--> TokioHandle (handle.rs) --> TokioTimer, TokioSleep (timer.rs)
//!   tokio::runtime::Handle --adopt()----^                  --> TokioSignals, TokioStream (signals.rs)
//! ```
//!
//! It implements the contract of [`proc_daemon_runtime`]; the names of the laws are from there.
//!
//! | law | here |
//! |---|---|
//! | L1, L2 | tokio's tasks and blocking pool: dropping a join handle detaches, a panic ends the task |
//! | L5, L7, L8, L9 | the contract's `ClockSleep`; a sleep that is reset keeps its place on the wheel, no new sleep |
//! | L6 | the inner sleep is made inside `Handle::enter`, at the first poll that finds it not due |
//! | L10 | tokio's `Instant` |
//! | L11 to L14 | `tokio::signal::unix`, a listener for each signal; the Windows console as on every backend |
//! | L15 | the table below |
//!
//! | option | |
//! |---|---|
//! | `Threading::PerCore`, `Workers` | honoured; `TOKIO_WORKER_THREADS` is not read |
//! | `Threading::CurrentThread` | honoured |
//! | `thread_name` | honoured; blocking threads carry it as well |
//! | `max_blocking_threads` | honoured |
//!
//! # Invariants
//!
//! 1. A missing driver of an adopted runtime is an error of [`TokioHandle::adopt`], with the remedy.
//! 2. No poll panics after the runtime has been shut down.
//! 3. `shutdown` counts a blocking closure only if it has started.

mod handle;
mod owned;
#[cfg(unix)]
mod signals;
mod timer;

#[cfg(windows)]
mod signals {
    pub use proc_daemon_runtime::signals::{
        ConsoleSignals as TokioSignals, ConsoleStream as TokioStream,
    };
}

pub use handle::TokioHandle;
pub use owned::Tokio;
pub use signals::{TokioSignals, TokioStream};
pub use timer::{TokioSleep, TokioTimer};
