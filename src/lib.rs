#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! | you want | look at |
//! |---|---|
//! | to write a daemon | [`Daemon`], [`DaemonBuilder`], [`Subsystem`], [`Context`] |
//! | dependencies, readiness, grace | [`Spec`] |
//! | restarts | [`RestartPolicy`], [`Backoff`], [`Strategy`] |
//! | health checks | [`Check`], [`Subsystem::health_check`], [`Health`] |
//! | configuration | [`Config`], [`ConfigSource`], [`Section`], [`Secret`] |
//! | signals | [`SignalConfig`] |
//! | to see how things are, and why | [`Daemon::status`], [`SubsystemStatus`] |
//! | to follow what happens | [`Daemon::subscribe_events`], [`SubsystemEvent`]; from inside, [`Context::daemon`] |
//! | to start, stop, add by name | [`Daemon::subsystems`], [`ControlError`] |
//! | exit codes | [`ExitReport`] |
//! | to test a daemon in virtual time, from a seed | `sim` (feature `sim`) |
//! | to write a backend | [`runtime`] |

pub mod backends;
mod backoff;
mod boxed;
pub mod config;
mod control;
mod daemon;
mod duration;
mod end;
pub mod error;
mod event;
mod exit;
mod health;
mod id;
#[cfg(feature = "logging")]
mod logging;
mod reason;
mod reload;
mod restart;
mod sentinel;
mod shutdown;
pub mod signal;
#[cfg(feature = "sim")]
pub mod sim;
mod state;
mod strategy;
mod subsystem;
mod supervisor;
mod sync;
mod timeouts;
#[cfg(feature = "config-watch")]
mod watcher;

pub use backoff::Backoff;
pub use config::{Config, ConfigSource, LogLevel, Secret, Section};
pub use control::{ControlError, Target};
pub use daemon::{Daemon, DaemonBuilder, ExitReport, Status, SubsystemReport};
pub use end::{End, EndKind};
pub use error::{BoxError, BuildError, Error, ErrorKind, Result};
pub use event::{ProbeKind, SubsystemEvent};
pub use exit::Exit;
pub use health::{Health, HealthState};
pub use id::SubsystemId;
#[doc(inline)]
pub use proc_daemon_runtime as runtime;
pub use reason::ShutdownReason;
pub use reload::{
    Change, LastReload, Prepared, ReloadError, ReloadErrorKind, ReloadPlan, ReloadReport,
};
pub use restart::RestartPolicy;
pub use runtime::{Instant, JoinError, RuntimeOptions, Signal};
pub use shutdown::{Elapsed, ShutdownCoordinator, Stopping};
pub use state::SubsystemState;
pub use strategy::Strategy;
pub use subsystem::{
    Cancelled, Check, Child, Context, InFlight, Interval, IntoSpec, MissedTicks, SignalConfig,
    Spec, Subsystem, task, task_with,
};
pub use supervisor::{Control, Events, SubsystemManager, SubsystemStatus};
