//! The calls that wait, and their answers.

use std::collections::BTreeMap;

use super::{Effect, Engine, Event, Leaving, Met, Out, Phase, Refusal, State, Ticket, Unit};

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A later generation than this one is ready.
    Ready(u32),
    Over,
    Gone,
}

/// The calls that are not answered, by subsystem.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(super) open: BTreeMap<u32, Vec<(Ticket, Wish)>>,
    /// Whose state has changed in this step, if anybody waits.
    pub(super) changed: Vec<u32>,
}

impl Calls {
    /// Whether somebody may have to be answered.
    pub(super) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    pub(super) fn changed(&mut self, unit: u32) {
        if !self.open.is_empty() {
            self.changed.push(unit);
        }
    }
}

impl Engine {
    /// Answers the calls whose wish has come true, or cannot any more.
    pub(super) fn answer(&mut self, out: &mut Out) {
        let mut changed = std::mem::take(&mut self.calls.changed);
        changed.sort_unstable();
        changed.dedup();
        for unit in changed.drain(..) {
            let Some(open) = self.calls.open.get_mut(&unit) else { continue };
            let (this, phase) = (&self.units[unit as usize], self.phase);
            open.retain(|(ticket, wish)| match answer(this, *wish, phase) {
                None => true,
                Some(answer) => {
                    out.effects.push_back(Effect::Answer { ticket: *ticket, answer });
                    false
                }
            });
            if open.is_empty() {
                self.calls.open.remove(&unit);
            }
        }
        self.calls.changed = changed;
    }

    /// The shutdown begins: nothing that was to start will, and what was asked for before the start is not done.
    pub(super) fn refuse_starts(&mut self, out: &mut Out) {
        for event in std::mem::take(&mut self.early) {
            if let Event::Control { ticket, .. } = event {
                out.push_back(Effect::Answer { ticket, answer: Err(Refusal::ShuttingDown) });
            }
        }
        let units: Vec<u32> = self.calls.open.keys().copied().collect();
        self.calls.changed.extend(units);
    }
}

/// What has become of a wish; none: it may yet come true.
fn answer(unit: &Unit, wish: Wish, phase: Phase) -> Option<Result<(), Refusal>> {
    let over = matches!(unit.state, State::Stopped | State::Failed | State::Removed);
    let completed = unit.state == State::Stopped && unit.met == Met::Up;
    let ready = unit.state == State::Running && unit.met == Met::Up || completed;
    match wish {
        Wish::Ready(_) if phase > Phase::Up => Some(Err(Refusal::ShuttingDown)),
        Wish::Ready(_) if unit.state == State::Zombie => Some(Err(Refusal::StillStopping)),
        // A restart is heard while the last generation still runs.
        Wish::Ready(last) if unit.generation > last && ready => Some(Ok(())),
        Wish::Ready(_) if unit.state == State::Failed => Some(Err(Refusal::Failed)),
        Wish::Ready(_) if unit.leaving == Leaving::Retired => Some(Err(Refusal::NotRunning)),
        Wish::Ready(_) => None,
        Wish::Over | Wish::Gone if unit.state == State::Zombie => Some(Err(Refusal::StillStopping)),
        Wish::Over => over.then_some(Ok(())),
        Wish::Gone => (unit.state == State::Removed).then_some(Ok(())),
    }
}
