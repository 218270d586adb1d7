//! Stopping: dependents first, each with its own grace, the whole within the budget.

use proc_daemon_runtime::Instant;

use super::{
    Cause, Effect, Engine, GaveUp, How, Leaving, Note, Out, PROGRESS_EVERY, Phase, Say, State,
    Timer, Unit, ZOMBIE_AFTER,
};
use crate::end::EndKind;
use crate::restart::Restart;
use crate::shutdown::Timeline;

impl Engine {
    /// The shutdown begins: whoever has not started never will.
    pub(super) fn begin_shutdown(&mut self, own: bool, now: Instant, out: &mut Out) {
        if self.phase > Phase::Up {
            return;
        }
        self.own_is_cause = own;
        self.stop_began = Some(now);
        let timeline = Timeline::new(now, &self.settings.tuning.timeouts);
        self.timeline = Some(timeline);
        self.phase = Phase::LameDuck;
        self.shown_ready = false;
        out.push_back(Effect::Ready(false));
        self.refuse_starts(out);
        self.refuse_reload(out);
        for unit in 0..self.count() {
            let this = &self.units[unit as usize];
            let idle = matches!(this.state, State::Registered | State::Waiting | State::Backoff);
            if idle || this.is_unlaunched() {
                self.take_back(unit);
                self.turn(unit, State::Stopped, out);
            }
        }
        self.timers.set(timeline.force_at, Timer::Force);
        self.timers.set(timeline.budget_at, Timer::Budget);
        self.timers.set(now + PROGRESS_EVERY, Timer::StillStopping);
        if self.forced.is_some() || self.live == 0 || timeline.lame_duck_until <= now {
            self.begin_stopping(now, out);
        } else {
            self.timers.set(timeline.lame_duck_until, Timer::LameDuck);
        }
    }

    pub(super) fn begin_stopping(&mut self, now: Instant, out: &mut Out) {
        self.phase = Phase::Stopping;
        for unit in 0..self.count() {
            if self.units[unit as usize].is_live() {
                for &dependency in self.graph.dependencies(unit) {
                    self.units[dependency as usize].dependents += 1;
                }
            }
        }
        if self.forced.is_some() {
            self.abort_all(now, out);
        } else {
            for unit in 0..self.count() {
                self.ask_in_turn(unit, now, out);
            }
        }
        self.finalize_when_all_ended(now, out);
    }

    /// Asks `unit` to stop if its turn has come (invariant 3).
    fn ask_in_turn(&mut self, unit: u32, now: Instant, out: &mut Out) {
        let this = &self.units[unit as usize];
        if this.is_live() && this.state != State::Aborting && !this.asked && this.dependents == 0 {
            self.ask(unit, now, out);
        }
    }

    pub(super) fn ask(&mut self, unit: u32, now: Instant, out: &mut Out) {
        let grace = self.rule(unit).grace.unwrap_or(self.settings.tuning.timeouts.grace());
        let this = &mut self.units[unit as usize];
        this.asked = true;
        let generation = this.generation;
        let by = self.timeline.map_or(now + grace, |timeline| timeline.grace_over(now, grace));
        self.timers.set(by, Timer::Grace { unit, generation });
        out.push_back(Effect::RequestStop { unit, generation, by });
    }

    pub(super) fn asked(&mut self, unit: u32, busy: bool, out: &mut Out) {
        if matches!(self.units[unit as usize].state, State::Starting | State::Running) {
            self.turn(unit, if busy { State::Draining } else { State::Stopping }, out);
        }
    }

    pub(super) fn drained(&mut self, unit: u32, out: &mut Out) {
        if self.units[unit as usize].state == State::Draining {
            self.turn(unit, State::Stopping, out);
        }
    }

    /// `run` has returned: if on its own, what it left in flight has its grace, and then it is over. What is
    /// certain to end the daemon is acted upon at once.
    pub(super) fn returned(
        &mut self,
        unit: u32,
        failed: bool,
        say: Say,
        now: Instant,
        out: &mut Out,
    ) {
        let this = &self.units[unit as usize];
        if matches!(this.state, State::Starting | State::Running) && !this.asked {
            self.units[unit as usize].returned = true;
            self.ask(unit, now, out);
        }
        if !self.units[unit as usize].is_live() {
            return;
        }
        match say {
            Say::Shutdown(code) => self.initiate(Cause::Asked(unit, code), out),
            say if failed => self.fail_at_once_if_certain(unit, say, out),
            _ => {}
        }
    }

    /// A failure that nothing can make good is acted upon before the subsystem is joined; it is told with its end.
    pub(super) fn fail_at_once_if_certain(&mut self, unit: u32, say: Say, out: &mut Out) {
        let rules = *self.rule(unit);
        let leaving = self.units[unit as usize].leaving;
        let last = (rules.restart == Restart::Never || say == Say::Final)
            && matches!(leaving, Leaving::No | Leaving::Unhealthy);
        let tried = say == Say::Nothing && self.is_tried(unit);
        if last && !tried && !rules.optional && !rules.asks {
            self.initiate(self.failure_of(unit), out);
        }
    }

