use std::fmt;
use std::sync::Arc;

use crate::config::ConfigError;

/// Why a reload has changed nothing, or has not ended as it should. A clone is one count.
///
/// The text (`Display`) is one line for each issue.
#[derive(Clone, Debug)]
pub struct ReloadError(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ReloadErrorKind,
    text: String,
    config: Option<ConfigError>,
    subsystem: Option<Arc<str>>,
    keys: Vec<String>,
}

/// Which of the ways a reload can end badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReloadErrorKind {
    /// The configuration was made in code: there is nothing to read again.
    NothingToReload,
    /// What was read cannot be used; nothing has changed.
    Invalid,
    /// It was not read in time, or reading it the last time has not come to its end; nothing has changed.
    Unread,
    /// Keys have changed that only a new process can take; nothing has changed.
    NeedsNewProcess,
    /// A subsystem has refused it, panicked, or not answered in time; nothing has changed.
    Refused,
    /// A subsystem was not ready with it: the configuration before is in force again, at a new generation.
    RolledBack,
    /// A subsystem was not ready with it, and going back has failed as well. That subsystem goes on as its restart
    /// policy says.
    RollbackFailed,
    /// The daemon is going down, or has ended.
    ShuttingDown,
}

impl ReloadErrorKind {
    /// The name in lower case: `rolled back`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingToReload => "nothing to reload",
            Self::Invalid => "invalid",
            Self::Unread => "unread",
            Self::NeedsNewProcess => "needs new process",
            Self::Refused => "refused",
            Self::RolledBack => "rolled back",
            Self::RollbackFailed => "rollback failed",
            Self::ShuttingDown => "shutting down",
        }
    }
}

impl ReloadError {
    pub(crate) fn new(kind: ReloadErrorKind, text: impl Into<String>) -> Self {
        let text = text.into();
        Self(Arc::new(Inner { kind, text, config: None, subsystem: None, keys: Vec::new() }))
    }

    pub(crate) fn invalid(error: ConfigError) -> Self {
        let (kind, text) = (ReloadErrorKind::Invalid, error.to_string());
        let config = Some(error);
        Self(Arc::new(Inner { kind, text, config, subsystem: None, keys: Vec::new() }))
    }

    pub(crate) fn needs_new_process(keys: Vec<String>) -> Self {
        let kind = ReloadErrorKind::NeedsNewProcess;
        let text = format!(
            "only a new process can take a change of {}: restart it, or take the change back",
            keys.join(", ")
        );
        Self(Arc::new(Inner { kind, text, config: None, subsystem: None, keys }))
    }

    pub(crate) fn of(kind: ReloadErrorKind, subsystem: Arc<str>, text: String) -> Self {
        let subsystem = Some(subsystem);
        Self(Arc::new(Inner { kind, text, config: None, subsystem, keys: Vec::new() }))
    }

    pub(crate) fn shutting_down() -> Self {
        Self::new(ReloadErrorKind::ShuttingDown, "the daemon is shutting down")
    }

    /// Which way it went.
    #[must_use]
    pub fn kind(&self) -> ReloadErrorKind {
        self.0.kind
    }

    /// Every issue of what was read, if that is why.
    #[must_use]
    pub fn config(&self) -> Option<&ConfigError> {
        self.0.config.as_ref()
    }

    /// The subsystem that is why.
    #[must_use]
    pub fn subsystem(&self) -> Option<&str> {
        self.0.subsystem.as_deref()
    }

    /// The keys that only a new process can take.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.0.keys
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl std::error::Error for ReloadError {}
