//! One configuration, complete.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::config::{Config, ConfigError, ConfigIssue, ConfigSource, ErasedSection, Sections};

/// A configuration and the sections read from it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    generation: u64,
    /// A copy of `config`: who only reads it follows one pointer less (bench: `snapshot`).
    plain: Config,
    config: Arc<Config>,
    sections: Vec<Entry>,
    warnings: Vec<ConfigIssue>,
}

#[derive(Clone, Debug)]
struct Entry {
    path: Arc<str>,
    type_id: TypeId,
    type_name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

impl Snapshot {
    /// Reads every section of `sections` from `config`.
    ///
    /// The error holds every issue: of all sections, and a table of the file that is neither the
    /// daemon's own nor belongs to a section.
    pub(crate) fn build(
        config: Arc<Config>,
        sections: &[ErasedSection],
    ) -> Result<Self, ConfigError> {
        let read = config.sections(sections)?;
        Ok(Self::of(config, sections, read))
    }

    /// Reads `source` and every section of `sections`. The error holds every issue of both.
    pub(crate) fn load(
        source: &ConfigSource,
        sections: &[ErasedSection],
    ) -> Result<Self, ConfigError> {
        let (config, read) = source.load_with(sections)?;
        Ok(Self::of(Arc::new(config), sections, read))
    }

    /// The same in the place of `previous`, which is in force.
    pub(crate) fn reload(
        source: &ConfigSource,
        previous: &Config,
        sections: &[ErasedSection],
    ) -> Result<Self, ConfigError> {
        let (config, read) = source.reload_with(previous, sections)?;
        Ok(Self::of(Arc::new(config), sections, read))
    }

    fn of(config: Arc<Config>, sections: &[ErasedSection], read: Sections) -> Self {
        let entries = sections.iter().zip(read.values).map(|(section, value)| Entry {
            path: Arc::clone(section.path()),
            type_id: section.type_id(),
            type_name: section.type_name(),
            value,
        });
        let plain = Config::clone(&config);
        Self { generation: 1, plain, sections: entries.collect(), warnings: read.warnings, config }
    }

    /// What was found that is no error: of the configuration, then of the sections.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &ConfigIssue> {
        self.config.warnings().iter().chain(&self.warnings)
    }

    /// The same content at that generation.
    pub(crate) fn at(&self, generation: u64) -> Self {
        let (config, sections) = (Arc::clone(&self.config), self.sections.clone());
        Self {
            generation,
            plain: self.plain.clone(),
            config,
            sections,
            warnings: self.warnings.clone(),
        }
    }

    /// Which publication it is; 1 is the start's.
    #[inline]
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The same as [`config`](Self::config), to be read in place.
    #[inline]
    pub(crate) const fn plain(&self) -> &Config {
        &self.plain
    }

    /// The configuration the sections were read from.
    #[inline]
    pub(crate) const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The first registered section that is read into a `T`.
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.sections.iter().find_map(Entry::downcast)
    }

    /// Whether a section was registered for `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.sections.iter().any(|entry| &*entry.path == path)
    }

    /// The section registered at `path`, if it is read into a `T`.
    pub(crate) fn get_at<T: Send + Sync + 'static>(&self, path: &str) -> Option<Arc<T>> {
        self.sections.iter().filter(|entry| &*entry.path == path).find_map(Entry::downcast)
    }

    /// A `T` from a section in `own`, else from the first registered one.
    pub(crate) fn get_own<T: Send + Sync + 'static>(
        &self,
        own: &[ErasedSection],
    ) -> Option<Arc<T>> {
        own.iter().find_map(|section| self.get_at(section.path())).or_else(|| self.get())
    }

    /// Where [`get_own`](Self::get_own) finds a `T`.
    pub(crate) fn section_of<T: 'static>(&self, own: &[ErasedSection]) -> Option<Arc<str>> {
        let holds = |entry: &&Entry| entry.type_id == TypeId::of::<T>();
        let mine = |entry: &&Entry| own.iter().any(|section| *section.path() == entry.path);
        let of_type = || self.sections.iter().filter(holds);
        let found = of_type().find(mine).or_else(|| of_type().next());
        found.map(|entry| Arc::clone(&entry.path))
    }

    /// Path and type of every registered section, in order of registration, for an error's text.
    pub(crate) fn describe_sections(&self) -> String {
        let describe = |entry: &Entry| format!("[{}] as `{}`", entry.path, entry.type_name);
        let described: Vec<String> = self.sections.iter().map(describe).collect();
        if described.is_empty() { "none".into() } else { described.join(", ") }
    }
}

impl Entry {
    fn downcast<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        if self.type_id != TypeId::of::<T>() {
            return None;
        }
        Arc::clone(&self.value).downcast().ok()
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
