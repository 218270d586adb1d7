//! Signal sources for backends without one of their own, and what makes a stream of a runtime's listeners.
//!
//! | source | where the signals come from |
//! |---|---|
//! | [`NoSignals`] | nowhere: a backend for a platform or a test without signals |
//! | [`MergedSignals`] | the runtime's own listeners, one for each signal |
//! | [`ThreadSignals`] | an OS thread that reads a self-pipe (Unix) |
//! | `ConsoleSignals` | the Windows console, all five events (Windows) |
//!
//! Handlers are process-wide and stay installed after the last listener is dropped.

#[cfg(windows)]
mod console;
mod merged;
mod none;
#[cfg(unix)]
mod thread;

#[cfg(windows)]
pub use console::{ConsoleSignals, ConsoleStream};
pub use merged::MergedSignals;
pub use none::{NoSignals, NoStream};
#[cfg(unix)]
pub use thread::{ThreadSignals, ThreadStream};
