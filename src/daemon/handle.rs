use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::task::{Context as TaskContext, Poll};

use parking_lot::Mutex;
use proc_daemon_runtime::{AnyRuntime, Instant};

use super::plan::{Plan, PlannedConfig};
use super::run::Observer;
use super::{DaemonBuilder, ExitReport, Status};
use crate::config::{Config, Explanation, IntoConfig};
use crate::error::Error;
use crate::reason::ShutdownReason;
use crate::reload::{Current, Snapshot};
use crate::shutdown::ShutdownCoordinator;
use crate::subsystem::{Board, Context, Report};
use crate::supervisor::{Events, Hub, SubsystemManager};
use crate::sync::{Latch, Mailbox, Ticket};

/// A daemon: runs it once, and controls it from anywhere. Clones share.
#[derive(Clone)]
pub struct Daemon {
    pub(super) inner: Arc<Inner>,
}

/// What all clones share. The run puts in what it learns; nothing is taken out again but the plan.
pub(super) struct Inner {
    pub(super) plan: Mutex<Option<Plan>>,
    pub(super) coordinator: ShutdownCoordinator,
    pub(super) mailbox: Arc<Mailbox<Report>>,
    pub(super) board: Arc<Board>,
    pub(super) hub: Arc<Hub>,
    /// As started, and what is in force.
    pub(super) current: OnceLock<(Arc<Snapshot>, Arc<Current>)>,
    pub(super) running: AtomicBool,
    report: OnceLock<ExitReport>,
    stopped: Latch,
}

/// Most events that are kept for a reader that does not say how many.
const EVENTS_KEPT: usize = 1024;

static DEFAULTS: LazyLock<Config> = LazyLock::new(Config::default);

impl Daemon {
    /// A builder with the default configuration. Reads no file.
    #[expect(clippy::new_ret_no_self, reason = "the name that 1.x gave it")]
    pub fn new() -> DaemonBuilder {
        Self::builder(Config::default())
    }

    /// A builder with a configuration: a [`Config`], a `Result` of one, or `Config::file(path)`, which
    /// is read once the signal handlers are in place.
    pub fn builder(config: impl IntoConfig) -> DaemonBuilder {
        DaemonBuilder::new(config)
    }

