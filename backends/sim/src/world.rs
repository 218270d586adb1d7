//! The one lock, and what is behind it.
//!
//! # Invariants
//!
//! 1. No waker is called, no future and no waker dropped with the lock held.
//! 2. Nothing here reads the real world.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::{Duration, SystemTime};

use proc_daemon_runtime::{Instant, Signal, TaskName, catch};

use crate::listeners::Listeners;
use crate::options::Settled;
use crate::oracle::Oracle;
use crate::policy::Scheduler;
use crate::tasks::{BoxTask, Tasks, Work};
use crate::timers::{Act, Timers};
use crate::trace::{Kind, Record, Trace, name_hash};
use crate::{SimOptions, Tape, Verdict};

/// Where a life's choices come from.
#[derive(Clone, Debug)]
pub(crate) enum Choices {
    /// They are drawn.
    Seed(u64),
    /// They are read; every other one is dull.
    Tape(Tape),
}

/// One simulated world.
pub(crate) struct World(Mutex<State>);

pub(crate) struct State {
    pub(crate) now: u64,
    pub(crate) oracle: Oracle,
    pub(crate) scheduler: Scheduler,
    pub(crate) settled: Settled,
    pub(crate) tasks: Tasks,
    /// Sleeps.
    pub(crate) timers: Timers<Waker>,
    /// What devices do.
    pub(crate) acts: Timers<Act>,
    pub(crate) listeners: Listeners,
    pub(crate) trace: Trace,
    /// The task that is being polled.
    pub(crate) current: u32,
    pub(crate) polls: u64,
    pub(crate) restless: u64,
    /// Polls, firings and acts of devices so far.
    pub(crate) steps: u64,
    pub(crate) at_step: VecDeque<(u64, Signal)>,
    pub(crate) reached: Vec<&'static str>,
    pub(crate) panics: Vec<(TaskName, String)>,
    /// Why the life ends here.
    pub(crate) halt: Option<Verdict>,
    /// How often nothing was ready.
    pub(crate) rests: u64,
    /// When time last moved because nothing was ready.
    pub(crate) moved: u64,
    /// Tasks are being polled without a reason.
    pub(crate) probing: bool,
    /// That was done at this rest.
    pub(crate) probed: bool,
    jumped: i64,
    closed: bool,
}

/// The wall clock at the beginning of every life: 2001-09-09 01:46:40 UTC.
const WALL_CLOCK: Duration = Duration::from_secs(1_000_000_000);

impl World {
    pub(crate) fn new(choices: Choices, options: &SimOptions) -> Arc<Self> {
        let mut oracle = match choices {
            Choices::Seed(seed) => Oracle::seeded(seed),
            Choices::Tape(tape) => Oracle::taped(&tape),
        };
        let settled = Settled::new(&mut oracle);
        let world = Self(Mutex::new(State {
            now: 0,
            scheduler: Scheduler::new(settled.policy),
            settled,
            oracle,
            tasks: Tasks::default(),
            timers: Timers::default(),
            acts: Timers::default(),
            listeners: Listeners::default(),
            trace: Trace::default(),
            current: Record::NOBODY,
            polls: 0,
            restless: 0,
            steps: 0,
            at_step: VecDeque::new(),
            reached: Vec::new(),
            panics: Vec::new(),
            halt: None,
            rests: 0,
            moved: 0,
            probing: false,
            probed: false,
            jumped: 0,
            closed: false,
        }));
        world.state().configure(options);
        Arc::new(world)
    }

