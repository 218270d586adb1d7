use std::any::type_name;
use std::fmt;
use std::sync::Arc;

use super::{Difference, Snapshot};
use crate::config::{Config, ErasedSection};

/// A proposed configuration beside the one in force, for [`Subsystem::prepare_reload`]. A clone is a few counts.
///
/// [`Subsystem::prepare_reload`]: crate::Subsystem::prepare_reload
#[derive(Clone)]
pub struct Change {
    current: Arc<Snapshot>,
    proposed: Arc<Snapshot>,
    difference: Arc<Difference>,
    /// The sections of the subsystem that is asked.
    own: Arc<[ErasedSection]>,
}

impl Change {
    pub(crate) fn new(
        current: Arc<Snapshot>,
        proposed: Arc<Snapshot>,
        difference: Arc<Difference>,
        own: &[ErasedSection],
    ) -> Self {
        Self { current, proposed, difference, own: own.into() }
    }

    /// The settings of type `T` in force: from a section that the subsystem owns, else from any registered one.
    ///
    /// # Panics
    ///
    /// If no section of that type was registered; the reload is then refused with that text.
    #[must_use]
    #[track_caller]
    pub fn current<T: Send + Sync + 'static>(&self) -> Arc<T> {
        self.settings(&self.current)
    }

    /// The settings of type `T` proposed.
    ///
    /// # Panics
    ///
    /// As [`current`](Self::current).
    #[must_use]
    #[track_caller]
    pub fn proposed<T: Send + Sync + 'static>(&self) -> Arc<T> {
        self.settings(&self.proposed)
    }

    /// Whether a key has changed in the section that `T` is read from.
    ///
    /// # Panics
    ///
    /// As [`current`](Self::current).
    #[must_use]
    #[track_caller]
    pub fn is_changed<T: Send + Sync + 'static>(&self) -> bool {
        match self.current.section_of::<T>(&self.own) {
            Some(section) => self.difference.touches(&section),
            None => self.unknown::<T>(),
        }
    }

    /// Every key that has changed, whole: `http.tls.port`.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.difference.keys()
    }

    /// The configuration in force.
    #[must_use]
    pub fn current_config(&self) -> &Config {
        self.current.config()
    }

    /// The configuration proposed.
    #[must_use]
    pub fn proposed_config(&self) -> &Config {
        self.proposed.config()
    }

    /// The generation that the proposed configuration will have.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.proposed.generation()
    }

    #[track_caller]
    fn settings<T: Send + Sync + 'static>(&self, of: &Snapshot) -> Arc<T> {
        of.get_own(&self.own).unwrap_or_else(|| self.unknown::<T>())
    }

    #[track_caller]
    fn unknown<T>(&self) -> ! {
        let registered = self.current.describe_sections();
        panic!("no settings of type `{}`; registered: {registered}", type_name::<T>())
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("generation", &self.generation())
            .field("keys", &self.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
