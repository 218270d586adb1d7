//! A section of the user's own, and the type it is read into.

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::error::ConfigError;
use super::{Config, extract};

type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;
type Check<T> = Arc<dyn Fn(&T) -> Result<(), BoxError> + Send + Sync>;

/// A section of the user's own in the configuration file, read into a `T`.
///
/// ```
/// use proc_daemon::config::Section;
///
/// #[derive(serde::Deserialize)]
/// struct Http { port: u16 }
///
/// let http = Section::<Http>::new("http")
///     .check(|http| if http.port == 0 { Err("`port` cannot be 0") } else { Ok(()) });
/// ```
#[must_use]
pub struct Section<T> {
    path: String,
    checks: Vec<Check<T>>,
    reads: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send + Sync + 'static> Section<T> {
    /// The section at `path`: `http` is `[http]`, `http.tls` is `[http.tls]`. A name that holds a
    /// dot itself cannot be given. An absent section is read as an empty table.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), checks: Vec::new(), reads: PhantomData }
    }

    /// Checks what was read; the error becomes an issue at the section's header. Every check runs.
    pub fn check<E>(mut self, f: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
    {
        self.checks.push(Arc::new(move |value| f(value).map_err(Into::into)));
        self
    }

    fn extract(&self, config: &Config) -> Result<T, ConfigError> {
        let value: T = config.settings(&self.path)?;
        let failed = self.checks.iter().filter_map(|check| check(&value).err());
        let issues: Vec<_> = failed
            .map(|error| extract::section_issue(config.document(), &self.path, &chain(&*error)))
            .collect();
        if issues.is_empty() { Ok(value) } else { Err(ConfigError::invalid(issues)) }
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> From<&str> for Section<T> {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> From<String> for Section<T> {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}

impl<T> fmt::Debug for Section<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("path", &self.path)
            .field("type", &std::any::type_name::<T>())
            .field("checks", &self.checks.len())
            .finish()
    }
}

/// The error and its causes on one line; a cause that the text above it repeats is left out.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

type Extract = dyn Fn(&Config) -> Result<Arc<dyn Any + Send + Sync>, ConfigError> + Send + Sync;

/// A [`Section`] without its type, so that many can be held in one list.
#[derive(Clone)]
pub(crate) struct ErasedSection {
    path: Arc<str>,
    type_id: TypeId,
    type_name: &'static str,
    extract: Arc<Extract>,
}

impl ErasedSection {
    /// The section's path, names joined by dots.
    pub(crate) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The type it is read into.
    pub(crate) const fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// That type's name, for people.
    pub(crate) const fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Reads and checks the section; the value is of the type [`type_id`](Self::type_id) says.
    pub(crate) fn extract(
        &self,
        config: &Config,
    ) -> Result<Arc<dyn Any + Send + Sync>, ConfigError> {
        (self.extract)(config)
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> From<Section<T>> for ErasedSection {
    fn from(section: Section<T>) -> Self {
        Self {
            path: section.path.as_str().into(),
            type_id: TypeId::of::<T>(),
            type_name: std::any::type_name::<T>(),
            extract: Arc::new(move |config| Ok(Arc::new(section.extract(config)?))),
        }
    }
}

impl fmt::Debug for ErasedSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedSection")
            .field("path", &self.path)
            .field("type", &self.type_name)
            .finish_non_exhaustive()
    }
}
