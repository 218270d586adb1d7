//! proc-daemon's backend for smol.
//!
//! ```text
//!   Smol (owned.rs) --handle()--> SmolHandle (handle.rs) --> SmolTimer, SmolSleep (timer.rs)
//!   global(), adopt(&Arc<Executor>)----^                 --> SmolSignals, SmolStream (signals.rs)
//! ```
//!
//! It implements the contract of [`proc_daemon_runtime`]; the names of the laws are from there.
//!
//! | law | here |
//! |---|---|
//! | L1, L2 | `Task::detach`; a panic is caught inside the task and inside the closure |
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
//! | `Threading::PerCore`, `Workers` | honoured: that many threads; `SMOL_THREADS` is not read |
//! | `Threading::CurrentThread` | honoured |
//! | `thread_name` | honoured; blocking threads are named by their pool |
//! | `max_blocking_threads` | refused: the blocking pool is process-wide, see `BLOCKING_MAX_THREADS` |
//!
//! # Invariants
//!
//! 1. A handle never keeps an executor alive: tasks own handles, so a count would be a circle.
//! 2. Sleeps and signals need no executor: they outlive every one.
//! 3. `shutdown` counts a blocking closure only if it has started; one that has not is dropped.

mod handle;
mod owned;
#[cfg(unix)]
mod signals;
mod timer;

#[cfg(windows)]
mod signals {
    pub use proc_daemon_runtime::signals::{
        ConsoleSignals as SmolSignals, ConsoleStream as SmolStream,
    };
}

pub use handle::SmolHandle;
pub use owned::Smol;
pub use signals::{SmolSignals, SmolStream};
pub use timer::{SmolSleep, SmolTimer};