    /// A daemon that has yet to be given its plan: its mailbox is there before anything is checked.
    pub(super) fn unplanned() -> Self {
        let inner = Inner {
            plan: Mutex::new(None),
            coordinator: ShutdownCoordinator::default(),
            mailbox: Arc::default(),
            board: Arc::default(),
            hub: Arc::default(),
            current: OnceLock::new(),
            running: AtomicBool::new(false),
            report: OnceLock::new(),
            stopped: Latch::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn plan(self, mut plan: Plan) -> Self {
        self.inner.board.open(std::mem::take(&mut plan.rows), plan.graph.clone());
        if let Some(PlannedConfig::Read(snapshot, _)) = &plan.config {
            self.inner.publish_first(Arc::clone(snapshot));
        }
        *self.inner.plan.lock() = Some(plan);
        self
    }
}

/// # Running
impl Daemon {
    /// Runs on the runtime that this is polled on: tokio's current handle, else an async-std task, else
    /// smol's global executor, of those whose feature is on.
    ///
    /// Signal handlers are process-wide and stay: once the run has ended, its signals are swallowed unless
    /// the program listens to them itself.
    ///
    /// Dropping the future aborts every subsystem; [`stopped`](Self::stopped) then gives a report with
    /// code 124.
    ///
    /// # Errors
    ///
    /// No runtime, a bad configuration, a second run, or an end that is not clean; the error's
    /// [`report`](Error::report) tells all of that.
    pub async fn run(self) -> Result<(), Error> {
        self.run_to_report().await.into_result()
    }

    /// Runs on `runtime`.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), except that the runtime is there.
    pub fn run_on(
        self,
        runtime: impl Into<AnyRuntime>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let runtime = runtime.into();
        async move { self.adopt(Ok(runtime), Observer::default()).await.into_result() }
    }

    /// As [`run`](Self::run), and always gives a report.
    pub async fn run_to_report(self) -> ExitReport {
        self.adopt(crate::backends::ambient(), Observer::default()).await
    }
}

/// # Control
impl Daemon {
    /// Asks the daemon to end. True if this is the cause. Does not wait; see [`stopped`](Self::stopped).
    pub fn shutdown(&self) -> bool {
        self.shutdown_with("shutdown()")
    }

    /// Asks the daemon to end, with a reason.
    pub fn shutdown_with(&self, reason: impl Into<ShutdownReason>) -> bool {
        self.inner.coordinator.initiate_shutdown(reason)
    }

    /// Waits for the end of the run, by whomever it was begun. Cancel-safe.
    pub fn stopped(&self) -> impl Future<Output = ExitReport> + Send + use<> {
        Stopped { inner: Arc::clone(&self.inner), ticket: Ticket::default() }
    }

    /// Waits until every subsystem is ready. False if a shutdown began before that. Cancel-safe.
    ///
    /// A subsystem that awaits it must be ready itself, or it waits for itself.
    pub fn ready(&self) -> impl Future<Output = bool> + Send + use<> {
        let mut waiting = Ready { inner: Arc::clone(&self.inner), ticket: Ticket::default() };
        poll_fn(move |cx| {
            let Ready { inner, ticket } = &mut waiting;
            inner.board.poll_settled(ticket, cx)
        })
    }

    /// Control of its subsystems while it runs.
    #[must_use]
    pub fn subsystems(&self) -> SubsystemManager {
        let (mailbox, board) = (Arc::clone(&self.inner.mailbox), Arc::clone(&self.inner.board));
        SubsystemManager::new(mailbox, board, None)
    }

    /// Whether it has begun to run and not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.inner.running.load(Ordering::Acquire)
    }
}

/// # Looking
impl Daemon {
    /// The present moment by the runtime's clock, by which all moments of a [`Status`] and of events are: 0 before
    /// the run, and after it the moment of its end.
    ///
    /// A status says how long ago and in how long by itself: [`SubsystemStatus::state_for`](crate::SubsystemStatus::state_for),
    /// [`SubsystemStatus::restart_in`](crate::SubsystemStatus::restart_in). For an event, `daemon.now().since(event.at())`.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.inner.board.now()
    }

    /// The state of every subsystem.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::read(&self.inner)
    }

    /// The same as [`status`](Self::status), by its name in 1.x.
    #[must_use]
    pub fn get_stats(&self) -> Status {
        self.status()
    }

    /// The configuration as started; the defaults until it has been read.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.inner.current.get().map_or(&*DEFAULTS, |(started, _)| started.config())
    }

    /// The current configuration.
    #[must_use]
    pub fn config_snapshot(&self) -> Arc<Config> {
        match self.inner.current() {
            Some(current) => Arc::clone(current.load().config()),
            None => Arc::new(DEFAULTS.clone()),
        }
    }

    /// Where the value of `key` in the current configuration comes from; see [`Config::explain`].
    ///
    /// ```
    /// use proc_daemon::{ConfigSource, Daemon};
    ///
    /// let source = ConfigSource::text("[shutdown]\ngraceful = 1000").set("shutdown.timeout_ms", 5000);
    /// let daemon = Daemon::builder(source.load()).with_task("job", |_| async { Ok(()) }).build()?;
    /// assert_eq!(
    ///     daemon.explain("shutdown.timeout_ms").unwrap().to_string(),
    ///     "shutdown.timeout_ms = 5s: set in code, over <text>:2:1, over the default"
    /// );
    /// # Ok::<(), proc_daemon::error::BuildError>(())
    /// ```
    #[must_use]
    pub fn explain(&self, key: &str) -> Option<Explanation> {
        self.config_snapshot().explain(key)
    }

    /// The settings of type `T`, if a section of that type was registered and has been read.
    #[must_use]
    pub fn settings<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.inner.current()?.load().get()
    }
}

