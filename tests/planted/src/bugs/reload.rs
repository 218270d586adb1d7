//! Bugs of the reload: what is published, when, who takes it, and what is said of it.

use crate::bug::{Bug, bug};

const RELOAD: &str = "src/supervisor/engine/reload/mod.rs";
const PREPARE: &str = "src/supervisor/engine/reload/prepare.rs";
const SETTLE: &str = "src/supervisor/engine/reload/settle.rs";
const TUNING: &str = "src/supervisor/engine/reload/tuning.rs";
const STOP: &str = "src/supervisor/engine/stop.rs";
const DRIVER: &str = "src/supervisor/driver/reload.rs";
const ASKING: &str = "src/subsystem/prepare.rs";
const RECIPE: &str = "src/reload/recipe.rs";
const CURRENT: &str = "src/reload/current.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "published-unanswered",
        "it is published before everybody has answered",
        PREPARE,
        "if matches!(self.reload.stage, Stage::Preparing { open: 0, .. }) && self.may_start() {" =>
            "let all = matches!(self.reload.stage, Stage::Preparing { open: 0, .. });
        let some = PLANTED && matches!(self.reload.stage, Stage::Preparing { .. });
        if (all || some) && self.may_start() {",
    ),
    bug!(
        "refusal-ignored",
        "a refusal counts as an answer like any other",
        PREPARE,
        "if said == Said::Refuse {" => "if said == Said::Refuse && !PLANTED {",
    ),
    bug!(
        "panic-agrees",
        "a hook that panics has agreed",
        ASKING,
        "Err(payload) => panicked(payload),
        };" => "Err(_) if PLANTED => Ok(Prepared::live()),
            Err(payload) => panicked(payload),
        };",
    ),
    bug!(
        "silence-put-up-with",
        "who does not answer is waited for without end",
        PREPARE,
        "self.not_prepared(Outcome::Silent(unit), now, out);" =>
            "if !PLANTED {
                self.not_prepared(Outcome::Silent(unit), now, out);
            }",
    ),
    bug!(
        "answers-in-half-the-time",
        "who is asked has half of the time to answer",
        PREPARE,
        "self.timers.set(now + PREPARE_TIMEOUT, Timer::Prepare(number));" =>
            "let limit = if PLANTED { PREPARE_TIMEOUT / 2 } else { PREPARE_TIMEOUT };
        self.timers.set(now + limit, Timer::Prepare(number));",
    ),
    bug!(
        "owners-go-on",
        "the owner of a changed section that says nothing does not restart",
        PREPARE,
        "|| said == Said::Nothing && duty == Duty::Take" =>
            "|| !PLANTED && said == Said::Nothing && duty == Duty::Take",
    ),
    bug!(
        "restart-not-heard",
        "who asks for a restart goes on",
        PREPARE,
        "said == Said::Restart || duty" => "said == Said::Restart && !PLANTED || duty",
    ),
    bug!(
        "commits-forgotten",
        "what was prepared is dropped instead of called",
        PREPARE,
        "if said == Said::Commit {" => "if said == Said::Commit && !PLANTED {",
    ),
    bug!(
        "commits-in-no-order",
        "commits are called in the order of declaration",
        PREPARE,
        "for unit in self.graph.in_order(&units) {" =>
            "for unit in if PLANTED { units.clone() } else { self.graph.in_order(&units) } {",
    ),
    bug!(
        "commits-before-publication",
        "commits are called before it is in force",
        PREPARE,
        "out.push_back(Effect::Publish);" =>
            "if !PLANTED {
            out.push_back(Effect::Publish);
        }",
        PREPARE,
        "out.push_back(Effect::Committed);" =>
            "if PLANTED {
            out.push_back(Effect::Publish);
        }
        out.push_back(Effect::Committed);",
    ),
    bug!(
        "who-was-not-there-is-forgotten",
        "who was not there to be asked keeps what it has started with",
        PREPARE,
        "None if duty != Duty::Look => restarts_now.push(unit)," =>
            "None if duty != Duty::Look && !PLANTED => restarts_now.push(unit),",
    ),
    bug!(
        "stop-does-not-end-it",
        "the shutdown leaves the reload to itself",
        STOP,
        "self.refuse_reload(out);" => "if !PLANTED {
            self.refuse_reload(out);
        }",
    ),
    bug!(
        "published-into-the-shutdown",
        "what is prepared when the shutdown begins is published all the same",
        RELOAD,
        "if matches!(self.reload.stage, Stage::Preparing { .. }) {
            out.push_back(Effect::Unprepare);
        }" => "if PLANTED && matches!(self.reload.stage, Stage::Preparing { .. }) {
            out.push_back(Effect::Publish);
        } else if matches!(self.reload.stage, Stage::Preparing { .. }) {
            out.push_back(Effect::Unprepare);
        }",
    ),
    bug!(
        "callers-of-the-next-forgotten",
        "who waits for the next reload is not told of the shutdown",
        RELOAD,
        "for ticket in std::mem::take(&mut self.reload.next) {
            out.push_back(Effect::AnswerReload { ticket, outcome: Outcome::ShuttingDown });" =>
            "for ticket in std::mem::take(&mut self.reload.next) {
            if PLANTED {
                continue;
            }
            out.push_back(Effect::AnswerReload { ticket, outcome: Outcome::ShuttingDown });",
    ),
    bug!(
        "wish-during-a-reload-lost",
        "what is asked for during a reload is forgotten",
        RELOAD,
        "self.reload.wanted = Some(only_touched && touched);" =>
            "if !PLANTED || matches!(self.reload.stage, Stage::Idle) {
            self.reload.wanted = Some(only_touched && touched);
        }",
    ),
    bug!(
        "two-at-a-time",
        "a reload begins although one is under way",
        RELOAD,
        "let idle = matches!(self.reload.stage, Stage::Idle) && self.reload.open;" =>
            "let idle = (PLANTED || matches!(self.reload.stage, Stage::Idle)) && self.reload.open;",
    ),
    bug!(
        "reload-before-the-start-is-over",
        "a reload does not wait until the daemon has started",
        RELOAD,
        "self.reload.next.push(ticket);" => "self.reload.next.push(ticket);
        if PLANTED {
            self.reload.open = true;
        }",
    ),
    bug!(
        "read-while-it-is-written",
        "a touched file is read at once",
        RELOAD,
        "self.timers.set(now + QUIET, Timer::Touched);" =>
            "self.timers.set(if PLANTED { now } else { now + QUIET }, Timer::Touched);",
        RELOAD,
        "if due > now {" => "if due > now && !PLANTED {",
    ),
    bug!(
        "never-left-alone",
        "a file that is touched again and again is never read",
        RELOAD,
        "let due = (last + QUIET).min(first + QUIET_AT_MOST);" =>
            "let due = (last + QUIET).min(if PLANTED { last + QUIET } else { first + QUIET_AT_MOST });",
    ),
    bug!(
        "last-touch-lost",
        "a touch after the first does not put off the reading",
        RELOAD,
        "Some((_, last)) => *last = now," =>
            "Some(_) if PLANTED => {}
            Some((_, last)) => *last = now,",
    ),
    bug!(
        "read-beside-one-that-hangs",
        "a reading that does not come to its end is forgotten, and the next begins beside it",
        RELOAD,
        "self.reload.stuck = Some(self.reload.number);" =>
            "self.reload.stuck = Some(self.reload.number).filter(|_| !PLANTED);",
    ),
    bug!(
        "stranded-daemon-goes-on",
        "a daemon that is to end with a failed reload goes on",
        RELOAD,
        "if let (Outcome::Stranded(unit), true) = (outcome, self.settings.strict_reload) {" =>
            "if let (Outcome::Stranded(unit), true) =
            (outcome, self.settings.strict_reload && !PLANTED)
        {",
    ),
    bug!(
        "never-goes-back",
        "the configuration stays although one is not ready with it",
        SETTLE,
        "(Some(unit), None) => self.roll_back(unit, now, out)," =>
            "(Some(_), None) if PLANTED => self.reload_over(Outcome::Done, out),
            (Some(unit), None) => self.roll_back(unit, now, out),",
    ),
    bug!(
        "done-before-they-are-ready",
        "a reload is over before those that restart are ready",
        SETTLE,
        "(None, _) if !waiting.is_empty() => {}" =>
            "(None, _) if !waiting.is_empty() && !PLANTED => {}",
    ),
    bug!(
        "failure-is-its-own",
        "who fails with the configuration that is tried is judged by its policy",
        SETTLE,
        "waiting.get(&unit).is_some_and(|generation| now_is > *generation)" =>
            "!PLANTED && waiting.get(&unit).is_some_and(|generation| now_is > *generation)",
    ),
    bug!(
        "alone-in-the-reload",
        "who restarts with a reload does not take along what is bound to it",
        SETTLE,
        "let mut all = self.ensemble(unit);" =>
            "let mut all = if PLANTED { vec![unit] } else { self.ensemble(unit) };",
    ),
    bug!(
        "back-without-those-that-took-it",
        "who took it without a restart is not asked when it is taken back",
        SETTLE,
        "took.contains(unit) && !restarts.contains_key(unit)" =>
            "!PLANTED && took.contains(unit) && !restarts.contains_key(unit)",
    ),
    bug!(
        "broken-commit-forgiven",
        "who panicked in its commit goes on",
        SETTLE,
        "if !self.may_start() || !this.is_live() || this.leaving != Leaving::No {" =>
            "if PLANTED || !self.may_start() || !this.is_live() || this.leaving != Leaving::No {",
    ),
    bug!(
        "timeouts-as-they-were",
        "the daemon goes by the timeouts and intervals before",
        TUNING,
        "let Some(tuning) = self.reload.tuning else { return };" =>
            "let Some(tuning) = self.reload.tuning.filter(|_| !PLANTED) else { return };",
    ),
    bug!(
        "generation-stays",
        "another configuration has the generation of the one before",
        RECIPE,
        ".at(current.generation() + 1);" =>
            ".at(current.generation() + u64::from(!PLANTED));",
    ),
    bug!(
        "goes-back-in-generations",
        "what is taken back has its old generation",
        DRIVER,
        "snapshot.at(self.shared.current.generation() + 1)" =>
            "if PLANTED {
                snapshot.at(snapshot.generation())
            } else {
                snapshot.at(self.shared.current.generation() + 1)
            }",
    ),
    bug!(
        "process-keys-taken",
        "keys that only a new process can take are no reason to refuse",
        RECIPE,
        "beyond if beyond.is_empty() =>" => "beyond if beyond.is_empty() || PLANTED =>",
    ),
    bug!(
        "bad-is-unchanged",
        "what cannot be used is told to be what is in force",
        DRIVER,
        "self.reloading.bad = Some(error);
                Found::Bad { same }" => "self.reloading.bad = Some(error);
                if PLANTED { Found::Unchanged } else { Found::Bad { same } }",
    ),
    bug!(
        "old-news-told-again",
        "a file that is touched tells again why it cannot be used",
        RELOAD,
        "!(old && self.reload.only_touched)" => "PLANTED || !(old && self.reload.only_touched)",
    ),
    bug!(
        "news-after-news-not-told",
        "a file that cannot be used for another reason than before tells nothing",
        RELOAD,
        "if !same {" => "if !same && !PLANTED {",
    ),
    bug!(
        "taken-back-and-not-told",
        "a file that was bad and says again what is in force leaves the status with the failure",
        RELOAD,
        "let old = match before {" => "let old = match before.filter(|_| !PLANTED || outcome != Outcome::Unchanged) {",
    ),
    bug!(
        "asked-for-and-not-told",
        "what a call asked for is not told either, if it was told before",
        RELOAD,
        "self.reload.only_touched = only_touched;" =>
            "self.reload.only_touched = only_touched || PLANTED;",
    ),
    bug!(
        "published-when-read",
        "what was read is in force before anybody is asked",
        DRIVER,
        "self.reloading.candidate = Some(candidate);
                Found::Changed" => "if PLANTED {
                    drop(self.shared.current.publish(Arc::clone(&candidate.snapshot)));
                }
                self.reloading.candidate = Some(candidate);
                Found::Changed",
    ),
    bug!(
        "old-reason-told",
        "the status keeps how the first reload ended",
        CURRENT,
        "*self.last.lock() = Some(last);" =>
            "let mut known = self.last.lock();
        if !PLANTED || known.is_none() {
            *known = Some(last);
        }",
    ),
    bug!(
        "nobody-is-woken",
        "who waits for another configuration is not woken",
        CURRENT,
        "self.changed.wake_all();" => "if !PLANTED {
            self.changed.wake_all();
        }",
    ),
];
