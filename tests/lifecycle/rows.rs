//! The rows: where the daemons of a body live.

use std::marker::PhantomData;
use std::thread;
use std::time::Duration;

use proc_daemon::backends::sim::{SimOptions, Simulator};
use proc_daemon::runtime::{AnyRuntime, OwnedRuntime, RuntimeOptions, Task};
use proc_daemon::sim::{Policy, Sim, Verdict};
use proc_daemon::{Daemon, DaemonBuilder, ExitReport};

/// A world that daemons can be run in, without signals.
pub(crate) trait Row {
    /// How often something is repeated of which once is too little.
    const MANY: usize;

    /// Runs a daemon to its end.
    fn run(&self, daemon: DaemonBuilder) -> ExitReport {
        self.script(daemon, async |control| drop(control.stopped().await))
    }

    /// As [`run`](Self::run), with a daemon in which user code panics.
    fn run_with_panics(&self, daemon: DaemonBuilder) -> ExitReport {
        self.run(daemon)
    }

    /// Runs a daemon while `script` acts on it from outside. The script sees to it that the daemon ends.
    fn script<F>(&self, daemon: DaemonBuilder, script: F) -> ExitReport
    where
        F: AsyncFnOnce(Daemon) + 'static;

    /// Runs `body` in a world of its own and ends that world.
    fn block_on<T>(&self, body: impl AsyncFnOnce(AnyRuntime) -> T) -> T;
}

/// A real runtime, built anew for each daemon.
pub(crate) struct Real<B> {
    options: RuntimeOptions,
    runtime: PhantomData<B>,
}

impl<B: OwnedRuntime> Real<B> {
    pub(crate) fn new(options: RuntimeOptions) -> Self {
        Self { options, runtime: PhantomData }
    }
}

impl<B: OwnedRuntime> Row for Real<B> {
    const MANY: usize = 1_000_000;

    fn script<F>(&self, daemon: DaemonBuilder, script: F) -> ExitReport
    where
        F: AsyncFnOnce(Daemon) + 'static,
    {
        let daemon = daemon.without_signals().build().expect("it is well-formed");
        self.block_on(async |runtime: AnyRuntime| {
            let run = daemon.clone().run_on(runtime.clone());
            let run = Task::spawn_on(&runtime, "run".into(), run);
            script(daemon.clone()).await;
            let report = daemon.stopped().await;
            let ran = run.await.expect("the run does not panic");
            assert_eq!(ran.is_ok(), report.is_clean());
            report
        })
    }

    fn block_on<T>(&self, body: impl AsyncFnOnce(AnyRuntime) -> T) -> T {
        let mut runtime = B::build(&self.options).expect("this row can be built");
        let handle = AnyRuntime::from(runtime.handle());
        let value = runtime.block_on(body(handle));
        let _ = runtime.shutdown(Duration::from_secs(5));
        value
    }
}

/// A simulated world: what a seed makes of it, in one order of polls. Every law must hold.
#[derive(Debug)]
pub(crate) struct Simulated {
    seed: u64,
    policy: Policy,
}

impl Simulated {
    fn lived<F>(sim: Sim, daemon: DaemonBuilder, script: F) -> ExitReport
    where
        F: AsyncFnOnce(Daemon) + 'static,
    {
        let sim = sim.daemon(daemon.without_signals());
        let life = sim.script(|stage| async move { script(stage.daemon()).await });
        match life.verdict() {
            // A daemon that does not begin is none to simulate, and its report says why.
            Verdict::Refused(_) => life.report().clone(),
            _ => life.expect_clean(),
        }
    }

    fn sim(&self) -> Sim {
        Sim::new(self.seed).policy(self.policy)
    }
}

impl Row for Simulated {
    const MANY: usize = 1_000;

    fn run_with_panics(&self, daemon: DaemonBuilder) -> ExitReport {
        let sim = self.sim().allow_panics();
        Self::lived(sim, daemon, async |control: Daemon| drop(control.stopped().await))
    }

    fn script<F>(&self, daemon: DaemonBuilder, script: F) -> ExitReport
    where
        F: AsyncFnOnce(Daemon) + 'static,
    {
        Self::lived(self.sim(), daemon, script)
    }

    fn block_on<T>(&self, body: impl AsyncFnOnce(AnyRuntime) -> T) -> T {
        let mut options = SimOptions::default();
        options.policy = Some(self.policy);
        let mut world = Simulator::seeded(self.seed, &options);
        let handle = AnyRuntime::from(world.handle());
        world.block_on(body(handle))
    }
}

/// Says which life it was, if this is dropped by a panic.
impl Drop for Simulated {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the row was {self:?}");
        }
    }
}

/// So many seeds for each policy.
const SEEDS: u64 = 8;

/// Lives `body` in every order of polls, in worlds of several seeds.
pub(crate) fn in_simulation(body: impl Fn(&Simulated)) {
    for policy in Policy::ALL {
        for seed in 0..SEEDS {
            body(&Simulated { seed, policy });
        }
    }
}

/// Makes one test of each body for each row.
#[macro_export]
macro_rules! on_every_row {
    ($($test:ident),+ $(,)?) => {
        $crate::on_every_runtime!($($test),+);
        mod simulated {
            $(
                #[test]
                fn $test() {
                    $crate::rows::in_simulation(super::$test);
                }
            )+
        }
    };
}

/// Makes one test of each body for each real runtime.
#[macro_export]
macro_rules! on_every_runtime {
    ($($test:ident),+ $(,)?) => {
        $crate::row!(tokio, proc_daemon_tokio::Tokio, proc_daemon::RuntimeOptions::new(), $($test),+);
        $crate::row!(tokio_one_worker, proc_daemon_tokio::Tokio,
            proc_daemon::RuntimeOptions::new().workers(1), $($test),+);
        $crate::row!(tokio_current_thread, proc_daemon_tokio::Tokio,
            proc_daemon::RuntimeOptions::new().current_thread(), $($test),+);
        $crate::row!(async_std, proc_daemon_async_std::AsyncStd, proc_daemon::RuntimeOptions::new(), $($test),+);
        $crate::row!(smol, proc_daemon_smol::Smol, proc_daemon::RuntimeOptions::new(), $($test),+);
        $crate::row!(smol_current_thread, proc_daemon_smol::Smol,
            proc_daemon::RuntimeOptions::new().current_thread(), $($test),+);
    };
}

/// One real runtime.
#[macro_export]
macro_rules! row {
    ($name:ident, $runtime:ty, $options:expr, $($test:ident),+) => {
        mod $name {
            $(
                #[test]
                fn $test() {
                    super::$test(&$crate::rows::Real::<$runtime>::new($options));
                }
            )+
        }
    };
}
