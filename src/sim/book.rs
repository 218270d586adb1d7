//! What was seen of one life, from outside the engine: events, effects, launches, and what the subsystems'
//! own futures did. The laws and the model read it; nothing here comes from the engine's own state.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use super::calls::Call;
use super::company::{Company, Leave, Woken};
use super::laws::storm::Queue;
use super::model::reload::Reload;
use super::pulse::Pulse;
use crate::health::Probe;
use crate::signal::ActionTable;
use crate::state::SubsystemState;
use crate::strategy::Strategy;
use crate::subsystem::{Board, Run};
use crate::supervisor::engine::{Cause, Engine, Refusal, Rules, Ticket, Tuning};

/// Everything that was seen so far.
pub(super) struct Book {
    pub(super) units: Vec<Unit>,
    /// What the configuration in force says of the daemon itself.
    pub(super) tuning: Tuning,
    pub(super) actions: ActionTable,
    pub(super) board: Arc<Board>,
    /// The storm guard's limit, and when the last of them left their backoff.
    pub(super) restarts_a_second: u32,
    pub(super) restarts: VecDeque<Instant>,
    /// Those that it holds back.
    pub(super) queue: Queue,
    pub(super) started: bool,
    /// The reload that is under way.
    pub(super) reload: Reload,
    /// A reload has failed, and going back as well, where that ends the daemon.
    pub(super) stranded: bool,
    /// When the shutdown began.
    pub(super) stop_began: Option<Instant>,
    pub(super) shown_ready: bool,
    /// It has shown ready.
    pub(super) was_ready: bool,
    pub(super) exited: Option<Instant>,
    /// When the first `SIGINT` that asks for a shutdown reached the engine.
    pub(super) pressed: Option<Instant>,
    /// When a signal reached it whose state dump is being written.
    pub(super) dumping: Option<(Signal, Instant)>,
    /// The number of rests when the state dump was written, until that is heard.
    pub(super) dumped: Option<u64>,
    /// The signal that forces the end, and from when.
    pub(super) forced_by: Option<(Signal, Instant)>,
    /// What the engine found to be a reason for the end.
    pub(super) cause: Option<Cause>,
    /// Whether that was the first reason.
    pub(super) own: bool,
    /// Who was over, and is to start by name.
    pub(super) called: Option<u32>,
    /// Who was in backoff, and is to start by name: the storm guard does not count that.
    pub(super) named: Option<u32>,
    /// The calls that are not answered.
    pub(super) calls: BTreeMap<Ticket, Call>,
    /// The call of this step, and why it may be refused.
    pub(super) calling: Option<(Ticket, Vec<Refusal>)>,
    /// Who starts again together, once all of them have ended.
    pub(super) companies: Vec<Company>,
    /// How many decisions about checks were noted.
    pub(super) ranks: u64,
    pub(super) last_signal: Option<Signal>,
    pub(super) last_failure: Option<Instant>,
}

