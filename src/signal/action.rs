use std::time::Duration;

use proc_daemon_runtime::{Signal, SignalSet};

/// What a daemon does about a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Ends the daemon in order. Repeats are logged, except that a second `SIGINT`, 300 ms or more after
    /// the first, forces.
    Shutdown,
    /// Aborts every subsystem at once and exits with 128 + the signal's number.
    Force,
    /// Reads the configuration again. With nothing reloadable it is logged and ignored.
    Reload,
    /// Reopens log files. With none open it is logged and ignored.
    ReopenLogs,
    /// Writes the state of every subsystem to stderr, then does as [`Force`](Self::Force).
    Dump,
    /// Swallows the signal.
    Ignore,
}

/// A second `SIGINT` sooner than this after the first is the same key press.
pub(crate) const FORCE_AFTER: Duration = Duration::from_millis(300);

/// What is done about each signal. A signal without a row is not installed: the system's default applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActionTable([Option<Row>; Signal::ALL.len()]);

/// A row: an action of ours, or a handler of the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Action(Action),
    Handler,
}

impl ActionTable {
    pub(crate) const EMPTY: Self = Self([None; Signal::ALL.len()]);

    pub(crate) const fn with(mut self, signal: Signal, row: Row) -> Self {
        self.0[signal as usize] = Some(row);
        self
    }

    pub(crate) const fn without(mut self, signal: Signal) -> Self {
        self.0[signal as usize] = None;
        self
    }

    pub(crate) const fn get(&self, signal: Signal) -> Option<Row> {
        self.0[signal as usize]
    }

    /// The signals that have a row.
    pub(crate) fn installed(&self) -> SignalSet {
        Signal::ALL.into_iter().filter(|signal| self.get(*signal).is_some()).collect()
    }
}

/// The exit code of a daemon that `signal` forced: 130 for `SIGINT`, 131 for `SIGQUIT`.
pub(crate) fn exit_code(signal: Signal) -> u8 {
    u8::try_from(128 + signal.number()).unwrap_or(255)
}
