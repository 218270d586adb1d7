//! Timers and signals on async-io's reactor, for the backends whose executor has none: smol and async-std.
//!
//! The reactor is process-wide, so both work on every thread and outlive every executor.
//!
//! | law of [`proc_daemon_runtime`] | here |
//! |---|---|
//! | L5, L7, L8, L9 | the contract's `ClockSleep`; a sleep that is reset keeps its `async_io::Timer` |
//! | L6 | the reactor is process-wide |
//! | L10 | std's `Instant` |
//! | L11 to L14 | signal-hook-async-std, one per listener; the Windows console as on every backend |

#[cfg(unix)]
mod signals;
mod timer;

#[cfg(windows)]
mod signals {
    pub use proc_daemon_runtime::signals::{
        ConsoleSignals as IoSignals, ConsoleStream as IoStream,
    };
}

pub use signals::{IoSignals, IoStream};
pub use timer::{IoSleep, IoTimer};
