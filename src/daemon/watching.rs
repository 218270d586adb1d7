//! What a run watches: the files of its configuration, if that says so.

use std::sync::Arc;

use tracing::warn;

use crate::config::Config;
use crate::subsystem::Report;
use crate::sync::Mailbox;
use crate::watcher::{Files, Watcher};

/// Watches the files that `config` was read from, until this is dropped; none without `hot_reload`.
///
/// A text has no files: a simulated life watches nothing.
pub(super) fn watch(config: &Config, mailbox: &Arc<Mailbox<Report>>) -> Option<Watcher> {
    if !config.hot_reload() {
        return None;
    }
    let Some(source) = config.source() else {
        warn!(
            "`hot_reload` has no effect: this configuration was made in code, and there is no file to watch"
        );
        return None;
    };
    let files = Files { file: source.path().map(Into::into), directory: source.directory() };
    if files.file.is_none() && files.directory.is_none() {
        return None;
    }
    Watcher::start(files, Arc::clone(mailbox))
        .inspect_err(|error| {
            warn!("`hot_reload` has no effect: a thread cannot be started: {error}; a reload has to be asked for");
        })
        .ok()
}
