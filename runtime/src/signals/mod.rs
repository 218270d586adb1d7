//! Signal sources that need no runtime, for backends without one of their own.
//!
//! | source | where the signals come from |
//! |---|---|
//! | [`NoSignals`] | nowhere: a backend for a platform or a test without signals |
//! | [`ThreadSignals`] | an OS thread that reads a self-pipe (Unix) |
//! | `ConsoleSignals` | the Windows console, all five events (Windows) |
//!
//! Handlers are process-wide and stay installed after the last listener is dropped.

#[cfg(windows)]
mod console;
mod none;
#[cfg(unix)]
mod thread;

#[cfg(windows)]
pub use console::{ConsoleSignals, ConsoleStream};
pub use none::{NoSignals, NoStream};
#[cfg(unix)]
pub use thread::{ThreadSignals, ThreadStream};
