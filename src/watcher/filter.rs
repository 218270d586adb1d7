//! What of all that the system tells is worth waking for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode, Event, EventKind, ModifyKind, RenameMode};
use parking_lot::Mutex;

use super::chain::Names;

/// What the watcher's thread is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Something was done to a name that counts.
    Touched,
    /// Something may have been done.
    Look,
    /// That directory is not there any more, or another one is.
    Lost(PathBuf),
    /// No more can be told, or not all.
    Trouble(notify::Error),
    Stop,
}

/// Runs on notify's thread, on each event in a watched directory.
#[derive(Clone)]
pub(super) struct Filter {
    places: Arc<Mutex<BTreeMap<PathBuf, Names>>>,
    messages: Sender<Message>,
}

impl Filter {
    pub(super) fn new(messages: Sender<Message>) -> Self {
        Self { places: Arc::default(), messages }
    }

    /// From now on it is these that count.
    pub(super) fn set(&self, places: &BTreeMap<PathBuf, Names>) {
        self.places.lock().clone_from(places);
    }

    pub(super) fn take(&self, told: notify::Result<Event>) {
        let message = match told {
            Ok(event) => self.judge(&event),
            Err(error) => Some(Message::Trouble(error)),
        };
        if let Some(message) = message {
            let _ = self.messages.send(message);
        }
    }

    fn judge(&self, event: &Event) -> Option<Message> {
        if event.need_rescan() {
            return Some(Message::Look);
        }
        if is_reading(event.kind) || is_summary(event.kind) {
            return None;
        }
        let places = self.places.lock();
        let mut found = None;
        for path in &event.paths {
            if places.contains_key(path) && takes_away(event.kind) {
                return Some(Message::Lost(path.clone()));
            }
            let counts = |(folder, name)| {
                places.get::<std::path::Path>(folder).is_some_and(|names| names.has(name))
            };
            if path.parent().zip(path.file_name()).is_some_and(counts) {
                found = Some(Message::Touched);
            } else if found.is_none() && places.contains_key(path) {
                found = Some(Message::Look);
            }
        }
        found
    }
}

/// Opening and reading are told as well; this program's own reading of the file would be followed by another one, for
/// ever.
fn is_reading(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}

/// A renaming is told as a going and a coming, and then as both: the third would put off the end of a debounce that the
/// second began.
fn is_summary(kind: EventKind) -> bool {
    kind == EventKind::Modify(ModifyKind::Name(RenameMode::Both))
}

fn takes_away(kind: EventKind) -> bool {
    matches!(kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::Files;
    use super::super::chain::Trace;
    use super::*;

    #[test]
    fn a_file_that_is_renamed_over_another_is_told_once() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (file, beside) = (root.join("daemon.toml"), root.join("next"));
        let (sender, told) = channel();
        let filter = Filter::new(sender);
        filter.set(&Trace::of(&Files { file: Some(file.clone()), directory: None }).places);
        for (mode, paths) in [
            (RenameMode::From, vec![beside.clone()]),
            (RenameMode::To, vec![file.clone()]),
            (RenameMode::Both, vec![beside, file]),
        ] {
            let kind = EventKind::Modify(ModifyKind::Name(mode));
            filter.take(Ok(Event { paths, ..Event::new(kind) }));
        }
        let all: Vec<_> = told.try_iter().collect();
        assert!(matches!(all[..], [Message::Touched]), "{all:?}");
    }
}
