//! How one life is lived: the daemon on the simulated runtime, seen by the observer and the wrappers, until
//! it is over; then what became of it.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use proc_daemon_runtime::{
    AnyRuntime, OwnedRuntime, Runtime, Signal, SignalSet, SignalSource, Task, TaskName, Timer,
    catch,
};

use super::laws::{self, Found};
use super::life::Life;
use super::past::Past;
use super::stage::Stage;
use super::story::{Dumps, Observer, SharedStory, Story};
use super::subject::Sim;
use super::wrap::Wrapper;
use crate::backends::sim::Verdict;
use crate::config::Edited;
use crate::daemon::{Daemon, ExitReport, Observer as Observers, Unfit};

/// How long a daemon lives before it is asked to end, unless its faults go on longer.
const LASTING: Duration = Duration::from_secs(30);

/// # Living
impl Sim {
    /// Lives: the daemon runs until it ends by itself or its time is over; then it is asked to end, by
    /// `SIGTERM` if it handles that.
    pub fn run(self) -> Life {
        let lasting = self.horizon();
        self.live(lasting, move |stage: Stage| async move {
            let mut stopped = Box::pin(stage.daemon.stopped());
            let mut time = Box::pin(stage.handle.timer().sleep(lasting));
            std::future::poll_fn(|cx| match stopped.as_mut().poll(cx) {
                std::task::Poll::Ready(_) => std::task::Poll::Ready(()),
                std::task::Poll::Pending => time.as_mut().poll(cx),
            })
            .await;
        })
    }

    /// Lives while `script` acts: once it has returned, the daemon is asked to end if it has not. A panic of
    /// the script is the verdict. Faults come within [`lasting`](Self::lasting), however long the script is.
    pub fn script<F, Fut>(self, script: F) -> Life
    where
        F: FnOnce(Stage) -> Fut,
        Fut: Future<Output = ()> + 'static,
    {
        let lasting = self.horizon();
        self.live(lasting, script)
    }

    /// Until when faults come, and `run` lets it live.
    fn horizon(&self) -> Duration {
        let quiet = self.faults.quiet_after.unwrap_or(Duration::ZERO);
        self.lasting.unwrap_or(quiet.saturating_add(LASTING))
    }

    fn live<F, Fut>(mut self, lasting: Duration, script: F) -> Life
    where
        F: FnOnce(Stage) -> Fut,
        Fut: Future<Output = ()> + 'static,
    {
        let edited = Edited::default();
        let daemon = match self.build(&edited) {
            Ok(daemon) => daemon,
            Err(verdict) => return self.over_at_once(verdict),
        };
        let handle = self.world.handle();
        let story = Story::new(handle.clone());
        let faults = std::mem::take(&mut self.faults).settle(&handle);
        faults.schedule(&handle, lasting);
        self.options.stuck_blocking = faults.stuck_blocking;
        self.options.stuck_until = faults.quiet_after.unwrap_or(Duration::MAX);
        self.world.configure(&self.options);
        let wrapper = Wrapper {
            story: Arc::clone(&story),
            handle: handle.clone(),
            faults,
            lasting,
            panics_allowed: self.panics_allowed,
        };
        let observer = Observers {
            watch: Some(Box::new(Observer(Arc::clone(&story)))),
            wrap: Some(Arc::new(wrapper)),
            guard: Some(Arc::new(Dumps(handle.clone(), Arc::clone(&story)))),
        };
        let by_signal = daemon.ends_at(Signal::Terminate);
        if !daemon.handles_signals() {
            // It never listens: from the beginning every signal has its default action.
            drop(handle.signals().listen(SignalSet::EMPTY));
        }
        let runtime = AnyRuntime::from(handle.clone());
        let run = daemon.clone().simulate(runtime, observer);
        let stage = Stage {
            handle: handle.clone(),
            daemon: daemon.clone(),
            story: Arc::clone(&story),
            edited,
        };
        let main = async move {
            let run = Task::spawn(&handle, TaskName::literal("daemon"), run);
            script(stage.clone()).await;
            end(&stage, by_signal);
            run.await
        };
        let lived = catch(|| self.world.try_block_on(TaskName::literal("script"), main));
        let (verdict, report) = match lived {
            Ok(Ok(Ok(report))) => (None, Some(report)),
            Ok(Ok(Err(error))) => (Some(panic_of("daemon", &error)), None),
            Ok(Err(verdict)) => (Some(verdict), None),
            // A script's guard may panic because the life was ended.
            Err(payload) => {
                let halted = self.world.halted();
                (Some(halted.unwrap_or_else(|| panic_of("script", &payload))), None)
            }
        };
        self.conclude(&daemon, &story, verdict, report)
    }

