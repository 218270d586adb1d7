//! A recipe for a configuration, read when it is needed.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use figment::value::Value as Inner;

use super::error::ConfigError;
use super::section::ErasedSection;
use super::value::Value;
use super::{Config, load};

/// Where a configuration comes from. Making one reads nothing; the daemon loads it at start, when
/// its signal handlers are in place, and again at every reload.
///
/// Five layers, of which the higher one wins:
///
/// 1. the defaults;
/// 2. the file or text;
/// 3. the files of `conf.d` whose name ends in `.toml`, in the order of their names, which is that of
///    their bytes. Left out are names that begin with a dot, directories, and what is no file (a reload refuses it
///    in the place of a file that is in force); symbolic links are followed, and one that leads nowhere is an error;
/// 4. the environment;
/// 5. what was [`set`](Self::set) in code.
///
/// Tables are merged key by key; arrays are not merged. Where a value stands over a table or a table
/// over a value, the higher layer wins. The spellings of one key are one key.
///
/// [`file`](Self::file) reads the directory `conf.d` beside the file, if there is one, and the environment
/// with the prefix `DAEMON_`. [`text`](Self::text) reads neither, unless asked to.
///
/// A variable is called by the key: `DAEMON_SHUTDOWN_TIMEOUT_MS` is `shutdown.timeout_ms`, in any of its
/// spellings. Sections of the user's have two underscores after each name: `DAEMON_HTTP__TLS__CERTIFICATE` is
/// `http.tls.certificate`; names are made lower-case. For a key of the daemon's own, the text is read as
/// what the key is; `true` and `1`, `false` and `0` are the two values of a switch. For others, it is
/// read as `true` or `false`, a number, an array or an inline table if it looks like that in TOML, else
/// as text; where the type wants text, it is text in any case. A variable that is no key is
/// a [warning](Config::warnings). A value that is not UTF-8 is an error.
///
/// ```
/// use proc_daemon::config::ConfigSource;
///
/// let config = ConfigSource::text("[performance]\nworker_threads = 4\n[shutdown]\ntimeout = '30s'")
///     .env_from([("DAEMON_SHUTDOWN_TIMEOUT_MS", "5000")])
///     .set("performance.worker_threads", 2)
///     .load()?;
/// assert_eq!(config.worker_threads().map(|n| n.get()), Some(2));
/// assert_eq!(config.shutdown_timeout().as_secs(), 5);
/// # Ok::<(), proc_daemon::config::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ConfigSource {
    pub(super) origin: Origin,
    pub(super) optional: bool,
    pub(super) directory: Directory,
    pub(super) prefix: String,
    pub(super) environment: Environment,
    pub(super) overrides: Vec<(String, Inner)>,
}

#[derive(Clone)]
pub(super) enum Origin {
    File(Place),
    Text(Shelf),
}

/// A text. A simulation edits it, as others edit a file: clones share it.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Arc<str>>>);

impl Shelf {
    #[cfg(feature = "sim")]
    pub(crate) fn put(&self, text: &str) {
        *self.0.lock() = text.into();
    }

    pub(super) fn text(&self) -> Arc<str> {
        Arc::clone(&self.0.lock())
    }
}

/// A path.
#[derive(Clone)]
pub(super) struct Place {
    /// As it was given: issues call it that.
    pub(super) given: PathBuf,
    /// Absolute once it has been looked for.
    pub(super) path: PathBuf,
}

/// Where the files come from that are laid over the first.
#[derive(Clone)]
pub(super) enum Directory {
    None,
    /// Beside the file, if it is there.
    Beside,
    Named(Place),
}

/// Where variables come from.
#[derive(Clone)]
pub(super) enum Environment {
    None,
    OfProcess,
    Given(Arc<[(OsString, OsString)]>),
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Self { given: path.clone(), path }
    }
}

