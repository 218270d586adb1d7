use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::path::PathBuf;

use proc_daemon_runtime::{AnyRuntime, RuntimeOptions, Signal, TaskName};
use serde::de::DeserializeOwned;

use super::plan::{Draft, Plan};
use super::{Daemon, ExitReport};
use crate::config::{Config, ErasedSection, IntoConfig, Pending, Section};
use crate::error::{BuildError, Error, Result};
use crate::strategy::Strategy;
use crate::subsystem::{Context, IntoSpec, SignalConfig, task};

/// The storm guard's default.
const RESTARTS_A_SECOND: u32 = 20;

/// Collects a daemon. Inert until it is built or run; no setter fails.
///
/// Every way to run it checks the whole first and reports everything that is wrong at once.
#[must_use = "a builder does nothing until it is run"]
pub struct DaemonBuilder {
    pub(super) draft: Draft,
}

/// # What runs
impl DaemonBuilder {
    pub(super) fn new(config: impl IntoConfig) -> Self {
        Self {
            draft: Draft {
                config: config.into_pending(),
                specs: Vec::new(),
                groups: Vec::new(),
                sections: Vec::new(),
                signals: SignalConfig::unix(),
                options: None,
                exit_when_stuck: false,
                restarts_a_second: RESTARTS_A_SECOND,
                strict_reload: false,
            },
        }
    }

    /// Adds a function as a subsystem; see [`task`](crate::task). For more than a name and a function,
    /// hand a [`Spec`](crate::Spec) to [`with_subsystem`](Self::with_subsystem).
    #[track_caller]
    pub fn with_task<F, Fut>(self, name: impl Into<Cow<'static, str>>, function: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.with_subsystem(task(name, function))
    }

    /// Adds a subsystem, or a spec of one.
    #[track_caller]
    pub fn with_subsystem(mut self, subsystem: impl IntoSpec) -> Self {
        self.draft.specs.push(subsystem.__into_spec());
        self
    }

    /// Adds several.
    #[track_caller]
    pub fn with_subsystems(mut self, subsystems: impl IntoIterator<Item = impl IntoSpec>) -> Self {
        for subsystem in subsystems {
            self.draft.specs.push(subsystem.__into_spec());
        }
        self
    }

    /// Declares a group: `strategy` says who of it is started again when one of its members is. Subsystems join it
    /// with [`Spec::group`](crate::Spec::group). A name that is declared twice is an issue of `build`.
    #[track_caller]
    pub fn with_group(mut self, name: impl Into<Cow<'static, str>>, strategy: Strategy) -> Self {
        let name = TaskName::from(name.into()).at(Location::caller());
        self.draft.groups.push((name, strategy));
        self
    }
}

/// # Settings
impl DaemonBuilder {
    /// Registers a section of the configuration that no subsystem owns. A change of it restarts nobody; that it is to
    /// ([`Section::restart`]) is an error of [`build`](Self::build).
    #[track_caller]
    pub fn with_settings<T>(mut self, section: impl Into<Section<T>>) -> Self
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        self.draft.sections.push((ErasedSection::from(section.into()), Location::caller()));
        self
    }

    /// Takes the configuration from this file, read when the daemon runs. Replaces the one that the
    /// builder was made with.
    pub fn with_config_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.draft.config = Pending::Source(Config::file(path));
        self
    }

    /// Sets what happens at signals; [`SignalConfig::unix`] by default.
    pub fn with_signal_config(mut self, signals: SignalConfig) -> Self {
        self.draft.signals = signals;
        self
    }

    /// Sets whether `SIGTERM` and `SIGINT` end the daemon; a signal that does not is left to the
    /// system's default.
    pub fn with_signals(mut self, terminate: bool, interrupt: bool) -> Self {
        for (signal, wanted) in [(Signal::Terminate, terminate), (Signal::Interrupt, interrupt)] {
            let signals = std::mem::take(&mut self.draft.signals);
            self.draft.signals = if wanted {
                signals.on(signal, crate::signal::Action::Shutdown)
            } else {
                signals.without(signal)
            };
        }
        self
    }

    /// Installs no signal handler.
    pub fn without_signals(mut self) -> Self {
        self.draft.signals = SignalConfig::empty();
        self
    }

    /// Sets how `main` builds its runtime. Beats the configuration's `performance.worker_threads`.
    pub fn runtime_options(mut self, options: RuntimeOptions) -> Self {
        self.draft.options = Some(options);
        self
    }

    /// Lets a daemon in an adopted runtime end the process when its shutdown budget is over, as `main`
    /// does: exit 124, naming on stderr who is stuck. With something left behind, the budget goes on after
    /// the run has returned, for a runtime may wait for it for ever.
    pub fn exit_when_stuck(mut self, yes: bool) -> Self {
        self.draft.exit_when_stuck = yes;
        self
    }
}

/// # Reloads
impl DaemonBuilder {
    /// Ends the daemon, with exit code 78, when a subsystem is not ready with a new configuration and going back to
    /// the one before fails as well. By default it lives on, with that subsystem left to its restart policy.
    pub fn end_on_failed_rollback(mut self, yes: bool) -> Self {
        self.draft.strict_reload = yes;
        self
    }
}

/// # Restarts
impl DaemonBuilder {
    /// Sets how many restarts there may be in a second, of all subsystems together; 20 by default, as many at once
    /// after a quiet second. More are delayed, so that a cause that strikes all of them does not take the machine as
    /// well: they stay in backoff, and are started in the order in which their backoff was over. A start by name waits
    /// for nobody, and does not count. 0 is no limit.
    pub fn restarts_per_second(mut self, most: u32) -> Self {
        self.draft.restarts_a_second = most;
        self
    }
}

/// # Running
impl DaemonBuilder {
    /// Checks everything. A [`ConfigSource`](crate::ConfigSource) is read later, by `run`.
    ///
    /// What is sound and probably not meant is logged as a warning when the daemon starts: a critical subsystem that
    /// requires an optional one, and one that requires what comes after it in its rest-for-one group.
    ///
    /// # Errors
    ///
    /// All that is wrong: cycles with their paths, duplicate and unknown names, an eager configuration
    /// that failed or does not fit the registered sections.
    pub fn build(self) -> Result<Daemon, BuildError> {
        self.build_plan().map(|plan| Daemon::unplanned().plan(plan))
    }

    /// Runs on the runtime that this is polled on; see [`Daemon::run`].
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build) and [`Daemon::run`].
    pub async fn run(self) -> Result<(), Error> {
        self.build()?.run().await
    }

    /// Runs on `runtime`.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build) and [`Daemon::run`].
    pub async fn run_on(self, runtime: impl Into<AnyRuntime> + Send) -> Result<(), Error> {
        let runtime = runtime.into();
        self.build()?.run_on(runtime).await
    }

    /// Runs on the runtime that this is polled on, and always gives a report: a `main` that returns it
    /// has the exit code.
    pub async fn run_to_report(self) -> ExitReport {
        match self.build() {
            Ok(daemon) => daemon.run_to_report().await,
            Err(error) => ExitReport::of_error(error.into()),
        }
    }

    pub(super) fn build_plan(self) -> Result<Plan, BuildError> {
        self.draft.plan()
    }

    pub(super) const fn signals(&self) -> &SignalConfig {
        &self.draft.signals
    }
}

impl fmt::Debug for DaemonBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DaemonBuilder")
            .field("subsystems", &self.draft.specs)
            .field("signals", &self.draft.signals)
            .finish_non_exhaustive()
    }
}
