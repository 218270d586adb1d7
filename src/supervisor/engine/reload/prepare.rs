//! Asking those that are concerned, and the publication.

use std::collections::BTreeMap;

use proc_daemon_runtime::Instant;

use super::{Back, Outcome, PREPARE_TIMEOUT, Stage};
use crate::supervisor::engine::{Effect, Engine, Leaving, Out, State, Timer};

/// Who is concerned by a proposed configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Concern {
    pub(crate) unit: u32,
    pub(crate) duty: Duty,
}

/// What becomes of one that has nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Duty {
    /// Nothing.
    Look,
    /// It restarts.
    Take,
    /// It restarts whatever it says, unless it refuses.
    Restart,
}

/// What a subsystem has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Said {
    /// Nothing: its duty decides.
    Nothing,
    /// It goes on, and needs no word.
    Live,
    /// It goes on, and is to be told by its commit.
    Commit,
    Restart,
    /// An error, or a panic.
    Refuse,
}

impl Engine {
    /// Asks everybody concerned who lives. `back`: about the configuration before.
    pub(super) fn prepare(&mut self, back: Option<Back>, now: Instant, out: &mut Out) {
        let number = self.reload.number;
        let mut asked = BTreeMap::new();
        for &Concern { unit, .. } in &self.reload.concerned {
            let this = &self.units[unit as usize];
            let restarted = back.as_ref().is_some_and(|back| back.restarted.contains(&unit));
            if self.can_answer(unit) && !restarted {
                asked.insert(unit, (this.generation, None));
                out.push_back(Effect::Prepare { unit, generation: this.generation, number });
            }
        }
        let open = asked.len();
        self.reload.stage = Stage::Preparing { asked, open, back };
        self.timers.set(now + PREPARE_TIMEOUT, Timer::Prepare(number));
        self.publish_when_prepared(now, out);
    }

    /// It has been spawned, and nobody stops it.
    fn can_answer(&self, unit: u32) -> bool {
        let this = &self.units[unit as usize];
        let runs = matches!(this.state, State::Starting | State::Running);
        runs && this.launched && !this.asked && this.leaving == Leaving::No
    }

    /// A subsystem has answered.
    pub(in crate::supervisor::engine) fn prepared(
        &mut self,
        unit: u32,
        number: u32,
        said: Said,
        now: Instant,
        out: &mut Out,
    ) {
        let cannot = self.rule(unit).once;
        let duty = self.duty(unit);
        let may = self.may_start() && number == self.reload.number;
        let Stage::Preparing { asked, open, .. } = &mut self.reload.stage else { return };
        let Some((_, answer @ None)) = asked.get_mut(&unit).filter(|_| may) else { return };
        *answer = Some(said);
        *open -= 1;
        if said == Said::Refuse {
            self.not_prepared(Outcome::Refused(unit), now, out);
        } else if cannot && restarts(said, duty) {
            self.not_prepared(Outcome::Once(unit), now, out);
        } else {
            self.publish_when_prepared(now, out);
        }
    }

    fn duty(&self, unit: u32) -> Duty {
        let of = self.reload.concerned.iter().find(|concern| concern.unit == unit);
        of.map_or(Duty::Look, |concern| concern.duty)
    }

    /// One that was asked may not be there any more.
    pub(super) fn asked_has_changed(&mut self, unit: u32, now: Instant, out: &mut Out) {
        let stays = self.can_answer(unit);
        let now_is = self.units[unit as usize].generation;
        let Stage::Preparing { asked, open, .. } = &mut self.reload.stage else { return };
        let Some((generation, None)) = asked.get(&unit) else { return };
        if !stays || *generation != now_is {
            asked.remove(&unit);
            *open -= 1;
            self.publish_when_prepared(now, out);
        }
    }

    /// Not everybody has answered in time.
    pub(in crate::supervisor::engine) fn not_all_prepared(&mut self, now: Instant, out: &mut Out) {
        if let Stage::Preparing { asked, .. } = &self.reload.stage
            && let Some((&unit, _)) = asked.iter().find(|(_, (_, said))| said.is_none())
        {
            self.not_prepared(Outcome::Silent(unit), now, out);
        }
    }

    /// Nothing changes; going back, it stays as it is.
    fn not_prepared(&mut self, outcome: Outcome, now: Instant, out: &mut Out) {
        out.push_back(Effect::Unprepare);
        match std::mem::take(&mut self.reload.stage) {
            Stage::Preparing { back: Some(back), .. } => {
                self.reload_over(Outcome::Stranded(back.culprit), out);
                self.release(&back.restarted, now, out);
            }
            _ => self.reload_over(outcome, out),
        }
    }

    fn publish_when_prepared(&mut self, now: Instant, out: &mut Out) {
        if matches!(self.reload.stage, Stage::Preparing { open: 0, .. }) && self.may_start() {
            self.publish(now, out);
        }
    }

    /// Everybody has agreed: from here on it is the configuration.
    fn publish(&mut self, now: Instant, out: &mut Out) {
        let stage = std::mem::take(&mut self.reload.stage);
        let Stage::Preparing { asked, back, .. } = stage else { return };
        out.push_back(Effect::Publish);
        self.retune();
        let concerned = std::mem::take(&mut self.reload.concerned);
        let (mut restarts_now, mut took) = (Vec::new(), Vec::new());
        let units: Vec<u32> = concerned.iter().map(|concern| concern.unit).collect();
        for unit in self.graph.in_order(&units) {
            let duty = concerned.iter().find(|concern| concern.unit == unit);
            let duty = duty.map_or(Duty::Look, |concern| concern.duty);
            let this = &self.units[unit as usize];
            let said = asked
                .get(&unit)
                .filter(|(generation, _)| *generation == this.generation && self.can_answer(unit));
            match said.and_then(|(_, said)| *said) {
                // It was not there to be asked: it may have started with the configuration before.
                None if duty != Duty::Look => restarts_now.push(unit),
                None => {}
                Some(said) if restarts(said, duty) => restarts_now.push(unit),
                Some(said) => {
                    if said == Said::Commit {
                        out.push_back(Effect::Commit { unit });
                    }
                    took.push(unit);
                }
            }
        }
        self.reload.concerned = concerned;
        if let Some(back) = &back {
            restarts_now.extend(&back.restarted);
        }
        out.push_back(Effect::Committed);
        self.restart_all(&restarts_now, took, back, now, out);
        self.watch_anew(now, out);
    }
}

/// Whether that means a restart.
fn restarts(said: Said, duty: Duty) -> bool {
    said == Said::Restart || duty == Duty::Restart || said == Said::Nothing && duty == Duty::Take
}
