//! What a signal leads to.

use proc_daemon_runtime::{Instant, Signal};

use super::{Cause, Effect, Engine, FINALIZER_TIMEOUT, Note, Out, Phase, Timer};
use crate::signal::{Action, FORCE_AFTER, Row, exit_code};

impl Engine {
    pub(super) fn signal(&mut self, signal: Signal, now: Instant, out: &mut Out) {
        match self.settings.actions.get(signal) {
            None | Some(Row::Action(Action::Ignore)) => {}
            Some(Row::Handler) => out.push_back(Effect::Handle(signal)),
            Some(Row::Action(Action::Shutdown)) => self.ask_by_signal(signal, now, out),
            Some(Row::Action(Action::Force)) => self.force(signal, now, out),
            Some(Row::Action(Action::Dump)) => self.dump(signal, now, out),
            Some(Row::Action(Action::Reload)) => {
                self.reload_by_signal(signal, now, out);
            }
            Some(Row::Action(Action::ReopenLogs)) => {
                out.push_back(Effect::Note(Note::NoLogFiles(signal)));
            }
        }
    }

    /// The dump comes first: it is to show what the signal has found, not what it led to.
    fn dump(&mut self, signal: Signal, now: Instant, out: &mut Out) {
        if self.dumping.is_none() {
            self.dumping = Some(signal);
            self.timers.set(now + FINALIZER_TIMEOUT, Timer::Dump);
            out.push_back(Effect::Dump);
        }
    }

    /// The state dump is written, or its time is over.
    pub(super) fn dumped(&mut self, now: Instant, out: &mut Out) {
        if let Some(signal) = self.dumping.take() {
            self.force(signal, now, out);
            self.finalize_when_all_ended(now, out);
        }
    }

    fn ask_by_signal(&mut self, signal: Signal, now: Instant, out: &mut Out) {
        let pressed_before = self.first_interrupt;
        if signal == Signal::Interrupt && pressed_before.is_none() {
            self.first_interrupt = Some(now);
        }
        if self.phase <= Phase::Up && self.own_cause.is_none() {
            self.initiate(Cause::Signal(signal), out);
        } else if signal == Signal::Interrupt
            && pressed_before.is_some_and(|first| now.since(first) >= FORCE_AFTER)
        {
            self.force(signal, now, out);
        } else {
            out.push_back(Effect::Note(Note::Repeated(signal)));
        }
    }

    fn force(&mut self, signal: Signal, now: Instant, out: &mut Out) {
        self.forced.get_or_insert(exit_code(signal));
        out.push_back(Effect::Note(Note::Forced(signal, self.live)));
        match self.phase {
            Phase::Idle | Phase::Up => self.initiate(Cause::Signal(signal), out),
            Phase::LameDuck => self.begin_stopping(now, out),
            Phase::Stopping => {
                self.abort_all(now, out);
            }
            Phase::Finalizing(_) | Phase::Done => {}
        }
    }
}
