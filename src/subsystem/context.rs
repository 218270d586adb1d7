use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use arc_swap::Guard;
use proc_daemon_runtime::{AnyRuntime, Instant, TaskName};

use super::cancelled::Cancelled;
use super::child::Child;
use super::in_flight::{Drained, InFlight};
use super::interval::Interval;
use super::run::{Run, Told};
use crate::boxed::Result;
use crate::config::Config;
use crate::exit::Exit;
use crate::id::SubsystemId;
use crate::reason::ShutdownReason;
use crate::reload::Snapshot;
use crate::shutdown::{Elapsed, ShutdownCoordinator, Stopping};
use crate::sync::Race;

/// What a subsystem is handed: its stop request, time, children, configuration.
///
/// A clone is one count and means the same start of the same subsystem. It has no runtime parameter: a
/// subsystem written once runs on every backend.
pub struct Context {
    run: Arc<Run>,
    /// The generation of the configuration that this has read last.
    seen: AtomicU64,
}

impl Context {
    pub(crate) fn new(run: Arc<Run>) -> Self {
        let seen = AtomicU64::new(run.current.generation());
        Self { run, seen }
    }

    pub(crate) fn run(&self) -> &Arc<Run> {
        &self.run
    }

    /// The subsystem's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.run.row().name
    }

    /// The subsystem's number in its daemon.
    #[must_use]
    pub fn id(&self) -> SubsystemId {
        SubsystemId::new(self.run.unit)
    }

    /// Which start of the subsystem this is; 1 for the first.
    #[must_use]
    pub fn generation(&self) -> u64 {
        u64::from(self.run.generation)
    }

    /// The runtime that the daemon runs on.
    #[must_use]
    pub fn runtime(&self) -> &AnyRuntime {
        &self.run.shared.runtime
    }
}

/// # Being asked to stop
///
/// These speak of this subsystem's own turn: its dependents have ended. That the daemon as a whole is
/// going down is [`shutdown_announced`](Context::shutdown_announced), which comes earlier.
impl Context {
    /// Resolves when this subsystem is asked to stop. `'static`, cancel-safe.
    pub fn cancelled(&self) -> Cancelled {
        Cancelled::new(Arc::clone(&self.run))
    }

    /// Whether this subsystem has been asked to stop.
    #[must_use]
    pub fn is_shutdown(&self) -> bool {
        self.run.stop.is_set()
    }

    /// Why the daemon is going down, from the moment that is announced.
    #[must_use]
    pub fn shutdown_reason(&self) -> Option<ShutdownReason> {
        self.run.shared.coordinator.reason()
    }

    /// The time until this subsystem is aborted; none before it is asked to stop, zero when it is over.
    #[must_use]
    pub fn time_remaining(&self) -> Option<Duration> {
        self.run.time_remaining()
    }

    /// Runs `future` until it resolves or the subsystem is asked to stop, whichever is first; a stop wins
    /// a tie. The future is dropped at a stop: use it for what is cancel-safe, such as `accept`.
    ///
    /// # Errors
    ///
    /// [`Stopping`].
    pub fn run_until_cancelled<F: Future>(
        &self,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Stopping>> + use<F> {
        let cancelled = self.cancelled();
        let run = Arc::clone(&self.run);
        async move { Race::new(cancelled, future).await.map_or_else(Ok, |()| Err(stopping(&run))) }
    }

    /// Resolves at once when the daemon is going down, whatever this subsystem's place in the order.
    /// Cancel-safe.
    pub fn shutdown_announced(&self) -> impl Future<Output = ()> + Send + use<> {
        self.run.shared.coordinator.announced()
    }

    /// Asks the daemon to end. True if this is the cause; see
    /// [`ShutdownCoordinator::initiate_shutdown`]. Returns at once: the stop reaches this subsystem in
    /// its turn.
    pub fn shutdown(&self, reason: impl Into<ShutdownReason>) -> bool {
        self.run.shared.coordinator.initiate_shutdown(reason)
    }

    /// A handle that can ask the daemon to end.
    #[must_use]
    pub fn shutdown_handle(&self) -> ShutdownCoordinator {
        self.run.shared.coordinator.clone()
    }
}

/// # Time
///
/// The runtime's clock: virtual in a simulation.
impl Context {
    /// The current moment.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.run.shared.runtime.now()
    }

    /// The wall clock. It may jump; nothing is scheduled by it.
    #[must_use]
    pub fn wall_clock(&self) -> SystemTime {
        self.run.shared.runtime.wall_clock()
    }

    /// Sleeps, unless it is asked to stop: work that is to outlast the stop request sleeps with
    /// `ctx.runtime().sleep(..)`. Never early; as late as the backend's timers are coarse. Cancel-safe. The time runs from
    /// this call.
    ///
    /// # Errors
    ///
    /// [`Stopping`] as soon as the subsystem is asked to stop.
    pub fn sleep(
        &self,
        duration: Duration,
    ) -> impl Future<Output = Result<(), Stopping>> + Send + use<> {
        self.run_until_cancelled(self.run.shared.runtime.sleep(duration))
    }

