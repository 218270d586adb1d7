//! After the publication: those that restart become ready, or the configuration before is published again.

use std::collections::BTreeMap;
use std::time::Duration;

use proc_daemon_runtime::Instant;

use super::{Back, Outcome, Stage};
use crate::supervisor::engine::{Effect, Engine, Leaving, Met, Out, State, Timer};

/// On top of the graces and start timeouts of those that restart.
const SETTLE: Duration = Duration::from_secs(30);

impl Engine {
    /// Restarts `units`, as far as they live; one in backoff starts at once.
    pub(super) fn restart_all(
        &mut self,
        units: &[u32],
        took: Vec<u32>,
        back: Option<Back>,
        now: Instant,
        out: &mut Out,
    ) {
        let mut restarts = BTreeMap::new();
        for &unit in units {
            let this = &self.units[unit as usize];
            if matches!(this.state, State::Backoff | State::Waiting) {
                if back.as_ref().is_some_and(|back| back.restarted.contains(&unit)) {
                    restarts.insert(unit, this.generation);
                }
                if this.state == State::Backoff {
                    self.backoff_over(unit, now, out);
                }
            } else if this.is_live() && this.leaving < Leaving::Lost && !self.rule(unit).once {
                self.restart_for_reload(unit, &mut restarts, now, out);
            }
        }
        let longest = restarts.keys().map(|unit| self.longest_restart(*unit)).max();
        let number = self.reload.number;
        self.timers.set(now + longest.unwrap_or_default() + SETTLE, Timer::Settle(number));
        let waiting = restarts.clone();
        self.reload.restarted = restarts.keys().copied().collect();
        let (committed, trouble) = (false, None);
        self.reload.stage = Stage::Settling { restarts, waiting, took, committed, trouble, back };
    }

    fn restart_for_reload(
        &mut self,
        unit: u32,
        restarts: &mut BTreeMap<u32, u32>,
        now: Instant,
        out: &mut Out,
    ) {
        let mut all = self.ensemble(unit);
        all.retain(|member| self.units[*member as usize].is_live());
        self.take_along(unit, Leaving::Again, now, now, out);
        for member in all {
            let this = &self.units[member as usize];
            if this.leaving < Leaving::Lost {
                restarts.insert(member, this.generation);
            }
        }
    }

    fn longest_restart(&self, unit: u32) -> Duration {
        let rules = self.rule(unit);
        let grace = rules.grace.unwrap_or(self.settings.tuning.timeouts.grace());
        grace + rules.start_timeout.unwrap_or(SETTLE)
    }

    /// Who has restarted with what was published last.
    pub(crate) fn restarted_by_reload(&self) -> &[u32] {
        &self.reload.restarted
    }

    /// The commits have been called.
    pub(in crate::supervisor::engine) fn committed(&mut self) {
        if let Stage::Settling { committed, .. } = &mut self.reload.stage {
            *committed = true;
        }
    }

    /// A commit has panicked: what its subsystem has taken is not known.
    pub(in crate::supervisor::engine) fn commit_failed(
        &mut self,
        unit: u32,
        now: Instant,
        out: &mut Out,
    ) {
        let this = &self.units[unit as usize];
        if !self.may_start() || !this.is_live() || this.leaving != Leaving::No {
            return;
        }
        let mut more = BTreeMap::new();
        if !self.rule(unit).once {
            self.restart_for_reload(unit, &mut more, now, out);
        }
        if let Stage::Settling { restarts, waiting, .. } = &mut self.reload.stage {
            self.reload.restarted.extend(more.keys());
            restarts.extend(&more);
            waiting.extend(more);
        }
    }

    /// Whether a failure of `unit` is the reload's: it has restarted, and was not ready since.
    pub(in crate::supervisor::engine) fn is_tried(&self, unit: u32) -> bool {
        let waiting = match &self.reload.stage {
            Stage::Settling { waiting, back: None, .. } => waiting,
            Stage::Preparing { back: Some(back), .. } => &back.waiting,
            _ => return false,
        };
        let now_is = self.units[unit as usize].generation;
        waiting.get(&unit).is_some_and(|generation| now_is > *generation)
    }

