use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{Ambient, Capabilities, Instant, Runtime, Signal, TaskName, Timer};

use crate::sites::{Name, Site};
use crate::timers::Act;
use crate::trace::{Kind, Record, name_hash};
use crate::world::World;
use crate::{Policy, SimSignals, SimTimer, Tape, Verdict, executor};

/// A handle to a simulated world. A clone is one count.
///
/// What is spawned after the end of its [`Simulator`](crate::Simulator) is dropped at once.
#[derive(Clone)]
pub struct SimHandle {
    timer: SimTimer,
    signals: SimSignals,
}

/// Into how many steps a span is cut to choose a duration from it.
const STEPS: u32 = 1024;

thread_local! {
    static CURRENT: RefCell<Option<SimHandle>> = const { RefCell::new(None) };
}

impl SimHandle {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { timer: SimTimer(Arc::clone(&world)), signals: SimSignals(world) }
    }

    pub(crate) fn world(&self) -> &Arc<World> {
        &self.timer.0
    }
}

/// # Devices
impl SimHandle {
    /// A signal arrives now.
    pub fn raise(&self, signal: Signal) {
        self.world().raise(signal);
    }

    /// A signal arrives at `at`.
    pub fn raise_at(&self, at: Instant, signal: Signal) {
        self.act_at(at, Act::Raise(signal));
    }

    /// The wall clock jumps, forwards or back, at `at`.
    pub fn jump_at(&self, at: Instant, nanos: i64) {
        self.act_at(at, Act::Jump(nanos));
    }

    /// Calls `act` at `at`, between two polls.
    pub fn call_at(&self, at: Instant, act: impl FnOnce() + Send + 'static) {
        self.act_at(at, Act::Call(Box::new(act)));
    }

    /// A number below `of`, chosen by the seed and written on the tape if it is not 0. `site` says what
    /// is being chosen.
    #[must_use]
    pub fn choose(&self, of: u32, site: &str) -> u32 {
        self.world().state().oracle.choose(of, site)
    }

    /// True with this chance, to the millionth.
    #[must_use]
    pub fn chance(&self, chance: f64, site: &str) -> bool {
        self.world().state().oracle.chance(chance, site)
    }

    /// As [`chance`](Self::chance), at the site that says what happens to whom. Asking makes no text of it.
    #[must_use]
    pub fn chance_of(&self, chance: f64, what: &str, who: &str) -> bool {
        let site = Site::Named(Name { what, who: Some(who) });
        self.world().state().oracle.chance(chance, site)
    }

    /// As [`duration`](Self::duration), at the site that says whose.
    #[must_use]
    pub fn duration_of(&self, from: Duration, to: Duration, what: &str, who: &str) -> Duration {
        let site = Site::Named(Name { what, who: Some(who) });
        step(from, to, self.world().state().oracle.choose(STEPS + 1, site))
    }

    /// A duration of at least `from` and at most `to`, in 1024 steps; `from` if that is more.
    #[must_use]
    pub fn duration(&self, from: Duration, to: Duration, site: &str) -> Duration {
        step(from, to, self.choose(STEPS + 1, site))
    }
}

/// # Time and end
impl SimHandle {
    /// Virtual time passes within this poll: the whole life stands still meanwhile, as it would behind code
    /// that blocks its only thread. Signals and jumps of the wall clock come at their moment within it; what
    /// they lead to waits.
    pub fn spend(&self, duration: Duration) {
        let (until, current) = {
            let mut state = self.world().state();
            let until = Instant::from_nanos(state.clock.now()).after(duration).as_nanos();
            (until, std::mem::replace(&mut state.current, Record::NOBODY))
        };
        loop {
            let Some(act) = self.world().state().meanwhile(until) else { break };
            self.world().perform(act);
        }
        let mut state = self.world().state();
        state.clock.move_to(until);
        state.current = current;
    }

    /// How often nothing was ready so far: between two moments with the same number, nobody had to wait.
    #[must_use]
    pub fn rests(&self) -> u64 {
        self.world().clock.rests()
    }

    /// Whether the poll that is going on is without a reason: nothing may come of it.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.world().clock.is_probing()
    }

    /// How much later than its deadline something may be noticed now: the lateness of timers, and the time
    /// that passed in polls since time last moved by itself.
    #[must_use]
    pub fn slack(&self) -> Duration {
        let state = self.world().state();
        Duration::from_nanos(state.settled.lateness.saturating_add(state.clock.now() - state.moved))
    }

    /// Ends the life here, after this poll. The first verdict counts.
    pub fn halt(&self, verdict: Verdict) {
        self.world().state().halt.get_or_insert(verdict);
    }
}

/// # The trace
impl SimHandle {
    /// Writes two words into the trace.
    pub fn note(&self, a: u64, b: u64) {
        self.world().state().note(Kind::Note, a, b);
    }

    /// The choices so far.
    #[must_use]
    pub fn tape(&self) -> Tape {
        self.world().state().oracle.tape()
    }

    /// The policy of this world; the dull one if its choices are on a tape.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.world().state().settled.policy
    }

    /// Notes that a situation was reached.
    pub fn reached(&self, situation: &'static str) {
        let mut state = self.world().state();
        if !state.reached.contains(&situation) {
            state.reached.push(situation);
            state.note(Kind::Reached, name_hash(situation), 0);
        }
    }
}

/// So many steps of the way from one to the other.
fn step(from: Duration, to: Duration, step: u32) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    let way = to.saturating_sub(from).as_nanos() * u128::from(step) / u128::from(STEPS);
    let (seconds, nanos) = (u64::try_from(way / SECOND), u32::try_from(way % SECOND));
    from + Duration::new(seconds.unwrap_or(u64::MAX), nanos.unwrap_or(0))
}

/// Restores the handle that was current before.
pub(crate) struct Entered(Option<SimHandle>);

impl Entered {
    pub(crate) fn new(handle: SimHandle) -> Self {
        Self(CURRENT.replace(Some(handle)))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl Runtime for SimHandle {
    const NAME: &'static str = "sim";
    type Timer = SimTimer;
    type Signals = SimSignals;

    fn capabilities(&self) -> Capabilities {
        Capabilities::all().without_blocking_cap().virtual_time()
    }

    fn timer(&self) -> &SimTimer {
        &self.timer
    }

    fn signals(&self) -> &SimSignals {
        &self.signals
    }

    fn seed(&self) -> u64 {
        let mut state = self.world().state();
        (0..4).fold(0, |seed, _| seed << 16 | u64::from(state.oracle.choose(1 << 16, "seed")))
    }

    fn spawn(&self, name: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        self.world().spawn(name, Box::pin(future), false);
    }

    fn spawn_blocking(&self, name: TaskName, work: impl FnOnce() + Send + 'static) {
        let (stuck, delay) = self.world().state().blocking();
        let sleep = (delay > 0).then(|| self.timer.sleep(Duration::from_nanos(delay)));
        let task = Box::pin(executor::blocking(self.timer.clone(), sleep, stuck, work));
        self.world().spawn(name, task, true);
    }
}

impl Ambient for SimHandle {
    fn current() -> io::Result<Self> {
        CURRENT.with_borrow(Clone::clone).ok_or_else(|| {
            let text = "not polled in a simulation: call this inside Simulator::block_on or a task";
            io::Error::new(io::ErrorKind::NotFound, text)
        })
    }
}

impl fmt::Debug for SimHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimHandle").field("now", &self.timer.now()).finish_non_exhaustive()
    }
}