/// One subsystem.
pub(super) struct Unit {
    pub(super) rules: Rules,
    pub(super) dependencies: Vec<u32>,
    /// Which of the dependencies it cannot be without.
    pub(super) requires: Vec<bool>,
    pub(super) dependents: Vec<u32>,
    pub(super) state: SubsystemState,
    pub(super) generation: u32,
    /// Its last generation was spawned, and its end has not been told.
    pub(super) live: bool,
    /// When its last generation was to start, and when it was spawned.
    pub(super) launched: Option<Instant>,
    pub(super) spawned: Option<Instant>,
    /// When the engine had it start.
    pub(super) starting: Option<Instant>,
    /// It is ready, or has completed: what waits for it may start.
    pub(super) met: bool,
    /// It has been, in this generation.
    pub(super) served: bool,
    /// What it requires has failed for good.
    pub(super) lost: bool,
    /// Why it is stopped, or was, although the daemon goes on.
    pub(super) leave: Leave,
    /// What it is bound to.
    pub(super) binds: Vec<u32>,
    /// Its group, and that one's strategy.
    pub(super) group: Option<(u32, Strategy)>,
    /// It is over by itself, and starts again with others in this step.
    pub(super) woken: Woken,
    /// It has said that it is not to be started again.
    pub(super) done: bool,
    /// It was removed before the shutdown: its past counts no more.
    pub(super) past: bool,
    /// Its removal was asked for.
    pub(super) removed: bool,
    /// When a sign of life is due, and when that was decided.
    pub(super) beat_due: Option<(Instant, Instant)>,
    /// Since when it runs.
    pub(super) running: Instant,
    /// It was given up while nothing of it lived.
    pub(super) lost_idle: bool,
    /// It failed more often than is put up with.
    pub(super) too_often: bool,
    /// Failures in a row, and when those were that the intensity counts.
    pub(super) streak: u32,
    pub(super) failures: Vec<Instant>,
    /// Starts in a row that were never ready.
    pub(super) failed_starts: usize,
    /// What is to become of it, by the model.
    pub(super) next: Option<Next>,
    /// When it is to start again, as was told last.
    pub(super) due: Option<Instant>,
    /// It was given up, and the user's code has not said what becomes of the daemon.
    pub(super) asking: bool,
    /// It was given up, and the daemon is to live on.
    pub(super) spared: bool,
    /// The exit code that it, or the user's code about it, wants.
    pub(super) said: Option<u8>,
    pub(super) ready: bool,
    /// What its checks have said.
    pub(super) pulse: Pulse,
    /// When its liveness fell, or it missed a heartbeat.
    pub(super) unhealthy: Option<Instant>,
    /// That is how its last generation ended.
    pub(super) ended_unhealthy: bool,
    pub(super) asked: Option<Asked>,
    pub(super) aborted: Option<Instant>,
    /// The number of rests at that moment.
    pub(super) aborted_at: Option<u64>,
    /// Its last generation.
    pub(super) run: Weak<Run>,
    /// It was told to be over although it still lives.
    pub(super) left: bool,
    /// Its last generation was left behind.
    pub(super) zombie: bool,
    /// Its `run` has returned before it was asked.
    pub(super) returned: bool,
    pub(super) ended: bool,
    /// It was aborted at a moment that two rules claim.
    pub(super) tie: bool,
    /// It was aborted because its start took too long.
    pub(super) late: bool,
    /// It was asked to stop before its end was told.
    pub(super) asked_by_then: bool,
    /// It had not ended, its children included, when it was aborted.
    pub(super) cut: bool,
    /// A child panicked while it lived, and nobody joined that one.
    pub(super) orphan: bool,
    /// What its future came to.
    pub(super) outcome: Option<Came>,
    /// Its future has been dropped.
    pub(super) dropped: bool,
    /// It spawned children or held work in flight: its end may come later than that of its future.
    pub(super) busy: bool,
    /// The number of rests when it said that it was ready, and when its future was dropped.
    pub(super) ready_at: Option<u64>,
    pub(super) dropped_at: Option<u64>,
}

/// A stop request.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) by: Instant,
}

/// What is to become of a subsystem that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Stopped,
    Failed,
    /// It starts again, between these two moments.
    Backoff(Instant, Instant),
}

/// What a subsystem's future came to, as its own wrapper saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Ok,
    /// An error that only says that it was asked to stop.
    Stopping,
    Error,
    Panic,
}

impl Book {
    pub(super) fn new(engine: &Engine, board: &Arc<Board>) -> Self {
        let tuning = engine.settings().tuning;
        let units = (0..engine.units().count()).map(|unit| Unit::new(engine, unit, &tuning));
        Self {
            units: units.collect(),
            tuning,
            actions: engine.settings().actions,
            board: Arc::clone(board),
            restarts_a_second: engine.settings().restarts_a_second,
            restarts: VecDeque::new(),
            queue: Queue::default(),
            started: false,
            stop_began: None,
            shown_ready: false,
            was_ready: false,
            exited: None,
            pressed: None,
            dumping: None,
            dumped: None,
            forced_by: None,
            cause: None,
            own: false,
            called: None,
            named: None,
            calls: BTreeMap::new(),
            calling: None,
            companies: Vec::new(),
            ranks: 0,
            last_signal: None,
            last_failure: None,
            reload: Reload::default(),
            stranded: false,
        }
    }

    /// A subsystem more.
    pub(super) fn add(&mut self, engine: &Engine, unit: u32) {
        self.units.push(Unit::new(engine, unit, &self.tuning));
        for &on in engine.graph().dependencies(unit) {
            self.units[on as usize].dependents.push(unit);
        }
    }

    /// The place of one more decision among all.
    pub(super) fn rank(&mut self) -> u64 {
        self.ranks += 1;
        self.ranks
    }

    pub(super) fn name(&self, unit: u32) -> String {
        self.board.row(unit).name.to_string()
    }

    /// When the daemon as a whole aborts what is left.
    pub(super) fn force_at(&self) -> Option<Instant> {
        self.stop_began
            .map(|began| began + self.tuning.timeouts.force().min(self.tuning.timeouts.kill()))
    }

