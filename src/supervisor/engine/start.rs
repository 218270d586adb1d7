//! Starting: in dependency order, in parallel where the graph allows.

use std::time::Duration;

use proc_daemon_runtime::Instant;

use super::{Cause, Effect, Engine, Note, Out, PROGRESS_EVERY, Phase, State, Timer};

/// The start timeout of a subsystem that says when it is ready and sets none.
const START_TIMEOUT: Duration = Duration::from_secs(30);

impl Engine {
    pub(super) fn start(&mut self, now: Instant, out: &mut Out) {
        if self.phase != Phase::Idle {
            return;
        }
        self.phase = Phase::Up;
        self.timers.set(now + PROGRESS_EVERY, Timer::Progress);
        if self.dumping.is_some() {
            return;
        }
        for unit in 0..self.count() {
            if self.units[unit as usize].unmet == 0 {
                self.spawn(unit, now, out);
            } else {
                self.turn(unit, State::Waiting, out);
            }
        }
        self.all_ready(out);
        self.nothing_to_run(out);
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.units.len()).unwrap_or(u32::MAX)
    }

    fn spawn(&mut self, unit: u32, now: Instant, out: &mut Out) {
        let this = &mut self.units[unit as usize];
        this.generation += 1;
        this.started_at = now;
        this.launched = false;
        let generation = this.generation;
        let default = this.rules.explicit_ready.then_some(START_TIMEOUT);
        if let Some(timeout) = this.rules.start_timeout.or(default) {
            self.timers.set(now + timeout, Timer::Start { unit, generation });
        }
        self.turn(unit, State::Starting, out);
        out.push_back(Effect::Spawn { unit, generation });
    }

    /// The driver is about to spawn this generation. False: a shutdown has taken the start back.
    pub(crate) fn launch(&mut self, unit: u32, generation: u32) -> bool {
        let this = &mut self.units[unit as usize];
        this.launched = this.state == State::Starting && this.generation == generation;
        this.launched
    }

    pub(super) fn ready(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if self.units[unit as usize].state == State::Starting {
            self.turn(unit, State::Running, out);
            self.met(unit, now, out);
        }
    }

    /// `unit` is ready, or has completed: whoever waited for it alone may start.
    pub(super) fn met(&mut self, unit: u32, now: Instant, out: &mut Out) {
        self.units[unit as usize].ready = true;
        self.unready -= 1;
        if self.phase != Phase::Up || self.own_cause.is_some() || self.dumping.is_some() {
            return;
        }
        for index in 0..self.graph.dependents(unit).len() {
            let dependent = self.graph.dependents(unit)[index];
            let this = &mut self.units[dependent as usize];
            this.unmet -= 1;
            if this.unmet == 0 && this.state == State::Waiting {
                self.spawn(dependent, now, out);
            }
        }
        self.all_ready(out);
    }

    fn all_ready(&self, out: &mut Out) {
        if self.unready == 0 {
            out.push_back(Effect::Ready(true));
            out.push_back(Effect::Note(Note::AllReady));
        }
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
        self.initiate(Cause::StartFailed(unit), out);
    }
}