    /// Runs `future` for at most `duration`, from this call; the future wins a tie. It is dropped when
    /// the time is over. A stop request does not end it.
    ///
    /// # Errors
    ///
    /// [`Elapsed`].
    pub fn timeout<F: Future>(
        &self,
        duration: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Elapsed>> + use<F> {
        let sleep = self.run.shared.runtime.sleep(duration);
        async move { Race::new(future, sleep).await.map_err(|()| Elapsed) }
    }

    /// Ticks every `every`, the first time at once. A period below 1 ms is taken as 1 ms.
    pub fn interval(&self, every: Duration) -> Interval {
        Interval::new(Arc::clone(&self.run), every)
    }
}

/// # Telling
impl Context {
    /// Says that this subsystem may receive work: what requires it starts now. Once is enough. A
    /// subsystem without [`Spec::explicit_ready`](crate::Spec::explicit_ready) is ready when its first
    /// poll returns, or earlier by this.
    pub fn ready(&self) {
        self.run.ready();
    }

    /// Gives a sign of life: for [`Spec::heartbeat`](crate::Spec::heartbeat). One store; the last one counts.
    pub fn beat(&self) {
        self.run.beat();
    }

    /// Notes a piece of work in flight, until the guard is dropped. What it waits for with
    /// [`sleep`](Self::sleep) or [`run_until_cancelled`](Self::run_until_cancelled) ends at the stop request
    /// all the same.
    pub fn in_flight(&self) -> InFlight {
        InFlight::enter(Arc::clone(&self.run))
    }

    /// Resolves when nothing is in flight. Cancel-safe.
    pub fn drained(&self) -> impl Future<Output = ()> + Send + use<> {
        Drained::new(Arc::clone(&self.run))
    }
}

/// # Ending
impl Context {
    /// Says what is to become of this subsystem, or of the daemon, once `run` returns:
    /// `return ctx.end(Exit::DoNotRestart)`, or with an error `ctx.end(exit)?; return Err(error)`. The last call
    /// counts.
    ///
    /// # Errors
    ///
    /// Never; the result is `run`'s.
    pub fn end(&self, exit: Exit) -> Result<()> {
        self.run.set_exit(exit);
        Ok(())
    }
}

/// # Children
///
/// No child outlives its subsystem. When `run` returns, children go on while an [`InFlight`] is alive, up
/// to the grace; then those that are left are aborted and joined.
impl Context {
    /// Spawns a child.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Child<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Child::spawn(&self.run, None, future)
    }

    /// Spawns a child with a name of its own, which the error says if the child panics and nobody joins it.
    #[track_caller]
    pub fn spawn_named<F>(&self, name: impl Into<TaskName>, future: F) -> Child<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Child::spawn(&self.run, Some(name.into()), future)
    }

    /// Runs `work` on a thread that may block. Started work cannot be aborted: a subsystem whose work
    /// outlasts its grace is left behind and named.
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, work: F) -> Child<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Child::spawn_blocking(&self.run, work)
    }
}

/// # Configuration
///
/// What is in force: the next call may read another configuration, each reads one. A context knows which it has read
/// last; a clone has read what its original had.
impl Context {
    /// The configuration, whole.
    #[must_use]
    #[inline]
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(self.look().config())
    }

    /// Reads the configuration without touching a count.
    #[inline]
    pub fn with_config<T>(&self, read: impl FnOnce(&Config) -> T) -> T {
        read(self.look().plain())
    }

    /// The settings of type `T`: from a section that this subsystem owns, else from any registered one.
    ///
    /// # Panics
    ///
    /// If no section of that type was registered; the text names the type and what was.
    #[must_use]
    #[track_caller]
    pub fn settings<T: Send + Sync + 'static>(&self) -> Arc<T> {
        match self.try_settings() {
            Some(settings) => settings,
            None => panic!(
                "no settings of type `{}` in subsystem `{}`; registered: {}",
                type_name::<T>(),
                self.name(),
                self.look().describe_sections(),
            ),
        }
    }

    /// As [`settings`](Self::settings); none if no section of that type was registered.
    #[must_use]
    pub fn try_settings<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.look().get_own(self.run.row().sections())
    }

    /// The settings of type `T` registered for `section`.
    #[must_use]
    pub fn settings_at<T: Send + Sync + 'static>(&self, section: &str) -> Option<Arc<T>> {
        self.look().get_at(section)
    }

    /// Resolves with the generation of the configuration once that is a later one than this context has read last, or
    /// was told of by this: no edit is missed, and of several the last is told. Cancel-safe.
    ///
    /// ```
    /// # use proc_daemon::{Context, Result};
    /// # #[derive(serde::Deserialize)] struct Greeting { text: String }
    /// # async fn run(ctx: Context) -> Result<()> {
    /// loop {
    ///     println!("{}", ctx.settings::<Greeting>().text);
    ///     ctx.config_changed().await?;
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Stopping`] as soon as the subsystem is asked to stop.
    pub async fn config_changed(&self) -> Result<u64, Stopping> {
        let changed = self.run.current.changed(&self.seen);
        Race::new(self.cancelled(), changed).await.map_or_else(Ok, |()| Err(stopping(&self.run)))
    }

    /// What is in force; this context has read it.
    #[inline]
    fn look(&self) -> Guard<Arc<Snapshot>> {
        let snapshot = self.run.current.load();
        let generation = snapshot.generation();
        // Threads that share a context would take the line of memory from each other.
        if self.seen.load(Ordering::Relaxed) != generation {
            self.seen.store(generation, Ordering::Relaxed);
        }
        snapshot
    }
}

impl Clone for Context {
    fn clone(&self) -> Self {
        let seen = self.seen.load(Ordering::Relaxed);
        Self { run: Arc::clone(&self.run), seen: AtomicU64::new(seen) }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("name", &self.name())
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}

/// Notes that this generation was told, so that its error can be taken as the answer.
fn stopping(run: &Run) -> Stopping {
    run.tell(Told::Stopping);
    Stopping
}
