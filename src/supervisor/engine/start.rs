//! Starting: in dependency order, in parallel where the graph allows.

use std::time::Duration;

use proc_daemon_runtime::Instant;

use super::{
    Cause, Effect, Engine, Leaving, Met, Note, Out, PROGRESS_EVERY, Phase, START_IS_LONG, Say,
    State, Timer,
};

/// The start timeout of a subsystem that says when it is ready and sets none.
const START_TIMEOUT: Duration = Duration::from_secs(30);

impl Engine {
    pub(super) fn start(&mut self, now: Instant, out: &mut Out) {
        if self.phase != Phase::Idle {
            return;
        }
        self.phase = Phase::Up;
        self.timers.set(now + PROGRESS_EVERY, Timer::StillStarting);
        if self.settings.reloadable {
            self.timers.set(now + START_IS_LONG, Timer::StartIsLong);
        }
        if self.dumping.is_some() {
            return;
        }
        for unit in 0..self.count() {
            self.go(unit, now, out);
        }
        self.nothing_to_run(out);
        // A step each: what one of them has come to may be undone by the next.
        for event in std::mem::take(&mut self.early) {
            self.step(event, now, out);
        }
    }

    /// Starts `unit`, or has it wait for what it depends on.
    pub(super) fn go(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if self.is_held(unit) {
            self.hold(unit, now, out);
        } else if self.units[unit as usize].unmet == 0 {
            self.spawn(unit, out);
        } else {
            self.turn(unit, State::Waiting, out);
        }
    }

    /// Whether anything may start.
    pub(super) fn may_start(&self) -> bool {
        self.phase == Phase::Up && self.own_cause.is_none() && self.dumping.is_none()
    }

    pub(super) fn count(&self) -> u32 {
        self.units.count()
    }

    pub(super) fn spawn(&mut self, unit: u32, out: &mut Out) {
        let this = &mut self.units[unit as usize];
        this.begin();
        let generation = this.generation;
        self.turn(unit, State::Starting, out);
        out.push_back(Effect::Spawn { unit, generation });
    }

    /// The driver is about to spawn this generation. False: the start was taken back.
    pub(crate) fn launch(&mut self, unit: u32, generation: u32, now: Instant) -> bool {
        let this = &mut self.units[unit as usize];
        if !this.is_unlaunched() || this.generation != generation {
            return false;
        }
        this.launch(now);
        let rules = self.rule(unit);
        let says = rules.explicit_ready || rules.startup_check;
        let default = says.then_some(START_TIMEOUT);
        if let Some(timeout) = rules.start_timeout.or(default) {
            self.timers.set(now + timeout, Timer::Start { unit, generation });
        }
        self.begin_checks(unit, now);
        true
    }

    /// Takes back a start that has not been spawned: there was no such generation.
    pub(super) fn take_back(&mut self, unit: u32) {
        let this = &mut self.units[unit as usize];
        if this.is_unlaunched() {
            this.generation -= 1;
        }
    }

    pub(super) fn ready(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if self.units[unit as usize].state == State::Starting && self.may_run(unit) {
            self.units[unit as usize].ready = true;
            self.turn(unit, State::Running, out);
            let stays = self.units[unit as usize].leaving == Leaving::No;
            if self.watch_running(unit, now) && stays {
                self.set_met(unit, Met::Up, out);
            }
        }
    }

    /// What those that depend on `unit` may count on has changed: whoever waited for it alone may start.
    pub(super) fn set_met(&mut self, unit: u32, met: Met, out: &mut Out) {
        let was = std::mem::replace(&mut self.units[unit as usize].met, met);
        if was != met {
            out.ready.push((unit, met == Met::Up));
            self.calls.changed(unit);
            self.reload.changed(unit);
            for index in 0..self.graph.dependents(unit).len() {
                let dependent = self.graph.dependents(unit)[index];
                let enough = |met: Met| match met {
                    Met::Up => true,
                    Met::Over => !self.graph.requires(dependent, unit),
                    Met::No => false,
                };
                match (enough(was), enough(met)) {
                    (false, true) => self.dependency_met(dependent, out),
                    (true, false) => self.dependency_unmet(dependent, out),
                    _ => {}
                }
            }
        }
        self.count_ready(unit, was == Met::Up && met == Met::No);
    }

    fn dependency_met(&mut self, dependent: u32, out: &mut Out) {
        let this = &mut self.units[dependent as usize];
        this.unmet -= 1;
        // One that is about to leave for good has not been turned yet.
        let may = this.unmet == 0 && this.state == State::Waiting && this.leaving < Leaving::Lost;
        if may && self.may_start() && !self.is_held(dependent) {
            self.spawn(dependent, out);
        }
    }

    fn dependency_unmet(&mut self, dependent: u32, out: &mut Out) {
        self.units[dependent as usize].unmet += 1;
        if self.units[dependent as usize].is_unlaunched() {
            self.take_back(dependent);
            self.turn(dependent, State::Waiting, out);
        }
    }

    /// Counts who is not ready. What was given up is not waited for. The daemon can do without what is optional: until it
    /// has been ready, it waits for those that start or run, and later only for one that `fell`, for as long as it runs.
    pub(super) fn count_ready(&mut self, unit: u32, fell: bool) {
        let optional = self.rule(unit).optional;
        let this = &mut self.units[unit as usize];
        let gone = this.gave_up.is_some() || this.leaving == Leaving::Retired;
        let counts = match this.state {
            _ if !optional => true,
            _ if this.leaving != Leaving::No => false,
            State::Starting => !self.was_ready,
            State::Running => !self.was_ready || fell || this.waits,
            _ => false,
        };
        let waits = this.met != Met::Up && !gone && counts;
        let waited = std::mem::replace(&mut this.waits, waits);
        self.unready = self.unready + usize::from(waits) - usize::from(waited);
    }

    /// The step is over: shows readiness when everybody has become ready, and not ready when one is not any more.
    pub(super) fn show_ready(&mut self, out: &mut Out) {
        let ready = self.unready == 0;
        // A state dump is followed by a forced end.
        let over = self.phase != Phase::Up || self.own_cause.is_some();
        if over || ready == self.shown_ready || ready && self.dumping.is_some() {
            return;
        }
        self.shown_ready = ready;
        self.was_ready |= ready;
        out.push_back(Effect::Ready(ready));
        let waiting = self.waiting(|unit| unit.waits);
        let note = waiting.map_or(Note::AllReady, Note::NotReady);
        out.push_back(Effect::Note(note));
    }

    pub(super) fn nothing_to_run(&mut self, out: &mut Out) {
        if self.keeping == 0 {
            self.initiate(Cause::NothingToRun, out);
        }
    }

    /// Dropping its future is how a start is given up: it has not been asked to stop, and need not listen.
    pub(super) fn start_timed_out(&mut self, unit: u32, now: Instant, out: &mut Out) {
        self.units[unit as usize].timed_out = true;
        out.push_back(Effect::Note(Note::StartTimedOut(unit)));
        self.abort(unit, now, out);
        self.fail_at_once_if_certain(unit, Say::Nothing, out);
    }
}
