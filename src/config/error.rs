//! Everything wrong with a configuration, in one error.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::issue::{ConfigIssue, Location};

/// What kept a configuration from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// There is no file, or no directory, at the path.
    Missing,
    /// The file cannot be opened or read: permission, a directory, a named pipe, a failing device.
    Unreadable,
    /// The file is longer than `limits.config_file`: as the environment or code sets it at the start, as it is in force
    /// at a reload.
    TooLarge,
    /// The file was written or replaced each time it was read.
    Changing,
    /// The file was read before and is empty now: at a reload alone.
    Empty,
    /// The file is not UTF-8.
    NotUtf8,
    /// The file is not TOML, or gives a key twice.
    Syntax,
    /// The file was read, but keys or values in it are wrong.
    Invalid,
}

/// A configuration that cannot be used, with every issue found in it.
///
/// Displays one issue per line, in the order of the layers and of each file, without a newline at the end:
///
/// ```text
/// daemon.toml:5:14: shutdown.timeout_ms = "ten": expected a whole number of milliseconds or "30s"
/// daemon.toml:9:1: unknown key `worker_thread` in [performance]; did you mean `worker_threads`?
/// ```
///
/// A daemon that ends for this reason exits with 78, whatever the kind. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub struct ConfigError {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: ConfigErrorKind,
    io_kind: Option<io::ErrorKind>,
    issues: Vec<ConfigIssue>,
}

impl ConfigError {
    fn new(
        kind: ConfigErrorKind,
        io_kind: Option<io::ErrorKind>,
        issues: Vec<ConfigIssue>,
    ) -> Self {
        Self { inner: Arc::new(Inner { kind, io_kind, issues }) }
    }

    /// Issues in the keys and values. Sorts them by location and drops repetitions.
    pub(crate) fn invalid(issues: Vec<ConfigIssue>) -> Self {
        Self::new(ConfigErrorKind::Invalid, None, sorted(issues))
    }

    /// Files that could not be used, and `issues` in what could. The kind is that of the first file.
    pub(super) fn all(failures: &[Self], issues: Vec<ConfigIssue>) -> Self {
        let first = failures.first().map(|first| (first.inner.kind, first.inner.io_kind));
        let whole = failures.iter().flat_map(|failure| failure.issues().iter().cloned());
        let (kind, io_kind) = first.unwrap_or((ConfigErrorKind::Invalid, None));
        Self::new(kind, io_kind, sorted(whole.chain(issues).collect()))
    }

    /// One issue about a file that could not be used as a whole.
    pub(super) fn file(kind: ConfigErrorKind, location: Location, message: String) -> Self {
        Self::new(kind, None, vec![ConfigIssue::new("", message).at(Some(location))])
    }

    /// A failed call to the operating system.
    pub(super) fn io(location: Location, doing: &str, error: &io::Error) -> Self {
        let (kind, message) = if error.kind() == io::ErrorKind::NotFound {
            (ConfigErrorKind::Missing, "no such file".to_owned())
        } else {
            (ConfigErrorKind::Unreadable, format!("cannot be {doing}: {error}"))
        };
        let issue = ConfigIssue::new("", message).at(Some(location));
        Self::new(kind, Some(error.kind()), vec![issue])
    }

    /// What kept the configuration from being used.
    #[must_use]
    pub fn kind(&self) -> ConfigErrorKind {
        self.inner.kind
    }

    /// What the operating system said. `None` unless opening or reading a file failed.
    #[must_use]
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        self.inner.io_kind
    }

    /// Every issue, in the order of the layers and of each file; at least one.
    #[must_use]
    pub fn issues(&self) -> &[ConfigIssue] {
        &self.inner.issues
    }
}

/// By location, each once.
fn sorted(mut issues: Vec<ConfigIssue>) -> Vec<ConfigIssue> {
    issues.sort_by(|a, b| a.location().cmp(&b.location()));
    let mut distinct: Vec<ConfigIssue> = Vec::with_capacity(issues.len());
    for issue in issues {
        let place = issue.location();
        let mut here = distinct.iter().rev().take_while(|seen| seen.location() == place);
        if here.all(|seen| *seen != issue) {
            distinct.push(issue);
        }
    }
    distinct
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, issue) in self.inner.issues.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(issue, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(line: usize, message: &str) -> ConfigIssue {
        ConfigIssue::new("", message).at(Some(Location::new("d.toml".into(), Some((line, 1)))))
    }

    #[test]
    fn issues_are_printed_once_each_in_the_order_of_the_file() {
        let error = ConfigError::invalid(vec![issue(9, "b"), issue(2, "a"), issue(9, "b")]);
        assert_eq!(error.to_string(), "d.toml:2:1: a\nd.toml:9:1: b");
        assert_eq!(error.kind(), ConfigErrorKind::Invalid);
        assert_eq!(error.io_kind(), None);
    }

    #[test]
    fn the_error_can_be_sent_and_shared() {
        fn check<T: std::error::Error + Send + Sync + Clone + 'static>() {}
        check::<ConfigError>();
    }
}
