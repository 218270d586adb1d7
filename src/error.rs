//! Errors: the boxed one that subsystems return, and the one that running a daemon gives.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

pub use crate::boxed::{BoxError, Result};
use crate::config::ConfigError;
use crate::daemon::ExitReport;
use crate::supervisor::graph::GraphIssue;

/// Why a daemon did not run, or did not end well.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    subject: Option<Cow<'static, str>>,
    message: Cow<'static, str>,
    source: Option<Arc<dyn StdError + Send + Sync + 'static>>,
    report: Option<ExitReport>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration cannot be read or is wrong.
    Config,
    /// The set of subsystems is wrong: names, dependencies.
    Build,
    /// A subsystem failed.
    Subsystem,
    /// A subsystem was not ready in time.
    StartTimeout,
    /// Something had to be aborted or was left behind.
    LeftBehind,
    /// A signal forced the end.
    Forced,
    /// The runtime cannot be built or adopted.
    Runtime,
    /// The operating system refused something.
    Io,
    /// The daemon has run, or is running, already.
    AlreadyRun,
}

impl Error {
    /// An error of the configuration. A literal costs no allocation.
    pub fn config(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// An error of a subsystem.
    pub fn subsystem(
        name: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { subject: Some(name.into()), ..Self::new(ErrorKind::Subsystem, message) }
    }

    /// An error of the runtime.
    pub fn runtime(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Runtime, message)
    }

    /// An error of the operating system.
    pub fn io(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Io, message)
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, subject: None, message: message.into(), source: None, report: None }
    }

    pub(crate) fn with_shared_source(
        mut self,
        source: Arc<dyn StdError + Send + Sync + 'static>,
    ) -> Self {
        self.source = Some(source);
        self
    }

    /// `who`: the first subsystem that did not end well, in words.
    pub(crate) fn of_report(kind: ErrorKind, report: ExitReport, who: Option<String>) -> Self {
        let mut message = report.headline();
        if let Some(who) = who {
            message.push_str("; ");
            message.push_str(&who);
        }
        Self { report: Some(report), ..Self::new(kind, message) }
    }

    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// A stable name for machines: `CONFIG_INVALID`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.kind {
            ErrorKind::Config => "CONFIG_INVALID",
            ErrorKind::Build => "BUILD_INVALID",
            ErrorKind::Subsystem => "SUBSYSTEM_FAILED",
            ErrorKind::StartTimeout => "START_TIMEOUT",
            ErrorKind::LeftBehind => "LEFT_BEHIND",
            ErrorKind::Forced => "FORCED",
            ErrorKind::Runtime => "RUNTIME",
            ErrorKind::Io => "IO",
            ErrorKind::AlreadyRun => "ALREADY_RUN",
        }
    }

    /// The code to exit with; see [`ExitReport`] for the table.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (&self.report, self.kind) {
            (Some(report), _) => report.code,
            (None, ErrorKind::Config | ErrorKind::Build) => 78,
            (None, ErrorKind::Runtime) => 71,
            (None, ErrorKind::Io) => 74,
            (None, ErrorKind::StartTimeout) => 75,
            (None, ErrorKind::LeftBehind) => 124,
            (None, _) => 1,
        }
    }

    /// The report of the daemon that ended badly; none if it had not begun to start.
    #[must_use]
    pub const fn report(&self) -> Option<&ExitReport> {
        self.report.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Some(subject) => write!(f, "subsystem `{subject}`: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Prints as `Display` does, with the causes: what `fn main() -> Result<(), Error>` shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::end::chain(self))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::config(error.to_string()).with_source(error)
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        let kind = if error.config.is_some() { ErrorKind::Config } else { ErrorKind::Build };
        Self::new(kind, error.to_string()).with_source(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::io(error.to_string()).with_source(error)
    }
}

/// Everything that is wrong with a daemon that was to be built: one line for each thing.
#[derive(Clone, Debug, Default)]
pub struct BuildError {
    graph: Vec<GraphIssue>,
    config: Option<Arc<dyn StdError + Send + Sync + 'static>>,
}

impl BuildError {
    pub(crate) fn graph(issues: Vec<GraphIssue>) -> Self {
        Self { graph: issues, config: None }
    }

    pub(crate) fn and_config(mut self, error: impl Into<BoxError>) -> Self {
        self.config = Some(Arc::from(error.into()));
        self
    }

    /// The lines.
    pub fn issues(&self) -> impl Iterator<Item = String> {
        let config = self.config.iter().map(|error| crate::end::chain(error.as_ref()));
        self.graph.iter().map(ToString::to_string).chain(config)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.issues().collect::<Vec<_>>().join("\n"))
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.config.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_through_a_question_mark_into_boxed_and_anyhow_errors() {
        fn boxed() -> Result<()> {
            Err(Error::config("bad"))?
        }
        fn any() -> anyhow::Result<()> {
            Err(Error::subsystem("store", "gone"))?
        }
        assert_eq!(boxed().unwrap_err().to_string(), "bad");
        assert_eq!(any().unwrap_err().to_string(), "subsystem `store`: gone");
    }

    #[test]
    fn codes_and_exit_codes_are_those_of_the_table() {
        let config = Error::config("bad");
        assert_eq!((config.code(), config.exit_code()), ("CONFIG_INVALID", 78));
        let runtime = Error::runtime("none").with_source(io::Error::other("no threads"));
        assert_eq!((runtime.code(), runtime.exit_code()), ("RUNTIME", 71));
        assert_eq!(format!("{runtime:?}"), "none: no threads");
        assert_eq!(Error::io("full").exit_code(), 74);
    }
}
