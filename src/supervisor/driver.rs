//! The driver: takes in what happens, steps the engine, performs the effects. Decides nothing.
//!
//! One task. Each poll looks at a deadline that has passed, then takes what is left of the last batch of
//! reports, the shutdown request, signals, new reports, the start, its one timer; and yields after
//! [`BATCH`] effects or events, so that a start of 100 000 does not hold its worker.
//!
//! # Invariants
//!
//! 1. Effects are performed in order, before the next event is taken in; what performing one leads to at
//!    once (asked, a shutdown) is stepped at once.
//! 2. Contexts are dropped after the end has been told: see [`Remains`].
//! 3. Dropped before its end, it aborts every generation that is alive.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proc_daemon_runtime::{AnySleep, AnyStream, Instant, PanicPayload, catch};
use tracing::{debug, error, info};

use super::engine::{Cause, Effect, Engine, Event, How, Out, Say, UnitEvent};
use super::hooks::{Hooks, say};
use super::notes;
use crate::end::{End, EndKind, chain};
use crate::exit::Exit;
use crate::reason::ShutdownReason;
use crate::shutdown::Announced;
use crate::subsystem::{Board, Factory, Handlers, Outcome, Report, Run, Shared, What, dump};

/// Most events and effects of one poll.
const BATCH: usize = 512;

/// What ends the process when nothing else can. None in an adopted runtime, nor in a simulation.
pub(crate) trait Guard: Send + Sync {
    /// Writes the state dump, unless it saw the signal first and has written it. Returns when it is
    /// written, after 200 ms at most.
    fn dump(&self);
}

/// Sees every step and every launch. Only a simulation has one.
pub(crate) trait Watch: Send {
    /// The driver is made; nothing has happened.
    fn begins(&mut self, engine: &Engine, board: &Arc<Board>);

    /// The engine was stepped. Of `out`, the turns are this step's; the effects too from `first` on.
    fn stepped(&mut self, event: Event, now: Instant, out: &Out, first: usize);

    /// This generation is about to be spawned.
    fn launched(&mut self, unit: u32, generation: u32, now: Instant);
}

/// Something to be done when every subsystem has ended.
pub(crate) struct Finalizer {
    pub(crate) name: &'static str,
    pub(crate) work: Box<dyn FnOnce() + Send>,
}

/// The tasks, errors and names around one [`Engine`].
pub(crate) struct Driver {
    engine: Engine,
    shared: Arc<Shared>,
    factories: Vec<(Arc<dyn Factory>, bool)>,
    runs: Vec<Option<Arc<Run>>>,
    failures: Failures,
    hooks: BTreeMap<u32, Hooks>,
    handlers: Handlers,
    finalizers: Vec<Option<Finalizer>>,
    finalizer_names: Vec<&'static str>,
    guard: Option<Arc<dyn Guard>>,
    watch: Option<Box<dyn Watch>>,
    signals: Option<AnyStream>,
    announced: Option<Announced>,
    sleep: Option<AnySleep>,
    sleeps_until: Instant,
    reports: Vec<Report>,
    pending: VecDeque<Report>,
    out: Out,
    started: bool,
    exited: bool,
}

/// The errors of the subsystems that failed.
pub(crate) type Failures = BTreeMap<u32, Arc<dyn Error + Send + Sync + 'static>>;

/// What is left when everything has ended: read it, tell the end, then drop it.
pub(crate) struct Remains {
    pub(crate) engine: Engine,
    pub(crate) failures: Failures,
    _runs: Vec<Option<Arc<Run>>>,
    _factories: Vec<(Arc<dyn Factory>, bool)>,
}

/// What a driver is made of besides its engine.
pub(crate) struct Parts {
    pub(crate) shared: Arc<Shared>,
    /// For each subsystem, how to start it, and whether it says itself when it is ready.
    pub(crate) factories: Vec<(Arc<dyn Factory>, bool)>,
    pub(crate) hooks: BTreeMap<u32, Hooks>,
    pub(crate) handlers: Handlers,
    pub(crate) finalizers: Vec<Finalizer>,
    pub(crate) guard: Option<Arc<dyn Guard>>,
    pub(crate) watch: Option<Box<dyn Watch>>,
    pub(crate) signals: Option<AnyStream>,
}

