//! Watching the configuration's files (feature `config-watch`): says that one of them was touched, and nothing else.
//!
//! ```text
//!   notify's thread --> Filter --> this thread: trace again, arm again --> Report::Touched
//!                                       ^
//!                     a look now and then, or every 2 s without notify
//! ```
//!
//! An adapter: layer 6, started by a run whose configuration has `hot_reload`, never in a simulated life. When the
//! file is read, and what becomes of it, is the engine's business.
//!
//! # Invariants
//!
//! 1. Directories are watched, never a file: a watched file dies with the first atomic save. It is every directory
//!    that holds the file, or a symbolic link on the way to it; of what is missing, the nearest one that is there.
//! 2. `Touched` is posted after all of that is watched, so that a change is either told or made before the reading
//!    that follows.
//! 3. What is told is filtered by name and kind before this thread wakes: neither a file beside the configuration nor
//!    a reader of it does anything.
//! 4. If the system cannot watch, or sees only a part, it is looked at every 2 s. That is said once.
//! 5. Neither the threads nor the watches outlive the run, unless a file system does not answer.

mod chain;
mod filter;
mod native;
mod remote;
mod rounds;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::subsystem::Report;
use crate::sync::Mailbox;
use filter::Message;
use rounds::{Pace, Rounds};

/// What is watched. Absolute paths; what is not there yet is waited for.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) file: Option<PathBuf>,
    /// Its files whose names end in `.toml` count.
    pub(crate) directory: Option<PathBuf>,
}

/// A running watcher. Dropping it ends the thread, and waits for that for at most 100 ms: a file system that does not
/// answer must not hold up the end of a run.
pub(crate) struct Watcher {
    messages: Sender<Message>,
    /// Dropped to end a pause.
    stop: Option<Sender<()>>,
    /// Closed by the end of the thread.
    ended: Receiver<()>,
}

/// How long the end of the thread is waited for.
const END_CAP: Duration = Duration::from_millis(100);

impl Watcher {
    /// Starts the thread. What was changed before it watches is told as well.
    pub(crate) fn start(files: Files, mailbox: Arc<Mailbox<Report>>) -> io::Result<Self> {
        Self::at_pace(files, Pace::USUAL, move || mailbox.post(Report::Touched))
    }

    fn at_pace(files: Files, pace: Pace, touched: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (messages, told) = channel();
        let (stop, stopped) = channel();
        let (ends, ended) = channel();
        let rounds = Rounds::new(files, pace, messages.clone(), Box::new(touched));
        thread::Builder::new().name("config watcher".into()).spawn(move || {
            rounds.run(&told, &stopped);
            drop(ends);
        })?;
        Ok(Self { messages, stop: Some(stop), ended })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.messages.send(Message::Stop);
        let _ = self.ended.recv_timeout(END_CAP);
    }
}
