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
//! 3. Dropped before its end, it aborts every generation that is alive, and the checks.

mod calls;
mod checks;
mod known;
mod outcome;
mod perform;
mod publish;
mod reload;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proc_daemon_runtime::{AnySleep, AnyStream, Instant, TaskName};
use tracing::{debug, info};

use calls::Open;
use checks::Watched;
pub(crate) use outcome::Failures;

use publish::Publisher;
use reload::Reloading;
pub(crate) use reload::{Obey, tuning};

use super::engine::{Concern, Engine, Event, Out, Tuning};
use super::hooks::Hooks;
use super::{Hub, Table};
use crate::reload::Recipe;
use crate::shutdown::Announced;
use crate::subsystem::{self, Board, Factory, Handlers, Removed, Report, Run, Shared};

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

    /// A subsystem was added.
    fn added(&mut self, engine: &Engine, unit: u32);

    /// Another configuration was read, which concerns these and says this of the daemon itself.
    fn proposed(&mut self, concerned: &[Concern], tuning: &Tuning);

    /// That generation of the configuration is in force, after that one.
    fn published(&mut self, before: u64, generation: u64);

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
    factories: Table<(Arc<dyn Factory>, bool)>,
    runs: Table<Option<Arc<Run>>>,
    failures: Failures,
    hooks: BTreeMap<u32, Hooks>,
    /// The groups' names, by number.
    groups: Vec<TaskName>,
    open: Open,
    watched: Watched,
    reloading: Reloading,
    handlers: Handlers,
    publisher: Publisher,
    finalizers: Vec<Option<Finalizer>>,
    finalizer_names: Vec<&'static str>,
    guard: Option<Arc<dyn Guard>>,
    watch: Option<Box<dyn Watch>>,
    signals: Option<AnyStream>,
    announced: Option<Announced>,
    sleep: Option<AnySleep>,
    sleeps_until: Instant,
    reports: VecDeque<Report>,
    out: Out,
    /// A task was woken in this poll that may block its thread: the next poll is not to depend on that thread.
    woke: bool,
    started: bool,
    exited: bool,
}

/// What is left when everything has ended: read it, tell the end, then drop it.
pub(crate) struct Remains {
    pub(crate) engine: Engine,
    pub(crate) failures: Failures,
    _runs: Table<Option<Arc<Run>>>,
    _factories: Table<(Arc<dyn Factory>, bool)>,
}

/// What a driver is made of besides its engine.
pub(crate) struct Parts {
    pub(crate) shared: Arc<Shared>,
    /// For each subsystem, how to start it, and whether it says itself when it is ready.
    pub(crate) factories: Vec<(Arc<dyn Factory>, bool)>,
    pub(crate) hooks: BTreeMap<u32, Hooks>,
    /// The groups' names, by number.
    pub(crate) groups: Vec<TaskName>,
    /// How those are watched that are.
    pub(crate) watched: BTreeMap<u32, Box<subsystem::Watch>>,
    /// How to read the configuration again; none if it was made in code.
    pub(crate) recipe: Option<Arc<Recipe>>,
    /// Told of every configuration that is published.
    pub(crate) obey: Vec<Obey>,
    pub(crate) handlers: Handlers,
    pub(crate) hub: Arc<Hub>,
    pub(crate) finalizers: Vec<Finalizer>,
    pub(crate) guard: Option<Arc<dyn Guard>>,
    pub(crate) watch: Option<Box<dyn Watch>>,
    pub(crate) signals: Option<AnyStream>,
}

impl Driver {
    pub(crate) fn new(mut engine: Engine, parts: Parts) -> Self {
        let tuning = tuning(parts.shared.current.load().config());
        let watched = Watched::new(parts.watched, tuning, &mut engine, &parts.shared.board);
        let announced = Some(parts.shared.coordinator.announced());
        let mut watch = parts.watch;
        if let Some(watch) = &mut watch {
            watch.begins(&engine, &parts.shared.board);
        }
        Self {
            runs: Table::new(parts.factories.iter().map(|_| None).collect(), None),
            failures: Failures::new(),
            finalizer_names: parts.finalizers.iter().map(|finalizer| finalizer.name).collect(),
            finalizers: parts.finalizers.into_iter().map(Some).collect(),
            engine,
            announced,
            shared: parts.shared,
            factories: Table::new(parts.factories, (Arc::new(Removed), false)),
            hooks: parts.hooks,
            groups: parts.groups,
            open: Open::default(),
            watched,
            reloading: Reloading::new(parts.recipe, parts.obey),
            handlers: parts.handlers,
            publisher: Publisher::new(parts.hub),
            guard: parts.guard,
            watch,
            signals: parts.signals,
            sleep: None,
            sleeps_until: Instant::MAX,
            reports: VecDeque::new(),
            out: Out::default(),
            woke: false,
            started: false,
            exited: false,
        }
    }

    /// The next thing that happened: what is left of the last batch of reports, then in the order of the
    /// module's first lines.
    fn next_event(&mut self, cx: &mut Context<'_>) -> Option<Event> {
        if let Some(event) = self.next_report() {
            return Some(event);
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
        // Until nothing is left: only then is this woken by the next report.
        loop {
            self.shared.mailbox.drain(&mut self.reports, cx);
            if self.reports.is_empty() {
                break;
            }
            if let Some(event) = self.next_report() {
                return Some(event);
            }
        }
        // Last: a signal that came before the start is in the mailbox, and then nothing starts.
        if !self.started {
            self.started = true;
            return Some(Event::Start);
        }
        self.poll_timer(cx)
    }

    fn next_report(&mut self) -> Option<Event> {
        loop {
            let report = self.reports.pop_front()?;
            if let Some(event) = self.take_in(report) {
                return Some(event);
            }
        }
    }

    /// Gives back what a burst needed: an idle daemon keeps no buffer of its start (bench: `memory`).
    fn slim(&mut self) {
        self.out.effects.shrink_to(BATCH);
        self.out.turns.shrink_to(BATCH);
        self.out.ready.shrink_to(BATCH);
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

    fn shutdown_event(&self, own: bool) -> Event {
        if let Some(reason) = self.shared.coordinator.reason() {
            info!("shutting down: {reason}");
        }
        Event::Shutdown { own }
    }

    fn remains(&mut self) -> Remains {
        self.shared.mailbox.close();
        debug!(stale = self.engine.stale(), "all subsystems have ended");
        Remains {
            engine: self.engine.take(),
            failures: std::mem::take(&mut self.failures),
            _runs: self.runs.take(),
            _factories: self.factories.take(),
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
                if std::mem::take(&mut this.woke) {
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.watched.stop();
        self.reloading.stop();
        for run in self.runs.iter().flatten() {
            run.request_stop(Instant::ZERO);
            run.abort();
        }
    }
}