    /// Until when everything keeps serving.
    pub(super) fn lame_duck_until(&self) -> Option<Instant> {
        let until = self.stop_began.map(|began| began + self.tuning.timeouts.lame_duck());
        until.zip(self.force_at()).map(|(until, force_at)| until.min(force_at))
    }

    /// When the daemon leaves whatever is left.
    pub(super) fn budget_at(&self) -> Option<Instant> {
        self.stop_began.map(|began| began + self.tuning.timeouts.kill())
    }

    pub(super) fn grace(&self, unit: u32) -> Duration {
        self.units[unit as usize].rules.grace.unwrap_or(self.tuning.timeouts.grace())
    }
}

impl Unit {
    /// One that has not started.
    fn new(engine: &Engine, unit: u32, tuning: &Tuning) -> Self {
        let graph = engine.graph();
        Self {
            rules: *engine.rule(unit),
            requires: graph.dependencies(unit).iter().map(|on| graph.requires(unit, *on)).collect(),
            dependencies: graph.dependencies(unit).to_vec(),
            dependents: graph.dependents(unit).to_vec(),
            state: SubsystemState::Registered,
            generation: 0,
            live: false,
            launched: None,
            spawned: None,
            starting: None,
            met: false,
            served: false,
            lost: false,
            leave: Leave::No,
            binds: graph
                .dependencies(unit)
                .iter()
                .copied()
                .filter(|on| graph.binding(*on).contains(&unit))
                .collect(),
            group: engine.groups().of(unit),
            woken: Woken::No,
            done: false,
            past: false,
            removed: false,
            beat_due: None,
            running: Instant::ZERO,
            lost_idle: false,
            too_often: false,
            streak: 0,
            failures: Vec::new(),
            failed_starts: 0,
            next: None,
            due: None,
            asking: false,
            spared: false,
            said: None,
            ready: false,
            pulse: Pulse::new(engine.watched(unit), tuning),
            unhealthy: None,
            ended_unhealthy: false,
            asked: None,
            aborted: None,
            aborted_at: None,
            run: Weak::new(),
            left: false,
            zombie: false,
            returned: false,
            ended: false,
            late: false,
            tie: false,
            asked_by_then: false,
            cut: false,
            orphan: false,
            outcome: None,
            dropped: false,
            busy: false,
            ready_at: None,
            dropped_at: None,
        }
    }

    /// Whether the daemon's readiness may count on it.
    pub(super) const fn is_ready(&self) -> bool {
        self.met && !(self.lost && self.live)
    }

    /// Whether it is known if others may count on it: of two checks that fall at one moment, the engine comes to
    /// either first, and to the other no more.
    pub(super) const fn is_certain(&self) -> bool {
        self.unhealthy.is_none() || !self.pulse.has(Probe::Readiness)
    }

    /// Whether it runs, and its end has not been told.
    pub(super) fn runs(&self) -> bool {
        self.state == SubsystemState::Running && self.live
    }

    /// Whether it may be asked how it is.
    pub(super) fn is_watched(&self, probe: Probe) -> bool {
        self.is_askable(probe) && !self.leaves()
    }

    /// As far as can be said of a step in which others were lost, or another check has fallen: the order of what is
    /// due at one moment is the engine's.
    pub(super) fn is_askable(&self, probe: Probe) -> bool {
        self.pulse.is_wanted(probe) && self.may_answer(probe)
    }

    /// Whatever the configuration says.
    pub(super) fn may_answer(&self, probe: Probe) -> bool {
        let startup = probe == Probe::Startup;
        let state = if startup { SubsystemState::Starting } else { SubsystemState::Running };
        self.state == state && self.live && self.asked.is_none() && self.aborted.is_none()
    }

    /// A new generation begins.
    pub(super) fn launch(&mut self, generation: u32, rank: u64, now: Instant) {
        self.pulse.begin(rank, now);
        self.generation = generation;
        self.live = true;
        self.launched = Some(now);
        self.spawned = Some(now);
        self.ready = false;
        self.served = false;
        self.ended_unhealthy = false;
        self.done = false;
        self.beat_due = None;
        self.asked = None;
        self.aborted = None;
        self.aborted_at = None;
        (self.left, self.zombie) = (false, false);
        self.leave = Leave::No;
        (self.lost, self.lost_idle) = (false, false);
        self.returned = false;
        self.ended = false;
        self.late = false;
        self.tie = false;
        self.asked_by_then = false;
        self.cut = false;
        self.orphan = false;
        self.outcome = None;
        self.dropped = false;
        self.busy = false;
        self.ready_at = None;
        self.dropped_at = None;
    }
}
