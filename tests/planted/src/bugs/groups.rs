//! Bugs of groups and bound dependencies: who starts again with whom, when, and who is lost with whom.

use crate::bug::{Bug, bug};

const GROUPS: &str = "src/supervisor/groups.rs";
const JOINT: &str = "src/supervisor/engine/joint.rs";
const LEAVE: &str = "src/supervisor/engine/leave.rs";
const STORM: &str = "src/supervisor/engine/storm.rs";
const START: &str = "src/supervisor/engine/start.rs";
const STOP: &str = "src/supervisor/engine/stop.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "joint-starts-too-early",
        "those who start again together start when all but one have ended",
        JOINT,
        "joint.is_some_and(|joint| joint.living > 0)" =>
            "joint.is_some_and(|joint| joint.living > u32::from(PLANTED))",
        JOINT,
        "is_none_or(|joint| joint.living > 0)" =>
            "is_none_or(|joint| joint.living > u32::from(PLANTED))",
    ),
    bug!(
        "joints-not-merged",
        "two joints that share a member stay two: the older one does not wait for it",
        JOINT,
        "let was = self.units[*unit as usize].joint;" =>
            "let was = self.units[*unit as usize].joint;
            if PLANTED {
                let moved = u32::from(self.units[*unit as usize].awaited);
                joint.living += moved;
                if let Some(other) = self.joints.get_mut(&was) {
                    other.living = other.living.saturating_sub(moved);
                }
                continue;
            }",
    ),
    bug!(
        "earlier-moment-counts",
        "of two joints that become one the earlier moment counts",
        JOINT,
        "joint.due = joint.due.max(other.due);" =>
            "if !PLANTED {
                    joint.due = joint.due.max(other.due);
                }",
    ),
    bug!(
        "left-behind-and-waited-for",
        "a joint waits for ever for who was left behind",
        STOP,
        "self.lose(unit, GaveUp::Zombie, now, out);
        }
        self.leave_joint(unit, now, out);" =>
            "self.lose(unit, GaveUp::Zombie, now, out);
        }
        if !PLANTED {
            self.leave_joint(unit, now, out);
        }",
    ),
    bug!(
        "storm-guard-not-asked",
        "those who start again together pass the storm guard",
        JOINT,
        "State::Backoff if held && joint.due <= now => self.backoff_over(member, now, out)," =>
            "State::Backoff if PLANTED && held && unmet == 0 && joint.due <= now => {
                    if self.may_start() {
                        self.spawn(member, out);
                    }
                }
                State::Backoff if held && joint.due <= now => self.backoff_over(member, now, out),",
    ),
    bug!(
        "held-back-for-ever",
        "who is held back by the storm guard is never looked at again",
        STORM,
        "self.timers.set(self.storm.next(now).unwrap_or(now), Timer::Storm);" =>
            "if !PLANTED {
                self.timers.set(self.storm.next(now).unwrap_or(now), Timer::Storm);
            }",
    ),
    bug!(
        "rest-for-one-takes-all",
        "rest-for-one takes along those before it as well",
        GROUPS,
        "&members[members.binary_search(&unit).unwrap_or(members.len())..]" =>
            "&members[if PLANTED {
                    0
                } else {
                    members.binary_search(&unit).unwrap_or(members.len())
                }..]",
    ),
    bug!(
        "rest-for-one-takes-nobody",
        "rest-for-one takes nobody along",
        GROUPS,
        "Strategy::RestForOne => {" =>
            "Strategy::RestForOne if PLANTED => &[],
            Strategy::RestForOne => {",
    ),
    bug!(
        "one-for-all-forgets-one",
        "one-for-all does not take the last of the group along",
        GROUPS,
        "Strategy::OneForAll => members," =>
            "Strategy::OneForAll if PLANTED => &members[..members.len() - 1],
            Strategy::OneForAll => members,",
    ),
    bug!(
        "one-for-one-takes-all",
        "one-for-one takes the whole group along",
        GROUPS,
        "Strategy::OneForOne => &[]," =>
            "Strategy::OneForOne if PLANTED => members,
            Strategy::OneForOne => &[],",
    ),
    bug!(
        "bound-runs-on",
        "what is bound to one that starts again runs on",
        JOINT,
        "along.iter().chain(self.graph.binding(one))" =>
            "along.iter().chain(self.graph.binding(one).iter().filter(|_| !PLANTED))",
    ),
    bug!(
        "bound-chain-cut",
        "who starts again with one that starts again with others runs on",
        JOINT,
        "while next < all.len() {" => "while next < if PLANTED { 1 } else { all.len() } {",
    ),
    bug!(
        "temporary-restarted",
        "a temporary member of a group is started again with it",
        JOINT,
        "Restart::Never => Leaving::Retired," => "Restart::Never if !PLANTED => Leaving::Retired,",
    ),
    bug!(
        "temporary-not-missed",
        "what requires a temporary member that is stopped with its group goes on",
        JOINT,
        "self.lose_requiring(&gone, now, out);" =>
            "if !PLANTED {
            self.lose_requiring(&gone, now, out);
        }",
    ),
    bug!(
        "over-is-not-woken",
        "who is over by itself does not start again with its group",
        JOINT,
        "self.wake_over(&all, now, out);" =>
            "if !PLANTED {
                self.wake_over(&all, now, out);
            }",
    ),
    bug!(
        "temporary-woken",
        "a temporary member that is over starts again with its group",
        JOINT,
        "&& self.rule(unit).restart != Restart::Never" =>
            "&& (PLANTED || self.rule(unit).restart != Restart::Never)",
    ),
    bug!(
        "retired-woken",
        "who was stopped by name starts again with its group",
        JOINT,
        "&& this.leaving != Leaving::Retired" => "&& (PLANTED || this.leaving != Leaving::Retired)",
    ),
    bug!(
        "given-up-woken",
        "who was given up starts again with its group",
        JOINT,
        "this.state == State::Stopped
            && this.gave_up.is_none()" =>
            "(this.state == State::Stopped || (PLANTED && this.state == State::Failed))
            && (PLANTED || this.gave_up.is_none())",
    ),
    bug!(
        "woken-without",
        "who is over starts again with its group although what it requires is over",
        JOINT,
        "&& self.down(unit).is_none()" => "&& (PLANTED || self.down(unit).is_none())",
    ),
    bug!(
        "start-not-taken-back",
        "who is about to start when its group starts again is started twice",
        JOINT,
        "if self.is_idle(member) && this.is_unlaunched() {" =>
            "if !PLANTED && self.is_idle(member) && this.is_unlaunched() {",
    ),
    bug!(
        "joint-not-awaited-by-waiting",
        "who waits for a dependency does not wait for its joint",
        START,
        "&& !self.is_held(dependent) {" => "&& (PLANTED || !self.is_held(dependent)) {",
    ),
    bug!(
        "requiring-not-lost",
        "what requires a subsystem that was given up is not lost",
        LEAVE,
        "self.graph.requiring(next).iter().chain(along)" =>
            "self.graph.requiring(next).iter().filter(|_| !PLANTED).chain(along)",
    ),
    bug!(
        "group-outlives-its-member",
        "the group goes on when one of it is given up",
        LEAVE,
        "let along = if temporary {" => "let along = if PLANTED || temporary {",
    ),
    bug!(
        "group-ends-with-a-temporary",
        "the group ends with a temporary member that is given up",
        LEAVE,
        "let temporary = first &&" => "let temporary = !PLANTED && first &&",
    ),
    bug!(
        "dependencies-leave-first",
        "of those who leave together dependencies are asked before their dependents",
        LEAVE,
        "self.graph.dependents(unit).iter().any(held)" =>
            "if PLANTED {
                self.graph.dependencies(unit).iter().any(held)
            } else {
                self.graph.dependents(unit).iter().any(held)
            }",
    ),
    bug!(
        "leaver-forgotten",
        "who waits for its dependents to leave is not asked when they have",
        LEAVE,
        "self.leavers.extend(self.graph.dependencies(unit));" =>
            "if !PLANTED {
            self.leavers.extend(self.graph.dependencies(unit));
        }",
    ),
    bug!(
        "readiness-flickers",
        "readiness is shown at each change and not when the step is over",
        START,
        "self.count_ready(unit, was == Met::Up && met == Met::No);" =>
            "self.count_ready(unit, was == Met::Up && met == Met::No);
        if PLANTED {
            self.show_ready(out);
        }",
    ),
];
