//! The end: finalizers, then the exit code.

use proc_daemon_runtime::Instant;

use super::{Cause, Effect, Engine, FINALIZER_TIMEOUT, Note, Out, Phase, State, Timer};
use crate::end::EndKind;

/// Something was aborted or left behind.
const CODE_LEFT: u8 = 124;

impl Engine {
    pub(super) fn finalize_when_all_ended(&mut self, now: Instant, out: &mut Out) {
        if self.phase == Phase::Stopping && self.live == 0 && self.dumping.is_none() {
            let left = self.units.iter().filter(|unit| unit.state == State::Zombie).count();
            out.push_back(Effect::Note(Note::AllEnded { left }));
            self.finalize(0, now, out);
        }
    }

    fn finalize(&mut self, index: usize, now: Instant, out: &mut Out) {
        if index >= self.settings.finalizers {
            self.exit(out);
            return;
        }
        self.phase = Phase::Finalizing(index);
        self.timers.set(now + FINALIZER_TIMEOUT, Timer::Finalizer(index));
        out.push_back(Effect::Finalize(index));
    }

    /// This finalizer has returned, or its time is over.
    pub(super) fn finalized(&mut self, index: usize, now: Instant, out: &mut Out) {
        if self.phase == Phase::Finalizing(index) {
            self.finalize(index + 1, now, out);
        }
    }

    pub(super) fn budget_over(&mut self, now: Instant, out: &mut Out) {
        for unit in 0..self.count() {
            let this = &mut self.units[unit as usize];
            if this.is_live() {
                this.end = Some(EndKind::Zombie);
                this.ended_at = now;
                out.push_back(Effect::Note(Note::LeftBehind(unit)));
                self.turn(unit, State::Zombie, out);
            }
        }
        self.exit(out);
    }

    fn exit(&mut self, out: &mut Out) {
        self.phase = Phase::Done;
        out.push_back(Effect::Exit);
    }

    /// The code to exit with: forced, then left behind, then the cause, then any failure on the way down.
    pub(crate) fn exit_code(&self) -> u8 {
        if let Some(code) = self.forced {
            return code;
        }
        let ends = || self.units.iter().filter_map(|unit| unit.end);
        if ends().any(|end| matches!(end, EndKind::Aborted | EndKind::Zombie)) {
            return CODE_LEFT;
        }
        let cause = self.own_cause.filter(|_| self.own_is_cause);
        if let Some(Cause::Failed(unit) | Cause::StartFailed(unit)) = cause
            && let Some(end) = self.units[unit as usize].end
        {
            return code(end);
        }
        ends().map(code).max().unwrap_or(0)
    }
}

/// The code of an end that is the cause.
fn code(end: EndKind) -> u8 {
    match end {
        EndKind::Completed | EndKind::Requested => 0,
        EndKind::Error => 1,
        EndKind::Panic => 70,
        EndKind::StartTimeout => 75,
        EndKind::Aborted | EndKind::Zombie => CODE_LEFT,
    }
}
