//! `Sim`: what is simulated, and how one life is lived.

use std::cell::OnceCell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{
    AnyRuntime, Instant, OwnedRuntime, Runtime, Signal, SignalSet, SignalSource, Task, TaskName,
    Timer, catch,
};

use super::faults::Faults;
use super::laws::{self, Found};
use super::life::Life;
use super::stage::Stage;
use super::story::{Dumps, Observer, SharedStory, Story};
use super::wrap::Wrapper;
use crate::backends::sim::{Policy, SimHandle, SimOptions, Simulator, Tape, Verdict};
use crate::daemon::{Daemon, DaemonBuilder, ExitReport, Observer as Observers, Unfit};

/// A life to be simulated: a daemon, its faults, a script. Made from a seed or a tape, which answers
/// everything that is left open.
#[must_use = "a simulation does nothing until it is run"]
pub struct Sim {
    seed: Option<u64>,
    world: Simulator,
    options: SimOptions,
    daemon: Option<DaemonBuilder>,
    config: Option<String>,
    faults: Faults,
    lasting: Option<Duration>,
    panics_allowed: bool,
}

/// How long a daemon lives before it is asked to end, unless its faults go on longer.
const LASTING: Duration = Duration::from_secs(30);

/// # What is simulated
impl Sim {
    /// A life whose open questions `seed` answers.
    pub fn new(seed: u64) -> Self {
        let options = SimOptions::default();
        Self::over(Some(seed), Simulator::seeded(seed, &options), options)
    }

    /// A life whose open questions `tape` answers; every other answer is dull.
    pub fn from_tape(tape: &Tape) -> Self {
        let options = SimOptions::default();
        Self::over(None, Simulator::taped(tape, &options), options)
    }

    fn over(seed: Option<u64>, world: Simulator, options: SimOptions) -> Self {
        Self {
            seed,
            world,
            options,
            daemon: None,
            config: None,
            faults: Faults::none(),
            lasting: None,
            panics_allowed: false,
        }
    }

    /// The daemon. Its `runtime_options` and `exit_when_stuck` have no meaning here.
    pub fn daemon(mut self, daemon: DaemonBuilder) -> Self {
        self.daemon = Some(daemon);
        self
    }

    /// The configuration, as TOML, in the place of the daemon's own. A daemon that reads a file needs it.
    pub fn config_text(mut self, toml: &str) -> Self {
        self.config = Some(toml.to_owned());
        self
    }

    /// What goes wrong.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// How long the daemon lives before [`run`](Self::run) asks it to end; 30 s by default, or until the
    /// faults are quiet and 30 s more.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasting = Some(time);
        self
    }

    /// A panic of a subsystem is part of the story: the daemon deals with it, and the verdict does not.
    pub fn allow_panics(mut self) -> Self {
        self.panics_allowed = true;
        self
    }
}

/// # How
///
/// What is not set here, the seed chooses.
impl Sim {
    /// The order in which ready tasks are polled. A tape has its own.
    pub fn policy(self, policy: Policy) -> Self {
        self.options(|options| options.policy = Some(policy))
    }

    /// How much time a poll takes.
    pub fn poll_cost(self, cost: Duration) -> Self {
        self.options(|options| options.poll_cost = Some(cost))
    }

    /// Polls every task at every moment at which nothing is ready. A correct one has nothing to do then; what
    /// comes of it is a lost wake-up. For code whose futures do nothing when they are polled without a reason.
    pub fn probes(self) -> Self {
        self.options(|options| options.probes = true)
    }

    /// How late a sleep fires, at most.
    pub fn lateness(self, most: Duration) -> Self {
        self.options(|options| options.lateness = Some(most))
    }

    /// How long blocking work waits for its thread, at most.
    pub fn blocking_delay(self, most: Duration) -> Self {
        self.options(|options| options.blocking_delay = Some(most))
    }

    /// A signal arrives before the poll with this number; the first poll is 1.
    pub fn raise_at_poll(self, poll: u64, signal: Signal) -> Self {
        self.options(|options| options.at_poll.push((poll, signal)))
    }

    /// After how much virtual time the life is given up; 100 years by default.
    pub fn time_limit(self, limit: Duration) -> Self {
        self.options(|options| options.time_limit = limit)
    }