impl ConfigSource {
    /// The TOML file at `path`, which is relative to the working directory at the time of the first
    /// loading; the [`Config`] remembers the absolute path for later ones.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            origin: Origin::File(path.into().into()),
            optional: false,
            directory: Directory::Beside,
            prefix: "DAEMON_".to_owned(),
            environment: Environment::OfProcess,
            overrides: Vec::new(),
        }
    }

    /// A TOML text, for tests and simulation; issues call it `<text>`.
    pub fn text(toml: impl Into<String>) -> Self {
        Self {
            origin: Origin::Text(Shelf(Arc::new(Mutex::new(toml.into().into())))),
            directory: Directory::None,
            environment: Environment::None,
            ..Self::file("")
        }
    }

    /// A file that is missing sets nothing, instead of being an error; so does a missing
    /// [`conf_d`](Self::conf_d). Any other failure stays one, and a text is never missing. Not at a reload: what was
    /// read for the configuration in force, the file or the directory of a part, has to be there.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Reads the files of `dir` over the file, instead of those of the `conf.d` beside it. A directory
    /// that is missing is an error unless the source is [`optional`](Self::optional). A relative path
    /// is treated as that of [`file`](Self::file).
    pub fn conf_d(mut self, dir: impl Into<PathBuf>) -> Self {
        self.directory = Directory::Named(dir.into().into());
        self
    }

    /// Reads the variables of the environment that begin with `prefix`, instead of `DAEMON_`. Without an
    /// underscore at its end it is given one.
    pub fn env_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        if !self.prefix.is_empty() && !self.prefix.ends_with('_') {
            self.prefix.push('_');
        }
        if matches!(self.environment, Environment::None) {
            self.environment = Environment::OfProcess;
        }
        self
    }

    /// Reads `variables` as the environment, instead of that of the process: for tests and simulation.
    /// Only those with the prefix are looked at.
    pub fn env_from<K, V>(mut self, variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.environment = Environment::Given(variables.collect());
        self
    }

    /// Reads no environment.
    pub fn without_env(mut self) -> Self {
        self.environment = Environment::None;
        self
    }

    /// Sets `key`, `shutdown.timeout_ms` or `http.port`, over every other layer, at each loading. A key
    /// or value that does not do is an issue of the load. Of two values for one key, the later one.
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.overrides.push((key.to_owned(), value.into().into_inner()));
        self
    }

    /// The file that this reads; absolute if the source is that of a [`Config`].
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(place) => Some(&place.path),
            Origin::Text(_) => None,
        }
    }

    /// The directory whose files are read over the file, whether it is there or not; absolute if the
    /// source is that of a [`Config`].
    #[must_use]
    pub fn directory(&self) -> Option<PathBuf> {
        match (&self.directory, &self.origin) {
            (Directory::Named(place), _) => Some(place.path.clone()),
            (Directory::Beside, Origin::File(place)) => Some(place.path.with_file_name("conf.d")),
            (Directory::Beside, _) | (Directory::None, _) => None,
        }
    }

    /// What is read, for people; none if that is no file.
    pub(crate) fn places(&self) -> Option<String> {
        let shown = |path: &Path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            format!("`{}`", path.display())
        };
        match (self.path().map(shown), self.directory().map(|path| shown(&path))) {
            (Some(file), Some(directory)) => Some(format!("{file}, or a file in {directory}")),
            (file, directory) => file.or(directory),
        }
    }

    /// Where the text is, if it is one.
    #[cfg(feature = "sim")]
    pub(crate) fn shelf(&self) -> Option<&Shelf> {
        match &self.origin {
            Origin::Text(shelf) => Some(shelf),
            Origin::File(_) => None,
        }
    }

    /// What of the real world this reads.
    #[cfg(feature = "sim")]
    pub(crate) fn reads(&self) -> Option<&Path> {
        match (&self.directory, &self.environment) {
            (Directory::Named(place), _) => Some(self.path().unwrap_or(&place.path)),
            (_, Environment::OfProcess) => {
                Some(self.path().unwrap_or(Path::new("the environment")))
            }
            (_, Environment::None | Environment::Given(_)) => self.path(),
        }
    }

    /// Reads and checks the configuration.
    ///
    /// No more of each file is read than `limits.config_file` says in the environment or in code, by default 1 MiB.
    /// A pipe that is open already, as `/dev/fd/3` or `/dev/stdin`, is read up to that like a file. A named pipe, a
    /// socket or a device is refused, but for `/dev/null`. An empty file is legal TOML: it sets
    /// nothing. A byte order mark is skipped.
    ///
    /// # Errors
    ///
    /// A file is missing (and not [`optional`](Self::optional)), unreadable, a directory or a named pipe, longer
    /// than that, not UTF-8 or not TOML; or keys and values are wrong. Every issue of every layer is
    /// told; what has to agree is judged only if every layer could be read.
    /// Tables that are not the daemon's own are not judged: the sections of the user's are known to
    /// the daemon only.
    pub fn load(&self) -> Result<Config, ConfigError> {
        load::load(self, None).map(|(config, _)| config)
    }

    /// The same, with `sections`, and every issue in them and in tables that are none of them. The
    /// values are in their order.
    pub(crate) fn load_with(
        &self,
        sections: &[ErasedSection],
    ) -> Result<(Config, load::Sections), ConfigError> {
        load::load(self, Some(sections))
    }

    /// As [`load_with`](Self::load_with), in the place of `previous`, which is in force: what is gone or empty
    /// by accident does not count as a change.
    pub(crate) fn reload_with(
        &self,
        previous: &Config,
        sections: &[ErasedSection],
    ) -> Result<(Config, load::Sections), ConfigError> {
        load::reload(self, previous, sections)
    }

    /// The same recipe with absolute paths.
    pub(super) fn anchored(&self) -> Result<Self, ConfigError> {
        let mut anchored = self.clone();
        if let Origin::File(place) = &mut anchored.origin {
            place.anchor()?;
        }
        if let Directory::Named(place) = &mut anchored.directory {
            place.anchor()?;
        }
        Ok(anchored)
    }
}

/// A text may hold secrets, and so may the environment and what was set: how much there is, is printed.
impl fmt::Debug for ConfigSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ConfigSource");
        match &self.origin {
            Origin::File(place) => out.field("file", &place.path),
            Origin::Text(shelf) => out.field("text", &format_args!("{} bytes", shelf.text().len())),
        };
        out.field("optional", &self.optional);
        match &self.directory {
            Directory::None => {}
            Directory::Beside => _ = out.field("conf_d", &"beside the file"),
            Directory::Named(place) => _ = out.field("conf_d", &place.path),
        }
        match &self.environment {
            Environment::None => {}
            Environment::OfProcess => _ = out.field("env_prefix", &self.prefix),
            Environment::Given(given) => {
                out.field("env_prefix", &self.prefix);
                out.field("env", &format_args!("{} variables", given.len()));
            }
        }
        let keys: Vec<&str> = self.overrides.iter().map(|(key, _)| key.as_str()).collect();
        out.field("set", &keys).finish()
    }
}
