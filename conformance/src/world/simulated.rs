use std::rc::Rc;
use std::time::Duration;

use proc_daemon::backends::sim::{SimOptions, Simulator};
use proc_daemon::sim::{Policy, Sim, Stage as SimStage, Verdict};
use proc_daemon::{Context, Daemon, ExitReport, Signal};
use proc_daemon_runtime::{AnyRuntime, OwnedRuntime};

use super::{Acts, Plan, Stage, World};
use crate::order::{Trace, Traces};
use crate::trial::LIMIT;

/// A simulated world: what a seed makes of it, in one order of polls. Every law of the framework must hold.
pub(crate) struct Simulated {
    pub(crate) seed: u64,
    pub(crate) policy: Policy,
    traces: Rc<Traces>,
}

struct SimActs(SimStage);

impl Simulated {
    pub(crate) fn new(seed: u64, policy: Policy) -> Self {
        Self { seed, policy, traces: Rc::default() }
    }

    /// What the daemons have told, in the order in which they were lived.
    pub(crate) fn into_traces(self) -> Vec<Trace> {
        self.traces.take()
    }
}

impl World for Simulated {
    const MANY: usize = 1_000;

    fn bound(&self) -> Duration {
        LIMIT / 3
    }

    fn live<F>(&self, plan: Plan, script: F) -> ExitReport
    where
        F: AsyncFnOnce(Stage) + 'static,
    {
        let mut sim = Sim::new(self.seed).policy(self.policy);
        if plan.panics {
            sim = sim.allow_panics();
        }
        if let Some(text) = &plan.config {
            sim = sim.config_text(text);
        }
        let traces = Rc::clone(&self.traces);
        let life = sim.daemon(plan.builder()).script(async move |stage: SimStage| {
            let daemon = stage.daemon();
            traces.watch(&daemon);
            let runtime = AnyRuntime::from(
                <proc_daemon::backends::sim::SimHandle as proc_daemon_runtime::Ambient>::current()
                    .expect("a script is polled in its world"),
            );
            script(Stage { daemon, runtime, acts: Box::new(SimActs(stage)) }).await;
        });
        let report = match life.verdict() {
            // A daemon that does not begin is none to simulate, and its report says why.
            Verdict::Refused(_) => life.report().clone(),
            _ => life.expect_clean(),
        };
        self.traces.end();
        report
    }

    fn main<F>(&self, plan: Plan, code: u8, script: F)
    where
        F: AsyncFnOnce(Stage) + Send + 'static,
    {
        let report = self.live(plan, script);
        assert_eq!(report.code, code, "{report}");
    }

    async fn stall(ctx: &Context, length: Duration) {
        ctx.runtime().sleep(length).await;
    }

    fn watch(&self, daemon: &Daemon) {
        self.traces.watch(daemon);
    }

    fn block_on<T>(&self, body: impl AsyncFnOnce(AnyRuntime) -> T) -> T {
        let mut options = SimOptions::default();
        options.policy = Some(self.policy);
        let mut world = Simulator::seeded(self.seed, &options);
        let handle = AnyRuntime::from(world.handle());
        let value = world.block_on(body(handle));
        drop(world);
        self.traces.end();
        value
    }
}

impl Acts for SimActs {
    fn raise(&self, signal: Signal) {
        self.0.raise(signal);
    }

    fn edit(&self, text: &str) {
        self.0.edit_config(text);
    }
}