    fn build(&mut self, edited: &Edited) -> Result<Daemon, Verdict> {
        let Some(builder) = self.daemon.take() else {
            return Err(Verdict::Refused("nothing is simulated: call `Sim::daemon`".into()));
        };
        let daemon =
            builder.simulated(self.config.as_deref(), edited).map_err(|unfit| match unfit {
                Unfit::Reads(path) => Verdict::Refused(format!(
                    "the daemon's configuration is read from the file `{path}`: hand the text to \
                 `Sim::config_text`"
                )),
                Unfit::Build(error) => Verdict::Refused(error.to_string()),
            })?;
        let names = daemon.names();
        let names: Vec<&str> = names.iter().map(TaskName::as_str).collect();
        self.faults.unfit(&names).map_or(Ok(daemon), |wrong| Err(Verdict::Refused(wrong)))
    }

    /// What was wrong, if anything: the first of a broken law, the end of the loop, the model, a panic of
    /// a task, a leak; then what waits on when every task is dropped.
    fn conclude(
        mut self,
        daemon: &Daemon,
        story: &SharedStory,
        verdict: Option<Verdict>,
        report: Option<ExitReport>,
    ) -> Life {
        self.world.settle();
        // Who waits for a task that panicked waits for ever: the panic is the cause.
        let verdict = match verdict {
            Some(Verdict::Deadlock(_) | Verdict::TimeLimit(..)) => self.panicked().or(verdict),
            other => other,
        };
        let verdict = verdict
            .or_else(|| report.as_ref().and_then(|report| disagree(story, report)))
            .or_else(|| self.panicked())
            .or_else(|| self.leaked(report.as_ref()))
            .or_else(|| unbegun(report.as_ref()));
        let trace = self.world.take_trace();
        let ended = self.world.handle().timer().now();
        let orphans = self.world.close();
        let verdict = verdict
            .or_else(|| (!orphans.is_empty()).then_some(Verdict::Orphans(orphans)))
            .unwrap_or(Verdict::Clean);
        let past = Past {
            seed: self.seed,
            report,
            tape: OnceLock::new(),
            trace,
            subsystems: daemon.names(),
            ended,
            world: self.world,
        };
        self.slot.keep(past, verdict)
    }

    fn over_at_once(mut self, verdict: Verdict) -> Life {
        let trace = self.world.take_trace();
        self.slot.keep(Past::unlived(self.seed, self.world, trace), verdict)
    }

    fn panicked(&self) -> Option<Verdict> {
        let (task, message) = self.world.panics().into_iter().next()?;
        (!self.panics_allowed).then_some(Verdict::Panic { task, message })
    }

    /// What is left when the daemon has ended and left nobody behind. Blocking work runs whole: what is left of
    /// that has not begun, and a runtime that stops drops it.
    fn leaked(&self, report: Option<&ExitReport>) -> Option<Verdict> {
        if report.is_none_or(ExitReport::has_zombies) {
            return None;
        }
        let left = self.world.tasks();
        let left: Vec<_> = left.into_iter().filter(|task| !task.blocking).collect();
        (!left.is_empty()).then_some(Verdict::Leak(left))
    }
}

/// A run that was refused, for its configuration say: nothing was simulated.
fn unbegun(report: Option<&ExitReport>) -> Option<Verdict> {
    let error = report?.error()?;
    Some(Verdict::Refused(error.to_string()))
}

/// Asks the daemon to end, unless it does already.
fn end(stage: &Stage, by_signal: bool) {
    if stage.daemon.cause().is_some() {
        return;
    }
    if by_signal {
        stage.raise(Signal::Terminate);
    } else {
        stage.daemon.shutdown_with("the simulated life is over");
    }
}

/// Whether the laws of the end and the model disagree with the report.
fn disagree(story: &SharedStory, report: &ExitReport) -> Option<Verdict> {
    let story = story.lock();
    let mut found = Found::default();
    laws::finish::over(story.book.as_ref()?, report, &mut found);
    let (law, seen) = found.take()?;
    Some(Verdict::Violation { law: law.into(), seen })
}

fn panic_of(task: &'static str, message: &impl ToString) -> Verdict {
    Verdict::Panic { task: TaskName::literal(task), message: message.to_string() }
}