impl Driver {
    pub(crate) fn new(engine: Engine, parts: Parts) -> Self {
        let announced = Some(parts.shared.coordinator.announced());
        let mut watch = parts.watch;
        if let Some(watch) = &mut watch {
            watch.begins(&engine, &parts.shared.board);
        }
        Self {
            runs: parts.factories.iter().map(|_| None).collect(),
            failures: Failures::new(),
            finalizer_names: parts.finalizers.iter().map(|finalizer| finalizer.name).collect(),
            finalizers: parts.finalizers.into_iter().map(Some).collect(),
            engine,
            announced,
            shared: parts.shared,
            factories: parts.factories,
            hooks: parts.hooks,
            handlers: parts.handlers,
            guard: parts.guard,
            watch,
            signals: parts.signals,
            sleep: None,
            sleeps_until: Instant::MAX,
            reports: Vec::new(),
            pending: VecDeque::new(),
            out: Out::default(),
            started: false,
            exited: false,
        }
    }

    /// The next thing that happened: what is left of the last batch of reports, then in the order of the
    /// module's first lines.
    fn next_event(&mut self, cx: &mut Context<'_>) -> Option<Event> {
        if let Some(report) = self.pending.pop_front() {
            return Some(self.take_in(report));
        }
        if let Some(announced) = &mut self.announced
            && Pin::new(announced).poll(cx).is_ready()
        {
            self.announced = None;
            return Some(self.shutdown_event(false));
        }
        if let Some(signals) = &mut self.signals
            && let Poll::Ready(signal) = signals.as_mut().poll_next(cx)
        {
            match signal {
                Some(signal) => return Some(Event::Signal(signal)),
                None => self.signals = None,
            }
        }
        self.shared.mailbox.drain(&mut self.reports, cx);
        self.pending.extend(self.reports.drain(..));
        if let Some(report) = self.pending.pop_front() {
            return Some(self.take_in(report));
        }
        // Last: a signal that came before the start is in the mailbox, and then nothing starts.
        if !self.started {
            self.started = true;
            return Some(Event::Start);
        }
        self.poll_timer(cx)
    }

    /// Gives back what a burst needed: an idle daemon keeps no buffer of its start (bench: `memory`).
    fn slim(&mut self) {
        self.out.effects.shrink_to(BATCH);
        self.out.turns.shrink_to(BATCH);
        self.pending.shrink_to(BATCH);
        self.reports.shrink_to(BATCH);
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Option<Event> {
        let next = self.engine.next_deadline().unwrap_or(Instant::MAX);
        if self.sleeps_until != next {
            self.sleeps_until = next;
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(next),
                None => self.sleep = Some(self.shared.runtime.sleep_until(next)),
            }
        }
        let sleep = self.sleep.as_mut().filter(|_| !next.is_never())?;
        sleep.as_mut().poll(cx).is_ready().then_some(Event::Tick)
    }

    /// Keeps what the engine cannot, and gives it the rest.
    fn take_in(&mut self, report: Report) -> Event {
        match report {
            Report::Signal(signal) => Event::Signal(signal),
            Report::Dumped => Event::Dumped,
            Report::Finalized(index) => Event::Finalized(index),
            Report::Unit { unit, generation, what } => {
                let what = match what {
                    What::Ready => UnitEvent::Ready,
                    What::Drained => UnitEvent::Drained,
                    What::Returned { failed, exit } => {
                        UnitEvent::Returned { failed, say: say(exit) }
                    }
                    What::Ended(outcome, exit) => {
                        let how = self.keep(unit, outcome);
                        let say = match exit {
                            Exit::Default if self.is_final(unit, generation, how) => Say::Final,
                            exit => say(exit),
                        };
                        UnitEvent::Ended(how, say)
                    }
                };
                Event::Unit { unit, generation, what }
            }
        }
    }

    /// Keeps the error of an outcome.
    fn keep(&mut self, unit: u32, outcome: Outcome) -> How {
        match outcome {
            Outcome::Completed => How::Completed,
            Outcome::Aborted => How::Aborted,
            Outcome::Failed { error, stopping } => {
                self.failures.insert(unit, error.into());
                How::Failed { stopping }
            }
            Outcome::Panicked(payload) => self.keep_panic(unit, "", payload),
            Outcome::ChildPanicked { child: None, payload } => {
                self.keep_panic(unit, "a child ", payload)
            }
            Outcome::ChildPanicked { child: Some(child), payload } => {
                self.keep_panic(unit, &format!("child `{child}` "), payload)
            }
        }
    }

