//! Calls of whoever controls the subsystems: handed to the engine, and answered when it says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::discard;

use super::Driver;
use crate::control::ControlError;
use crate::end::{End, EndKind};
use crate::subsystem::{Ask, Call, Done, Spec};
use crate::supervisor::blueprint;
use crate::supervisor::engine::{Event, Op, Refusal, Ticket};

use crate::sync::Sender;

/// Who waits for the answer to a call.
type Asker = Sender<Result<Done, ControlError>>;

/// The calls that are not answered.
#[derive(Default)]
pub(super) struct Open {
    last: u64,
    calls: BTreeMap<Ticket, (u32, Op, Asker)>,
    /// Who was added, by the ticket of the call.
    added: BTreeMap<Ticket, (u32, Asker)>,
}

impl Open {
    pub(super) fn ticket(&mut self) -> Ticket {
        self.last += 1;
        Ticket(self.last)
    }
}

impl Driver {
    /// None if it was refused at once.
    pub(super) fn take_call(&mut self, call: Call) -> Option<Event> {
        let Call { ask, caller, reply } = call;
        let (unit, op) = match ask {
            Ask::Start(unit) => (unit, Op::Start),
            Ask::Stop(unit) => (unit, Op::Stop),
            Ask::Restart(unit) => (unit, Op::Restart),
            Ask::Remove(unit) => (unit, Op::Remove),
            Ask::Add(spec) => return self.take_in_added(*spec, reply),
        };
        let ticket = self.open.ticket();
        self.open.calls.insert(ticket, (unit, op, reply));
        Some(Event::Control { ticket, unit, op, caller })
    }

    /// The engine has decided about a call.
    pub(super) fn answer(&mut self, ticket: Ticket, answer: Result<(), Refusal>) {
        if let Some((unit, reply)) = self.open.added.remove(&ticket) {
            reply.send(answer.map(|()| Done::Added(unit)).map_err(|why| self.refused(unit, why)));
        } else if let Some((unit, op, reply)) = self.open.calls.remove(&ticket) {
            let told = match answer {
                Ok(()) => Ok(self.done(unit, op)),
                Err(why) => Err(self.refused(unit, why)),
            };
            // Who is told that it is gone finds nothing of it.
            if op == Op::Remove && answer.is_ok() {
                self.forget(unit);
            }
            reply.send(told);
        }
    }

    /// `unit` was removed: what it was made of is the user's. How it ended is told if that was in the shutdown.
    pub(super) fn forget(&mut self, unit: u32) {
        discard(self.factories.forget(unit));
        discard(self.runs.forget(unit));
        discard(self.hooks.remove(&unit));
        discard(self.watched.forget(unit));
        if self.engine.forget(unit) {
            discard(self.failures.remove(&unit));
            self.publisher.forget(unit);
            self.shared.board.forget(unit);
        }
    }

    fn done(&self, unit: u32, op: Op) -> Done {
        match op {
            Op::Start | Op::Restart => {
                Done::Ready(u64::from(self.engine.units()[unit as usize].generation))
            }
            Op::Stop | Op::Remove => Done::Over(self.last_end(unit)),
        }
    }

    /// How it ended; a stop of one that has not been spawned is a requested end.
    fn last_end(&self, unit: u32) -> End {
        let known = &self.engine.units()[unit as usize];
        let never = End {
            kind: EndKind::Requested,
            error: None,
            ran_for: Duration::ZERO,
            generation: known.generation,
        };
        known.end.map_or(never, |kind| self.end_of(unit, kind, known.ended_at))
    }

