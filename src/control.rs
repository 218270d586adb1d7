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

/// Why a call was not done. Its text names the subsystem and says what to do instead.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ControlError {
    /// There is no such subsystem, or not any more.
    #[non_exhaustive]
    Unknown {
        /// The name, or the number as `#3`, that was asked for; of an added subsystem, what it depends on.
        name: String,
        /// The name of one that is there and was probably meant.
        near: Option<String>,
    },
    /// It is starting, waits for what it depends on, or runs, and nobody stops it.
    #[non_exhaustive]
    AlreadyRunning {
        /// Its name.
        name: String,
    },
    /// It does not run, or was stopped by somebody else before it was ready.
    #[non_exhaustive]
    NotRunning {
        /// Its name.
        name: String,
    },
    /// The daemon is going down, or has ended.
    ShuttingDown,
    /// Its last generation has not ended, although it is to, perhaps because it waits for those that stop before it; or
    /// it was left behind.
    #[non_exhaustive]
    StillStopping {
        /// Its name.
        name: String,
        /// It did not end after its abort: it is not waited for, and cannot be started again before it has ended.
        left_behind: bool,
    },
    /// A subsystem of this name is there.
    Duplicate(String),
    /// It would depend on itself; this is the way.
    Cycle(Vec<String>),
    /// The caller would be stopped by it, and would wait for that. A subsystem that is done returns.
    #[non_exhaustive]
    OwnStop {
        /// Who was to be stopped.
        name: String,
    },
    /// It failed for good before it was ready.
    #[non_exhaustive]
    Failed {
        /// Its name.
        name: String,
        /// How its last start has ended.
        end: End,
    },
    /// It cannot be done; the text says why.
    Invalid(String),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, near: None } => write!(f, "there is no subsystem `{name}`"),
            Self::Unknown { name, near: Some(near) } => {
                write!(f, "there is no subsystem `{name}`; did you mean `{near}`?")
            }
            Self::AlreadyRunning { name } => {
                write!(f, "`{name}` is running, or about to: `restart` starts it anew")
            }
            Self::NotRunning { name } => {
                write!(f, "`{name}` is not running: `start` starts one that is over")
            }
            Self::ShuttingDown => f.write_str(
                "the daemon is shutting down: nothing is started or stopped by name any more",
            ),
            Self::StillStopping { name, left_behind: false } => {
                write!(f, "`{name}` is still stopping: await its `stop`, and call again")
            }
            Self::StillStopping { name, left_behind: true } => write!(
                f,
                "`{name}` did not end after its abort and was left behind: only a new process is rid of it"
            ),
            Self::Duplicate(name) => {
                write!(
                    f,
                    "there is a subsystem `{name}` already: `remove` it first, or use `Spec::named`"
                )
            }
            Self::Cycle(path) => write!(f, "a cycle of dependencies: {}", path.join(" -> ")),
            Self::OwnStop { name } => write!(
                f,
                "stopping `{name}` would stop the subsystem that makes the call, which would wait for itself: \
                 return, or drop the call instead of awaiting it"
            ),
            Self::Failed { name, end } => write!(f, "`{name}` failed before it was ready: {end}"),
            Self::Invalid(text) => f.write_str(text),
        }
    }
}

impl Error for ControlError {
    /// What it failed with.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let Self::Failed { end, .. } = self else { return None };
        end.error().map(|error| error as _)
    }
}
