//! The end: finalizers, then the exit code.

use proc_daemon_runtime::Instant;

use super::{
    Cause, Effect, Engine, FINALIZER_TIMEOUT, GaveUp, Note, Out, Phase, State, Timer, Unit,
};
use crate::end::EndKind;

/// Something was aborted or left behind.
const CODE_LEFT: u8 = 124;
/// A configuration that cannot be used.
const CODE_CONFIG: u8 = 78;
/// The supervisor has given up.
const CODE_UNAVAILABLE: u8 = 69;

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
                self.note_cause(unit, GaveUp::Zombie, out);
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
        let left = |end| matches!(end, Some(EndKind::Aborted | EndKind::Zombie));
        if self.units.iter().any(|unit| left(unit.end)) {
            return CODE_LEFT;
        }
        match self.own_cause.filter(|_| self.own_is_cause) {
            Some(Cause::Failed(unit) | Cause::StartFailed(unit)) => {
                code(&self.units[unit as usize])
            }
            Some(Cause::Asked(_, code)) => code,
            Some(Cause::Stranded(_)) => CODE_CONFIG,
            cause => {
                let failed = self.units.iter().filter(|unit| unit.state == State::Failed);
                let worst = failed.map(code).max().unwrap_or(0);
                if cause == Some(Cause::NothingToRun) && self.all_failed() {
                    worst.max(CODE_UNAVAILABLE)
                } else {
                    worst
                }
            }
        }
    }

    /// What this engine asked a shutdown for, and the code of the failure if that is it. If another request was first,
    /// nothing of it counts.
    pub(crate) fn asks_for_the_end(&self) -> Option<(Cause, Option<u8>)> {
        let cause = self.own_cause.filter(|_| self.phase <= Phase::Up || self.own_is_cause)?;
        let code = match cause {
            Cause::Failed(unit) | Cause::StartFailed(unit) => {
                Some(code(&self.units[unit as usize]))
            }
            Cause::Asked(_, code) => Some(code),
            Cause::Stranded(_) => Some(CODE_CONFIG),
            Cause::Signal(_) | Cause::NothingToRun => None,
        };
        Some((cause, code.filter(|code| *code > 0)))
    }

    /// Whether all that keep the daemon alive have failed.
    fn all_failed(&self) -> bool {
        let keeping = self
            .units
            .numbered()
            .filter(|(unit, known)| known.state != State::Removed && !self.rule(*unit).background);
        let mut failed = keeping.map(|(_, unit)| unit.state == State::Failed).peekable();
        failed.peek().is_some() && failed.all(|failed| failed)
    }
}

/// The code of a failure.
fn code(unit: &Unit) -> u8 {
    match unit.end {
        Some(EndKind::Aborted | EndKind::Zombie) => CODE_LEFT,
        Some(EndKind::Panic) => 70,
        Some(EndKind::StartTimeout) => 75,
        Some(EndKind::DependencyStopped) => CODE_UNAVAILABLE,
        Some(_) if unit.gave_up == Some(GaveUp::Limit) => CODE_UNAVAILABLE,
        Some(EndKind::Error | EndKind::Unhealthy) => 1,
        _ => 0,
    }
}