    /// How the last generation of `unit` ended, as its hooks are told.
    fn end_of(&self, unit: u32, kind: EndKind, ended_at: Instant) -> End {
        let known = &self.engine.units()[unit as usize];
        End {
            kind,
            error: self.failures.get(&unit).cloned(),
            ran_for: ended_at.since(known.started_at),
            generation: known.generation,
        }
    }

    /// Whether the policy's `unless` says so of a failure of the live generation.
    fn is_final(&self, unit: u32, generation: u32, how: How) -> bool {
        let Some(hooks) = self.hooks.get(&unit) else { return false };
        let live = self.engine.units()[unit as usize].generation == generation;
        let kind = self.engine.kind_of(unit, how);
        live && hooks.is_final(&self.end_of(unit, kind, self.shared.runtime.now()))
    }

    /// Asks the user's code what becomes of the daemon now that `unit` was given up.
    fn ask_give_up(&mut self, unit: u32, now: Instant) {
        let known = &self.engine.units()[unit as usize];
        let (generation, kind) = (known.generation, known.end.unwrap_or(EndKind::Error));
        let end = self.end_of(unit, kind, known.ended_at);
        let said = self.hooks.get(&unit).map_or(Say::Nothing, |hooks| hooks.gave_up(&end));
        self.step(Event::Unit { unit, generation, what: UnitEvent::GaveUp(said) }, now);
    }

    fn keep_panic(&mut self, unit: u32, who: &str, payload: PanicPayload) -> How {
        let text = format!("{who}panicked: {payload}");
        // A payload is the user's value: its destructor may panic as well.
        let _ = catch(|| drop(payload));
        self.failures.insert(unit, Box::<dyn Error + Send + Sync>::from(text).into());
        How::Panicked
    }

    fn shutdown_event(&self, own: bool) -> Event {
        if let Some(reason) = self.shared.coordinator.reason() {
            info!("shutting down: {reason}");
        }
        Event::Shutdown { own }
    }

    fn step(&mut self, event: Event, now: Instant) {
        let first = self.out.effects.len();
        self.engine.step(event, now, &mut self.out);
        if let Some(watch) = &mut self.watch {
            watch.stepped(event, now, &self.out, first);
        }
        for turn in self.out.turns.drain(..) {
            let row = self.shared.board.row(turn.unit);
            row.publish(turn.state, turn.generation, now);
            debug!(subsystem = %row.name, generation = turn.generation, "{}", turn.state);
        }
        if let Event::Unit { unit, what: UnitEvent::Ended(..), .. } = event {
            self.log_end(unit);
        }
    }

    /// Keeps the error of a failure, of which the engine alone may know, and drops that of another end.
    fn log_end(&mut self, unit: u32) {
        let kind = self.engine.units()[unit as usize].end.filter(|end| end.is_failure());
        let Some(kind) = kind else {
            self.failures.remove(&unit);
            return;
        };
        let name = &self.shared.board.row(unit).name;
        let cause = self.failures.entry(unit).or_insert_with(|| {
            let text = match kind {
                EndKind::StartTimeout => "it was not ready in time; does it call `ctx.ready()`?",
                _ => "it ended before it was ready: `explicit_ready` wants `ctx.ready()` first",
            };
            Box::<dyn Error + Send + Sync>::from(text).into()
        });
        error!("`{name}` failed: {}", chain(cause.as_ref()));
    }

    /// Performs one effect; what it leads to at once is stepped at once.
    fn perform(&mut self, effect: Effect, now: Instant) {
        match effect {
            Effect::Spawn { unit, generation } => self.spawn(unit, generation, now),
            Effect::RequestStop { unit, generation, by } => {
                if let Some(run) = self.run_of(unit, generation) {
                    let what = UnitEvent::Asked { busy: run.request_stop(by) };
                    self.step(Event::Unit { unit, generation, what }, now);
                }
            }
            Effect::Abort { unit, generation } => {
                if let Some(run) = self.run_of(unit, generation) {
                    run.abort();
                }
            }
            Effect::Due { unit, at } => self.shared.board.row(unit).set_due(at),
            Effect::AskGiveUp { unit } => self.ask_give_up(unit, now),
            Effect::Answer { .. } | Effect::Check { .. } | Effect::ReadBeat { .. } => {}
            Effect::Ready(ready) => self.shared.board.set_ready(ready),
            Effect::Initiate(cause) => {
                let own = self.shared.coordinator.initiate_shutdown(self.reason(cause));
                self.announced = None;
                let event = self.shutdown_event(own);
                self.step(event, now);
            }
            Effect::Handle(signal) => self.handlers.post(signal),
            Effect::Dump => self.dump(now),
            Effect::Finalize(index) => self.finalize(index),
            Effect::Note(note) => notes::log(&note, &self.shared.board, &self.finalizer_names),
            Effect::Exit => self.exited = true,
        }
    }

