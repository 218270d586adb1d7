//! The one lock, and what is behind it.
//!
//! # Invariants
//!
//! 1. No waker is called, no future and no waker dropped with the lock held.
//! 2. Nothing here reads the real world.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Wake, Waker};
use std::time::{Duration, SystemTime};

use proc_daemon_runtime::{Instant, Signal, TaskName, catch};

use crate::clock::Clock;
use crate::listeners::Listeners;
use crate::options::{Settled, nanos};
use crate::oracle::Oracle;
use crate::policy::Scheduler;
use crate::sites::BLOCKING;
use crate::tasks::{BoxTask, Tasks, Work};
use crate::timers::{Act, Sleeper, Timers};
use crate::trace::{Kind, Record, Trace, name_hash};
use crate::{Orphan, SimOptions, Tape, Verdict};

/// Where a life's choices come from.
#[derive(Clone, Debug)]
pub(crate) enum Choices {
    /// They are drawn.
    Seed(u64),
    /// They are read; every other one is dull.
    Tape(Tape),
}

/// One simulated world.
pub(crate) struct World {
    state: Mutex<State>,
    pub(crate) clock: Arc<Clock>,
    /// None if its choices are on a tape.
    pub(crate) seed: Option<u64>,
}

pub(crate) struct State {
    /// The world's.
    pub(crate) clock: Arc<Clock>,
    pub(crate) oracle: Oracle,
    pub(crate) scheduler: Scheduler,
    pub(crate) settled: Settled,
    pub(crate) tasks: Tasks,
    /// Sleeps.
    pub(crate) timers: Timers<Sleeper>,
    /// Of those that were due at one moment, the ones that are yet to fire.
    pub(crate) firing: VecDeque<(u64, Sleeper)>,
    /// What devices do.
    pub(crate) acts: Timers<Act>,
    pub(crate) listeners: Listeners,
    pub(crate) trace: Trace,
    /// The task that is being polled.
    pub(crate) current: u32,
    /// Its place and its waker; of an earlier one if nobody is polled.
    own: Own,
    pub(crate) restless: u64,
    /// Polls, moves of time, firings and acts of devices so far.
    pub(crate) steps: u64,
    pub(crate) at_step: VecDeque<(u64, Signal)>,
    pub(crate) reached: Vec<&'static str>,
    pub(crate) panics: Vec<(TaskName, String)>,
    /// Why the life ends here.
    pub(crate) halt: Option<Verdict>,
    /// When time last moved because nothing was ready.
    pub(crate) moved: u64,
    /// Whether this rest has been probed.
    pub(crate) probed: bool,
    jumped: i64,
    closed: bool,
}

/// The wall clock at the beginning of every life: 2001-09-09 01:46:40 UTC.
const WALL_CLOCK: Duration = Duration::from_secs(1_000_000_000);

impl World {
    pub(crate) fn new(choices: Choices, options: &SimOptions) -> Arc<Self> {
        let (seed, mut oracle) = match choices {
            Choices::Seed(seed) => (Some(seed), Oracle::seeded(seed)),
            Choices::Tape(tape) => (None, Oracle::taped(&tape)),
        };
        let settled = Settled::new(&mut oracle);
        let clock = Arc::new(Clock::default());
        let state = Mutex::new(State {
            clock: Arc::clone(&clock),
            scheduler: Scheduler::new(settled.policy),
            settled,
            oracle,
            tasks: Tasks::default(),
            timers: Timers::default(),
            firing: VecDeque::new(),
            acts: Timers::default(),
            listeners: Listeners::default(),
            trace: Trace::default(),
            current: Record::NOBODY,
            own: Own::default(),
            restless: 0,
            steps: 0,
            at_step: VecDeque::new(),
            reached: Vec::new(),
            panics: Vec::new(),
            halt: None,
            moved: 0,
            probed: false,
            jumped: 0,
            closed: false,
        });
        let world = Self { state, clock, seed };
        world.state().configure(options);
        Arc::new(world)
    }

