//! What becomes of a subsystem that ended while the daemon is up: done, started again, or given up.

use proc_daemon_runtime::Instant;

use super::{Cause, Effect, Engine, GaveUp, Leaving, Met, Note, Out, Phase, State, Timer};
use crate::end::EndKind;
use crate::restart::Restart;

/// What a subsystem, or the user's code about it, has said about its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Say {
    /// Nothing: the policy decides.
    #[default]
    Nothing,
    /// It is not to be started again.
    Final,
    /// The daemon is to end with this code.
    Shutdown(u8),
}

impl Engine {
    /// The live generation of `unit` has ended as `kind`.
    pub(super) fn decide(
        &mut self,
        unit: u32,
        kind: EndKind,
        say: Say,
        now: Instant,
        out: &mut Out,
    ) {
        let rules = *self.rule(unit);
        // Aborted while the daemon is up: its `run` returned, and what it left in flight outlasted its grace.
        let failed = kind.is_failure() || kind == EndKind::Aborted;
        let leaving = self.units[unit as usize].leaving;
        if let Say::Shutdown(code) = say {
            self.initiate(Cause::Asked(unit, code), out);
            self.close(unit, now, out);
        } else if leaving == Leaving::Lost {
            if matches!(kind, EndKind::Completed | EndKind::Requested) {
                self.units[unit as usize].end = Some(EndKind::DependencyStopped);
            }
            self.give_up(unit, GaveUp::Lost, now, out);
        } else if leaving == Leaving::Retired {
            let settled = if kind.is_failure() { State::Failed } else { State::Stopped };
            self.turn(unit, settled, out);
            self.settle_retired(unit, now, out);
        } else if leaving == Leaving::Again && say == Say::Nothing {
            self.hold(unit, now, out);
            self.set_met(unit, Met::No, out);
            self.ask_leaving_dependencies(unit);
        } else if failed && say == Say::Nothing && self.is_tried(unit) {
            self.fail_the_reload(unit, now, out);
        } else if failed {
            self.open_reload(now, out);
            if rules.restart == Restart::Never || say == Say::Final {
                self.give_up(unit, GaveUp::Final, now, out);
            } else {
                self.again_unless_too_often(unit, now, out);
            }
        } else if rules.restart == Restart::Always && say == Say::Nothing {
            self.again_unless_too_often(unit, now, out);
        } else {
            if say == Say::Final {
                self.units[unit as usize].leaving = Leaving::Retired;
            }
            self.close(unit, now, out);
        }
    }

    fn again_unless_too_often(&mut self, unit: u32, now: Instant, out: &mut Out) {
        let rules = *self.rule(unit);
        let this = &mut self.units[unit as usize];
        let was_ready = this.ready;
        if was_ready && now.since(this.started_at) >= rules.backoff.resets_after() {
            this.streak = 0;
        }
        let failures = &mut this.failures;
        let too_often = |limit| failures.get_or_insert_default().too_often(limit, was_ready, now);
        if rules.intensity.is_some_and(too_often) {
            return self.give_up(unit, GaveUp::Limit, now, out);
        }
        let delay = rules.backoff.delay(this.streak, self.draws.next());
        this.streak = this.streak.saturating_add(1);
        let due = now + delay;
        self.start_again_at(unit, due);
        self.turn(unit, State::Backoff, out);
        self.set_met(unit, Met::No, out);
        let end = self.units[unit as usize].end;
        self.take_along(unit, Leaving::Again, due, now, out);
        if self.units[unit as usize].state == State::Failed {
            // It cannot be without one that is stopped with it for good. A failure stays told.
            let failed = end.filter(|end| end.is_failure() || *end == EndKind::Aborted);
            self.units[unit as usize].end = failed.or(Some(EndKind::DependencyStopped));
            return;
        }
        self.show_due(unit, due, out);
        out.push_back(Effect::Note(Note::Restarts { unit, delay }));
        self.ask_leaving_dependencies(unit);
    }

    /// The backoff of `unit` is over then, and not when it was to be before.
    pub(super) fn start_again_at(&mut self, unit: u32, due: Instant) {
        let this = &mut self.units[unit as usize];
        this.backoff = this.backoff.wrapping_add(1);
        let (generation, backoff) = (this.generation, this.backoff);
        self.timers.set(due, Timer::Restart { unit, generation, backoff });
    }

    /// The backoff of `unit` is over.
    pub(super) fn backoff_over(&mut self, unit: u32, now: Instant, out: &mut Out) {
        // It may wait for its turn already.
        if !self.may_start() || self.storm.has(unit) {
            return;
        }
        if self.is_held(unit) {
            self.units[unit as usize].held = true;
            return;
        }
        self.start_in_turn(unit, now, out);
    }

    /// It is not started again, and has failed.
    pub(super) fn give_up(&mut self, unit: u32, why: GaveUp, now: Instant, out: &mut Out) {
        self.turn(unit, State::Failed, out);
        self.lose(unit, why, now, out);
    }

    /// The daemon goes on without it, or does not.
    pub(super) fn lose(&mut self, unit: u32, why: GaveUp, now: Instant, out: &mut Out) {
        let rules = *self.rule(unit);
        self.note_given_up(unit, why, out);
        self.open_reload(now, out);
        if rules.asks {
            return out.push_back(Effect::AskGiveUp { unit });
        }
        if !rules.optional {
            self.initiate(self.failure_of(unit), out);
        }
        self.go_on_without(unit, now, out);
    }

    /// Says so once: also of what ended after its failure had begun a shutdown.
    pub(super) fn note_given_up(&mut self, unit: u32, why: GaveUp, out: &mut Out) {
        if self.units[unit as usize].gave_up.replace(why).is_none() {
            out.push_back(Effect::Note(Note::GaveUp { unit, why }));
        }
    }

    /// The user's code has said what becomes of the daemon without `unit`. Until then nobody else has lost it.
    pub(super) fn gave_up(&mut self, unit: u32, say: Say, now: Instant, out: &mut Out) {
        if self.phase != Phase::Up {
            return;
        }
        match say {
            Say::Shutdown(code) => self.initiate(Cause::Asked(unit, code), out),
            Say::Nothing if !self.rule(unit).optional => {
                self.initiate(self.failure_of(unit), out);
            }
            Say::Nothing | Say::Final => {}
        }
        self.go_on_without(unit, now, out);
    }

    fn go_on_without(&mut self, unit: u32, now: Instant, out: &mut Out) {
        self.lose_requiring(&[unit], now, out);
        self.set_met(unit, Met::Over, out);
        self.after_end(unit, now, out);
        self.ask_leaving_dependencies(unit);
    }

    /// It has done what it was to do.
    fn close(&mut self, unit: u32, now: Instant, out: &mut Out) {
        self.turn(unit, State::Stopped, out);
        self.set_met(unit, Met::Up, out);
        self.gone_if_removed(unit, out);
        self.after_end(unit, now, out);
        self.ask_leaving_dependencies(unit);
    }
}
