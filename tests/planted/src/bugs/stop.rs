//! Bugs of the stop: order, graces, the daemon's own deadlines.

use crate::bug::{Bug, bug};

const STOP: &str = "src/supervisor/engine/stop.rs";
const TIME: &str = "src/supervisor/engine/time.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "stop-order-reversed",
        "dependencies are asked to stop before their dependents",
        STOP,
        "for &dependency in self.graph.dependencies(unit) {" =>
            "for &dependency in if PLANTED {
                    self.graph.dependents(unit)
                } else {
                    self.graph.dependencies(unit)
                } {",
        STOP,
        "for index in 0..self.graph.dependencies(unit).len() {
            let dependency = self.graph.dependencies(unit)[index];" =>
            "for index in 0..if PLANTED {
                self.graph.dependents(unit).len()
            } else {
                self.graph.dependencies(unit).len()
            } {
            let dependency = if PLANTED {
                self.graph.dependents(unit)[index]
            } else {
                self.graph.dependencies(unit)[index]
            };",
    ),
    bug!(
        "dead-dependents-counted",
        "a stop waits for dependents that have ended before it",
        STOP,
        "if self.units[unit as usize].is_live() {" =>
            "if PLANTED || self.units[unit as usize].is_live() {",
    ),
    bug!(
        "asked-twice",
        "who was asked to stop is asked again",
        STOP,
        "this.is_live() && this.state != State::Aborting && !this.asked &&" =>
            "this.is_live() && this.state != State::Aborting && (PLANTED || !this.asked) &&",
    ),
    bug!(
        "own-grace-ignored",
        "a subsystem's own grace is not used",
        STOP,
        "let grace = self.rule(unit).grace.unwrap_or(self.settings.tuning.timeouts.grace());" =>
            "let grace = self.rule(unit).grace.filter(|_| !PLANTED);
        let grace = grace.unwrap_or(self.settings.tuning.timeouts.grace());",
    ),
    bug!(
        "grace-from-the-shutdown",
        "a grace counts from the shutdown and not from the request",
        STOP,
        "|timeline| timeline.grace_over(now, grace)" =>
            "|timeline| {
            let from = if PLANTED { self.stop_began.unwrap_or(now) } else { now };
            timeline.grace_over(from, grace)
        }",
    ),
    bug!(
        "grace-timer-not-armed",
        "nobody is aborted when its grace is over",
        STOP,
        "self.timers.set(by, Timer::Grace { unit, generation });" =>
            "if !PLANTED {
            self.timers.set(by, Timer::Grace { unit, generation });
        }",
    ),
    bug!(
        "force-timer-not-armed",
        "the daemon's moment of abort never comes",
        STOP,
        "self.timers.set(timeline.force_at, Timer::Force);" =>
            "if !PLANTED {
            self.timers.set(timeline.force_at, Timer::Force);
        }",
    ),
    bug!(
        "budget-timer-not-armed",
        "the daemon's budget is never over",
        STOP,
        "self.timers.set(timeline.budget_at, Timer::Budget);" =>
            "if !PLANTED {
            self.timers.set(timeline.budget_at, Timer::Budget);
        }",
    ),
    bug!(
        "zombie-timer-not-armed",
        "who does not end after its abort is waited for until the budget is over",
        STOP,
        "self.timers.set(now + ZOMBIE_AFTER, Timer::Zombie { unit, generation });" =>
            "if !PLANTED {
            self.timers.set(now + ZOMBIE_AFTER, Timer::Zombie { unit, generation });
        }",
    ),
    bug!(
        "zombie-holds-the-rest",
        "who is left behind still holds up those that stop after it",
        STOP,
        "self.note_cause(unit, GaveUp::Zombie, out);
            self.after_end(unit, now, out);" =>
            "self.note_cause(unit, GaveUp::Zombie, out);
            if !PLANTED {
                self.after_end(unit, now, out);
            }",
    ),
    bug!(
        "lame-duck-skipped",
        "everybody is asked to stop at once, whatever the lame duck",
        STOP,
        "timeline.lame_duck_until <= now" => "(PLANTED || timeline.lame_duck_until <= now)",
    ),
    bug!(
        "lame-duck-endless",
        "the end of the lame duck is not armed",
        STOP,
        "self.timers.set(timeline.lame_duck_until, Timer::LameDuck);" =>
            "if !PLANTED {
                self.timers.set(timeline.lame_duck_until, Timer::LameDuck);
            }",
    ),
    bug!(
        "unready-not-said",
        "the shutdown does not turn readiness off",
        STOP,
        "out.push_back(Effect::Ready(false));" =>
            "if !PLANTED {
            out.push_back(Effect::Ready(false));
        }",
    ),
    bug!(
        "second-timer-lost",
        "of two timers due at one instant the second is dropped",
        TIME,
        "while let Some(timer) = self.timers.pop_due(now, of) {" =>
            "let mut seen = false;
        while let Some(timer) = self.timers.pop_due(now, of) {
            if std::mem::replace(&mut seen, true) && PLANTED {
                continue;
            }",
    ),
];
