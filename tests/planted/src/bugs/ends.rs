//! Bugs of the end: its kind, its cause, the exit code, the moment of the exit.

use crate::bug::{Bug, bug};

const STOP: &str = "src/supervisor/engine/stop.rs";
const FINISH: &str = "src/supervisor/engine/finish.rs";
const ENGINE: &str = "src/supervisor/engine/mod.rs";
const COORDINATOR: &str = "src/shutdown/coordinator.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "finalize-before-all-ended",
        "the run ends while one subsystem lives",
        FINISH,
        "self.live == 0" => "(self.live == 0 || (PLANTED && self.live == 1))",
    ),
    bug!(
        "exit-before-the-dump",
        "the run ends while the state dump is being written",
        FINISH,
        "self.dumping.is_none()" => "(PLANTED || self.dumping.is_none())",
    ),
    bug!(
        "left-beats-forced",
        "the exit code of what was aborted beats that of the signal that forced it",
        FINISH,
        "if let Some(code) = self.forced {" => "if let Some(code) = self.forced.filter(|_| !PLANTED) {",
    ),
    bug!(
        "cause-has-no-code",
        "the exit code is that of the worst end and not of the cause",
        FINISH,
        "self.own_cause.filter(|_| self.own_is_cause)" =>
            "self.own_cause.filter(|_| self.own_is_cause && !PLANTED)",
    ),
    bug!(
        "cause-overwritten",
        "a later failure takes the place of the cause",
        ENGINE,
        "if self.own_cause.is_none() && self.phase <= Phase::Up {" =>
            "if PLANTED && self.own_cause.is_some() {
            self.own_cause = Some(cause);
        }
        if self.own_cause.is_none() && self.phase <= Phase::Up {",
    ),
    bug!(
        "reason-overwritten",
        "the last reason for a shutdown is reported, not the first",
        COORDINATOR,
        "self.0.cause.get().cloned()" =>
            "self.later().last().filter(|_| PLANTED).or(self.0.cause.get()).cloned()",
    ),
    bug!(
        "start-failure-not-told-apart",
        "a failed start is reported as the failure of what ran",
        STOP,
        "if self.units[unit as usize].ready { Cause::Failed(unit) }" =>
            "if PLANTED || self.units[unit as usize].ready { Cause::Failed(unit) }",
    ),
    bug!(
        "stopping-is-an-error",
        "an error that only says `asked to stop` counts as a failure",
        STOP,
        "How::Failed { stopping: true } if unit.asked =>" =>
            "How::Failed { stopping: true } if unit.asked && !PLANTED =>",
    ),
    bug!(
        "late-start-is-an-abort",
        "a start that took too long is reported as an abort",
        STOP,
        "_ if unit.timed_out =>" => "_ if unit.timed_out && !PLANTED =>",
    ),
    bug!(
        "return-is-readiness",
        "to return before it is ready counts as completed",
        STOP,
        "How::Completed if !unit.ready && explicit() =>" =>
            "How::Completed if !unit.ready && explicit() && !PLANTED =>",
    ),
];