    /// It was not ready with the configuration that is tried: its policy is not asked, it starts with the one before.
    pub(in crate::supervisor::engine) fn fail_the_reload(
        &mut self,
        unit: u32,
        now: Instant,
        out: &mut Out,
    ) {
        self.turn(unit, State::Backoff, out);
        self.set_met(unit, Met::No, out);
        self.ask_leaving_dependencies(unit);
        self.show_due(unit, now, out);
        self.blame(unit);
    }

    /// Going back has failed before anything was published: those that wait for it start as their policies say.
    pub(super) fn release(&mut self, units: &[u32], now: Instant, out: &mut Out) {
        for &unit in units {
            if self.units[unit as usize].state == State::Backoff {
                self.backoff_over(unit, now, out);
            }
        }
    }

    fn blame(&mut self, unit: u32) {
        if let Stage::Settling { trouble, .. } = &mut self.reload.stage {
            trouble.get_or_insert(unit);
        }
    }

    /// One that restarts may be ready, or never will be.
    pub(super) fn restarted_has_changed(&mut self, unit: u32) {
        let Some(waiting) = self.reload.waiting() else { return };
        let Some(&before) = waiting.get(&unit) else { return };
        let this = &self.units[unit as usize];
        let ready = this.met == Met::Up && this.generation > before;
        let settled = match this.state {
            State::Running | State::Stopped if ready => true,
            State::Zombie | State::Failed => {
                self.blame(unit);
                true
            }
            // Somebody else's wish.
            State::Stopped | State::Removed => true,
            // It waits for one that has nothing to do with it.
            State::Waiting => !self.waits_for_restarted(unit),
            State::Backoff if !this.held && this.generation > before => {
                self.blame(unit);
                // Every failure of it is the reload's, until what is tried is taken back.
                false
            }
            _ => this.leaving >= Leaving::Lost && this.generation > before,
        };
        if let Some(waiting) = self.reload.waiting().filter(|_| settled) {
            waiting.remove(&unit);
            // Who waits for it may wait for nobody else.
            self.reload.changed.extend(self.graph.dependents(unit));
        }
    }

    fn waits_for_restarted(&self, unit: u32) -> bool {
        let waiting = match &self.reload.stage {
            Stage::Settling { waiting, .. } => waiting,
            Stage::Preparing { back: Some(back), .. } => &back.waiting,
            _ => return false,
        };
        let unmet = |on: &&u32| match self.units[**on as usize].met {
            Met::Up => false,
            Met::Over => self.graph.requires(unit, **on),
            Met::No => true,
        };
        self.graph.dependencies(unit).iter().filter(unmet).any(|on| waiting.contains_key(on))
    }

    /// Those that restart have not become ready in time.
    pub(in crate::supervisor::engine) fn not_settled(&mut self, now: Instant, out: &mut Out) {
        if let Stage::Settling { waiting, .. } = &self.reload.stage
            && let Some((&unit, _)) = waiting.iter().next()
        {
            self.blame(unit);
            self.settle(now, out);
        }
    }

    /// The step is over: is everybody ready, or is one never?
    pub(super) fn settle(&mut self, now: Instant, out: &mut Out) {
        let Stage::Settling { waiting, committed, trouble, back, .. } = &self.reload.stage else {
            return;
        };
        if !committed || !self.may_start() {
            return;
        }
        match (*trouble, back) {
            (Some(unit), None) => self.roll_back(unit, now, out),
            (Some(_), Some(back)) => {
                let culprit = back.culprit;
                self.reload_over(Outcome::Stranded(culprit), out);
            }
            (None, _) if !waiting.is_empty() => {}
            (None, Some(back)) => {
                let culprit = back.culprit;
                self.reload_over(Outcome::RolledBack(culprit), out);
            }
            (None, None) => self.reload_over(Outcome::Done, out),
        }
    }

    /// The configuration before, the same way: who took the other one is asked, who restarted restarts.
    fn roll_back(&mut self, culprit: u32, now: Instant, out: &mut Out) {
        let stage = std::mem::take(&mut self.reload.stage);
        let Stage::Settling { restarts, waiting, took, .. } = stage else { return };
        out.push_back(Effect::Revert { culprit });
        // One whose commit has panicked has restarted as well.
        let goes_on = |unit: &u32| took.contains(unit) && !restarts.contains_key(unit);
        self.reload.concerned.retain(|concern| goes_on(&concern.unit));
        let restarted = restarts.into_keys().collect();
        self.prepare(Some(Back { culprit, restarted, waiting }), now, out);
    }
}
