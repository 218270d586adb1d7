//! What a simulation needs of a builder: a daemon that reads nothing of the real world.

use proc_daemon_runtime::{AnyRuntime, Signal, TaskName};

use super::run::Observer;
use super::{Daemon, DaemonBuilder, ExitReport};
use crate::config::{ConfigSource, Edited, Pending};
use crate::error::BuildError;
use crate::reason::ShutdownReason;
use crate::signal::{Action, Row};
use crate::subsystem::Report;

/// Why a daemon cannot be simulated.
pub(crate) enum Unfit {
    /// It reads this.
    Reads(String),
    /// It is not well-formed.
    Build(BuildError),
}

impl DaemonBuilder {
    /// Builds it over `text` as its configuration, or over its own if that is in memory. What it reads is put into
    /// `edited`, and read from there.
    pub(crate) fn simulated(
        mut self,
        text: Option<&str>,
        edited: &Edited,
    ) -> Result<Daemon, Unfit> {
        // A sentinel is a real thread with real signal handlers, and ends the process.
        self.draft.exit_when_stuck = false;
        if let Some(text) = text {
            self.draft.config = Pending::Source(ConfigSource::text(text));
        }
        let read = match &self.draft.config {
            Pending::Source(source) => source.reads(),
            Pending::Ready(config) => config.path(),
            Pending::Failed(_) => None,
        };
        if let Some(path) = read {
            return Err(Unfit::Reads(path.display().to_string()));
        }
        if let Pending::Source(source) = &self.draft.config
            && let Some(text) = source.as_text()
        {
            edited.set(text);
            self.draft.config = Pending::Source(source.clone().edited(edited.clone()));
        }
        self.build().map_err(Unfit::Build)
    }
}

impl Daemon {
    /// Whether `signal` asks it to end. Only before it runs.
    pub(crate) fn ends_at(&self, signal: Signal) -> bool {
        let plan = self.inner.plan.lock();
        let row = plan.as_ref().and_then(|plan| plan.actions.get(signal));
        matches!(row, Some(Row::Action(Action::Shutdown | Action::Force)))
    }

    /// Whether it handles any signal. Only before it runs.
    pub(crate) fn handles_signals(&self) -> bool {
        let plan = self.inner.plan.lock();
        plan.as_ref().is_some_and(|plan| !plan.actions.installed().is_empty())
    }

    /// Its configuration was edited.
    pub(crate) fn touch(&self) {
        self.inner.mailbox.post(Report::Touched);
    }

    /// Why it is going down.
    pub(crate) fn cause(&self) -> Option<ShutdownReason> {
        self.inner.coordinator.reason()
    }

    /// The names of its subsystems, by number.
    pub(crate) fn names(&self) -> Vec<TaskName> {
        self.inner.board.rows().map(|row| row.name.clone()).collect()
    }

    /// Runs on a simulated runtime, seen by `observer`.
    pub(crate) async fn simulate(self, runtime: AnyRuntime, observer: Observer) -> ExitReport {
        self.adopt(Ok(runtime), observer).await
    }
}
