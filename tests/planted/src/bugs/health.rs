//! Bugs of health: who is asked when, and what the answers lead to.

use crate::bug::{Bug, bug};

const HEALTH: &str = "src/supervisor/engine/health.rs";
const GAUGE: &str = "src/health/gauge.rs";
const STOP: &str = "src/supervisor/engine/stop.rs";
const CHECKS: &str = "src/supervisor/driver/checks.rs";
const KNOWN: &str = "src/supervisor/driver/known.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "liveness-fall-ignored",
        "a fall of liveness stops nobody",
        HEALTH,
        "Probe::Liveness => self.unhealthy(unit, now, out)," =>
            "Probe::Liveness if PLANTED => {}
            Probe::Liveness => self.unhealthy(unit, now, out),",
    ),
    bug!(
        "readiness-fall-ignored",
        "after a fall of readiness others go on counting on it",
        HEALTH,
        "Probe::Readiness => self.set_met(unit, Met::No, out)," =>
            "Probe::Readiness if PLANTED => {}
            Probe::Readiness => self.set_met(unit, Met::No, out),",
    ),
    bug!(
        "readiness-not-waited-for",
        "who has a readiness check is ready before the first answer",
        HEALTH,
        "let readiness = checks.readiness.is_none() ||" =>
            "let readiness = PLANTED || checks.readiness.is_none() ||",
    ),
    bug!(
        "startup-not-waited-for",
        "who has a startup check runs before it has said so",
        HEALTH,
        "checks.startup.as_ref().is_none_or(|asking| asking.over)" =>
            "PLANTED || checks.startup.as_ref().is_none_or(|asking| asking.over)",
    ),
    bug!(
        "two-questions",
        "a question is asked although one is open",
        HEALTH,
        "match asking.open {" => "match asking.open.filter(|_| !PLANTED) {",
    ),
    bug!(
        "never-asked-again",
        "who has been asked once is not asked again",
        HEALTH,
        "asking.due = now + asking.rules.every.max(Duration::from_millis(1));" =>
            "asking.due = now
            + if PLANTED { Duration::from_secs(1 << 30) } else { asking.rules.every }
                .max(Duration::from_millis(1));",
    ),
    bug!(
        "heartbeat-forgiven",
        "a missed heartbeat is told and leads to nothing",
        HEALTH,
        "out.push_back(Effect::Note(Note::NoBeat(unit)));
            self.unhealthy(unit, now, out);" =>
            "out.push_back(Effect::Note(Note::NoBeat(unit)));
            if !PLANTED {
                self.unhealthy(unit, now, out);
            }",
    ),
    bug!(
        "heartbeat-from-now",
        "a heartbeat counts from the moment at which it is looked for, not from the last sign of life",
        HEALTH,
        "let due = at + deadline;" => "let due = if PLANTED { now } else { at } + deadline;",
    ),
    bug!(
        "heartbeat-from-the-start",
        "a heartbeat counts from the start, whatever signs of life there were",
        CHECKS,
        "beat.max(row.since())" => "if PLANTED { row.since() } else { beat.max(row.since()) }",
    ),
    bug!(
        "heartbeat-looked-for-late",
        "after a sign of life the next one is looked for too late",
        HEALTH,
        "self.timers.set(due, Timer::Beat { unit, generation });" =>
            "let due = if PLANTED { now + deadline } else { due };
            self.timers.set(due, Timer::Beat { unit, generation });",
    ),
    bug!(
        "heartbeat-never-looked-for",
        "the first sign of life is not looked for",
        HEALTH,
        "self.timers.set(now + deadline, Timer::Beat { unit, generation });" =>
            "if !PLANTED {
                self.timers.set(now + deadline, Timer::Beat { unit, generation });
            }",
    ),
    bug!(
        "hanging-check-forgiven",
        "a check that hangs is waited for and never judged",
        HEALTH,
        "now.since(since) >= asking.rules.timeout" =>
            "!PLANTED && now.since(since) >= asking.rules.timeout",
    ),
    bug!(
        "temporary-takes-its-group-along",
        "an unhealthy one that is not started again takes its group along",
        HEALTH,
        "if self.rule(unit).restart == Restart::Never {" =>
            "if !PLANTED && self.rule(unit).restart == Restart::Never {",
    ),
    bug!(
        "unhealthy-alone",
        "an unhealthy one does not take its group along",
        HEALTH,
        "self.take_along(unit, Leaving::Unhealthy, now, now, out);" =>
            "if PLANTED {
                let this = &mut self.units[unit as usize];
                this.leaving = this.leaving.max(Leaving::Unhealthy);
                return self.leavers.push(unit);
            }
            self.take_along(unit, Leaving::Unhealthy, now, now, out);",
    ),
    bug!(
        "answers-outlive-the-start",
        "what the last start has answered counts for the next",
        HEALTH,
        "(self.gauge, self.open, self.over) = (Gauge::default(), None, false);" =>
            "if !PLANTED {
            (self.gauge, self.open, self.over) = (Gauge::default(), None, false);
        }",
    ),
    bug!(
        "bad-answers-add-up",
        "bad answers count although there were good ones between them",
        GAUGE,
        "self.in_a_row = 0;" => "if !PLANTED {
                self.in_a_row = 0;
            }",
    ),
    bug!(
        "unhealthy-is-no-failure",
        "who was stopped for its health has stopped on request",
        STOP,
        "if this.leaving == Leaving::Unhealthy && self.phase == Phase::Up =>" =>
            "if !PLANTED && this.leaving == Leaving::Unhealthy && self.phase == Phase::Up =>",
    ),
    bug!(
        "questions-outlive-the-end",
        "a question goes on when the subsystem has ended",
        KNOWN,
        "if let Some((handle, _)) = answered.open.take() {
                handle.abort();" =>
            "if let Some((handle, _)) = answered.open.take().filter(|_| !PLANTED) {
                handle.abort();",
    ),
];
