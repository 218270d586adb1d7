use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{OwnedRuntime, Runtime, RuntimeOptions};
use tracing::debug;

use super::plan::{Configured, Plan};
use super::run::{Observer, Setting, listen};
use super::{Daemon, DaemonBuilder, ExitReport};
use crate::error::{Error, ErrorKind};
use crate::reload::Snapshot;
use crate::sentinel::{Sentinel, leave, say};
use crate::supervisor::driver::{Finalizer, Obey};

/// # Owning the process
impl DaemonBuilder {
    /// Runs on the runtime that the features choose ([`backends::Default`](crate::backends::Default));
    /// see [`main_on`](Self::main_on).
    #[cfg(any(feature = "tokio", feature = "async-std", feature = "smol"))]
    #[must_use = "return it from main"]
    pub fn main(self) -> ExitCode {
        self.main_on::<crate::backends::Default>()
    }

    /// Owns the process: installs signal handlers, reads the configuration, sets up logs (feature
    /// `logging`, unless the program has a subscriber), builds a runtime, runs, and gives the exit code.
    ///
    /// Nobody has a [`Daemon`] before it runs: a subsystem reaches it by [`Context::daemon`](crate::Context::daemon), to
    /// follow the events as to look at the status.
    ///
    /// ```no_run
    /// use proc_daemon::{Context, Daemon, Result};
    ///
    /// /// Prints what happens until it is asked to stop.
    /// async fn follow(ctx: Context) -> Result {
    ///     let mut events = ctx.daemon().subscribe_events();
    ///     while let Ok(Some(event)) = ctx.run_until_cancelled(events.next_event()).await {
    ///         println!("{event}");
    ///     }
    ///     Ok(())
    /// }
    ///
    /// fn run<B: proc_daemon::runtime::OwnedRuntime>() -> std::process::ExitCode {
    ///     Daemon::new().with_task("follow", follow).main_on::<B>()
    /// }
    /// ```
    ///
    /// What others do before it starts is told to nobody: have them start `after` it.
    ///
    /// What is wrong is printed to stderr. If subsystems had to be left behind, the process ends here
    /// without returning; if the shutdown budget passes, it ends wherever it is, with 124, naming on
    /// stderr who is stuck. Once this has returned, signals have their default actions again.
    #[must_use = "return it from main"]
    pub fn main_on<B: OwnedRuntime>(self) -> ExitCode {
        let report = match self.owned::<B>() {
            Ok(report) => report,
            Err(error) => ExitReport::of_error(error),
        };
        if !report.is_clean() {
            say(format!("{report}\n"));
        }
        if report.has_zombies() {
            leave(report.code);
        }
        report.into()
    }

    fn owned<B: OwnedRuntime>(self) -> Result<ExitReport, Error> {
        // The handlers come first: the mailbox that early signals go to outlives the build.
        let table = self.signals().table();
        let early = Daemon::unplanned();
        if let Some(runtime) = crate::backends::occupied() {
            return Err(Error::runtime(format!(
                "`main` builds a runtime of its own, and this code runs on {runtime} already: \
                 use `.run().await` there, or call `main` from a plain `fn main`"
            )));
        }
        let sentinel = early.sentinel(table, true)?;
        let _retire = Retire(Arc::clone(&sentinel));
        #[cfg_attr(not(feature = "logging"), expect(unused_mut, reason = "nothing to flush"))]
        let mut finalizers = Vec::<Finalizer>::new();
        #[cfg(feature = "logging")]
        let logging = crate::logging::Logging::install();
        debug!("signal handlers are in place");

        let daemon = early.plan(self.build_plan()?);
        let mut plan = daemon.take_plan()?;
        let configured = plan.read_config(Some(&*sentinel))?;
        #[cfg_attr(not(feature = "logging"), expect(unused_mut, reason = "nobody to tell"))]
        let mut obey = Vec::<Obey>::new();
        #[cfg(feature = "logging")]
        if let Some(logging) = logging {
            let level = logging.level();
            level.obey(configured.0.config().log_level());
            obey.push(Box::new(move |config| level.obey(config.log_level())));
            let work = Box::new(move || logging.flush());
            finalizers.push(Finalizer { name: "flush logs", work });
        }
        daemon.own::<B>(plan, configured, obey, &sentinel, finalizers)
    }
}

impl Daemon {
    fn own<B: OwnedRuntime>(
        &self,
        plan: Plan,
        configured: Configured,
        obey: Vec<Obey>,
        sentinel: &Arc<Sentinel>,
        finalizers: Vec<Finalizer>,
    ) -> Result<ExitReport, Error> {
        let options = options(&plan, &configured.0);
        let mut runtime = B::build(&options).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::Unsupported => ErrorKind::Config,
                _ => ErrorKind::Runtime,
            };
            let name = <B::Runtime as Runtime>::NAME;
            Error::new(kind, format!("the {name} runtime cannot be built: {error}"))
        })?;
        let handle = runtime.handle();
        let guard = Arc::clone(sentinel);
        let report = runtime.block_on(async {
            let runtime = handle.into();
            let signals = listen(&runtime, plan.actions)?;
            guard.listening();
            let observer = Observer::default();
            let guard = Some(guard);
            let setting =
                Setting { runtime, configured, obey, signals, guard, finalizers, observer };
            Ok::<_, Error>(self.execute(plan, setting).await)
        })?;
        if !report.has_zombies() {
            // Blocking work of nobody's may still be there: its time is the budget's.
            let left = runtime.shutdown(RUNTIME_GRACE);
            debug!(left.leaked_tasks, left.blocked_threads, "the runtime has stopped");
        }
        Ok(report)
    }
}

/// Gives the signals back, however `main` comes to its end. Until then the deadman counts.
struct Retire(Arc<Sentinel>);

impl Drop for Retire {
    fn drop(&mut self) {
        self.0.retire();
    }
}

/// How long the runtime's own threads have to end.
const RUNTIME_GRACE: Duration = Duration::from_millis(500);

/// What the program set, else what the configuration says.
fn options(plan: &Plan, snapshot: &Snapshot) -> RuntimeOptions {
    match (&plan.options, snapshot.config().worker_threads()) {
        (Some(options), _) => options.clone(),
        (None, Some(workers)) => RuntimeOptions::new().workers(workers.get()),
        (None, None) => RuntimeOptions::new(),
    }
}
