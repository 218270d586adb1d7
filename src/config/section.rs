//! A section of the user's own, and the type it is read into.

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use proc_daemon_runtime::catch;
use serde::de::DeserializeOwned;

use super::error::ConfigError;
use super::extract::{self, Read};
use super::layers::Layers;
use crate::end::chain;

type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;
type Check<T> = Arc<dyn Fn(&T) -> Result<(), BoxError> + Send + Sync>;

/// What a change of a section means, where that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnChange {
    Live,
    Restart,
    Process,
}

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
    on_change: Option<OnChange>,
    reads: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send + Sync + 'static> Section<T> {
    /// The section at `path`: `http` is `[http]`, `http.tls` is `[http.tls]`. A name that holds a
    /// dot itself cannot be given. An absent section is read as an empty table.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), checks: Vec::new(), on_change: None, reads: PhantomData }
    }

    /// Checks what was read; the error, or the panic, becomes an issue at the section's header. Every
    /// check runs.
    pub fn check<E>(mut self, f: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
    {
        self.checks.push(Arc::new(move |value| f(value).map_err(Into::into)));
        self
    }

    /// A change restarts nobody: who uses it reads it again. A hook of its owner is asked all the same. This is how a
    /// section is applied that nobody owns.
    pub const fn live(mut self) -> Self {
        self.on_change = Some(OnChange::Live);
        self
    }

    /// A change restarts its owner, whatever the owner's hook answers, unless that refuses. Of a section that is
    /// registered with [`DaemonBuilder::with_settings`](crate::DaemonBuilder::with_settings) there is no owner: that is
    /// an error of `build`.
    pub const fn restart(mut self) -> Self {
        self.on_change = Some(OnChange::Restart);
        self
    }

    /// Only a new process takes a change: a reload that would change it is refused, whole.
    pub const fn process(mut self) -> Self {
        self.on_change = Some(OnChange::Process);
        self
    }

    fn extract(&self, layers: Option<&Layers>) -> Result<Read<T>, ConfigError> {
        let (value, warnings): Read<T> = extract::section(layers, &self.path)?;
        let failed = self.checks.iter().filter_map(|check| failure(check, &value));
        let issues: Vec<_> =
            failed.map(|text| extract::section_issue(layers, &self.path, &text)).collect();
        if issues.is_empty() { Ok((value, warnings)) } else { Err(ConfigError::invalid(issues)) }
    }
}

/// What `check` has against `value`. The check and its error are the user's code: either may panic.
fn failure<T>(check: &Check<T>, value: &T) -> Option<String> {
    catch(|| check(value).err().map(|error| chain(&*error)))
        .unwrap_or_else(|payload| Some(extract::panicked(payload)))
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

type Erased = Read<Arc<dyn Any + Send + Sync>>;
type Extract = dyn Fn(Option<&Layers>) -> Result<Erased, ConfigError> + Send + Sync;

/// A [`Section`] without its type, so that many can be held in one list.
#[derive(Clone)]
pub(crate) struct ErasedSection {
    path: Arc<str>,
    type_id: TypeId,
    type_name: &'static str,
    on_change: Option<OnChange>,
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

    /// How a change is applied, if that was said.
    pub(crate) const fn on_change(&self) -> Option<OnChange> {
        self.on_change
    }

    /// That type's name, for people.
    pub(crate) const fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Reads and checks the section; the value is of the type [`type_id`](Self::type_id) says.
    pub(super) fn extract(&self, layers: Option<&Layers>) -> Result<Erased, ConfigError> {
        (self.extract)(layers)
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> From<Section<T>> for ErasedSection {
    fn from(section: Section<T>) -> Self {
        Self {
            path: section.path.as_str().into(),
            type_id: TypeId::of::<T>(),
            type_name: std::any::type_name::<T>(),
            on_change: section.on_change,
            extract: Arc::new(move |layers| {
                let (value, warnings) = section.extract(layers)?;
                Ok((Arc::new(value), warnings))
            }),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConfigSource;

    #[derive(Debug, serde::Deserialize)]
    struct Http {
        port: u16,
    }

    fn refused(section: &Section<Http>) -> ConfigError {
        let config = ConfigSource::text("\n[http]\nport = 80\n").load().unwrap();
        section.extract(config.layers()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn a_check_that_panics_is_an_issue_at_the_header_and_the_others_run() {
        let section =
            Section::<Http>::new("http")
                .check(|http| {
                    if http.port == 80 { panic!("port {}", http.port) } else { Ok::<_, &str>(()) }
                })
                .check(|_| Err("no"));
        let error = refused(&section);
        assert_eq!(
            error.to_string(),
            "<text>:2:1: [http]: panicked: port 80\n<text>:2:1: [http]: no"
        );
    }

    #[test]
    fn an_error_whose_display_panics_is_an_issue() {
        #[derive(Debug, thiserror::Error)]
        #[error("{}", text())]
        struct Bad;
        fn text() -> &'static str {
            panic!("in Display")
        }
        let text = refused(&Section::new("http").check(|_| Err(Bad))).to_string();
        assert!(
            text.starts_with("<text>:2:1: [http]: an error whose text cannot be printed"),
            "{text}"
        );
    }

    #[test]
    fn the_causes_of_a_failed_check_are_said() {
        #[derive(Debug, thiserror::Error)]
        #[error("no port")]
        struct Cause(#[source] std::io::Error);
        let section =
            Section::new("http").check(|_| Err(Cause(std::io::Error::other("root only"))));
        assert_eq!(refused(&section).to_string(), "<text>:2:1: [http]: no port: root only");
    }
}
