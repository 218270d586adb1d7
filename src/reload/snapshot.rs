//! One configuration, complete.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::config::{Config, ConfigError, ConfigIssue, ConfigSource, ErasedSection, Sections};

/// A configuration and the sections read from it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    config: Arc<Config>,
    sections: Vec<Entry>,
    warnings: Vec<ConfigIssue>,
}

#[derive(Debug)]
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

    fn of(config: Arc<Config>, sections: &[ErasedSection], read: Sections) -> Self {
        let entries = sections.iter().zip(read.values).map(|(section, value)| Entry {
            path: Arc::clone(section.path()),
            type_id: section.type_id(),
            type_name: section.type_name(),
            value,
        });
        Self { sections: entries.collect(), warnings: read.warnings, config }
    }

    /// What was found that is no error: of the configuration, then of the sections.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the start and a reload"))]
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &ConfigIssue> {
        self.config.warnings().iter().chain(&self.warnings)
    }

    /// The configuration the sections were read from.
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
