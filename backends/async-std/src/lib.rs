//! proc-daemon's backend for async-std.
//!
//! **async-std has no maintainer: RUSTSEC-2025-0052.** This crate is for programs that stand on it; the
//! backend for smol shares its reactor and is maintained.
//!
//! ```text
//!   AsyncStd (owned.rs) --handle()--> AsyncStdHandle (handle.rs) --> AsyncStdTimer (timer.rs)
//!   global()--------------------------^                          --> AsyncStdSignals (signals.rs)
//! ```
//!
//! It implements the contract of [`proc_daemon_runtime`]; the names of the laws are from there.
//!
//! | law | here |
//! |---|---|
//! | L1, L2 | dropping a join handle detaches; a panic is caught inside the task and the closure |
//! | L5, L7 | the own clock is read before the reactor is touched |
//! | L6 | async-io's reactor is process-wide |
//! | L8 | the timer holds the same moment on the same clock |
//! | L9 | `Timer::set_at` and `clear`: no new timer |
//! | L10 | std's `Instant` |
//! | L11 to L14 | signal-hook-async-std, one per listener; the Windows console as on every backend |
//! | L15 | the table below |
//!
//! | option | |
//! |---|---|
//! | `Threading::PerCore`, `Workers` | honoured by the first build; a later one must ask for the same |
//! | `Threading::CurrentThread` | refused: the executor keeps at least one worker |
//! | `thread_name` | as the workers; blocking threads are named by their pool |
//! | `max_blocking_threads` | refused: the blocking pool is process-wide, see `BLOCKING_MAX_THREADS` |
//!
//! No variable of the environment changes what an [`AsyncStd`] is built with. If other code has used
//! async-std before the first build, the executor runs with that code's settings and the build is an
//! error.
//!
//! # Invariants
//!
//! 1. The executor is started once, and never stopped: `shutdown` waits for blocking closures alone.
//! 2. Sleeps and signals need no executor.
//! 3. `shutdown` counts a blocking closure only if it has started; one that has not is dropped.

mod handle;
mod owned;
#[cfg(unix)]
mod signals;
mod timer;

#[cfg(windows)]
mod signals {
    pub use proc_daemon_runtime::signals::{
        ConsoleSignals as AsyncStdSignals, ConsoleStream as AsyncStdStream,
    };
}

pub use handle::AsyncStdHandle;
pub use owned::AsyncStd;
pub use signals::{AsyncStdSignals, AsyncStdStream};
pub use timer::{AsyncStdSleep, AsyncStdTimer};
