use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use proc_daemon_runtime::Signal;

/// Why a daemon ends. The first one is the cause; later ones are kept and reported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShutdownReason {
    /// A signal whose action is a shutdown, or that forced one.
    Signal(Signal),
    /// The program asked, in these words.
    Requested(Cow<'static, str>),
    /// This subsystem failed, for good; its last start had been ready.
    SubsystemFailed(Arc<str>),
    /// This subsystem failed, for good; its last start had failed, or taken too long, before it was ready, or there
    /// was none.
    StartFailed(Arc<str>),
    /// This subsystem, or [`Spec::on_give_up`](crate::Spec::on_give_up) about it, asked for the end with this
    /// exit code.
    SubsystemAsked(Arc<str>, u8),
    /// Every subsystem that keeps the daemon alive has ended.
    NothingToRun,
    /// This subsystem was not ready with a new configuration, and going back has failed:
    /// [`end_on_failed_rollback`](crate::DaemonBuilder::end_on_failed_rollback).
    ReloadFailed(Arc<str>),
}

impl fmt::Display for ShutdownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(f, "{signal}"),
            Self::Requested(words) => write!(f, "requested: {words}"),
            Self::SubsystemFailed(name) => write!(f, "subsystem `{name}` failed"),
            Self::StartFailed(name) => write!(f, "subsystem `{name}` failed to start"),
            Self::SubsystemAsked(name, code) => {
                write!(f, "subsystem `{name}` asked for the end with code {code}")
            }
            Self::NothingToRun => f.write_str("nothing left to run"),
            Self::ReloadFailed(name) => {
                write!(
                    f,
                    "subsystem `{name}` was not ready with a new configuration, nor could it be taken back"
                )
            }
        }
    }
}

impl From<&'static str> for ShutdownReason {
    fn from(words: &'static str) -> Self {
        Self::Requested(words.into())
    }
}

impl From<String> for ShutdownReason {
    fn from(words: String) -> Self {
        Self::Requested(words.into())
    }
}

impl From<Signal> for ShutdownReason {
    fn from(signal: Signal) -> Self {
        Self::Signal(signal)
    }
}
