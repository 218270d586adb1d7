//! The watcher's thread: waits, looks, tells.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use proc_daemon_runtime::{catch, discard};
use tracing::{debug, error, warn};

use super::Files;
use super::chain::{Seen, Trace};
use super::filter::{Filter, Message};
use super::native::{Native, why};

/// How often it is looked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Without the system's notifications.
    pub(super) polling: Duration,
    /// With them: a directory further up may be replaced, and on a full queue events are lost.
    pub(super) watching: Duration,
    /// Use no notifications.
    pub(super) only_poll: bool,
}

impl Pace {
    pub(super) const USUAL: Self = Self {
        polling: Duration::from_secs(2),
        watching: Duration::from_secs(30),
        only_poll: false,
    };
}

/// Between two posts of a burst. Well below the engine's debounce.
const PAUSE: Duration = Duration::from_millis(25);

/// How often the way is traced again because it changes while it is being watched.
const MOST_TRACES: usize = 16;

/// What the thread knows.
pub(super) struct Rounds {
    files: Files,
    pace: Pace,
    filter: Filter,
    /// None: polling.
    native: Option<Native>,
    given_up: bool,
    seen: Vec<(PathBuf, Seen)>,
    /// A change was seen at the last look. A file can change twice within the precision of its times.
    again: bool,
    touched: Box<dyn Fn() + Send>,
}

impl Rounds {
    pub(super) fn new(
        files: Files,
        pace: Pace,
        messages: Sender<Message>,
        touched: Box<dyn Fn() + Send>,
    ) -> Self {
        let filter = Filter::new(messages);
        Self {
            files,
            pace,
            filter,
            native: None,
            given_up: false,
            seen: Vec::new(),
            again: true,
            touched,
        }
    }

    /// Until it is told to stop.
    pub(super) fn run(mut self, messages: &Receiver<Message>, stopped: &Receiver<()>) {
        let ran = catch(|| {
            self.begin();
            while self.round(messages, stopped) {}
        });
        if let Err(payload) = ran {
            error!(
                "watching the configuration's files has panicked: {payload}; a reload has to be asked for"
            );
            discard(payload);
        }
    }

    fn begin(&mut self) {
        if !self.pace.only_poll {
            match Native::new(self.filter.clone()) {
                Ok(native) => self.native = Some(native),
                Err(reason) => self.give_up(&reason),
            }
        }
        self.look(&BTreeSet::new());
        // What has changed since the file was read.
        (self.touched)();
    }

    /// Waits once. False when the thread is to end.
    fn round(&mut self, messages: &Receiver<Message>, stopped: &Receiver<()>) -> bool {
        let patience = if self.native.is_some() { self.pace.watching } else { self.pace.polling };
        let first = match messages.recv_timeout(patience) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        let (mut touched, mut lost) = (false, BTreeSet::new());
        for message in first.into_iter().chain(messages.try_iter()) {
            match message {
                Message::Touched => touched = true,
                Message::Look => {}
                Message::Lost(path) => {
                    touched = true;
                    lost.insert(path);
                }
                Message::Trouble(error) => self.give_up(&why(&error)),
                Message::Stop => return false,
            }
        }
        let changed = self.look(&lost);
        let again = std::mem::replace(&mut self.again, changed) && self.native.is_none();
        if !(touched || changed || again) {
            return true;
        }
        (self.touched)();
        stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout)
    }

    /// Traces the way, watches what is on it, and says whether something else is there than at the last look.
    fn look(&mut self, lost: &BTreeSet<PathBuf>) -> bool {
        let mut trace = Trace::of(&self.files);
        let mut lost = lost.clone();
        for _ in 0..MOST_TRACES {
            let Some(native) = &mut self.native else { break };
            // First it is known what counts, then it is watched, then it is looked at.
            self.filter.set(&trace.places);
            match native.arm(&trace.places, &lost) {
                Ok(true) => break,
                Ok(false) => {
                    lost.clear();
                    trace = Trace::of(&self.files);
                }
                Err(reason) => self.give_up(&reason),
            }
        }
        let changed = trace.seen != self.seen;
        if changed {
            debug!(steps = ?trace.seen.len(), "the configuration's files are looked at in {:?}", trace.places.keys());
        }
        self.seen = trace.seen;
        changed
    }

    /// It is polled from now on.
    fn give_up(&mut self, reason: &str) {
        self.native = None;
        if std::mem::replace(&mut self.given_up, true) {
            return;
        }
        let seconds = self.pace.polling.as_secs_f32();
        warn!(
            "the configuration's files cannot be watched: {reason}; they are looked at every {seconds} s instead"
        );
    }
}
