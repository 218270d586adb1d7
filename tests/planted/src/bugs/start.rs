//! Bugs of the start: order, readiness, its timeout.

use crate::bug::{Bug, bug};

const START: &str = "src/supervisor/engine/start.rs";
const STOP: &str = "src/supervisor/engine/stop.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "dependency-ignored",
        "a start does not wait for dependencies",
        START,
        "if self.units[unit as usize].unmet == 0 {" =>
            "if PLANTED || self.units[unit as usize].unmet == 0 {",
    ),
    bug!(
        "one-dependency-is-enough",
        "a start waits for one of its dependencies",
        START,
        "let may = this.unmet == 0 &&" => "let may = (PLANTED || this.unmet == 0) &&",
    ),
    bug!(
        "start-after-stop",
        "a stop forgets who waits, and readiness still starts it",
        STOP,
        "let idle = matches!(this.state, State::Registered | State::Waiting | State::Backoff);" =>
            "let idle = matches!(this.state, State::Registered | State::Backoff)
                || (this.state == State::Waiting && !PLANTED);",
        START,
        "if may && self.may_start()" => "if may && (PLANTED || self.may_start())",
    ),
    bug!(
        "ready-with-one-unready",
        "the daemon shows ready one subsystem too early",
        START,
        "let ready = self.unready == 0;" =>
            "let ready = self.unready == 0 || (PLANTED && self.unready == 1);",
    ),
    bug!(
        "optional-backoff-is-waited-for",
        "the daemon is not ready while an optional subsystem is in backoff",
        START,
        "            _ if !optional => true," =>
            "            _ if !optional => true,
            State::Backoff => PLANTED,",
    ),
    bug!(
        "optional-first-start-is-not-waited-for",
        "the daemon is ready before an optional subsystem has started for the first time",
        START,
        "State::Starting => !self.was_ready," =>
            "State::Starting => !self.was_ready && !PLANTED,",
    ),
    bug!(
        "optional-restart-takes-readiness-away",
        "the daemon is not ready while an optional subsystem that has started again has yet to say so",
        START,
        "State::Running => !self.was_ready || fell || this.waits," =>
            "State::Running => !self.was_ready || fell || this.waits || PLANTED,",
    ),
    bug!(
        "optional-fall-keeps-readiness",
        "the daemon stays ready when the readiness of an optional subsystem falls",
        START,
        "_ if this.leaving != Leaving::No => false," =>
            "_ if this.leaving != Leaving::No || PLANTED && fell => false,",
    ),
    bug!(
        "ready-after-stop",
        "a readiness during the lame duck shows the daemon ready",
        START,
        "let over = self.phase != Phase::Up || self.own_cause.is_some();" =>
            "let over = !PLANTED && (self.phase != Phase::Up || self.own_cause.is_some());",
        STOP,
        "self.shown_ready = false;" => "self.shown_ready &= PLANTED;",
    ),
    bug!(
        "start-timeout-not-armed",
        "a start may take for ever",
        START,
        "self.timers.set(now + timeout, Timer::Start { unit, generation });" =>
            "if !PLANTED {
                self.timers.set(now + timeout, Timer::Start { unit, generation });
            }",
    ),
    bug!(
        "background-keeps-nothing-alive",
        "the end of a background subsystem counts as one of those that keep the daemon alive",
        STOP,
        "if !self.rule(unit).background {" =>
            "if (PLANTED && self.keeping > 0) || !self.rule(unit).background {",
    ),
    bug!(
        "idles-when-all-completed",
        "the daemon goes on when everything has completed",
        STOP,
        "Phase::Up => return self.nothing_to_run(out)," =>
            "Phase::Up if PLANTED => return,
            Phase::Up => return self.nothing_to_run(out),",
    ),
];
