//! Bugs of calls by name: what is done, who may ask for it, what is answered and when.

use crate::bug::{Bug, bug};

const CONTROL: &str = "src/supervisor/engine/control.rs";
const DECIDE: &str = "src/supervisor/engine/decide.rs";
const LEAVE: &str = "src/supervisor/engine/leave.rs";
const START: &str = "src/supervisor/engine/start.rs";
const ANSWERS: &str = "src/supervisor/engine/answers.rs";
const ADD: &str = "src/supervisor/engine/add.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "stop-restarts",
        "who is stopped by name starts again",
        LEAVE,
        "self.units[unit as usize].leaving = Leaving::Retired;" =>
            "let leaving = if PLANTED { Leaving::Again } else { Leaving::Retired };
            self.units[unit as usize].leaving = leaving;",
    ),
    bug!(
        "stop-alone",
        "what requires who is stopped by name runs on",
        LEAVE,
        "self.graph.requiring(all[next])" =>
            "self.graph.requiring(all[next]).iter().filter(|_| !PLANTED)",
    ),
    bug!(
        "restart-alone",
        "a restart by name takes nobody along",
        CONTROL,
        "self.take_along(unit, Leaving::Again, now, now, out);" =>
            "if PLANTED {
            self.units[unit as usize].leaving = Leaving::Again;
            self.leavers.push(unit);
            return Ok(());
        }
        self.take_along(unit, Leaving::Again, now, now, out);",
    ),
    bug!(
        "retired-is-not-ready",
        "who was stopped by name keeps the daemon from being ready",
        START,
        "|| this.leaving == Leaving::Retired;" =>
            "|| (!PLANTED && this.leaving == Leaving::Retired);",
    ),
    bug!(
        "leaving-is-running",
        "who is stopped, and waits for its dependents, is running to a call",
        CONTROL,
        "State::Starting | State::Running if this.leaving == Leaving::No => {" =>
            "State::Starting | State::Running if PLANTED || this.leaving == Leaving::No => {",
    ),
    bug!(
        "removed-stays",
        "who is removed while it runs stays, and can be started",
        CONTROL,
        "self.units[unit as usize].removed = true;" =>
            "self.units[unit as usize].removed = !PLANTED;",
    ),
    bug!(
        "removed-while-needed",
        "what others depend on can be removed",
        CONTROL,
        "if let Some(by) = dependents.copied().find(|other| needs(&other)) {" =>
            "if let Some(by) = dependents.copied().find(|other| !PLANTED && needs(&other)) {",
    ),
    bug!(
        "call-not-answered",
        "a call whose wish has come true is not answered",
        ANSWERS,
        "out.effects.push_back(Effect::Answer { ticket: *ticket, answer });" =>
            "if !PLANTED {
                        out.effects.push_back(Effect::Answer { ticket: *ticket, answer });
                    }",
    ),
    bug!(
        "refusal-not-answered",
        "a call that is refused is not answered",
        CONTROL,
        "Err(refusal) => out.push_back(Effect::Answer { ticket, answer: Err(refusal) })," =>
            "Err(_) if PLANTED => {}
            Err(refusal) => out.push_back(Effect::Answer { ticket, answer: Err(refusal) }),",
    ),
    bug!(
        "addition-not-answered",
        "who adds a subsystem is not answered",
        ADD,
        "out.push_back(Effect::Answer { ticket, answer: Ok(()) });" =>
            "if !PLANTED {
            out.push_back(Effect::Answer { ticket, answer: Ok(()) });
        }",
    ),
    bug!(
        "call-forgotten-in-a-stop",
        "a call that a shutdown overtakes is not answered",
        ANSWERS,
        "self.calls.changed.extend(units);" =>
            "if !PLANTED {
            self.calls.changed.extend(units);
        }",
    ),
    bug!(
        "old-generation-answers",
        "a restart is answered while the last generation runs",
        ANSWERS,
        "Wish::Ready(last) if unit.generation > last && ready =>" =>
            "Wish::Ready(last) if (PLANTED || unit.generation > last) && ready =>",
    ),
    bug!(
        "start-answered-at-once",
        "a start is answered before it is ready",
        ANSWERS,
        "let ready = unit.state == State::Running && unit.met == Met::Up || completed;" =>
            "let starts = PLANTED && unit.state == State::Starting;
    let ready = unit.state == State::Running && unit.met == Met::Up || completed || starts;",
    ),
    bug!(
        "stop-answered-at-once",
        "a stop is answered before it is over",
        ANSWERS,
        "Wish::Over => over.then_some(Ok(()))," =>
            "Wish::Over => (over || PLANTED).then_some(Ok(())),",
    ),
    bug!(
        "failed-start-waited-for",
        "a call waits for the readiness of who has failed for good",
        ANSWERS,
        "Wish::Ready(_) if unit.state == State::Failed =>" =>
            "Wish::Ready(_) if PLANTED && unit.state == State::Failed => None,
        Wish::Ready(_) if unit.state == State::Failed =>",
    ),
    bug!(
        "left-behind-is-over",
        "the stop of who was left behind is waited for",
        ANSWERS,
        "Wish::Over | Wish::Gone if unit.state == State::Zombie =>" =>
            "Wish::Over | Wish::Gone if !PLANTED && unit.state == State::Zombie =>",
    ),
    bug!(
        "own-stop",
        "a subsystem that stops itself by name waits for its own end",
        CONTROL,
        "self.not_without(&[unit]).contains(&caller)" =>
            "!PLANTED && self.not_without(&[unit]).contains(&caller)",
    ),
    bug!(
        "own-restart",
        "a subsystem that restarts itself by name waits for its own end",
        CONTROL,
        "self.stops_with(unit).contains(&caller)" =>
            "!PLANTED && self.stops_with(unit).contains(&caller)",
    ),
    bug!(
        "own-removal",
        "a subsystem that removes itself waits for its own end",
        CONTROL,
        "_ if caller == Some(unit) =>" => "_ if !PLANTED && caller == Some(unit) =>",
    ),
    bug!(
        "started-without",
        "one can be started by name although what it requires is over",
        CONTROL,
        "if let Some(down) = self.down(unit) {" =>
            "if let Some(down) = self.down(unit).filter(|_| !PLANTED) {",
    ),
    bug!(
        "started-twice",
        "what can be started once is started again by name",
        CONTROL,
        "if rules.once && self.units[unit as usize].generation > 0 {" =>
            "if !PLANTED && rules.once && self.units[unit as usize].generation > 0 {",
    ),
    bug!(
        "started-while-it-stops",
        "a start of who is about to stop is accepted",
        CONTROL,
        "            _ => return Err(Refusal::StillStopping),
        }
        Ok(())" =>
            "            _ if PLANTED => {}
            _ => return Err(Refusal::StillStopping),
        }
        Ok(())",
    ),
    bug!(
        "call-after-the-stop",
        "a call in a shutdown is acted upon",
        CONTROL,
        "_ if !self.may_start() => Err(Refusal::ShuttingDown)," =>
            "_ if !PLANTED && !self.may_start() => Err(Refusal::ShuttingDown),",
    ),
    bug!(
        "past-of-the-removed-counts",
        "what was removed before the shutdown is reported, and its abort decides the exit code",
        CONTROL,
        "let past = self.phase == Phase::Up;" => "let past = self.phase == Phase::Up && !PLANTED;",
    ),
    bug!(
        "being-removed-is-gone",
        "of what is being removed it is said that it is not there",
        CONTROL,
        "_ if self.is_being_removed(unit) => Err(Refusal::StillStopping)," =>
            "_ if self.is_being_removed(unit) => {
                Err(if PLANTED { Refusal::Gone } else { Refusal::StillStopping })
            }",
    ),
    bug!(
        "start-in-backoff-ignored",
        "a start by name does not end a backoff",
        CONTROL,
        "State::Backoff if !self.is_held(unit) => self.leave_backoff(unit, out)," =>
            "State::Backoff if PLANTED => {}
            State::Backoff if !self.is_held(unit) => self.leave_backoff(unit, out),",
    ),
    bug!(
        "held-against-it",
        "failures before a start by name count",
        CONTROL,
        "this.failures = None;" => "this.failures = this.failures.take().filter(|_| PLANTED);",
    ),
    bug!(
        "streak-held-against-it",
        "the delay after a start by name is that of failures before it",
        CONTROL,
        "this.streak = 0;" => "this.streak *= u32::from(PLANTED);",
    ),
    bug!(
        "revived-keeps-nothing-alive",
        "who was started by name does not keep the daemon alive",
        CONTROL,
        "self.keeping += usize::from(!rules.background);
        self.set_met(" =>
            "self.keeping += usize::from(!rules.background && !PLANTED);
        self.set_met(",
    ),
    bug!(
        "added-keeps-nothing-alive",
        "who was added does not keep the daemon alive",
        ADD,
        "self.keeping += usize::from(!rules.background);
        Ok(unit)" =>
            "self.keeping += usize::from(!rules.background && !PLANTED);
        Ok(unit)",
    ),
    bug!(
        "added-not-waited-for",
        "the daemon is ready before who was added is",
        ADD,
        "self.unready += 1;" => "self.unready += usize::from(!PLANTED);",
    ),
    bug!(
        "added-too-early",
        "who was added starts before what it depends on is ready",
        ADD,
        "let unmet = all.len() - all.iter().filter(met).count();" =>
            "let unmet = all.len() - all.iter().filter(|on| PLANTED || met(on)).count();",
    ),
    bug!(
        "last-words-restart",
        "who asked not to be started again starts with its group",
        DECIDE,
        "self.units[unit as usize].leaving = Leaving::Retired;" =>
            "if !PLANTED {
                    self.units[unit as usize].leaving = Leaving::Retired;
                }",
    ),
];