/// # Events
impl Daemon {
    /// What happens from now on, in a queue of 1024 events; see [`Events`].
    ///
    /// Whoever subscribes first and looks at the [`status`](Self::status) then misses no change: one that the status
    /// does not show is in the queue. Subscribed before the run, it begins with the first event.
    ///
    /// ```
    /// use proc_daemon::sim::Sim;
    /// use proc_daemon::{Daemon, SubsystemEvent};
    ///
    /// let daemon = Daemon::new().with_task("job", |_| async { Ok(()) });
    /// let life = Sim::new(7).daemon(daemon).script(|stage| async move {
    ///     let mut events = stage.daemon().subscribe_events();
    ///     while let Some(event) = events.next_event().await {
    ///         match event {
    ///             SubsystemEvent::Ended { name, end, .. } if end.is_failure() => panic!("{name} failed"),
    ///             event => println!("{event}"),
    ///         }
    ///     }
    /// });
    /// assert!(life.expect_clean().is_clean());
    /// ```
    ///
    /// A subsystem that waits for the last event waits for itself: it reads until it is asked to stop.
    pub fn subscribe_events(&self) -> Events {
        self.subscribe_events_with(EVENTS_KEPT)
    }

    /// As [`subscribe_events`](Self::subscribe_events), in a queue of `capacity` events; 0 is 1. It grows up to that
    /// as it fills. A start or a shutdown tells several events about each subsystem at once.
    pub fn subscribe_events_with(&self, capacity: usize) -> Events {
        self.hub().subscribe(capacity)
    }

    /// Where its events are published.
    pub(crate) fn hub(&self) -> &Hub {
        &self.inner.hub
    }
}

impl Inner {
    /// What is in force; none before it was read.
    pub(super) fn current(&self) -> Option<&Arc<Current>> {
        self.current.get().map(|(_, current)| current)
    }

    /// The configuration has been read. The first call counts.
    pub(super) fn publish_first(&self, snapshot: Arc<Snapshot>) -> Arc<Current> {
        let first = || (Arc::clone(&snapshot), Arc::new(Current::new(snapshot)));
        Arc::clone(&self.current.get_or_init(first).1)
    }

    /// Tells the end. The first call counts.
    pub(super) fn publish(&self, report: &ExitReport) {
        if self.report.set(report.clone()).is_ok() {
            self.running.store(false, Ordering::Release);
            // Whoever waits for the answer to a call learns that there is none.
            self.mailbox.close();
            let was_ready = self.board.is_ready();
            self.board.set_ready(false);
            self.board.close();
            let at = report.inner.now.max(self.board.now());
            self.board.clock_stops(at);
            self.stopped.set();
            self.hub.stopped(report.code, self.coordinator.reason(), was_ready, report.inner.now);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}

/// # Control
impl Context {
    /// The daemon that this subsystem belongs to.
    ///
    /// # Panics
    ///
    /// Never: a context is made by a daemon.
    #[must_use]
    pub fn daemon(&self) -> Daemon {
        let port = Arc::clone(&self.run().shared.port);
        let inner = port.downcast::<Inner>().expect("the port is the daemon's own");
        Daemon { inner }
    }
}

impl fmt::Debug for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Daemon").field("running", &self.is_running()).finish_non_exhaustive()
    }
}

/// A place among those who wait for readiness.
struct Ready {
    inner: Arc<Inner>,
    ticket: Ticket,
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.inner.board.leave(&mut self.ticket);
    }
}

/// Resolves with the report.
struct Stopped {
    inner: Arc<Inner>,
    ticket: Ticket,
}

impl Future for Stopped {
    type Output = ExitReport;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<ExitReport> {
        let this = self.get_mut();
        std::task::ready!(this.inner.stopped.poll_wait(&mut this.ticket, cx));
        match this.inner.report.get() {
            Some(report) => Poll::Ready(report.clone()),
            None => Poll::Pending,
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.inner.stopped.leave(&mut self.ticket);
    }
}