    fn run_of(&self, unit: u32, generation: u32) -> Option<&Run> {
        self.runs[unit as usize].as_deref().filter(|run| run.generation == generation)
    }

    /// A shutdown that was asked for while earlier effects were performed comes first: the engine then
    /// takes the start back.
    fn spawn(&mut self, unit: u32, generation: u32, now: Instant) {
        if self.announced.is_some() && self.shared.coordinator.is_shutdown() {
            self.announced = None;
            let event = self.shutdown_event(false);
            self.step(event, now);
        }
        if !self.engine.launch(unit, generation, now) {
            return;
        }
        if let Some(watch) = &mut self.watch {
            watch.launched(unit, generation, now);
        }
        let (factory, explicit) = &self.factories[unit as usize];
        let run = Arc::new(Run::new(Arc::clone(&self.shared), unit, generation, *explicit));
        let body = Arc::clone(factory).make(&run);
        self.runs[unit as usize] = Some(run);
        self.shared.runtime.spawn(self.shared.board.row(unit).name.clone(), body);
    }

    fn reason(&self, cause: Cause) -> ShutdownReason {
        let name = |unit: u32| self.shared.board.row(unit).name.to_shared();
        match cause {
            Cause::Signal(signal) => ShutdownReason::Signal(signal),
            Cause::Failed(unit) => ShutdownReason::SubsystemFailed(name(unit)),
            Cause::StartFailed(unit) => ShutdownReason::StartFailed(name(unit)),
            Cause::Asked(unit, code) => ShutdownReason::SubsystemAsked(name(unit), code),
            Cause::NothingToRun => ShutdownReason::NothingToRun,
        }
    }

    /// Off the worker, as stderr may block.
    fn dump(&self, now: Instant) {
        let mailbox = Arc::clone(&self.shared.mailbox);
        let (guard, board) = (self.guard.clone(), Arc::clone(&self.shared.board));
        let write = move || {
            match guard {
                Some(guard) => guard.dump(),
                None => {
                    let _ = std::io::stderr().write_all(dump(&board, now).as_bytes());
                }
            }
            mailbox.post(Report::Dumped);
        };
        self.shared.runtime.spawn_blocking("dump".into(), Box::new(write));
    }

    fn finalize(&mut self, index: usize) {
        let Some(finalizer) = self.finalizers[index].take() else {
            return;
        };
        let mailbox = Arc::clone(&self.shared.mailbox);
        let work = Box::new(move || {
            let _ = catch(finalizer.work);
            mailbox.post(Report::Finalized(index));
        });
        self.shared.runtime.spawn_blocking(finalizer.name.into(), work);
    }

    fn remains(&mut self) -> Remains {
        self.shared.mailbox.close();
        debug!(stale = self.engine.stale(), "all subsystems have ended");
        Remains {
            engine: self.engine.take(),
            failures: std::mem::take(&mut self.failures),
            _runs: std::mem::take(&mut self.runs),
            _factories: std::mem::take(&mut self.factories),
        }
    }
}

impl Future for Driver {
    type Output = Remains;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Remains> {
        let this = &mut *self;
        let mut now = this.shared.runtime.now();
        // A deadline that has passed is not held up by a queue that never empties.
        if this.out.effects.is_empty() && this.engine.next_deadline().is_some_and(|at| at <= now) {
            this.step(Event::Tick, now);
        }
        for _ in 0..BATCH {
            if let Some(effect) = this.out.effects.pop_front() {
                this.perform(effect, now);
            } else if this.exited {
                return Poll::Ready(this.remains());
            } else if let Some(event) = this.next_event(cx) {
                if event == Event::Tick {
                    now = this.shared.runtime.now();
                }
                this.step(event, now);
            } else {
                this.slim();
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        for run in self.runs.iter().flatten() {
            run.request_stop(Instant::ZERO);
            run.abort();
        }
    }
}
