//! Bugs of what a signal leads to.

use crate::bug::{Bug, bug};

const SIGNALS: &str = "src/supervisor/engine/signals.rs";
const PERFORM: &str = "src/supervisor/driver/perform.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "early-signal-lost",
        "a signal before the start does not end the daemon",
        SIGNALS,
        "if self.phase <= Phase::Up && self.own_cause.is_none() {" =>
            "if PLANTED && self.phase == Phase::Idle {
            return;
        }
        if self.phase <= Phase::Up && self.own_cause.is_none() {",
    ),
    bug!(
        "second-interrupt-too-early",
        "a second SIGINT forces however soon it comes",
        SIGNALS,
        "now.since(first) >= FORCE_AFTER" => "PLANTED || now.since(first) >= FORCE_AFTER",
    ),
    bug!(
        "second-interrupt-never",
        "a second SIGINT does not force",
        SIGNALS,
        "} else if signal == Signal::Interrupt" => "} else if !PLANTED && signal == Signal::Interrupt",
    ),
    bug!(
        "interrupt-window-restarts",
        "the time between two SIGINT counts from the last one, not the first",
        SIGNALS,
        "if signal == Signal::Interrupt && pressed_before.is_none() {" =>
            "if signal == Signal::Interrupt && (PLANTED || pressed_before.is_none()) {",
    ),
    bug!(
        "repeated-term-forces",
        "a second SIGTERM forces",
        SIGNALS,
        "out.push_back(Effect::Note(Note::Repeated(signal)));" =>
            "if PLANTED && signal == Signal::Terminate {
                return self.force(signal, now, out);
            }
            out.push_back(Effect::Note(Note::Repeated(signal)));",
    ),
    bug!(
        "hangup-stops",
        "SIGHUP ends the daemon",
        SIGNALS,
        "self.reload_by_signal(signal, now, out);" =>
            "if PLANTED {
                    return self.ask_by_signal(signal, now, out);
                }
                self.reload_by_signal(signal, now, out);",
    ),
    bug!(
        "dump-never-answered",
        "that the state dump is written is not told",
        PERFORM,
        "mailbox.post(Report::Dumped);" =>
            "if !PLANTED {
                mailbox.post(Report::Dumped);
            }",
    ),
    bug!(
        "dump-timer-not-armed",
        "a state dump that cannot be written is waited for without end",
        SIGNALS,
        "self.timers.set(now + FINALIZER_TIMEOUT, Timer::Dump);" =>
            "if !PLANTED {
                self.timers.set(now + FINALIZER_TIMEOUT, Timer::Dump);
            }",
    ),
    bug!(
        "handler-not-called",
        "a signal with a handler of the user's is swallowed",
        PERFORM,
        "Effect::Handle(signal) => self.handlers.post(signal)," =>
            "Effect::Handle(_) if PLANTED => {}
            Effect::Handle(signal) => self.handlers.post(signal),",
    ),
];
