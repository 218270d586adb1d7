use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use proc_daemon_runtime::{AnyRuntime, AnyStream, Instant, SignalSet};
use tracing::{debug, info, warn};

use super::handle::{Daemon, Inner};
use super::plan::{Configured, Plan};
use super::report::{ExitReport, Inner as ReportInner};
use crate::error::{Error, ErrorKind};
use crate::sentinel::Sentinel;
use crate::signal::ActionTable;
use crate::subsystem::{Shared, Wrap};
use crate::supervisor::driver::{Driver, Finalizer, Guard, Obey, Parts, Remains, Watch, tuning};
use crate::supervisor::engine::{Engine, Settings};

/// What a run needs besides the plan.
pub(super) struct Setting {
    pub(super) runtime: AnyRuntime,
    pub(super) configured: Configured,
    /// Told of every configuration that is published.
    pub(super) obey: Vec<Obey>,
    pub(super) signals: Option<AnyStream>,
    pub(super) guard: Option<Arc<Sentinel>>,
    pub(super) finalizers: Vec<Finalizer>,
    pub(super) observer: Observer,
}

/// What sees a run from inside. Nobody, outside a simulation.
#[derive(Default)]
pub(crate) struct Observer {
    pub(crate) watch: Option<Box<dyn Watch>>,
    pub(crate) wrap: Option<Arc<dyn Wrap>>,
    /// Takes the state dump instead of stderr.
    pub(crate) guard: Option<Arc<dyn Guard>>,
}

impl Daemon {
    /// Takes the plan out: the first run gets it.
    pub(super) fn take_plan(&self) -> Result<Plan, Error> {
        let taken = self.inner.plan.lock().take();
        taken.ok_or_else(|| Error::new(ErrorKind::AlreadyRun, "this daemon has been run already"))
    }

    /// Runs in a runtime that somebody else owns: handlers, then the configuration, then the rest.
    pub(super) async fn adopt(
        self,
        runtime: std::io::Result<AnyRuntime>,
        observer: Observer,
    ) -> ExitReport {
        let plan = match self.take_plan() {
            Ok(plan) => plan,
            Err(error) => return ExitReport::of_error(error),
        };
        let mut unpublished = Unpublished(Some(Arc::clone(&self.inner)));
        let report = match self.prepare(runtime, plan, observer) {
            Ok((plan, setting)) => {
                let guard = setting.guard.clone();
                let report = self.execute(plan, setting).await;
                match guard {
                    // What was left behind may hold up the runtime's end: the budget still counts.
                    Some(guard) if report.has_zombies() => guard.stay(),
                    Some(guard) => guard.disarm(),
                    None => {}
                }
                report
            }
            Err(error) => ExitReport::of_error(error),
        };
        unpublished.0 = None;
        self.inner.publish(&report);
        report
    }

    fn prepare(
        &self,
        runtime: std::io::Result<AnyRuntime>,
        mut plan: Plan,
        observer: Observer,
    ) -> Result<(Plan, Setting), Error> {
        let runtime = runtime.map_err(|e| Error::runtime(e.to_string()).with_source(e))?;
        let guard = plan.exit_when_stuck.then(|| self.sentinel(plan.actions, false)).transpose()?;
        let signals = listen(&runtime, plan.actions)?;
        let configured = plan.read_config(guard.as_deref())?;
        if plan.options.is_some() || configured.0.config().worker_threads().is_some() {
            warn!(
                "this daemon runs in a runtime that it did not build: \
                 `runtime_options` and `performance.worker_threads` have no effect"
            );
        }
        let (finalizers, obey) = (Vec::new(), Vec::new());
        let setting = Setting { runtime, configured, obey, signals, guard, finalizers, observer };
        Ok((plan, setting))
    }

    pub(super) fn sentinel(&self, table: ActionTable, posts: bool) -> Result<Arc<Sentinel>, Error> {
        let (mailbox, board) = (Arc::clone(&self.inner.mailbox), Arc::clone(&self.inner.board));
        Ok(Arc::new(Sentinel::start(table, posts, mailbox, board)?))
    }