    /// User code never runs with the lock held, so a poisoned one is whole.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state from another thread, unless it is just being changed.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> Option<T> {
        match self.state.try_lock() {
            Ok(state) => Some(look(&state)),
            Err(TryLockError::Poisoned(state)) => Some(look(&state.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
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
        let jumped = self.state().jumped;
        let now = Duration::from_nanos(self.clock.now());
        let clock = SystemTime::UNIX_EPOCH + WALL_CLOCK + now;
        let by = Duration::from_nanos(jumped.unsigned_abs());
        let jumped = if jumped < 0 { clock.checked_sub(by) } else { clock.checked_add(by) };
        jumped.unwrap_or(clock)
    }

    /// Drops every task, oldest first, and refuses new ones. Gives how many there were, and what still waits.
    pub(crate) fn close(&self) -> (usize, Vec<Orphan>) {
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
        let (timers, firing, acts, orphans) = {
            let mut state = self.state();
            let orphans = state.orphans();
            let firing = std::mem::take(&mut state.firing);
            (state.timers.clear(), firing, state.acts.clear(), orphans)
        };
        // A waker may own a future of the user's.
        let _ = catch(|| drop((timers, firing)));
        let _ = catch(|| drop(acts));
        (alive, orphans)
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
        self.trace.push(Record::new(self.clock.now(), id, Kind::Spawn, hash, u64::from(blocking)));
        slot
    }

    pub(crate) fn configure(&mut self, options: &SimOptions) {
        let before = self.settled.policy;
        self.settled.change(options, &mut self.oracle);
        self.clock.watch(nanos(options.stuck_after));
        if self.settled.policy != before {
            self.scheduler = Scheduler::new(self.settled.policy);
        }
        self.at_step = options.at_step.clone().into();
        self.at_step.make_contiguous().sort_unstable();
    }

    /// For the next blocking work: until when it must begin to never return, and how long it waits for its
    /// thread.
    pub(crate) fn blocking(&mut self) -> (Option<Instant>, u64) {
        let chance = if self.clock.now() > self.settled.stuck_until {
            0.0
        } else {
            self.settled.stuck_blocking
        };
        let stuck = self.oracle.chance(chance, "blocking work never returns");
        let stuck = stuck.then_some(Instant::from_nanos(self.settled.stuck_until));
        let delay = match self.settled.blocking_delay {
            0 => 0,
            most => most / 3 * u64::from(self.oracle.choose(4, BLOCKING)),
        };
        (stuck, delay)
    }

    /// From now on this task is being polled.
    pub(crate) fn enter(&mut self, slot: u32, id: u32, waker: &Waker) {
        self.current = id;
        self.own = Own { slot, waker: parts(waker) };
    }

    /// Whom a sleep wakes that is polled with `waker`.
    pub(crate) fn sleeper(&self, waker: &Waker) -> Sleeper {
        if self.current != Record::NOBODY && self.own.waker == parts(waker) {
            Sleeper::Task { slot: self.own.slot, id: self.current }
        } else {
            Sleeper::Other { waker: waker.clone(), by: self.current }
        }
    }

    /// Wakes one task.
    pub(crate) fn wake(&mut self, slot: u32, id: u32) {
        if self.tasks.wake(slot, id, self.clock.rests()) {
            let by = u64::from(self.current);
            self.trace.push(Record::new(self.clock.now(), id, Kind::Wake, by, 0));
        }
    }

    /// The sleeps and the listeners that are registered, counted by kind and task.
    fn orphans(&self) -> Vec<Orphan> {
        let sleeps = self.timers.iter().map(|sleeper| ("sleep", sleeper.by()));
        let listeners = self.listeners.tasks().map(|by| ("signal listener", by));
        let mut all: Vec<_> = sleeps.chain(listeners).collect();
        all.sort_unstable_by_key(|(what, by)| (std::cmp::Reverse(*what), *by));
        let groups = all.chunk_by(|one, other| one == other);
        let orphan = |group: &[(&'static str, u32)]| {
            let (what, by) = group[0];
            Orphan { what, count: group.len(), task: self.tasks.name(by).cloned() }
        };
        groups.map(orphan).collect()
    }

    /// Notes something about the task that is being polled.
    pub(crate) fn note(&mut self, kind: Kind, a: u64, b: u64) {
        self.trace.push(Record::new(self.clock.now(), self.current, kind, a, b));
    }
}

/// By what the task that is being polled is known.
#[derive(Default)]
struct Own {
    slot: u32,
    waker: (usize, usize),
}

/// Two wakers that are alive and have the same parts wake the same.
fn parts(waker: &Waker) -> (usize, usize) {
    (waker.data().addr(), std::ptr::from_ref(waker.vtable()).addr())
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
        self.world.state().wake(self.slot, self.id);
    }
}
