use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon::{Context, Daemon, DaemonBuilder, ExitReport, Signal};
use proc_daemon_runtime::{AnyRuntime, OwnedRuntime, Task, TaskName};
use tempfile::TempDir;

use super::{Acts, Plan, Stage, World};
use crate::bound::within;
use crate::lab::{Roll, caught};
use crate::order::{Trace, Traces};
use crate::variant::{Raise, Variant};

/// A real runtime, built anew for each daemon.
pub(crate) struct Real<B: OwnedRuntime> {
    variant: Variant<B>,
    roll: Roll,
    folder: RefCell<Option<TempDir>>,
    traces: Traces,
    code: Cell<Option<ExitCode>>,
}

struct RealActs<B: OwnedRuntime> {
    runtime: B::Runtime,
    raise: Raise<B>,
    file: Option<PathBuf>,
}

impl<B: OwnedRuntime> Real<B> {
    pub(crate) fn new(variant: &Variant<B>, roll: &Roll) -> Self {
        Self {
            variant: variant.clone(),
            roll: roll.clone(),
            folder: RefCell::default(),
            traces: Traces::default(),
            code: Cell::default(),
        }
    }

    /// What the daemons have told, in the order in which they were lived.
    pub(crate) fn into_traces(self) -> Vec<Trace> {
        self.traces.take()
    }

    /// What the process is to end with, if a scenario says so.
    pub(crate) const fn code(&self) -> Option<ExitCode> {
        self.code.get()
    }

    /// How long a life is waited for that must come to its end without delay.
    fn life_bound(&self) -> Duration {
        2 * self.roll.bound()
    }

    /// The builder with its configuration in a file, and that file.
    fn prepare(&self, plan: Plan) -> (DaemonBuilder, Option<PathBuf>) {
        let Some(text) = plan.config.clone() else {
            return (plan.builder(), None);
        };
        let folder = tempfile::tempdir().expect("a folder for the configuration");
        let file = folder.path().join("daemon.toml");
        std::fs::write(&file, text).expect("a file for the configuration");
        let builder = plan.builder().with_config_path(&file);
        *self.folder.borrow_mut() = Some(folder);
        (builder, Some(file))
    }
}

impl<B: OwnedRuntime + 'static> World for Real<B> {
    const MANY: usize = 1_000_000;

    fn bound(&self) -> Duration {
        self.roll.bound()
    }

    fn live<F>(&self, plan: Plan, script: F) -> ExitReport
    where
        F: AsyncFnOnce(Stage) + 'static,
    {
        let (builder, file) = self.prepare(plan);
        let daemon = builder.build().expect("it is well-formed");
        self.watch(&daemon);
        let mut owned = self.variant.build().expect("this row can be built");
        let runtime = AnyRuntime::from(owned.handle());
        let acts =
            RealActs::<B> { runtime: owned.handle(), raise: Arc::clone(&self.variant.raise), file };
        let acted = Cell::new(false);
        let life = async {
            let run = daemon.clone().run_on(runtime.clone());
            let run = Task::spawn_on(&runtime, TaskName::literal("run"), run);
            let stage =
                Stage { daemon: daemon.clone(), runtime: runtime.clone(), acts: Box::new(acts) };
            script(stage).await;
            acted.set(true);
            let report = daemon.stopped().await;
            let ran = run.await.expect("the run does not panic");
            assert_eq!(ran.is_ok(), report.is_clean(), "{report}");
            report
        };
        let bound = self.life_bound();
        let report = owned.block_on(within(bound, life)).unwrap_or_else(|| {
            let what = if acted.get() { "the daemon has not ended" } else { "nothing goes on" };
            panic!("after {bound:?} {what}:\n{}", daemon.status())
        });
        let _ = owned.shutdown(self.bound());
        self.traces.end();
        report
    }

    fn main<F>(&self, plan: Plan, _: u8, script: F)
    where
        F: AsyncFnOnce(Stage) + Send + 'static,
    {
        // `main_on` makes a runtime of its own, which tells of itself from inside alone. What a signal is raised with
        // is a handle of this one, which has ended.
        let (builder, file) = self.prepare(plan);
        let acts = {
            let owned = self.variant.build().expect("this row can be built");
            let runtime = owned.handle();
            let _ = owned.shutdown(Duration::ZERO);
            RealActs::<B> { runtime, raise: Arc::clone(&self.variant.raise), file }
        };
        let (sender, receiver) = std::sync::mpsc::channel();
        let builder =
            builder.runtime_options(self.variant.options.clone()).with_task("stage", move |ctx| {
                let _ = sender.send((ctx.daemon(), ctx.runtime().clone()));
                async move {
                    ctx.cancelled().await;
                    Ok(())
                }
            });
        let stagehand = std::thread::spawn(move || {
            let Ok((daemon, runtime)) = receiver.recv() else { return Ok(()) };
            let daemon_of_script: proc_daemon::Daemon = daemon.clone();
            let stage = Stage { daemon, runtime, acts: Box::new(acts) };
            let played = caught(|| futures_lite::future::block_on(script(stage)));
            if played.is_err() {
                daemon_of_script.shutdown();
            }
            played
        });
        let code = builder.main_on::<B>();
        if let Ok(Err(said)) = stagehand.join() {
            panic!("the script: {said}");
        }
        self.code.set(Some(code));
    }

    async fn stall(_: &Context, length: Duration) {
        std::thread::sleep(length);
    }

    fn watch(&self, daemon: &Daemon) {
        self.traces.watch(daemon);
        self.roll.daemon(daemon);
    }

    fn block_on<T>(&self, body: impl AsyncFnOnce(AnyRuntime) -> T) -> T {
        let mut owned = self.variant.build().expect("this row can be built");
        let handle = AnyRuntime::from(owned.handle());
        let bound = self.life_bound();
        let value = owned.block_on(within(bound, body(handle)));
        let value =
            value.unwrap_or_else(|| panic!("after {bound:?} nothing goes on:{}", self.roll.dump()));
        let _ = owned.shutdown(self.bound());
        self.traces.end();
        value
    }
}

impl<B: OwnedRuntime> Acts for RealActs<B> {
    fn raise(&self, signal: Signal) {
        (self.raise)(&self.runtime, signal);
    }

    /// Written beside it and renamed over it, as editors do.
    fn edit(&self, text: &str) {
        let file = self.file.as_ref().expect("the plan has a configuration");
        let fresh = file.with_extension("new");
        std::fs::write(&fresh, text).expect("the folder can be written to");
        std::fs::rename(&fresh, file).expect("the folder can be written to");
    }
}
