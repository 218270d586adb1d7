use std::sync::Arc;

use super::{Difference, ReloadError, Snapshot};
use crate::config::{ConfigSource, ErasedSection};

/// How to read the configuration again.
#[derive(Debug)]
pub(crate) struct Recipe {
    source: ConfigSource,
    sections: Vec<ErasedSection>,
}

/// What was read instead of the snapshot in force.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) difference: Arc<Difference>,
}

/// What reading has given.
#[derive(Debug)]
pub(crate) enum Read {
    Unchanged,
    Changed(Candidate),
    Bad(ReloadError),
}

impl Recipe {
    pub(crate) fn new(source: ConfigSource, sections: Vec<ErasedSection>) -> Self {
        Self { source, sections }
    }

    pub(crate) fn source(&self) -> &ConfigSource {
        &self.source
    }

    pub(crate) fn sections(&self) -> &[ErasedSection] {
        &self.sections
    }

    /// Reads, checks and compares; `current` is in force. Does I/O and runs the user's checks: it may block.
    pub(crate) fn read(&self, current: &Snapshot) -> Read {
        match self.candidate(current) {
            Err(error) => Read::Bad(error),
            Ok(candidate) if candidate.difference.is_empty() => Read::Unchanged,
            Ok(candidate) => match candidate.difference.beyond_reload(&self.sections) {
                beyond if beyond.is_empty() => Read::Changed(candidate),
                beyond => Read::Bad(ReloadError::needs_new_process(beyond)),
            },
        }
    }

    /// Reads, checks and compares, whatever may be done about it.
    pub(crate) fn candidate(&self, current: &Snapshot) -> Result<Candidate, ReloadError> {
        // What has been read knows its paths whole; the working directory may be another one by now.
        let source = current.config().source().unwrap_or(&self.source);
        let snapshot = Snapshot::reload(source, current.config(), &self.sections)
            .map_err(ReloadError::invalid)?
            .at(current.generation() + 1);
        let difference = Arc::new(Difference::new(current.config().changes(snapshot.config())));
        Ok(Candidate { snapshot: Arc::new(snapshot), difference })
    }
}
