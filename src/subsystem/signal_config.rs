use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use proc_daemon_runtime::Signal;

use super::Context;
use super::handler::{Handler, Handlers};
use crate::boxed::Result;
use crate::signal::{Action, ActionTable, Row};

/// What a daemon does about signals.
///
/// A signal without a row is not installed: the system's default applies to it. A later call about a
/// signal replaces an earlier one.
#[derive(Clone)]
#[must_use = "hand it to `with_signal_config`"]
pub struct SignalConfig {
    table: ActionTable,
    handlers: Vec<Handler>,
}

/// # Presets
impl SignalConfig {
    /// The same as [`unix`](Self::unix).
    pub fn new() -> Self {
        Self::unix()
    }

    /// `SIGTERM` and `SIGINT` end the daemon in order, `SIGQUIT` dumps its state and ends it, `SIGHUP`
    /// reloads, `SIGUSR1` reopens log files; `SIGUSR2` is free.
    pub fn unix() -> Self {
        Self::empty()
            .on(Signal::Terminate, Action::Shutdown)
            .on(Signal::Interrupt, Action::Shutdown)
            .on(Signal::Quit, Action::Dump)
            .on(Signal::Hangup, Action::Reload)
            .on(Signal::User1, Action::ReopenLogs)
    }

    /// As nginx does: `SIGQUIT` ends in order, `SIGTERM` and `SIGINT` at once, `SIGHUP` reloads,
    /// `SIGUSR1` reopens log files.
    pub fn nginx() -> Self {
        Self::empty()
            .on(Signal::Quit, Action::Shutdown)
            .on(Signal::Terminate, Action::Force)
            .on(Signal::Interrupt, Action::Force)
            .on(Signal::Hangup, Action::Reload)
            .on(Signal::User1, Action::ReopenLogs)
    }

    /// No signal at all.
    pub(crate) fn empty() -> Self {
        Self { table: ActionTable::EMPTY, handlers: Vec::new() }
    }
}

/// # Rows
impl SignalConfig {
    /// Sets what happens at `signal`.
    pub fn on(mut self, signal: Signal, action: Action) -> Self {
        self.handlers.retain(|handler| handler.signal != signal);
        self.table = self.table.with(signal, Row::Action(action));
        self
    }

    /// Leaves `signal` to the system's default: it is not installed.
    pub fn without(mut self, signal: Signal) -> Self {
        self.handlers.retain(|handler| handler.signal != signal);
        self.table = self.table.without(signal);
        self
    }

    /// Reloads at `SIGHUP`; the default.
    pub fn with_sighup(self) -> Self {
        self.on(Signal::Hangup, Action::Reload)
    }

    /// Leaves `SIGINT` to the system's default.
    pub fn without_sigint(self) -> Self {
        self.without(Signal::Interrupt)
    }

    /// Leaves `SIGTERM` to the system's default.
    pub fn without_sigterm(self) -> Self {
        self.without(Signal::Terminate)
    }

    /// Runs `handler` at `signal`, in place of any action.
    ///
    /// The handler runs as a background subsystem named `signal:SIGUSR2`, with a context of its own. One
    /// call runs at a time; signals that arrive meanwhile are one more call. A signal that arrives before
    /// the handler's subsystem runs is kept. An error or a panic of the handler is a failure of that
    /// subsystem: it starts again by the default restart policy, and is optional.
    #[track_caller]
    pub fn with_custom_handler<F, Fut>(mut self, signal: Signal, handler: F) -> Self
    where
        F: Fn(Signal, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self = self.without(signal);
        self.table = self.table.with(signal, Row::Handler);
        let call =
            Arc::new(move |signal, ctx| -> super::handler::Call { Box::pin(handler(signal, ctx)) });
        self.handlers.push(Handler { signal, call, location: Location::caller() });
        self
    }

    pub(crate) fn table(&self) -> ActionTable {
        self.table
    }

    pub(crate) fn into_handlers(self) -> Handlers {
        Handlers::new(self.handlers)
    }
}

impl Default for SignalConfig {
    fn default() -> Self {
        Self::unix()
    }
}

impl fmt::Debug for SignalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows =
            Signal::ALL.into_iter().filter_map(|signal| Some((signal, self.table.get(signal)?)));
        f.debug_map().entries(rows).finish()
    }
}
