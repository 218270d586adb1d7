//! Calls by name or number: whom they are about, and why they are refused.

use std::error::Error;
use std::fmt;

use crate::end::End;
use crate::id::SubsystemId;

/// A subsystem, by its name or its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// The one of this name.
    Name(&'a str),
    /// The one with this number.
    Id(SubsystemId),
}

impl<'a> From<&'a str> for Target<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a String> for Target<'a> {
    fn from(name: &'a String) -> Self {
        Self::Name(name)
    }
}

impl From<SubsystemId> for Target<'_> {
    fn from(id: SubsystemId) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Id(id) => write!(f, "{id}"),
        }
    }
}

/// Why a call was not done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ControlError {
    /// There is no such subsystem, or not any more; of an added one, this is a name that it depends on.
    Unknown(String),
    /// It is starting, waits for what it depends on, or runs.
    AlreadyRunning,
    /// It does not run, or was stopped by somebody else before it was ready.
    NotRunning,
    /// The daemon is going down, or has ended.
    ShuttingDown,
    /// Its last generation has not ended, or was left behind.
    StillStopping,
    /// A subsystem of this name is there.
    Duplicate(String),
    /// It would depend on itself; this is the way.
    Cycle(Vec<String>),
    /// The caller would be stopped by it, and would wait for that. A subsystem that is done returns.
    OwnStop,
    /// It failed for good before it was ready.
    Failed(End),
    /// It cannot be done; the text says why.
    Invalid(String),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no subsystem `{name}`"),
            Self::AlreadyRunning => f.write_str("it is running, or about to"),
            Self::NotRunning => f.write_str("it is not running"),
            Self::ShuttingDown => f.write_str("the daemon is shutting down"),
            Self::StillStopping => f.write_str("its last generation has not ended"),
            Self::Duplicate(name) => write!(f, "there is a subsystem `{name}` already"),
            Self::Cycle(path) => write!(f, "a cycle of dependencies: {}", path.join(" -> ")),
            Self::OwnStop => f.write_str(
                "this would stop the subsystem that makes the call, which would wait for itself: \
                     return, or drop the call instead of awaiting it",
            ),
            Self::Failed(end) => match end.error() {
                Some(error) => write!(f, "it failed before it was ready: {error}"),
                None => write!(f, "it failed before it was ready: {}", end.kind()),
            },
            Self::Invalid(text) => f.write_str(text),
        }
    }
}

impl Error for ControlError {}
