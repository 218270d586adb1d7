use proc_daemon_runtime::Instant;

use super::Leaving;
use super::failures::Failures;
use crate::end::EndKind;
use crate::state::SubsystemState;

/// What the engine knows about one subsystem.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) state: SubsystemState,
    pub(crate) generation: u32,
    /// How its last generation ended.
    pub(crate) end: Option<EndKind>,
    /// Its live generation has been spawned: before that a start can be taken back.
    pub(crate) launched: bool,
    /// The last generation that was spawned has been ready.
    pub(crate) ready: bool,
    /// It was asked to stop.
    pub(crate) asked: bool,
    /// Its `run` returned before it was asked.
    pub(crate) returned: bool,
    /// Its start took too long; that is why it is being aborted.
    pub(crate) timed_out: bool,
    /// Why it is stopped, or was, although the daemon goes on.
    pub(crate) leaving: Leaving,
    /// Its joint restart; 0 is none.
    pub(crate) joint: u32,
    /// Its joint waits for its end.
    pub(crate) awaited: bool,
    /// It starts when its joint does.
    pub(crate) held: bool,
    /// It is to be removed.
    pub(crate) removed: bool,
    /// The number of the backoff that it is in, or was last, of those after one generation.
    pub(crate) backoff: u8,
    /// It was removed while the daemon was up: its past is over.
    pub(crate) past: bool,
    /// What those that depend on it may count on.
    pub(crate) met: Met,
    /// The daemon is not ready as long as it is not.
    pub(crate) waits: bool,
    /// Why it was given up.
    pub(crate) gave_up: Option<GaveUp>,
    /// The place of its rules.
    pub(crate) rules: u32,
    /// Dependencies that are not met.
    pub(crate) unmet: u32,
    /// While the daemon stops: dependents that have not ended yet.
    pub(crate) dependents: u32,
    /// Failures in a row, since it last ran for long.
    pub(crate) streak: u32,
    /// When the last generation that was spawned began, and when it ended.
    pub(crate) started_at: Instant,
    pub(crate) ended_at: Instant,
    /// When it failed, as far back as the intensity looks.
    pub(crate) failures: Option<Box<Failures>>,
}

/// What those that depend on a subsystem may count on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// Nothing yet: it is neither ready nor over.
    No,
    /// It is ready, or has done what it was to do.
    Up,
    /// It is over, and has not done it: enough for those that only come after it.
    Over,
}

/// Why a subsystem is not started again after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// By its policy, or because it said so.
    Final,
    /// It failed more often than its intensity allows.
    Limit,
    /// What it requires has failed for good.
    Lost,
    /// It did not end after its abort.
    Zombie,
}

impl Unit {
    pub(crate) fn new(rules: u32, unmet: u32) -> Self {
        Self {
            state: SubsystemState::Registered,
            generation: 0,
            end: None,
            launched: false,
            ready: false,
            asked: false,
            returned: false,
            timed_out: false,
            leaving: Leaving::No,
            joint: 0,
            awaited: false,
            held: false,
            removed: false,
            backoff: 0,
            past: false,
            met: Met::No,
            waits: true,
            gave_up: None,
            rules,
            unmet,
            dependents: 0,
            streak: 0,
            started_at: Instant::ZERO,
            ended_at: Instant::ZERO,
            failures: None,
        }
    }

    /// What stands for those that were removed and forgotten: no event is of its generation.
    pub(crate) fn gone() -> Self {
        let gone = Self::new(0, 0);
        Self { state: SubsystemState::Removed, generation: u32::MAX, waits: false, ..gone }
    }

    /// Whether it was removed and forgotten.
    pub(crate) fn is_gone(&self) -> bool {
        self.generation == u32::MAX
    }

    /// Spawned, and neither joined nor given up.
    pub(crate) fn is_live(&self) -> bool {
        self.state.is_alive() && self.state != SubsystemState::Zombie
    }

    /// It is to start, and has not been spawned.
    pub(crate) fn is_unlaunched(&self) -> bool {
        self.state == SubsystemState::Starting && !self.launched
    }

    /// A new generation is to start.
    pub(crate) fn begin(&mut self) {
        self.generation += 1;
        self.launched = false;
        self.asked = false;
        self.returned = false;
        self.timed_out = false;
        self.leaving = Leaving::No;
        self.held = false;
    }

    /// That generation is spawned.
    pub(crate) fn launch(&mut self, now: Instant) {
        self.launched = true;
        self.ready = false;
        self.started_at = now;
    }
}
