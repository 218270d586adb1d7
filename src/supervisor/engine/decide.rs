//! What becomes of a subsystem that ended while the daemon is up: done, started again, or given up.

use proc_daemon_runtime::Instant;

use super::{Cause, Effect, Engine, GaveUp, Met, Note, Out, Phase, State, Timer};
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
        if let Say::Shutdown(code) = say {
            self.initiate(Cause::Asked(unit, code), out);
            self.close(unit, now, out);
        } else if self.units[unit as usize].lost {
            if matches!(kind, EndKind::Completed | EndKind::Requested) {
                self.units[unit as usize].end = Some(EndKind::DependencyStopped);
            }
            self.give_up(unit, GaveUp::Lost, now, out);
        } else if failed {
            if rules.restart == Restart::Never || say == Say::Final {
                self.give_up(unit, GaveUp::Final, now, out);
            } else {
                self.again_unless_too_often(unit, now, out);
            }
        } else if rules.restart == Restart::Always && say == Say::Nothing {
            self.again_unless_too_often(unit, now, out);
        } else {
            self.close(unit, now, out);
        }
    }

    fn again_unless_too_often(&mut self, unit: u32, now: Instant, out: &mut Out) {
        let rules = *self.rule(unit);
        let this = &mut self.units[unit as usize];
        if this.ready && now.since(this.started_at) >= rules.backoff.resets_after() {
            this.streak = 0;
        }
        let failures = &mut this.failures;
        let too_often = |limit| failures.get_or_insert_default().too_often(limit, now);
        if rules.intensity.is_some_and(too_often) {
            return self.give_up(unit, GaveUp::Limit, now, out);
        }
        let delay = rules.backoff.delay(this.streak, self.draws.next());
        this.streak = this.streak.saturating_add(1);
        let generation = this.generation;
        let due = now + delay;
        self.timers.set(due, Timer::Restart { unit, generation });
        self.turn(unit, State::Backoff, out);
        self.set_met(unit, Met::No, now, out);
        out.push_back(Effect::Due { unit, at: due });
        out.push_back(Effect::Note(Note::Restarts { unit, delay }));
    }

    /// The backoff of `unit` is over.
    pub(super) fn backoff_over(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if self.own_cause.is_some() || self.dumping.is_some() {
            return;
        }
        if let Some(at) = self.storm.hold(now) {
            let generation = self.units[unit as usize].generation;
            self.timers.set(at, Timer::Restart { unit, generation });
            out.push_back(Effect::Due { unit, at });
            return;
        }
        if self.units[unit as usize].unmet == 0 {
            self.spawn(unit, now, out);
        } else {
            self.turn(unit, State::Waiting, out);
        }
    }

    /// It is not started again, and has failed.
    fn give_up(&mut self, unit: u32, why: GaveUp, now: Instant, out: &mut Out) {
        self.turn(unit, State::Failed, out);
        self.lose(unit, why, now, out);
    }

    /// The daemon goes on without it, or does not.
    pub(super) fn lose(&mut self, unit: u32, why: GaveUp, now: Instant, out: &mut Out) {
        let rules = *self.rule(unit);
        self.units[unit as usize].gave_up = Some(why);
        out.push_back(Effect::Note(Note::GaveUp { unit, why }));
        if rules.asks {
            return out.push_back(Effect::AskGiveUp { unit });
        }
        if !rules.optional {
            self.initiate(self.failure_of(unit), out);
        }
        self.go_on_without(unit, now, out);
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
        self.lose_requiring(unit, now, out);
        self.set_met(unit, Met::Over, now, out);
        self.after_end(unit, now, out);
        self.ask_lost_dependencies(unit, now, out);
    }

    /// It has done what it was to do.
    fn close(&mut self, unit: u32, now: Instant, out: &mut Out) {
        self.turn(unit, State::Stopped, out);
        self.set_met(unit, Met::Up, now, out);
        self.after_end(unit, now, out);
    }

    /// `unit` has failed for good: whatever cannot be without it ends.
    fn lose_requiring(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if self.phase != Phase::Up || self.own_cause.is_some() {
            return;
        }
        // Everybody concerned first: they are asked in order, those that depend on others before those.
        let (mut lost, mut open) = (Vec::new(), vec![unit]);
        while let Some(unit) = open.pop() {
            for &dependent in self.graph.requiring(unit) {
                let this = &mut self.units[dependent as usize];
                let over = matches!(this.state, State::Stopped | State::Failed | State::Zombie);
                if !std::mem::replace(&mut this.lost, true) && !over {
                    lost.push(dependent);
                    open.push(dependent);
                }
            }
        }
        for &unit in &lost {
            let this = &self.units[unit as usize];
            let idle = matches!(this.state, State::Waiting | State::Backoff);
            if idle || this.is_unlaunched() {
                self.take_back(unit);
                self.units[unit as usize].end = Some(EndKind::DependencyStopped);
                self.give_up(unit, GaveUp::Lost, now, out);
            }
        }
        for unit in lost {
            self.ask_lost(unit, now, out);
        }
    }

    /// `unit` is over: what it depends on, if that is lost, may be asked.
    fn ask_lost_dependencies(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if !self.units[unit as usize].lost {
            return;
        }
        for index in 0..self.graph.dependencies(unit).len() {
            let dependency = self.graph.dependencies(unit)[index];
            self.ask_lost(dependency, now, out);
        }
    }

    /// Asks a lost subsystem to stop once nobody lives that is lost as well and stops before it.
    fn ask_lost(&mut self, unit: u32, now: Instant, out: &mut Out) {
        // A shutdown asks everybody in turn.
        if self.own_cause.is_some() {
            return;
        }
        let this = &self.units[unit as usize];
        let waits = !this.lost || !this.is_live() || this.asked || this.state == State::Aborting;
        let held = |dependent: &u32| {
            let dependent = &self.units[*dependent as usize];
            dependent.lost && dependent.is_live()
        };
        if !waits && !self.graph.dependents(unit).iter().any(held) {
            self.ask(unit, now, out);
        }
    }
}
