//! The system's own notifications: which directories are watched.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use notify::{Config, ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use proc_daemon_runtime::catch;

use super::chain::{Identity, Names};
use super::filter::Filter;
use super::remote;

/// Watches directories. Dropping it ends notify's thread.
pub(super) struct Native {
    watcher: RecommendedWatcher,
    armed: BTreeMap<PathBuf, Identity>,
}

impl Native {
    pub(super) fn new(filter: Filter) -> Result<Self, String> {
        let take = move |told| filter.take(told);
        let watcher = guarded(|| RecommendedWatcher::new(take, Config::default()))
            .and_then(|made| made.map_err(|error| why(&error)))?;
        Ok(Self { watcher, armed: BTreeMap::new() })
    }

    /// Watches exactly `places`, those of `lost` anew. True if that has changed nothing; an error says why it cannot
    /// be done here.
    pub(super) fn arm(
        &mut self,
        places: &BTreeMap<PathBuf, Names>,
        lost: &BTreeSet<PathBuf>,
    ) -> Result<bool, String> {
        let mut settled = true;
        let stale = |(path, identity): (&PathBuf, &Identity)| {
            let is_it = Identity::of_directory(path).is_some_and(|now| now.is_same(*identity));
            let keep = is_it && places.contains_key(path) && !lost.contains(path);
            (!keep).then(|| path.clone())
        };
        for path in self.armed.iter().filter_map(stale).collect::<Vec<_>>() {
            settled = false;
            self.armed.remove(&path);
            // It may be gone, and the watch with it.
            let _ = guarded(|| self.watcher.unwatch(&path));
        }
        for path in places.keys() {
            if self.armed.contains_key(path) {
                continue;
            }
            settled = false;
            if let Some(system) = remote::system_of(path) {
                return Err(format!(
                    "{} is on {system}, which does not tell what is changed elsewhere",
                    path.display()
                ));
            }
            self.watch(path)?;
        }
        Ok(settled)
    }

    fn watch(&mut self, path: &Path) -> Result<(), String> {
        // Before it is watched: if it is replaced in between, it is another one at the next look.
        let Some(identity) = Identity::of_directory(path) else { return Ok(()) };
        match guarded(|| self.watcher.watch(path, RecursiveMode::NonRecursive))? {
            Ok(()) => _ = self.armed.insert(path.to_owned(), identity),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(why(&error)),
        }
        Ok(())
    }
}

fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// What can be done about it is a part of the reason.
pub(super) fn why(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "the system has no watches left (fs.inotify.max_user_watches)".to_owned()
        }
        ErrorKind::Io(error) if error.raw_os_error() == Some(EMFILE) => {
            format!("{error}: out of descriptors, or of fs.inotify.max_user_instances")
        }
        _ => error.to_string(),
    }
}

/// `EMFILE` of every Unix.
const EMFILE: i32 = 24;

/// Notify panics where its thread is not there.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch(call).map_err(|payload| format!("notify panicked: {payload}"))
}
