//! Bugs of a reload that changes how checks are asked.

use crate::bug::{Bug, bug};

const HEALTH: &str = "src/supervisor/engine/health.rs";
const PREPARE: &str = "src/supervisor/engine/reload/prepare.rs";
const SETTLE: &str = "src/supervisor/engine/reload/settle.rs";
const CHECKS: &str = "src/supervisor/driver/checks.rs";
const KNOWN: &str = "src/supervisor/driver/known.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "interval-as-it-was",
        "checks keep the interval before",
        HEALTH,
        "if let Some(asking) = checks.of(probe).filter(|asking| asking.by_default) {" =>
            "if let Some(asking) = checks.of(probe).filter(|asking| asking.by_default && !PLANTED) {",
    ),
    bug!(
        "interval-from-the-publication",
        "another interval counts from the publication: whoever edits often is asked never",
        HEALTH,
        "asking.due = (asking.since + asking.rules.every).max(now);" =>
            "asking.due = if PLANTED { now } else { asking.since } + asking.rules.every;
                asking.due = asking.due.max(now);",
    ),
    bug!(
        "added-with-the-first-interval",
        "who is added is asked as often as the configuration said at the start",
        CHECKS,
        "self.tuning = *tuning;" => "if !PLANTED {
            self.tuning = *tuning;
        }",
    ),
    bug!(
        "interval-not-taken-back",
        "what is taken back leaves its timeouts and intervals",
        SETTLE,
        "out.push_back(Effect::Revert { culprit });" =>
            "out.push_back(Effect::Revert { culprit });
        if PLANTED {
            self.reload.tuning = Some(self.settings.tuning);
        }",
    ),
    bug!(
        "asked-though-switched-off",
        "checks are asked that a reload has switched off",
        HEALTH,
        "let wanted = probe == Probe::Startup ||" =>
            "let wanted = PLANTED || probe == Probe::Startup ||",
        HEALTH,
        "self.forget_checks(switched, now);" =>
            "if !PLANTED {
            self.forget_checks(switched, now);
        }",
    ),
    bug!(
        "questions-outlive-the-switch",
        "a question that is open goes on when checks are switched off",
        KNOWN,
        "if let Some((handle, _)) = answered.open {" =>
            "if let Some((handle, _)) = answered.open.filter(|_| !PLANTED) {",
    ),
    bug!(
        "answers-outlive-the-switch",
        "what was answered before checks were switched off counts when they are on again",
        HEALTH,
        "asking.begin();
            }
        }
        self.watch_running(unit, now);" =>
            "if PLANTED {
                    asking.open = None;
                } else {
                    asking.begin();
                }
            }
        }
        self.watch_running(unit, now);",
    ),
    bug!(
        "switched-on-and-not-asked",
        "checks that are switched on again are not asked before the next start",
        HEALTH,
        "(true, true) => self.watch_again(unit, now)," =>
            "(true, true) if PLANTED => {}
                (true, true) => self.watch_again(unit, now),",
    ),
    bug!(
        "not-ready-for-what-is-not-asked",
        "who was not ready for its check is not, although that is switched off",
        HEALTH,
        "(true, false) if this.leaving == Leaving::No =>" =>
            "(true, false) if this.leaving == Leaving::No && !PLANTED =>",
    ),
    bug!(
        "heartbeats-looked-for-twice",
        "whose checks are switched off and on has two heartbeats",
        HEALTH,
        "Timer::Beat { .. } => all," => "Timer::Beat { .. } => all && !PLANTED,",
    ),
    bug!(
        "watched-before-it-restarts",
        "what a check held up starts before it is decided who restarts",
        PREPARE,
        "self.retune();" => "self.retune();
        if PLANTED {
            self.watch_anew(now, out);
        }",
    ),
];
