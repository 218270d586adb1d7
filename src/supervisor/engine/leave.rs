//! Leaving while the daemon goes on: some subsystems are stopped together, those that depend on others first.
//! Who leaves is settled within a step, and who of them is asked at its end: what falls at one moment is one.

use proc_daemon_runtime::Instant;

use super::{Effect, Engine, GaveUp, Met, Out, Phase, State};
use crate::end::EndKind;
use crate::restart::Restart;

/// Why a subsystem is stopped although the daemon goes on. A later one of these beats an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Leaving {
    #[default]
    No,
    /// It starts again with others, or because somebody asked for that.
    Again,
    /// It failed its liveness check.
    Unhealthy,
    /// Something that it cannot be without has failed for good: it has failed as well.
    Lost,
    /// Somebody asked for its stop, or it asked not to be started again. It stays stopped until it is started by
    /// name.
    Retired,
}

impl Engine {
    /// `units` are over for good: whatever cannot be without them ends.
    pub(super) fn lose_requiring(&mut self, units: &[u32], now: Instant, out: &mut Out) {
        if self.phase != Phase::Up || self.own_cause.is_some() {
            return;
        }
        // Everybody concerned, before the first of them ends.
        let (mut lost, mut open) = (Vec::new(), units.to_vec());
        while let Some(next) = open.pop() {
            // None of these is lost: each is over, or retired.
            let first = units.contains(&next);
            let temporary = first && self.rule(next).restart == Restart::Never;
            let along = if temporary { &[] } else { self.groups.along(next) };
            for &other in self.graph.requiring(next).iter().chain(along) {
                let this = &mut self.units[other as usize];
                let over = matches!(
                    this.state,
                    State::Stopped | State::Failed | State::Zombie | State::Removed
                );
                if this.leaving < Leaving::Lost && !over {
                    this.leaving = Leaving::Lost;
                    lost.push(other);
                    open.push(other);
                }
            }
        }
        for &unit in &lost {
            if self.is_idle(unit) {
                self.take_back(unit);
                self.units[unit as usize].end = Some(EndKind::DependencyStopped);
                self.give_up(unit, GaveUp::Lost, now, out);
            }
        }
        self.leavers.extend(lost);
    }

    /// Has `units`, and whatever cannot be without them, stop and stay stopped.
    pub(super) fn retire(&mut self, units: &[u32], now: Instant, out: &mut Out) {
        let all = self.not_without(units);
        // Everybody concerned, before the first of them ends.
        for &unit in &all {
            self.units[unit as usize].leaving = Leaving::Retired;
        }
        for &unit in &all {
            if self.is_idle(unit) {
                self.take_back(unit);
                self.turn(unit, State::Stopped, out);
                self.settle_retired(unit, now, out);
            }
        }
        self.leavers.extend(all);
    }

    /// `units` and whatever cannot be without them, of those that are not over.
    pub(super) fn not_without(&self, units: &[u32]) -> Vec<u32> {
        let mut all = units.to_vec();
        let mut next = 0;
        while next < all.len() {
            for &other in self.graph.requiring(all[next]) {
                let over = matches!(
                    self.units[other as usize].state,
                    State::Stopped | State::Failed | State::Zombie | State::Removed
                );
                if !over && !all.contains(&other) {
                    all.push(other);
                }
            }
            next += 1;
        }
        all
    }

    /// A retired subsystem is over: only those that merely come after it go on.
    pub(super) fn settle_retired(&mut self, unit: u32, now: Instant, out: &mut Out) {
        self.set_met(unit, Met::Over, out);
        self.after_end(unit, now, out);
        self.ask_leaving_dependencies(unit);
        if self.units[unit as usize].state != State::Zombie {
            self.gone_if_removed(unit, out);
        }
    }

    /// To start, and not spawned.
    pub(super) fn is_idle(&self, unit: u32) -> bool {
        let this = &self.units[unit as usize];
        matches!(this.state, State::Registered | State::Waiting | State::Backoff)
            || this.is_unlaunched()
    }

    /// `unit` is over: what it depends on, if that leaves, may be asked.
    pub(super) fn ask_leaving_dependencies(&mut self, unit: u32) {
        if self.units[unit as usize].leaving == Leaving::No || self.phase != Phase::Up {
            return;
        }
        self.leavers.extend(self.graph.dependencies(unit));
    }

    /// The step is over: nobody counts any more on who leaves, and each of them is asked to stop if nobody lives that
    /// leaves as well and stops before it.
    pub(super) fn settle_leavers(&mut self, now: Instant, out: &mut Out) {
        let mut leavers = std::mem::take(&mut self.leavers);
        // A shutdown asks everybody in turn.
        let up = self.phase == Phase::Up && self.own_cause.is_none();
        leavers.retain(|unit| {
            let this = &self.units[*unit as usize];
            up && this.leaving != Leaving::No && this.is_live()
        });
        for &unit in &leavers {
            self.set_met(unit, Met::No, out);
        }
        self.show_ready(out);
        for unit in leavers.drain(..) {
            let this = &self.units[unit as usize];
            let waits = !this.asked && this.state != State::Aborting;
            let held = |dependent: &u32| {
                let dependent = &self.units[*dependent as usize];
                dependent.leaving != Leaving::No && dependent.is_live()
            };
            if waits && !self.graph.dependents(unit).iter().any(held) {
                self.ask(unit, now, out);
            }
        }
        self.leavers = leavers;
    }

    /// Shows when `unit` starts again.
    pub(super) fn show_due(&self, unit: u32, at: Instant, out: &mut Out) {
        out.push_back(Effect::Due { unit, at });
    }
}