    /// `unit` has ended in the shutdown, or is left behind: says that it is given up if its failure is what the daemon
    /// shuts down for.
    pub(super) fn note_cause(&mut self, unit: u32, why: GaveUp, out: &mut Out) {
        if let Some(Cause::Failed(whose) | Cause::StartFailed(whose)) = self.own_cause
            && whose == unit
            && self.own_is_cause
        {
            self.note_given_up(unit, why, out);
        }
    }

    pub(super) fn abort(&mut self, unit: u32, now: Instant, out: &mut Out) {
        let generation = self.units[unit as usize].generation;
        self.timers.set(now + ZOMBIE_AFTER, Timer::Zombie { unit, generation });
        self.turn(unit, State::Aborting, out);
        out.push_back(Effect::Abort { unit, generation });
    }

    /// Aborts everything that is left, in no order.
    pub(super) fn abort_all(&mut self, now: Instant, out: &mut Out) {
        for unit in 0..self.count() {
            let this = &self.units[unit as usize];
            if this.is_live() && this.state != State::Aborting {
                self.abort(unit, now, out);
            }
        }
    }

    pub(super) fn force_time(&mut self, now: Instant, out: &mut Out) {
        if self.phase == Phase::LameDuck {
            self.begin_stopping(now, out);
        }
        out.push_back(Effect::Note(Note::ForceTime(self.live)));
        self.abort_all(now, out);
    }

    pub(super) fn leave_behind(&mut self, unit: u32, now: Instant, out: &mut Out) {
        self.units[unit as usize].end = Some(EndKind::Zombie);
        self.units[unit as usize].ended_at = now;
        out.push_back(Effect::Note(Note::LeftBehind(unit)));
        self.turn(unit, State::Zombie, out);
        if self.phase != Phase::Up {
            self.note_cause(unit, GaveUp::Zombie, out);
            self.after_end(unit, now, out);
        } else if self.units[unit as usize].leaving == Leaving::Retired {
            self.settle_retired(unit, now, out);
        } else {
            self.lose(unit, GaveUp::Zombie, now, out);
        }
        self.leave_joint(unit, now, out);
    }

    pub(super) fn ended(&mut self, unit: u32, how: How, say: Say, now: Instant, out: &mut Out) {
        let kind = self.kind_of(unit, how);
        let this = &mut self.units[unit as usize];
        let settled = if kind.is_failure() { State::Failed } else { State::Stopped };
        if this.state == State::Zombie {
            self.turn(unit, settled, out);
            self.gone_if_removed(unit, out);
            return;
        }
        this.end = Some(kind);
        this.ended_at = now;
        if self.phase == Phase::Up {
            self.decide(unit, kind, say, now, out);
        } else {
            self.turn(unit, settled, out);
            self.note_cause(unit, GaveUp::Final, out);
            self.gone_if_removed(unit, out);
            self.after_end(unit, now, out);
        }
        self.leave_joint(unit, now, out);
    }

    /// What kind of end `how` is for the live generation of `unit`.
    pub(crate) fn kind_of(&self, unit: u32, how: How) -> EndKind {
        let this = &self.units[unit as usize];
        match kind(this, || self.rule(unit).explicit_ready, how) {
            EndKind::Completed | EndKind::Requested | EndKind::Aborted
                if this.leaving == Leaving::Unhealthy && self.phase == Phase::Up =>
            {
                EndKind::Unhealthy
            }
            kind => kind,
        }
    }

    pub(super) fn failure_of(&self, unit: u32) -> Cause {
        if self.units[unit as usize].ready { Cause::Failed(unit) } else { Cause::StartFailed(unit) }
    }

    /// `unit` is over, joined or left behind: whoever stops after it may be asked.
    pub(super) fn after_end(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if !self.rule(unit).background {
            self.keeping -= 1;
        }
        match self.phase {
            Phase::Up => return self.nothing_to_run(out),
            Phase::LameDuck if self.live == 0 => return self.begin_stopping(now, out),
            Phase::Stopping => {}
            _ => return,
        }
        for index in 0..self.graph.dependencies(unit).len() {
            let dependency = self.graph.dependencies(unit)[index];
            self.units[dependency as usize].dependents -= 1;
            if self.forced.is_none() {
                self.ask_in_turn(dependency, now, out);
            }
        }
        self.finalize_when_all_ended(now, out);
    }
}

fn kind(unit: &Unit, explicit: impl Fn() -> bool, how: How) -> EndKind {
    match how {
        _ if unit.timed_out => EndKind::StartTimeout,
        How::Panicked => EndKind::Panic,
        How::Aborted => EndKind::Aborted,
        How::Failed { stopping: true } if unit.asked => EndKind::Requested,
        How::Failed { .. } => EndKind::Error,
        How::Completed if unit.asked && !unit.returned => EndKind::Requested,
        How::Completed if !unit.ready && explicit() => EndKind::Error,
        How::Completed => EndKind::Completed,
    }
}