    /// Runs the plan to its end.
    pub(super) async fn execute(&self, plan: Plan, setting: Setting) -> ExitReport {
        let inner = &self.inner;
        let Setting { runtime, configured, mut obey, signals, guard, finalizers, observer } =
            setting;
        let (snapshot, recipe) = configured;
        let config = Arc::clone(snapshot.config());
        info!("`{}` starts on {}", config.name(), runtime.name());
        snapshot.warnings().for_each(|issue| warn!("configuration: {issue}"));
        plan.advice.iter().for_each(|line| warn!("{line}"));
        let began = runtime.now();
        let current = inner.publish_first(snapshot);
        inner.board.clock_runs(runtime.clone());
        inner.running.store(true, Ordering::Release);
        if let Some(guard) = &guard {
            guard.attach(runtime.clone(), config.shutdown().kill());
            obey.push(self.guarded(guard));
        }

        let settings = Settings {
            actions: plan.actions,
            finalizers: finalizers.len(),
            restarts_a_second: plan.restarts_a_second,
            seed: runtime.seed(),
            tuning: tuning(&config),
            reloadable: recipe.is_some(),
            strict_reload: plan.strict_reload,
        };
        let shared = Shared {
            runtime: runtime.clone(),
            coordinator: inner.coordinator.clone(),
            mailbox: Arc::clone(&inner.mailbox),
            board: Arc::clone(&inner.board),
            current,
            wrap: observer.wrap,
            port: Arc::clone(inner) as Arc<_>,
        };
        let parts = Parts {
            shared: Arc::new(shared),
            factories: plan.factories,
            hooks: plan.hooks,
            groups: plan.group_names,
            watched: plan.watched,
            recipe,
            obey,
            handlers: plan.handlers,
            hub: Arc::clone(&inner.hub),
            finalizers,
            guard: guard.clone().map(|guard| guard as Arc<dyn Guard>).or(observer.guard),
            watch: observer.watch,
            signals,
        };
        let engine = Engine::new(plan.graph, plan.groups, plan.rules, settings);
        #[cfg(feature = "config-watch")]
        let watcher = super::watching::watch(&config, &inner.mailbox);
        let mut remains = Driver::new(engine, parts).await;
        #[cfg(feature = "config-watch")]
        drop(watcher);
        let report = self.report(&mut remains, began, runtime.now());
        debug!("exit {}", report.code);
        inner.publish(&report);
        drop(remains);
        report
    }

    /// Arms the deadman with the shutdown; what is returned tells it another budget.
    fn guarded(&self, guard: &Arc<Sentinel>) -> Obey {
        let (deadman, allowed) = (Arc::downgrade(guard), Arc::downgrade(guard));
        self.inner.coordinator.alarm(move || {
            if let Some(deadman) = deadman.upgrade() {
                deadman.arm();
            }
        });
        Box::new(move |config| {
            if let Some(guard) = allowed.upgrade() {
                guard.allow(config.shutdown().kill());
            }
        })
    }

    fn report(&self, remains: &mut Remains, began: Instant, now: Instant) -> ExitReport {
        let code = remains.engine.exit_code();
        let stop_began = remains.engine.stop_began().unwrap_or(now);
        let inner = ReportInner {
            later: self.inner.coordinator.later(),
            error: None,
            ran_for: now.since(began),
            stopped_in: now.since(stop_began),
            now,
            board: Arc::clone(&self.inner.board),
            units: remains.engine.take_units(),
            failures: std::mem::take(&mut remains.failures),
            subsystems: OnceLock::new(),
        };
        ExitReport { code, reason: self.inner.coordinator.reason(), inner: Arc::new(inner) }
    }
}

/// Listens to what the table installs and the platform has.
pub(super) fn listen(
    runtime: &AnyRuntime,
    actions: ActionTable,
) -> Result<Option<AnyStream>, Error> {
    let (wanted, supported) = (actions.installed(), runtime.supported_signals());
    let set: SignalSet = wanted.iter().filter(|signal| supported.contains(*signal)).collect();
    if set != wanted {
        debug!("of the signals {wanted:?}, this platform delivers {set:?}");
    }
    if set.is_empty() {
        return Ok(None);
    }
    let stream = runtime.listen(set).map_err(|error| {
        Error::io(format!("signal handlers cannot be installed: {error}")).with_source(error)
    })?;
    debug!("signals reach the runtime");
    Ok(Some(stream))
}

/// Tells whoever waits for the end when the run is dropped before it.
struct Unpublished(Option<Arc<Inner>>);

impl Drop for Unpublished {
    fn drop(&mut self) {
        if let Some(inner) = self.0.take() {
            inner.coordinator.initiate_shutdown("the run was dropped");
            inner.publish(&ExitReport::of_error(Error::new(
                ErrorKind::LeftBehind,
                "the run was dropped: its subsystems were aborted, not joined",
            )));
        }
    }
}
