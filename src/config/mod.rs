//! Configuration: reading a file, checking it, saying what is wrong with it and where.
//!
//! [`Config`] is the daemon's own configuration and carries
//! the user's sections; [`ConfigSource`] is the recipe for one, the only home of layering; `reload` puts
//! both into a snapshot.
//!
//! Invariants:
//!
//! 1. A [`Config`] that exists is valid: it has been checked whole, and does not change.
//! 2. Every key that is accepted is in the schema table; a key outside it is refused.
//! 3. A failed load reports every issue of every layer that it could find, each with its place.
//! 4. No more of a file is read than the limit says that the environment or code sets, or at a reload the one in
//!    force, whatever the path leads to.
//! 5. No message is longer than a line, and none but a quoted value shows the file's text.
//! 6. A value that is read into a [`Secret`] is in no message. What holds other values is never quoted,
//!    nor is a variable or an override of the user's.
//! 7. Loading the recipe that a [`Config`] remembers reads the same places, whatever the working
//!    directory has become.
//! 8. A file is read as it was at one moment, or not at all; nothing is mapped that can change. A reload takes neither an
//!    emptied file nor a missing one for the defaults, nor a missing directory of parts for an empty one.

mod builder;
mod changes;
mod content;
mod document;
mod draft;
mod error;
mod explain;
mod extract;
mod file_read;
mod into_config;
mod issue;
mod json_schema;
mod layer;
mod layers;
mod level;
mod load;
mod nearest;
mod read;
mod schema;
mod secret;
mod section;
mod size;
mod source;
mod span;
mod value;
mod variables;
mod walk;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use draft::{Given, Settings};
use layers::Layers;
use load::Loaded;

pub use crate::timeouts::ShutdownTimeouts;
pub use builder::ConfigBuilder;
pub(crate) use changes::KeyChange;
pub use error::{ConfigError, ConfigErrorKind};
pub use explain::{Explanation, Origin};
pub use file_read::{FileRead, ReadWay};
pub use into_config::IntoConfig;
pub(crate) use into_config::Pending;
pub use issue::{ConfigIssue, Location};
pub use level::LogLevel;
pub(crate) use load::Sections;
pub(crate) use nearest::nearest;
pub(crate) use schema::Applied;
pub use secret::Secret;
pub use section::Section;
pub(crate) use section::{ErasedSection, OnChange};
pub use size::{ParseSizeError, Size};
pub use source::ConfigSource;
#[cfg(feature = "sim")]
pub(crate) use source::Shelf;
pub use span::{ParseSpanError, Span};
pub use value::Value;

/// The configuration of a daemon: an immutable value, checked when it is made.
///
/// | key | type | unit | default | applied | what shows that it is obeyed |
/// |---|---|---|---|---|---|
/// | `name` | text |  | `daemon` | in a new process | the name in the first line that is logged |
/// | `hot_reload` | `true` or `false` |  | false | in a new process | a change of a file is applied without `SIGHUP`; refused without the feature `config-watch` |
/// | `logging.level` | `trace`, `debug`, `info`, `warn`, `error` or `off` |  | `info` | live | nothing less severe is logged |
/// | `shutdown.timeout_ms` | whole number, or text such as `30s` | ms | 20000 | live | a subsystem still running that long after its stop request is aborted |
/// | `shutdown.force_timeout_ms` | whole number, or text such as `30s` | ms | 22000 | live | every subsystem still running that long after the shutdown began is aborted |
/// | `shutdown.kill_timeout_ms` | whole number above 0, or text such as `30s` | ms | 25000 | live | a process still there that long after the shutdown began exits with 124 |
/// | `shutdown.lame_duck_ms` | whole number, or text such as `30s` | ms | 0 | live | the first stop request comes that long after the shutdown began |
/// | `performance.worker_threads` | whole number, at most 65535; 0 is one per core | threads | 0 | in a new process | the runtime that `main` builds has that many workers |
/// | `monitoring.health_checks` | `true` or `false` |  | true | live | if false, no readiness or liveness check is asked, and no heartbeat is waited for |
/// | `monitoring.health_check_interval_ms` | whole number above 0, or text such as `30s` | ms | 5000 | live | a readiness or liveness check that sets no period is asked that often |
/// | `limits.config_file` | whole number above 0, or text such as `64KiB` | bytes | `1MiB` | live | a longer file is refused |
///
/// A key that ends in `_ms` is also taken without that, then as text only; `[shutdown]` takes the names of 1.1 as well:
/// `graceful`, `force` and `kill`. Two spellings of one key in one layer are an error. Of the four timeouts, those
/// that are not set follow from those that are: see [`ShutdownTimeouts`].
///
/// `limits.config_file` holds for each file that is read after it is in force: at the start, what the environment or
/// [`set`](ConfigSource::set) says; at a reload, what the configuration in force says. So a file cannot raise the limit
/// that it exceeds. Text is a [`Size`].
///
/// Any other key is refused, except in sections of the user's own, which
/// [`settings`](Self::settings) reads.
///
/// Cloning copies no text of the file.
#[derive(Clone, Debug)]
pub struct Config {
    settings: Settings,
    /// What a builder set.
    given: Given,
    loaded: Option<Arc<Loaded>>,
}

