//! Bugs of the driver: the order of effects and events, its timer, what it shows.

use crate::bug::{Bug, bug};

const DRIVER: &str = "src/supervisor/driver/mod.rs";
const PERFORM: &str = "src/supervisor/driver/perform.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "launch-not-taken-back",
        "a start that a shutdown has taken back is made all the same",
        PERFORM,
        "if !self.engine.launch(unit, generation, now) {" =>
            "if !self.engine.launch(unit, generation, now) && !PLANTED {",
    ),
    bug!(
        "effects-reversed",
        "effects are performed last first",
        DRIVER,
        "if let Some(effect) = this.out.effects.pop_front() {" =>
            "if let Some(effect) = if PLANTED {
                this.out.effects.pop_back()
            } else {
                this.out.effects.pop_front()
            } {",
    ),
    bug!(
        "reports-reversed",
        "reports of one batch are taken in last first",
        DRIVER,
        "self.shared.mailbox.drain(&mut self.reports, cx);" =>
            "self.shared.mailbox.drain(&mut self.reports, cx);
            if PLANTED {
                self.reports.make_contiguous().reverse();
            }",
    ),
    bug!(
        "timer-not-rearmed",
        "a deadline before the one that is waited for does not shorten the wait",
        DRIVER,
        "if self.sleeps_until != next {" =>
            "let later = self.sleep.is_some() && next > self.sleeps_until;
        if self.sleeps_until != next && (!PLANTED || later || self.sleep.is_none()) {",
    ),
    bug!(
        "unready-not-shown",
        "the driver does not show that the daemon is not ready any more",
        PERFORM,
        "Effect::Ready(ready) => self.show_ready(ready, now)," =>
            "Effect::Ready(false) if PLANTED => {}
            Effect::Ready(ready) => self.show_ready(ready, now),",
    ),
    bug!(
        "state-not-shown",
        "a subsystem's state is not published",
        PERFORM,
        "row.publish(turn.state, turn.generation, now);" =>
            "if !PLANTED {
                row.publish(turn.state, turn.generation, now);
            }",
    ),
];
