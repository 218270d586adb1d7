//! The daemon: what users build, run and hold.
//!
//! ```text
//!   DaemonBuilder --build--> Plan (inside a Daemon) --run--> Driver --> ExitReport
//!        \--main--> sentinel, configuration, runtime, run, exit code
//! ```
//!
//! # Invariants
//!
//! 1. A builder is inert: no clock, no I/O, no thread before it runs.
//! 2. Signal handlers are in place before the configuration is read and before anything starts.
//! 3. A daemon runs at most once; clones of its handle share everything.
//! 4. Only `main` ends the process, or a sentinel that the user asked for.

mod builder;
mod handle;
mod main;
mod plan;
mod reload;
mod report;
mod run;
#[cfg(feature = "sim")]
mod simulated;
mod status;
#[cfg(feature = "config-watch")]
mod watching;

pub use builder::DaemonBuilder;
pub use handle::Daemon;
pub use report::{ExitReport, SubsystemReport};
#[cfg(feature = "sim")]
pub(crate) use run::Observer;
#[cfg(feature = "sim")]
pub(crate) use simulated::Unfit;
pub use status::Status;
