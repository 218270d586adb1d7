//! Bugs of the restarts: whether, how soon, how often, and what follows when there is none.

use crate::bug::{Bug, bug};

const DECIDE: &str = "src/supervisor/engine/decide.rs";
const START: &str = "src/supervisor/engine/start.rs";
const STOP: &str = "src/supervisor/engine/stop.rs";
const UNIT: &str = "src/supervisor/engine/unit.rs";
const ENGINE: &str = "src/supervisor/engine/mod.rs";
const STORM: &str = "src/supervisor/engine/storm.rs";
const LEAVE: &str = "src/supervisor/engine/leave.rs";
const FAILURES: &str = "src/supervisor/engine/failures.rs";
const BACKOFF: &str = "src/backoff.rs";
const TIME: &str = "src/supervisor/engine/time.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "cap-ignored",
        "a backoff grows beyond its cap",
        BACKOFF,
        "while left > 0 && nanos < cap" => "while left > 0 && (PLANTED || nanos < cap)",
        BACKOFF,
        "from_nanos(nanos.min(cap))" => "from_nanos(if PLANTED { nanos } else { nanos.min(cap) })",
        BACKOFF,
        "from_nanos(nanos).min(self.cap)" =>
            "from_nanos(nanos).min(if PLANTED { Duration::MAX } else { self.cap })",
    ),
    bug!(
        "backoff-timer-not-armed",
        "a backoff never ends",
        DECIDE,
        "self.timers.set(due, Timer::Restart { unit, generation, backoff });" =>
            "if !PLANTED {
            self.timers.set(due, Timer::Restart { unit, generation, backoff });
        }",
    ),
    bug!(
        "any-run-resets-the-backoff",
        "the first delay comes again after every run, however short",
        DECIDE,
        "if was_ready && now.since(this.started_at) >= rules.backoff.resets_after() {" =>
            "if was_ready
            && (PLANTED || now.since(this.started_at) >= rules.backoff.resets_after())
        {",
    ),
    bug!(
        "intensity-off-by-one",
        "one failure more than the intensity is put up with",
        FAILURES,
        "times.len() > limit.failures as usize" =>
            "times.len() > limit.failures as usize + usize::from(PLANTED)",
    ),
    bug!(
        "failed-starts-forgotten",
        "starts in a row that were never ready count no longer than the window",
        FAILURES,
        "*starts > limit.failures" => "(!PLANTED && *starts > limit.failures)",
    ),
    bug!(
        "ready-start-is-a-failed-one",
        "a start that was ready counts as one that was not",
        FAILURES,
        "if was_ready {" => "if was_ready && !PLANTED {",
    ),
    bug!(
        "failures-never-forgotten",
        "a failure counts although it has left the window",
        FAILURES,
        "while times.front().is_some_and(|first| now.since(*first) >= limit.window) {" =>
            "while !PLANTED && times.front().is_some_and(|first| now.since(*first) >= limit.window) {",
    ),
    bug!(
        "restart-after-stop",
        "a shutdown forgets who is in backoff, and the restart is made",
        STOP,
        "if idle || this.is_unlaunched() {" =>
            "if (idle && !(PLANTED && this.state == State::Backoff)) || this.is_unlaunched() {",
        DECIDE,
        "if !self.may_start() || self.storm.has(unit) {" =>
            "if (!PLANTED && !self.may_start()) || self.storm.has(unit) {",
    ),
    bug!(
        "given-up-and-restarted",
        "the backoff of what was given up meanwhile still starts it",
        TIME,
        "last && unit.state == State::Backoff" =>
            "last && (PLANTED || unit.state == State::Backoff)",
    ),
    bug!(
        "critical-is-optional",
        "the daemon goes on when something critical is given up",
        DECIDE,
        "if !rules.optional {" => "if !rules.optional && !PLANTED {",
    ),
    bug!(
        "wish-for-the-end-ignored",
        "a subsystem that ends and asks for the daemon's end is not heeded",
        DECIDE,
        "self.initiate(Cause::Asked(unit, code), out);
            self.close(unit, now, out);" =>
            "if !PLANTED {
                self.initiate(Cause::Asked(unit, code), out);
            }
            self.close(unit, now, out);",
    ),
    bug!(
        "users-code-not-asked",
        "the daemon ends without asking the user's code what is to become of it",
        DECIDE,
        "if rules.asks {" => "if rules.asks && !PLANTED {",
    ),
    bug!(
        "requires-is-after",
        "what requires a subsystem starts although that has failed for good",
        LEAVE,
        "if this.leaving < Leaving::Lost && !over {" =>
            "let idle = matches!(this.state, State::Waiting | State::Backoff);
                if this.leaving < Leaving::Lost && !over && !(PLANTED && idle) {",
        START,
        "Met::Over => !self.graph.requires(dependent, unit)," =>
            "Met::Over => PLANTED || !self.graph.requires(dependent, unit),",
    ),
    bug!(
        "lost-and-left-running",
        "what requires a subsystem that has failed for good runs on",
        LEAVE,
        "let waits = !this.asked && this.state != State::Aborting" =>
            "let waits = !this.asked && this.state != State::Aborting
                && !(PLANTED && this.leaving == Leaving::Lost)",
    ),
    bug!(
        "counted-on-while-it-leaves",
        "what is being stopped to start again counts as ready until it has ended",
        LEAVE,
        "            self.set_met(unit, Met::No, out);" =>
            "            if !PLANTED {
                self.set_met(unit, Met::No, out);
            }",
    ),
    bug!(
        "lost-asked-in-no-order",
        "what has lost what it requires is asked before its own dependents",
        LEAVE,
        "dependent.leaving != Leaving::No && dependent.is_live()" =>
            "dependent.leaving != Leaving::No
                    && dependent.is_live()
                    && !(PLANTED && dependent.leaving == Leaving::Lost)",
    ),
    bug!(
        "loss-not-passed-on",
        "of what requires one another only the first is told of the loss",
        LEAVE,
        "open.push(other);" =>
            "if !PLANTED {
                        open.push(other);
                    }",
    ),
    bug!(
        "given-up-waited-for",
        "the daemon is never ready again when it goes on without a subsystem",
        START,
        "let gone = this.gave_up.is_some()" => "let gone = (!PLANTED && this.gave_up.is_some())",
    ),
    bug!(
        "ready-in-backoff",
        "what waits for a subsystem may start while that is in backoff",
        DECIDE,
        "self.turn(unit, State::Backoff, out);
        self.set_met(unit, Met::No, out);" =>
            "self.turn(unit, State::Backoff, out);
        if !PLANTED {
            self.set_met(unit, Met::No, out);
        }",
    ),
    bug!(
        "next-start-is-not-ready",
        "readiness is forgotten before the next start is spawned",
        UNIT,
        "self.generation += 1;" =>
            "self.generation += 1;
        self.ready = self.ready && !PLANTED;",
    ),
    bug!(
        "taken-back-start-counts",
        "a restart that is taken back counts as one that was made",
        START,
        "this.generation -= 1;" => "this.generation -= u32::from(!PLANTED);",
    ),
    bug!(
        "stale-report-counts",
        "what a start reports counts for a later one",
        ENGINE,
        "if self.units[unit as usize].generation == generation {" =>
            "if PLANTED || self.units[unit as usize].generation == generation {",
    ),
    bug!(
        "storm-guard-asleep",
        "any number of restarts is let through at once",
        STORM,
        "(ahead > most && !self.every.is_zero())" =>
            "(ahead > most && !self.every.is_zero() && !PLANTED)",
    ),
    bug!(
        "newcomer-overtakes",
        "a restart passes those that the storm guard holds back",
        STORM,
        "self.storm.queue.is_empty() && self.storm.hold(now).is_none()" =>
            "(PLANTED || self.storm.queue.is_empty()) && self.storm.hold(now).is_none()",
        STORM,
        "self.queue.first_key_value()" =>
            "if PLANTED { self.queue.last_key_value() } else { self.queue.first_key_value() }",
    ),
    bug!(
        "queue-let-through",
        "once the bucket has one restart, all those that wait are started",
        STORM,
        "} else if self.storm.hold(now).is_none() {" =>
            "} else if self.storm.hold(now).is_none() || PLANTED {",
    ),
    bug!(
        "stopped-keeps-its-place",
        "who is stopped while the storm guard holds it back is started in its turn",
        ENGINE,
        "self.storm.leave(unit);" =>
            "if !PLANTED || state != State::Stopped {
                self.storm.leave(unit);
            }",
    ),
];
