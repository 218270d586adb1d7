//! A recipe for a configuration, read when it is needed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::Document;
use super::error::{ConfigError, ConfigErrorKind};
use super::issue::Location;
use super::{Config, read};

/// Where a configuration comes from. Making one reads nothing; the daemon loads it at start, when
/// its signal handlers are in place.
///
/// ```
/// use proc_daemon::config::ConfigSource;
///
/// let config = ConfigSource::text("[performance]\nworker_threads = 4").load()?;
/// assert_eq!(config.worker_threads().map(|n| n.get()), Some(4));
/// # Ok::<(), proc_daemon::config::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ConfigSource {
    origin: Origin,
    optional: bool,
}

#[derive(Clone)]
enum Origin {
    File(PathBuf),
    Text(Arc<str>),
    /// A text that a simulation edits.
    #[cfg(feature = "sim")]
    Edited(Edited),
}

/// A text that can be edited: what a file is to a simulation.
#[cfg(feature = "sim")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Edited(Arc<parking_lot::Mutex<Arc<str>>>);

#[cfg(feature = "sim")]
impl Edited {
    pub(crate) fn set(&self, text: &str) {
        *self.0.lock() = text.into();
    }

    pub(crate) fn get(&self) -> Arc<str> {
        Arc::clone(&self.0.lock())
    }
}

impl ConfigSource {
    /// The TOML file at `path`, which is relative to the working directory at the time of loading.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { origin: Origin::File(path.into()), optional: false }
    }

    /// A TOML text, for tests and simulation; issues call it `<text>`.
    pub fn text(toml: impl Into<String>) -> Self {
        Self { origin: Origin::Text(toml.into().into()), optional: false }
    }

    /// A missing file gives the defaults instead of an error. Any other failure stays one, and a
    /// text is never missing.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// What `edited` holds when it is read.
    #[cfg(feature = "sim")]
    pub(crate) fn edited(edited: Edited) -> Self {
        Self { origin: Origin::Edited(edited), optional: false }
    }

    /// The text, if that is what it is.
    #[cfg(feature = "sim")]
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.origin {
            Origin::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The file that this reads.
    #[cfg(feature = "sim")]
    pub(crate) fn reads(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path) => Some(path),
            Origin::Text(_) | Origin::Edited(_) => None,
        }
    }

    /// Reads and checks the configuration.
    ///
    /// At most 1 MiB is read. Pipes and devices are read up to that like files; a named pipe without
    /// a writer blocks. An empty file is legal TOML: the defaults. A byte order mark is skipped.
    ///
    /// # Errors
    ///
    /// The file is missing (and not [`optional`](Self::optional)), unreadable, a directory, longer
    /// than 1 MiB, not UTF-8 or not TOML; or keys and values in it are wrong, then with every issue.
    /// Tables that are not the daemon's own are not judged: the sections of the user's are known to
    /// the daemon only.
    pub fn load(&self) -> Result<Config, ConfigError> {
        match &self.origin {
            Origin::Text(text) => {
                Document::parse("<text>", text.as_bytes()).and_then(Config::from_document)
            }
            #[cfg(feature = "sim")]
            Origin::Edited(edited) => {
                Document::parse("<text>", edited.get().as_bytes()).and_then(Config::from_document)
            }
            Origin::File(path) => match load_file(path) {
                Err(error) if self.optional && error.kind() == ConfigErrorKind::Missing => {
                    Ok(Config::default())
                }
                loaded => loaded,
            },
        }
    }
}

fn load_file(path: &Path) -> Result<Config, ConfigError> {
    let source = match path.to_string_lossy() {
        name if name.is_empty() => "<empty path>".into(),
        name => name,
    };
    let absolute = std::path::absolute(path).map_err(|error| {
        ConfigError::io(Location::new(source.as_ref().into(), None), "made absolute", &error)
    })?;
    let bytes = read::bytes(&absolute, &source)?;
    let document = Document::parse(&source, &bytes)?.at_path(absolute);
    Config::from_document(document)
}

/// A text may hold secrets: only its length is printed.
impl fmt::Debug for ConfigSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ConfigSource");
        match &self.origin {
            Origin::File(path) => out.field("file", path),
            #[cfg(feature = "sim")]
            Origin::Edited(_) => out.field("edited", &true),
            Origin::Text(text) => out.field("text", &format_args!("{} bytes", text.len())),
        };
        out.field("optional", &self.optional).finish()
    }
}
