//! Where the daemons of the second level live: a real runtime, or the simulator with every law of the
//! framework on.
//!
//! A scenario is one function over [`World`]. What it lives leaves a [`Trace`](crate::order::Trace) of events
//! behind; the simulated ones say which order a real one must keep.

mod real;
mod simulated;

use std::time::Duration;

use proc_daemon::{Context, Daemon, DaemonBuilder, ExitReport, Signal};
use proc_daemon_runtime::AnyRuntime;

pub(crate) use real::Real;
pub(crate) use simulated::Simulated;

/// A world that daemons can be run in.
pub(crate) trait World: Sized + 'static {
    /// How often something is repeated of which once is too little.
    const MANY: usize;

    /// How long what must come at once is waited for.
    fn bound(&self) -> Duration;

    /// Runs what `plan` says while `script` acts on it from outside. The script sees to it that the daemon
    /// ends.
    fn live<F>(&self, plan: Plan, script: F) -> ExitReport
    where
        F: AsyncFnOnce(Stage) + 'static;

    /// Runs `plan` as `main` would, to the code that the process ends with; `script` acts from outside.
    fn main<F>(&self, plan: Plan, code: u8, script: F)
    where
        F: AsyncFnOnce(Stage) + Send + 'static;

    /// Has what `daemon` tells written down until the end of the life that follows.
    fn watch(&self, daemon: &Daemon);

    /// Blocks the thread that polls it for so long, with everything else on it; where time is virtual, the task alone.
    fn stall(ctx: &Context, length: Duration) -> impl Future<Output = ()> + Send;

    /// Runs `body` in a world of its own and ends that world.
    fn block_on<T>(&self, body: impl AsyncFnOnce(AnyRuntime) -> T) -> T;

    /// A daemon without signals that `body` of [`block_on`](Self::block_on) runs by itself.
    fn daemon(&self, builder: DaemonBuilder) -> Daemon {
        let daemon = builder.without_signals().build().expect("it is well-formed");
        self.watch(&daemon);
        daemon
    }

    /// Runs a daemon without signals to its end.
    fn run(&self, daemon: DaemonBuilder) -> ExitReport {
        self.script(daemon, async |control: Daemon| drop(control.stopped().await))
    }

    /// As [`run`](Self::run), with a daemon in which user code panics.
    fn run_with_panics(&self, daemon: DaemonBuilder) -> ExitReport {
        let plan = Plan::new(daemon).with_panics();
        self.live(plan, async |stage: Stage| drop(stage.daemon.stopped().await))
    }

    /// As [`live`](Self::live), with a daemon without signals.
    fn script<F>(&self, daemon: DaemonBuilder, script: F) -> ExitReport
    where
        F: AsyncFnOnce(Daemon) + 'static,
    {
        self.live(Plan::new(daemon), async move |stage: Stage| script(stage.daemon).await)
    }
}

/// What is to be lived.
pub(crate) struct Plan {
    daemon: DaemonBuilder,
    config: Option<String>,
    signals: bool,
    panics: bool,
}

impl Plan {
    /// A daemon without signals.
    pub(crate) fn new(daemon: DaemonBuilder) -> Self {
        Self { daemon, config: None, signals: false, panics: false }
    }

    /// With the signals of its own configuration. Handlers are process-wide: for a scenario in a process.
    pub(crate) fn with_signals(mut self) -> Self {
        self.signals = true;
        self
    }

    /// User code panics in it.
    pub(crate) fn with_panics(mut self) -> Self {
        self.panics = true;
        self
    }

    /// With this text as its configuration: a real file in a real world.
    pub(crate) fn with_config(mut self, text: &str) -> Self {
        self.config = Some(text.to_owned());
        self
    }

    fn builder(self) -> DaemonBuilder {
        if self.signals { self.daemon } else { self.daemon.without_signals() }
    }
}

/// What a script acts with.
pub(crate) struct Stage {
    pub(crate) daemon: Daemon,
    pub(crate) runtime: AnyRuntime,
    acts: Box<dyn Acts>,
}

/// What is done differently in a real world and in a simulated one.
trait Acts: Send {
    fn raise(&self, signal: Signal);
    fn edit(&self, text: &str);
}

impl Stage {
    /// A signal arrives.
    pub(crate) fn raise(&self, signal: Signal) {
        self.acts.raise(signal);
    }

    /// The text of the configuration is another one.
    pub(crate) fn edit(&self, text: &str) {
        self.acts.edit(text);
    }

    pub(crate) async fn until_ready(&self) {
        assert!(self.daemon.ready().await, "it will not be ready:\n{}", self.daemon.status());
    }
}
