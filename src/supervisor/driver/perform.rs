//! Effects, performed in their order.

use std::io::Write;
use std::sync::Arc;

use proc_daemon_runtime::{Instant, catch};
use tracing::debug;

use super::Driver;
use crate::reason::ShutdownReason;
use crate::subsystem::{Report, Run, dump};
use crate::supervisor::engine::{Cause, Effect, Event, UnitEvent};
use crate::supervisor::notes;

impl Driver {
    pub(super) fn step(&mut self, event: Event, now: Instant) {
        let first = self.out.effects.len();
        self.engine.step(event, now, &mut self.out);
        if let Some(watch) = &mut self.watch {
            watch.stepped(event, now, &self.out, first);
        }
        self.log_call(event, first);
        // Before the state: who sees that it is over sees how.
        if let Event::Unit { unit, what: UnitEvent::Ended(..), .. } = event {
            self.log_end(unit);
            self.show_end(unit);
        }
        for turn in &self.out.turns {
            let row = self.shared.board.row(turn.unit);
            row.publish(turn.state, turn.generation, now);
            self.watched.turned(*turn, &row);
            debug!(subsystem = %row.name, generation = turn.generation, "{}", turn.state);
        }
        if !self.out.ready.is_empty() {
            for (unit, ready) in self.out.ready.drain(..) {
                self.shared.board.row(unit).set_ready(ready);
            }
        }
        if let Event::Shutdown { .. } = event {
            self.shared.board.close();
            // Each tells that it has ended.
            self.shared.mailbox.expect(self.engine.live());
        }
        self.publish(event, now);
        self.out.turns.clear();
    }

    /// Performs one effect; what it leads to at once is stepped at once.
    pub(super) fn perform(&mut self, effect: Effect, now: Instant) {
        match effect {
            Effect::Spawn { unit, generation } => self.spawn(unit, generation, now),
            Effect::RequestStop { unit, generation, by } => {
                self.woke = true;
                if let Some(run) = self.run_of(unit, generation) {
                    let what = UnitEvent::Asked { busy: run.request_stop(by) };
                    self.step(Event::Unit { unit, generation, what }, now);
                }
            }
            Effect::Abort { unit, generation } => {
                self.woke = true;
                if let Some(run) = self.run_of(unit, generation) {
                    run.abort();
                }
            }
            Effect::Due { unit, at } => self.show_due(unit, at, now),
            Effect::AskGiveUp { unit } => self.ask_give_up(unit, now),
            Effect::Forget { unit } => self.forget(unit),
            Effect::Answer { ticket, answer } => self.answer(ticket, answer),
            Effect::Check { unit, generation, probe, number } => {
                self.ask(unit, generation, (probe, number), now);
            }
            Effect::ReadBeat { unit, generation } => self.read_beat(unit, generation, now),
            Effect::Read { number } => self.read(number),
            Effect::Prepare { unit, generation, number } => {
                self.prepare(unit, generation, number, now);
            }
            Effect::Unprepare => self.unprepare(),
            Effect::Publish => self.publish_configuration(),
            Effect::Commit { unit } => self.commit(unit, now),
            Effect::Committed => self.committed(now),
            Effect::Revert { culprit } => self.revert(culprit),
            Effect::Reloaded { outcome, news } => self.reloaded(outcome, news, now),
            Effect::AnswerReload { ticket, outcome } => self.answer_reload(ticket, outcome),
            Effect::Ready(ready) => self.show_ready(ready, now),
            Effect::Initiate(cause) => {
                let own = self.shared.coordinator.initiate_shutdown(self.reason(cause));
                self.announced = None;
                let event = self.shutdown_event(own);
                self.step(event, now);
            }
            Effect::Handle(signal) => self.handlers.post(signal),
            Effect::Dump => self.dump(now),
            Effect::Finalize(index) => self.finalize(index),
            Effect::Note(note) => {
                let noted = self.watched.noted(&note, &self.shared.board, now);
                let known = notes::Known {
                    board: &self.shared.board,
                    finalizers: &self.finalizer_names,
                    reason: noted.as_ref().and_then(|noted| noted.reason.as_deref()),
                    again: noted.as_ref().is_some_and(|noted| noted.again),
                    given_up: self.given_up(&note),
                };
                notes::log(&note, &known);
                self.publish_note(&note, now);
                if let Some(noted) = noted {
                    self.publish_health(noted.unit, now);
                }
            }
            Effect::Exit => self.exited = true,
        }
    }

    pub(super) fn run_of(&self, unit: u32, generation: u32) -> Option<&Run> {
        self.runs[unit as usize].as_deref().filter(|run| run.generation == generation)
    }

    /// A shutdown that was asked for while earlier effects were performed comes first: the engine then
    /// takes the start back.
    pub(super) fn spawn(&mut self, unit: u32, generation: u32, now: Instant) {
        if self.announced.is_some() && self.shared.coordinator.is_shutdown() {
            self.announced = None;
            let event = self.shutdown_event(false);
            self.step(event, now);
        }
        if !self.engine.launch(unit, generation, now) {
            return;
        }
        if let Some(watch) = &mut self.watch {
            watch.launched(unit, generation, now);
        }
        self.forget_failure(unit);
        let (factory, explicit) = &self.factories[unit as usize];
        let run = Arc::new(Run::new(Arc::clone(&self.shared), unit, generation, *explicit));
        let body = Arc::clone(factory).make(&run);
        self.runs[unit as usize] = Some(run);
        self.shared.runtime.spawn(self.shared.board.row(unit).name.clone(), body);
    }

    pub(super) fn reason(&self, cause: Cause) -> ShutdownReason {
        let name = |unit: u32| self.shared.board.row(unit).name.to_shared();
        match cause {
            Cause::Signal(signal) => ShutdownReason::Signal(signal),
            Cause::Failed(unit) => ShutdownReason::SubsystemFailed(name(unit)),
            Cause::StartFailed(unit) => ShutdownReason::StartFailed(name(unit)),
            Cause::Asked(unit, code) => ShutdownReason::SubsystemAsked(name(unit), code),
            Cause::NothingToRun => ShutdownReason::NothingToRun,
            Cause::Stranded(unit) => ShutdownReason::ReloadFailed(name(unit)),
        }
    }

    /// Off the worker, as stderr may block.
    pub(super) fn dump(&self, now: Instant) {
        let mailbox = Arc::clone(&self.shared.mailbox);
        let (guard, board) = (self.guard.clone(), Arc::clone(&self.shared.board));
        let write = move || {
            match guard {
                Some(guard) => guard.dump(),
                None => {
                    let _ = std::io::stderr().write_all(dump(&board, now).as_bytes());
                }
            }
            mailbox.post(Report::Dumped);
        };
        self.shared.runtime.spawn_blocking("dump".into(), Box::new(write));
    }

    pub(super) fn finalize(&mut self, index: usize) {
        let Some(finalizer) = self.finalizers[index].take() else {
            return;
        };
        let mailbox = Arc::clone(&self.shared.mailbox);
        let work = Box::new(move || {
            let _ = catch(finalizer.work);
            mailbox.post(Report::Finalized(index));
        });
        self.shared.runtime.spawn_blocking(finalizer.name.into(), work);
    }
}