impl Config {
    /// The defaults. Reads nothing.
    ///
    /// # Errors
    ///
    /// None; the signature is that of 1.1.
    pub fn new() -> Result<Self, ConfigError> {
        Ok(Self::default())
    }

    /// The file `daemon.toml` in the working directory if there is one, with `conf.d` and the environment
    /// as [`ConfigSource`] has it.
    ///
    /// # Errors
    ///
    /// As [`ConfigSource::load`].
    pub fn load() -> Result<Self, ConfigError> {
        ConfigSource::file("daemon.toml").optional().load()
    }

    /// The file at `path`, with `conf.d` and the environment as [`ConfigSource`] has it, read now.
    /// [`Config::file`] reads it when the daemon's signal handlers are in place.
    ///
    /// # Errors
    ///
    /// As [`ConfigSource::load`]; a missing file is an error.
    pub fn load_from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        ConfigSource::file(path.as_ref()).load()
    }

    /// The file at `path`, read when the daemon starts.
    pub fn file(path: impl Into<PathBuf>) -> ConfigSource {
        ConfigSource::file(path)
    }

    /// A configuration made in code.
    #[inline]
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    fn layers(&self) -> Option<&Layers> {
        self.loaded.as_ref().map(|loaded| &loaded.layers)
    }

    /// The recipe it was loaded by, its paths absolute: loading it again reads the same files. `None`
    /// for defaults and for a configuration made in code.
    #[must_use]
    pub fn source(&self) -> Option<&ConfigSource> {
        self.loaded.as_ref().map(|loaded| &loaded.source)
    }

    /// What was found that is no error: variables of the environment that have the prefix and are no
    /// key. Those in sections of the user's are known to the daemon only.
    #[must_use]
    pub fn warnings(&self) -> &[ConfigIssue] {
        self.loaded.as_ref().map_or(&[], |loaded| &loaded.warnings)
    }

    /// Key `name`; not empty, without control characters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Key `hot_reload`: whether a change of the file is applied without `SIGHUP`.
    #[must_use]
    pub const fn hot_reload(&self) -> bool {
        self.settings.hot_reload
    }

    /// Key `logging.level`.
    #[must_use]
    pub const fn log_level(&self) -> LogLevel {
        self.settings.log_level
    }

    /// All keys of `[shutdown]`.
    #[must_use]
    pub const fn shutdown(&self) -> ShutdownTimeouts {
        self.settings.timeouts
    }

    /// Key `shutdown.timeout_ms`: how long a subsystem has from its stop request to its abort.
    #[must_use]
    pub const fn shutdown_timeout(&self) -> Duration {
        self.settings.timeouts.grace()
    }

    /// Key `shutdown.force_timeout_ms`: when, from the start of a shutdown, all is aborted.
    #[must_use]
    pub const fn force_shutdown_timeout(&self) -> Duration {
        self.settings.timeouts.force()
    }

    /// Key `shutdown.kill_timeout_ms`: when, from the start of a shutdown, the process is ended.
    #[must_use]
    pub const fn kill_timeout(&self) -> Duration {
        self.settings.timeouts.kill()
    }

    /// Key `shutdown.lame_duck_ms`: how long, from the start of a shutdown, nothing is asked to stop.
    #[must_use]
    pub const fn lame_duck(&self) -> Duration {
        self.settings.timeouts.lame_duck()
    }

    /// Key `performance.worker_threads`, at most 65535. `None`: one per core.
    #[must_use]
    pub const fn worker_threads(&self) -> Option<NonZeroUsize> {
        self.settings.worker_threads
    }

    /// Key `monitoring.health_checks`: whether readiness, liveness and heartbeats are watched. Startup checks are part
    /// of starting: they are asked in any case.
    ///
    /// A reload that switches it off drops what is being asked; whoever runs and was not ready for its check alone is.
    /// One that switches it on has whoever runs asked as if it had begun to; it stays ready until its check falls.
    #[must_use]
    pub const fn health_checks(&self) -> bool {
        self.settings.health_checks
    }

    /// Key `monitoring.health_check_interval_ms`: the time between two questions of a readiness or liveness check that
    /// sets none.
    ///
    /// After a reload that changes it, it counts from the last question: what is overdue by then is asked at once. A
    /// question that is open stays open, and the answers before count.
    #[must_use]
    pub const fn health_check_interval(&self) -> Duration {
        self.settings.health_check_interval
    }

    /// Key `limits.config_file`: the longest file that a reload reads while this is in force.
    #[must_use]
    pub const fn config_file_limit(&self) -> Size {
        self.settings.config_file
    }

    /// The absolute path of the file it was read from, symbolic links not followed. `None` for
    /// defaults, a text, a file that was not there, or a configuration made in code.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.layers()?.base()?.path()
    }

    /// The files that it was read from, the lowest layer first, and how each of them was read.
    pub fn files(&self) -> impl Iterator<Item = &FileRead> {
        let layers = self.layers().map_or(&[][..], Layers::all);
        layers.iter().filter_map(|layer| layer.document()?.read())
    }

    /// A section of the user's own: `http` is `[http]`, `http.tls` is `[http.tls]`. An absent one is
    /// read as an empty table. Dates and times are read as text.
    ///
    /// ```
    /// use proc_daemon::config::ConfigSource;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Http { port: u16 }
    ///
    /// let config = ConfigSource::text("[http]\nport = 8080").load()?;
    /// assert_eq!(config.settings::<Http>("http")?.port, 8080);
    ///
    /// let config = ConfigSource::text("[http]\nport = -1").load()?;
    /// let error = config.settings::<Http>("http").map(|http| http.port).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "<text>:2:8: http.port = -1: expected a whole number from 0 to 65535"
    /// );
    /// # Ok::<(), proc_daemon::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The section is not what `T` reads, or `section` is not names joined by dots.
    pub fn settings<T: DeserializeOwned>(&self, section: &str) -> Result<T, ConfigError> {
        extract::section(self.layers(), section).map(|(value, _)| value)
    }

    /// Where the value of `key` comes from, and where else it is set: `shutdown.timeout_ms`, in any of its
    /// spellings, or `http.port`. `None` for a section, a key that is neither the daemon's own nor set.
    ///
    /// ```
    /// use proc_daemon::config::ConfigSource;
    ///
    /// let source = ConfigSource::text("[shutdown]\ngraceful = 1000").set("shutdown.timeout_ms", 5000);
    /// assert_eq!(
    ///     source.load()?.explain("shutdown.timeout_ms").unwrap().to_string(),
    ///     "shutdown.timeout_ms = 5s: set in code, over <text>:2:1, over the default"
    /// );
    /// # Ok::<(), proc_daemon::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn explain(&self, key: &str) -> Option<Explanation> {
        explain::explain(self, key)
    }

    /// The JSON Schema (draft 2020-12) of a configuration file, for editors: every key of the daemon's own
    /// under each of its spellings. What is in the sections of the user's is left open.
    ///
    /// An editor that reads TOML schemas takes it from a file that the first line of the configuration
    /// names: `#:schema ./daemon.schema.json`.
    #[must_use]
    pub fn json_schema() -> String {
        json_schema::json_schema()
    }

    /// The keys whose value is another in `newer`.
    pub(crate) fn changes(&self, newer: &Self) -> Vec<KeyChange> {
        changes::changes(self, newer)
    }

    /// Reads `sections`. The error holds every issue: of all sections, and each table that is neither
    /// the daemon's own nor on the path of one of them.
    pub(crate) fn sections(&self, sections: &[ErasedSection]) -> Result<Sections, ConfigError> {
        let none = Layers::new(Vec::new());
        let layers = self.layers().unwrap_or(&none);
        load::extract_all(layers, sections).map_err(ConfigError::invalid)
    }
}

impl Default for Config {
    /// The defaults. Reads nothing.
    fn default() -> Self {
        Self { settings: Settings::DEFAULT, given: Given::NONE, loaded: None }
    }
}