    fn refused(&self, unit: u32, why: Refusal) -> ControlError {
        let name = |unit: u32| self.shared.board.row(unit).name.to_string();
        match why {
            Refusal::AlreadyRunning => ControlError::AlreadyRunning,
            Refusal::NotRunning => ControlError::NotRunning,
            Refusal::ShuttingDown => ControlError::ShuttingDown,
            Refusal::StillStopping => ControlError::StillStopping,
            Refusal::OwnStop => ControlError::OwnStop,
            Refusal::Failed => ControlError::Failed(self.last_end(unit)),
            Refusal::Gone => ControlError::Unknown(name(unit)),
            Refusal::Needed(by) => {
                ControlError::Invalid(format!("`{}` depends on it: remove that first", name(by)))
            }
            Refusal::Down(on) => ControlError::Invalid(format!(
                "`{}`, which it requires, is over: start that first",
                name(on)
            )),
            Refusal::Once => ControlError::Invalid(
                "it was made by `Spec::once` and can be started once: use `task` or `Spec::factory`"
                    .to_owned(),
            ),
        }
    }

    fn take_in_added(
        &mut self,
        spec: Spec,
        reply: Sender<Result<Done, ControlError>>,
    ) -> Option<Event> {
        let mut spec = Some(spec);
        let admitted = self.admit(&mut spec);
        // What was refused is the user's: its destructor may panic.
        discard(spec);
        match admitted {
            Err(error) => {
                reply.send(Err(error));
                None
            }
            Ok(unit) => {
                let ticket = self.open.ticket();
                self.open.added.insert(ticket, (unit, reply));
                Some(Event::Added { ticket, unit })
            }
        }
    }

    /// Checks a spec as `build` would, and enters it everywhere.
    fn admit(&mut self, added: &mut Option<Spec>) -> Result<u32, ControlError> {
        let board = &self.shared.board;
        let Some(spec) = added else { return Err(ControlError::ShuttingDown) };
        let name = spec.name.to_string();
        if name.trim().is_empty() {
            return Err(ControlError::Invalid("a subsystem without a name".to_owned()));
        }
        if let Some(unit) = board.find(&name) {
            return Err(match self.engine.is_being_removed(unit) {
                true => ControlError::StillStopping,
                false => ControlError::Duplicate(name),
            });
        }
        if let Some(issue) = blueprint::issues(std::slice::from_ref(spec)).first() {
            return Err(ControlError::Invalid(issue.to_string()));
        }
        let mut dependencies = Vec::new();
        for (on, kind) in spec.dependencies() {
            match board.find(on) {
                Some(unit) => dependencies.push((unit, kind)),
                None if **on == *name => return Err(ControlError::Cycle(vec![name.clone(), name])),
                None => return Err(ControlError::Unknown(on.to_string())),
            }
        }
        let group = match &spec.group {
            None => None,
            Some(wanted) => match self.groups.iter().position(|known| known == wanted) {
                Some(group) => u32::try_from(group).ok(),
                None => {
                    let text = format!("the group `{wanted}` is not declared");
                    return Err(ControlError::Invalid(text));
                }
            },
        };
        if let Some(section) =
            spec.sections.iter().find(|section| !self.shared.current.load().has(section.path()))
        {
            return Err(ControlError::Invalid(format!(
                "its section `{}` is not registered: `DaemonBuilder::with_settings` does that",
                section.path()
            )));
        }
        let rules = blueprint::rules(spec);
        let unit = self
            .engine
            .add(rules, &dependencies, group)
            .map_err(|(on, why)| self.refused(on, why))?;
        self.factories.push((Arc::clone(&spec.factory), spec.explicit_ready));
        self.runs.push(None);
        let hooks = blueprint::hooks(spec);
        if hooks.is_some() {
            self.hooks.insert(unit, hooks);
        }
        let watch = spec.watch.take();
        if let Some(spec) = added.take() {
            self.shared.board.add(unit, blueprint::row(spec));
        }
        if let Some(watch) = watch {
            self.watched.enter(unit, watch, &mut self.engine, &self.shared.board);
        }
        if let Some(watch) = &mut self.watch {
            watch.added(&self.engine, unit);
        }
        Ok(unit)
    }
}
