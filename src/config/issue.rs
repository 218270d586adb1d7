//! One thing wrong with a configuration, and where.

use std::fmt;
use std::sync::Arc;

/// What a place is in: a file, a variable of the environment, or the program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    /// The place of its layer among the others: issues are told from the lowest layer up.
    rank: usize,
    kind: Kind,
    name: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    File,
    Variable,
    Code,
}

impl Source {
    /// The file or text of that name, in the layer of that rank.
    pub(super) fn file(name: &str, rank: usize) -> Self {
        Self { rank, kind: Kind::File, name: name.into() }
    }

    /// The environment variable of that name.
    pub(super) fn variable(name: &str) -> Self {
        Self { rank: usize::MAX - 1, kind: Kind::Variable, name: name.into() }
    }

    /// What [`ConfigSource::set`](super::ConfigSource::set) and the builder were given.
    pub(super) fn code() -> Self {
        Self { rank: usize::MAX, kind: Kind::Code, name: "set in code".into() }
    }

    /// Whether it is the file or text that the others are laid over.
    pub(super) const fn is_base(&self) -> bool {
        self.rank == 0
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl From<&str> for Source {
    fn from(name: &str) -> Self {
        Self::file(name, 0)
    }
}

/// Where in a configuration an issue is, or a value stands.
///
/// Displayed as `daemon.toml:5:14`, or as `daemon.toml` when it is the whole file; as
/// `DAEMON_NAME (environment variable)`; as `set in code`. Places are ordered as the layers are, then by
/// line and column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    source: Source,
    position: Option<(usize, usize)>,
}

impl Location {
    pub(super) const fn new(source: Source, position: Option<(usize, usize)>) -> Self {
        Self { source, position }
    }

    /// The file's name as it was given, `<text>` for [`ConfigSource::text`], the variable's name, or
    /// `set in code`.
    ///
    /// [`ConfigSource::text`]: super::ConfigSource::text
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source.name
    }

    /// Whether it is an environment variable.
    #[must_use]
    pub fn is_variable(&self) -> bool {
        self.source.kind == Kind::Variable
    }

    /// Whether the value was set in code.
    #[must_use]
    pub fn is_code(&self) -> bool {
        self.source.kind == Kind::Code
    }

    /// The line, from 1. `None` for a whole file, a variable, or code.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.position.map(|(line, _)| line)
    }

    /// The column, from 1, in characters; a tab is one. `None` where there is no line.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.position.map(|(_, column)| column)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_line(f, &self.source.name)?;
        if self.is_variable() {
            f.write_str(" (environment variable)")?;
        }
        match self.position {
            Some((line, column)) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

/// One issue of a [`ConfigError`].
///
/// Displayed on one line, whatever the configuration holds: control characters are escaped.
///
/// [`ConfigError`]: super::ConfigError
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigIssue {
    location: Option<Location>,
    key: String,
    found: Option<String>,
    message: String,
    suggestion: Option<String>,
}

impl ConfigIssue {
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            location: None,
            key: key.into(),
            found: None,
            message: message.into(),
            suggestion: None,
        }
    }

    pub(super) fn at(mut self, location: Option<Location>) -> Self {
        self.location = location;
        self
    }

    pub(super) fn showing(mut self, found: Option<String>) -> Self {
        self.found = found;
        self
    }

    pub(super) fn saying(mut self, message: String) -> Self {
        self.message = message;
        self
    }

    pub(super) fn suggest(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }

    /// Where it is. `None` for a value that [`Config::builder`](super::Config::builder) was given.
    #[must_use]
    pub const fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }

    /// The full key as written, `shutdown.timeout_ms`; empty when the issue is about a whole file.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value as written, shortened to one line. `None` when the issue is not about a value.
    #[must_use]
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// What is wrong, or what would do.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The nearest name that would do, if one is near.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

impl fmt::Display for ConfigIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        if let Some(found) = &self.found {
            write_line(f, &self.key)?;
            f.write_str(" = ")?;
            write_line(f, found)?;
            f.write_str(": ")?;
        }
        write_line(f, &self.message)?;
        match self.suggestion.as_deref() {
            Some(section) if section.starts_with('[') => {
                f.write_str("; did you mean ")?;
                write_line(f, section)?;
                f.write_str("?")
            }
            Some(name) => {
                f.write_str("; did you mean `")?;
                write_line(f, name)?;
                f.write_str("`?")
            }
            None => Ok(()),
        }
    }
}

pub(super) fn write_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        if c.is_control() {
            write!(f, "{}", c.escape_default())?;
        } else {
            fmt::Write::write_char(f, c)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Option<Location> {
        Some(Location::new("daemon.toml".into(), Some((line, column))))
    }

    #[test]
    fn an_issue_about_a_value_names_key_value_and_what_would_do() {
        let issue = ConfigIssue::new("shutdown.timeout_ms", "expected \"30s\"")
            .at(at(5, 14))
            .showing(Some("\"ten\"".into()));
        assert_eq!(
            issue.to_string(),
            "daemon.toml:5:14: shutdown.timeout_ms = \"ten\": expected \"30s\""
        );
    }

    #[test]
    fn a_suggestion_ends_the_line() {
        let issue = ConfigIssue::new("a.b", "unknown key `b` in [a]").suggest(Some("c".into()));
        assert_eq!(issue.to_string(), "unknown key `b` in [a]; did you mean `c`?");
        let issue =
            ConfigIssue::new("htpp", "unknown section [htpp]").suggest(Some("[http]".into()));
        assert_eq!(issue.to_string(), "unknown section [htpp]; did you mean [http]?");
    }

    #[test]
    fn an_issue_stays_on_one_line_whatever_it_quotes() {
        let issue = ConfigIssue::new("a\nb", "x\r\ny\u{1b}[31m").showing(Some("1\n2".into()));
        assert_eq!(issue.to_string(), "a\\nb = 1\\n2: x\\r\\ny\\u{1b}[31m");
    }

    #[test]
    fn a_location_without_a_position_is_the_file() {
        let location = Location::new("daemon.toml".into(), None);
        assert_eq!(location.to_string(), "daemon.toml");
        assert_eq!((location.line(), location.column()), (None, None));
    }
}