    /// User code never runs with the lock held, so a poisoned one is whole.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn spawn(self: &Arc<Self>, name: TaskName, future: BoxTask, blocking: bool) {
        let mut state = self.state();
        if state.closed {
            drop(state);
            // A destructor's panic is nobody's but the task's.
            let _ = catch(|| drop(future));
            return;
        }
        state.add(self, name, Work::Task(future), blocking);
    }

    /// A signal arrives.
    pub(crate) fn raise(&self, signal: Signal) {
        let mut state = self.state();
        state.note(Kind::Signal, signal as u64, 0);
        let (wakers, killed) = state.listeners.raise(signal);
        if killed {
            state.halt.get_or_insert(Verdict::Killed(signal));
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Has a device act at `at`.
    pub(crate) fn at(&self, at: Instant, act: Act) {
        let mut state = self.state();
        if !at.is_never() && !state.closed {
            state.acts.add(at.as_nanos(), act);
            return;
        }
        drop(state);
        drop(act);
    }

    pub(crate) fn perform(&self, act: Act) {
        match act {
            Act::Raise(signal) => self.raise(signal),
            Act::Call(call) => call(),
            Act::Jump(by) => {
                let mut state = self.state();
                state.jumped = state.jumped.saturating_add(by);
                let jumped = state.jumped.cast_unsigned();
                state.note(Kind::Jump, jumped, 0);
            }
        }
    }

    pub(crate) fn wall_clock(&self) -> SystemTime {
        let (now, jumped) = {
            let state = self.state();
            (Duration::from_nanos(state.now), state.jumped)
        };
        let clock = SystemTime::UNIX_EPOCH + WALL_CLOCK + now;
        let by = Duration::from_nanos(jumped.unsigned_abs());
        let jumped = if jumped < 0 { clock.checked_sub(by) } else { clock.checked_add(by) };
        jumped.unwrap_or(clock)
    }

    /// Drops every task, oldest first, and refuses new ones. Gives how many there were.
    pub(crate) fn close(&self) -> usize {
        let alive = {
            let mut state = self.state();
            state.closed = true;
            state.tasks.alive()
        };
        loop {
            let gone = {
                let mut state = self.state();
                let oldest = state.tasks.oldest();
                oldest.map(|slot| state.tasks.remove(slot))
            };
            let Some(gone) = gone else { break };
            let _ = catch(|| drop(gone));
        }
        let (timers, acts) = {
            let mut state = self.state();
            (state.timers.clear(), state.acts.clear())
        };
        drop(timers);
        let _ = catch(|| drop(acts));
        alive
    }
}

impl State {
    /// Adds a task. Gives its place.
    pub(crate) fn add(
        &mut self,
        world: &Arc<World>,
        name: TaskName,
        work: Work,
        blocking: bool,
    ) -> u32 {
        let hash = name_hash(&name);
        let priority = self.scheduler.priority(&mut self.oracle);
        let waker =
            |slot, id| Waker::from(Arc::new(TaskWaker { world: Arc::clone(world), slot, id }));
        let (slot, id) = self.tasks.add(name, work, blocking, priority, waker);
        self.trace.push(Record::new(self.now, id, Kind::Spawn, hash, u64::from(blocking)));
        slot
    }

    pub(crate) fn configure(&mut self, options: &SimOptions) {
        let before = self.settled.policy;
        self.settled.change(options, &mut self.oracle);
        if self.settled.policy != before {
            self.scheduler = Scheduler::new(self.settled.policy);
        }
        self.at_step = options.at_step.clone().into();
        self.at_step.make_contiguous().sort_unstable();
    }

    /// For the next blocking work: until when it must begin to never return, and how long it waits for its
    /// thread.
    pub(crate) fn blocking(&mut self) -> (Option<Instant>, u64) {
        let chance =
            if self.now > self.settled.stuck_until { 0.0 } else { self.settled.stuck_blocking };
        let stuck = self.oracle.chance(chance, "blocking work never returns");
        let stuck = stuck.then_some(Instant::from_nanos(self.settled.stuck_until));
        let delay = match self.settled.blocking_delay {
            0 => 0,
            most => most / 3 * u64::from(self.oracle.choose(4, "blocking")),
        };
        (stuck, delay)
    }

    /// Notes something about the task that is being polled.
    pub(crate) fn note(&mut self, kind: Kind, a: u64, b: u64) {
        self.trace.push(Record::new(self.now, self.current, kind, a, b));
    }
}

/// Wakes one task. A clone is one count.
struct TaskWaker {
    world: Arc<World>,
    slot: u32,
    id: u32,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.world.state();
        if state.tasks.wake(self.slot, self.id) {
            let by = u64::from(state.current);
            let record = Record::new(state.now, self.id, Kind::Wake, by, 0);
            state.trace.push(record);
        }
    }
}