    /// After how many polls the life is given up; 20 million by default.
    pub fn poll_limit(self, limit: u64) -> Self {
        self.options(|options| options.poll_limit = limit)
    }

    fn options(mut self, set: impl FnOnce(&mut SimOptions)) -> Self {
        set(&mut self.options);
        self.world.configure(&self.options);
        self
    }

    /// A number below `of`, chosen by the seed; `site` says what is chosen. 0 is the dull answer, to which
    /// a failing life shrinks: use it for the shape of what is simulated.
    #[must_use]
    pub fn choose(&self, of: u32, site: &str) -> u32 {
        self.world.handle().choose(of, site)
    }

    /// True with this chance; false is the dull answer.
    #[must_use]
    pub fn chance(&self, chance: f64, site: &str) -> bool {
        self.world.handle().chance(chance, site)
    }
}

/// # Living
impl Sim {
    /// Lives: the daemon runs until it ends by itself or its time is over; then it is asked to end, by
    /// `SIGTERM` if it handles that.
    pub fn run(self) -> Life {
        let faults = self.faults.quiet_after.map_or(LASTING, |quiet| quiet + LASTING);
        let lasting = self.lasting.unwrap_or(faults);
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
    /// the script is the verdict.
    pub fn script<F, Fut>(self, script: F) -> Life
    where
        F: FnOnce(Stage) -> Fut,
        Fut: Future<Output = ()> + 'static,
    {
        let lasting = self.lasting.unwrap_or(LASTING);
        self.live(lasting, script)
    }

    fn live<F, Fut>(mut self, lasting: Duration, script: F) -> Life
    where
        F: FnOnce(Stage) -> Fut,
        Fut: Future<Output = ()> + 'static,
    {
        let daemon = match self.build() {
            Ok(daemon) => daemon,
            Err(verdict) => return self.over_at_once(verdict),
        };
        let handle = self.world.handle();
        let story = Story::new(handle.clone(), self.panics_allowed);
        let faults = std::mem::take(&mut self.faults).settle(&handle);
        faults.schedule(&handle, lasting);
        self.options.stuck_blocking = faults.stuck_blocking;
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
        let stage =
            Stage { handle: handle.clone(), daemon: daemon.clone(), story: Arc::clone(&story) };
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

    fn build(&mut self) -> Result<Daemon, Verdict> {
        let Some(builder) = self.daemon.take() else {
            return Err(Verdict::Refused("nothing is simulated: call `Sim::daemon`".into()));
        };
        builder.simulated(self.config.as_deref()).map_err(|unfit| match unfit {
            Unfit::Reads(path) => Verdict::Refused(format!(
                "the daemon's configuration is read from the file `{path}`: hand the text to \
                 `Sim::config_text`"
            )),
            Unfit::Build(error) => Verdict::Refused(error.to_string()),
        })
    }

    /// What was wrong, if anything: the first of a broken law, the end of the loop, the model, a panic of
    /// a task, a leak.
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
            .unwrap_or(Verdict::Clean);
        let trace = self.world.take_trace();
        let ended = self.world.handle().timer().now();
        self.world.close();
        Life {
            seed: self.seed,
            verdict,
            report,
            tape: OnceCell::new(),
            trace,
            subsystems: daemon.names(),
            ended,
            told: None,
            world: self.world,
        }
    }

    fn over_at_once(mut self, verdict: Verdict) -> Life {
        Life {
            seed: self.seed,
            verdict,
            report: None,
            tape: OnceCell::new(),
            trace: self.world.take_trace(),
            subsystems: Vec::new(),
            ended: Instant::ZERO,
            told: None,
            world: self.world,
        }
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

/// What is left of a life whose surroundings panicked: its choices.
pub(super) struct Shadow {
    seed: Option<u64>,
    handle: SimHandle,
}

impl Sim {
    pub(super) fn shadow(&self) -> Shadow {
        Shadow { seed: self.seed, handle: self.world.handle() }
    }
}

impl Shadow {
    pub(super) fn ruined(self, verdict: Verdict) -> Life {
        let world = Simulator::taped(&Tape::dull(), &SimOptions::default());
        let sim = Sim::over(self.seed, world, SimOptions::default());
        let mut life = sim.over_at_once(verdict);
        (life.tape, life.told) = (self.handle.tape().into(), Life::last_dropped());
        life
    }
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
