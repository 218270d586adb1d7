//! Subsystems that are added while the daemon is there.

use proc_daemon_runtime::Instant;

use super::{Effect, Engine, Met, Out, Phase, Refusal, Rules, State, Ticket, Unit};
use crate::subsystem::Kind;

impl Engine {
    /// Enters a subsystem that was not known; it starts with `Event::Added`.
    pub(crate) fn add(
        &mut self,
        rules: Rules,
        dependencies: &[(u32, Kind)],
        group: Option<u32>,
    ) -> Result<u32, (u32, Refusal)> {
        if self.phase != Phase::Idle && !self.may_start() {
            return Err((0, Refusal::ShuttingDown));
        }
        for (dependency, kind) in dependencies {
            let known = &self.units[*dependency as usize];
            if known.state == State::Removed || known.removed {
                return Err((*dependency, Refusal::Gone));
            }
            if *kind != Kind::After && self.is_down(*dependency) {
                return Err((*dependency, Refusal::Down(*dependency)));
            }
        }
        let unit = self.count();
        self.graph.grow(unit, dependencies);
        let met = |dependency: &&u32| {
            let met = self.units[**dependency as usize].met;
            met == Met::Up || met == Met::Over && !self.graph.requires(unit, **dependency)
        };
        let all = self.graph.dependencies(unit);
        let unmet = all.len() - all.iter().filter(met).count();
        let place = self.rules.enter(rules);
        self.units.push(Unit::new(place, u32::try_from(unmet).unwrap_or(u32::MAX)));
        if let Some(group) = group {
            self.groups.join(group, unit);
        }
        self.unready += 1;
        self.count_ready(unit, false);
        self.keeping += usize::from(!rules.background);
        Ok(unit)
    }

    /// Keeps nothing of `unit`, if it was removed before the shutdown and has not been forgotten. Whether that is so.
    pub(crate) fn forget(&mut self, unit: u32) -> bool {
        let this = &self.units[unit as usize];
        if !this.past {
            return false;
        }
        let (joint, waits) = (this.joint, this.waits);
        if let Some(joint) = self.joints.get_mut(&joint) {
            joint.members.retain(|member| *member != unit);
        }
        self.unready -= usize::from(waits);
        self.graph.prune(unit);
        self.checks.remove(&unit);
        if let Some(known) = self.units.forget(unit) {
            self.rules.leave(known.rules);
        }
        true
    }

    /// What was added starts.
    pub(super) fn added(&mut self, ticket: Ticket, unit: u32, now: Instant, out: &mut Out) {
        if self.may_start() {
            self.go(unit, now, out);
        }
        out.push_back(Effect::Answer { ticket, answer: Ok(()) });
    }
}
