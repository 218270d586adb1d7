//! Reports, taken in: what the engine cannot keep is kept here, and it is told the rest.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use proc_daemon_runtime::{Instant, PanicPayload, discard};
use tracing::error;

use super::Driver;
use crate::duration::shown;
use crate::end::{End, EndKind, chain};
use crate::exit::Exit;
use crate::restart::Restart;
use crate::subsystem::{Outcome, Report, What};
use crate::supervisor::engine::{Cause, Event, How, Note, Say, UnitEvent};
use crate::supervisor::hooks::say;

/// The errors of the subsystems that failed.
pub(crate) type Failures = BTreeMap<u32, Arc<dyn Error + Send + Sync + 'static>>;

impl Driver {
    /// Keeps what the engine cannot, and gives it the rest; none if there is none.
    pub(super) fn take_in(&mut self, report: Report) -> Option<Event> {
        Some(match report {
            Report::Call(call) => return self.take_call(*call),
            Report::Signal(signal) => Event::Signal(signal),
            Report::Reload(asker) => self.take_reload(asker),
            Report::PlanReload(asker) => {
                self.plan_reload(asker);
                return None;
            }
            Report::Touched => Event::Touched,
            Report::Read { number, read } => self.take_read(number, *read),
            Report::Dumped => Event::Dumped,
            Report::Finalized(index) => Event::Finalized(index),
            Report::Unit { unit, generation, what } => {
                let what = match what {
                    What::Ready => UnitEvent::Ready,
                    What::Drained => UnitEvent::Drained,
                    What::Returned { failed, exit } => {
                        UnitEvent::Returned { failed, say: say(exit) }
                    }
                    What::Ended(outcome, exit) => {
                        let how = self.keep(unit, outcome);
                        self.blame(unit, generation, how);
                        let say = match exit {
                            Exit::Default if self.is_final(unit, generation, how) => Say::Final,
                            exit => say(exit),
                        };
                        UnitEvent::Ended(how, say)
                    }
                    What::Checked { probe, number, finding } => {
                        self.found(unit, generation, (probe, number), *finding)
                    }
                    What::Prepared { number, answer } => self.take_prepared(unit, number, *answer),
                };
                Event::Unit { unit, generation, what }
            }
        })
    }

    /// Keeps the error of an outcome.
    pub(super) fn keep(&mut self, unit: u32, outcome: Outcome) -> How {
        match outcome {
            Outcome::Completed => How::Completed,
            Outcome::Aborted => How::Aborted,
            Outcome::Failed { error, stopping } => {
                discard(self.failures.insert(unit, error.into()));
                How::Failed { stopping }
            }
            Outcome::Panicked(payload) => self.keep_panic(unit, "", &payload),
            Outcome::ChildPanicked(panic) => {
                let named = panic.child.as_ref().map(|child| format!("child `{child}` "));
                self.keep_panic(unit, named.as_deref().unwrap_or("a child "), &panic.payload)
            }
        }
    }

    pub(super) fn keep_panic(&mut self, unit: u32, who: &str, payload: &PanicPayload) -> How {
        let text = format!("{who}panicked: {payload}");
        let error = Box::<dyn Error + Send + Sync>::from(text).into();
        discard(self.failures.insert(unit, error));
        How::Panicked
    }

    /// How the last generation of `unit` ended, as its hooks are told.
    pub(super) fn end_of(&self, unit: u32, kind: EndKind, ended_at: Instant) -> End {
        let known = &self.engine.units()[unit as usize];
        End {
            kind,
            error: self.failures.get(&unit).cloned(),
            ran_for: ended_at.since(known.started_at),
            generation: known.generation,
        }
    }

    /// Whether the policy's `unless` says so of a failure of the live generation.
    pub(super) fn is_final(&self, unit: u32, generation: u32, how: How) -> bool {
        let Some(hooks) = self.hooks.get(&unit) else { return false };
        let live = self.engine.units()[unit as usize].generation == generation;
        let kind = self.engine.kind_of(unit, how);
        live && hooks.is_final(&self.end_of(unit, kind, self.shared.runtime.now()))
    }

    /// Asks the user's code what becomes of the daemon now that `unit` was given up.
    pub(super) fn ask_give_up(&mut self, unit: u32, now: Instant) {
        let known = &self.engine.units()[unit as usize];
        let (generation, kind) = (known.generation, known.end.unwrap_or(EndKind::Error));
        let end = self.end_of(unit, kind, known.ended_at);
        let said = self.hooks.get(&unit).map_or(Say::Nothing, |hooks| hooks.gave_up(&end));
        self.step(Event::Unit { unit, generation, what: UnitEvent::GaveUp(said) }, now);
    }

    /// Of what is given up: how often it failed, and what becomes of the daemon.
    pub(super) fn given_up(&self, note: &Note) -> Option<(String, String)> {
        let Note::GaveUp { unit, .. } = *note else { return None };
        let rules = self.engine.rule(unit);
        let follows = match self.engine.asks_for_the_end() {
            _ if rules.asks => "its `on_give_up` says what follows".to_owned(),
            Some((Cause::NothingToRun, _)) => "nothing is left to run".to_owned(),
            Some((Cause::Failed(whose) | Cause::StartFailed(whose), Some(code)))
                if whose == unit =>
            {
                format!("the daemon shuts down with {code}")
            }
            Some(_) => "the daemon shuts down".to_owned(),
            None => "the daemon goes on without it".to_owned(),
        };
        let counted = self.engine.units()[unit as usize].failures.as_ref().zip(rules.intensity);
        let often = counted.map(|(failures, limit)| {
            let (times, starts) = failures.counted();
            let verb = if limit.failures == 1 { "is" } else { "are" };
            let allowed = format!("({} {verb} allowed)", limit.failures);
            if times > limit.failures as usize {
                let verb = if rules.restart == Restart::Always { "ended" } else { "failed" };
                format!("it {verb} {times} times within {} {allowed}", shown(limit.window))
            } else {
                format!("it was not ready in {starts} starts in a row {allowed}")
            }
        });
        Some((often.unwrap_or_default(), follows))
    }

    /// Keeps the error of a failure, of which the engine alone may know, and drops that of another end.
    pub(super) fn log_end(&mut self, unit: u32) {
        let kind = self.engine.units()[unit as usize].end.filter(|end| end.is_failure());
        let Some(kind) = kind else {
            self.forget_failure(unit);
            return;
        };
        let name = &self.shared.board.row(unit).name;
        let cause = self.failures.entry(unit).or_insert_with(|| {
            let text = match kind {
                EndKind::StartTimeout => "it was not ready in time; does it call `ctx.ready()`?",
                _ => "it ended before it was ready: `explicit_ready` wants `ctx.ready()` first",
            };
            Box::<dyn Error + Send + Sync>::from(text).into()
        });
        error!("`{name}` failed: {}", chain(cause.as_ref()));
    }

    /// The error of a generation that is over is not that of another one.
    pub(super) fn forget_failure(&mut self, unit: u32) {
        if let Some(last) = self.failures.remove(&unit) {
            discard(last);
        }
    }

    /// Shows how a generation ended, while the daemon goes on: of those that end with it, the report tells.
    pub(super) fn show_end(&self, unit: u32) {
        let known = &self.engine.units()[unit as usize];
        if let Some(kind) = known.end.filter(|_| self.announced.is_some()) {
            let end = self.end_of(unit, kind, known.ended_at);
            self.shared.board.row(unit).publish_end(end);
        }
    }
}
