//! Calls of whoever controls the subsystems: handed to the engine, and answered when it says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{TaskName, discard};
use tracing::{debug, info, warn};

use super::Driver;
use crate::config::nearest;
use crate::control::ControlError;
use crate::end::{End, EndKind};
use crate::id::SubsystemId;
use crate::state::SubsystemState;
use crate::subsystem::{Ask, Call, Done, Kind, Spec};
use crate::supervisor::advice::{is_critical, requires_optional};
use crate::supervisor::blueprint;
use crate::supervisor::engine::{Effect, Event, Op, Refusal, Ticket};
use crate::supervisor::manager::unknown;

use crate::sync::Sender;

/// Who waits for the answer to a call.
type Asker = Sender<Result<Done, ControlError>>;

/// The calls that are not answered.
#[derive(Default)]
pub(super) struct Open {
    last: u64,
    /// With its name, which is gone with the subsystem.
    calls: BTreeMap<Ticket, (u32, Op, Option<TaskName>, Asker)>,
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
        let Call { ask, name, caller, reply } = call;
        let (unit, op) = match ask {
            Ask::Start(unit) => (unit, Op::Start),
            Ask::Stop(unit) => (unit, Op::Stop),
            Ask::Restart(unit) => (unit, Op::Restart),
            Ask::Remove(unit) => (unit, Op::Remove),
            Ask::Add(spec) => return self.take_in_added(*spec, caller, reply),
        };
        let ticket = self.open.ticket();
        self.open.calls.insert(ticket, (unit, op, name, reply));
        Some(Event::Control { ticket, unit, op, caller })
    }

    /// The engine has decided about a call.
    pub(super) fn answer(&mut self, ticket: Ticket, answer: Result<(), Refusal>) {
        if let Some((unit, reply)) = self.open.added.remove(&ticket) {
            reply.send(answer.map(|()| Done::Added(unit)).map_err(|why| self.refused(unit, why)));
        } else if let Some((unit, op, name, reply)) = self.open.calls.remove(&ticket) {
            let told = match answer {
                Ok(()) => Ok(self.done(unit, op)),
                Err(why) => {
                    let refused = match why {
                        Refusal::Gone => {
                            let name = name.map_or_else(|| self.called(unit), |n| n.to_string());
                            unknown(name, &self.shared.board.names())
                        }
                        why => self.refused(unit, why),
                    };
                    debug!("a call was not done: {refused}");
                    Err(refused)
                }
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
        let name = |unit: u32| self.called(unit);
        match why {
            Refusal::AlreadyRunning => ControlError::AlreadyRunning { name: name(unit) },
            Refusal::NotRunning => ControlError::NotRunning { name: name(unit) },
            Refusal::ShuttingDown => ControlError::ShuttingDown,
            Refusal::StillStopping => ControlError::StillStopping {
                name: name(unit),
                left_behind: self.engine.units()[unit as usize].state == SubsystemState::Zombie,
            },
            Refusal::OwnStop => ControlError::OwnStop { name: name(unit) },
            Refusal::Failed => ControlError::Failed { name: name(unit), end: self.last_end(unit) },
            Refusal::Gone => unknown(name(unit), &self.shared.board.names()),
            Refusal::Needed(by) => ControlError::Invalid(format!(
                "`{}` depends on `{}`: remove that first",
                name(by),
                name(unit)
            )),
            Refusal::Down(on) if on == unit => ControlError::Invalid(format!(
                "`{}` is over, and what was to be added requires it: start that first",
                name(on)
            )),
            Refusal::Down(on) => ControlError::Invalid(format!(
                "`{}`, which `{}` requires, is over: start that first",
                name(on),
                name(unit)
            )),
            Refusal::Once => ControlError::Invalid(format!(
                "`{}` was made by `Spec::once` and can be started once: use `task` or `Spec::factory`",
                name(unit)
            )),
        }
    }

    /// Its name; its number, if it is gone.
    fn called(&self, unit: u32) -> String {
        let number = || SubsystemId::new(unit).to_string();
        self.shared.board.get(unit).map_or_else(number, |row| row.name.to_string())
    }

    /// Who makes a call, in words.
    fn asker(&self, caller: Option<u32>) -> String {
        match caller {
            Some(caller) => format!("by `{}`", self.called(caller)),
            None => "from outside".to_owned(),
        }
    }

    /// The engine was stepped with a call; its effects are those from the place `first` on. Tells the operator if it
    /// is done.
    pub(super) fn log_call(&self, event: Event, first: usize) {
        let Event::Control { ticket, unit, op, caller } = event else { return };
        let is_refusal = |effect: &Effect| matches!(effect, Effect::Answer { ticket: of, answer: Err(_) } if *of == ticket);
        if self.out.effects.range(first..).any(is_refusal) {
            return;
        }
        let what = match op {
            Op::Start => "starts",
            Op::Stop => "stops",
            Op::Restart => "restarts",
            Op::Remove => "is removed",
        };
        let (row, asker) = (self.shared.board.row(unit), self.asker(caller));
        info!("`{}` {what}: asked {asker}", row.name);
    }

    fn take_in_added(
        &mut self,
        spec: Spec,
        caller: Option<u32>,
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
                let (row, asker) = (self.shared.board.row(unit), self.asker(caller));
                info!("`{}` is added: asked {asker}", row.name);
                let ticket = self.open.ticket();
                self.open.added.insert(ticket, (unit, reply));
                Some(Event::Added { ticket, unit })
            }
        }
    }

    /// What is sound and probably not meant, a line each.
    fn advice(&self, spec: &Spec, dependencies: &[(u32, Kind)]) -> Vec<String> {
        let optional = |on: u32| is_critical(spec) && self.engine.rule(on).optional;
        let needed =
            dependencies.iter().filter(|(on, kind)| *kind >= Kind::Requires && optional(*on));
        needed
            .map(|(on, _)| requires_optional(&spec.name, &self.shared.board.row(*on).name))
            .collect()
    }

    /// The number of a declared group.
    fn group(&self, wanted: &TaskName) -> Result<u32, ControlError> {
        let group = self.groups.iter().position(|known| known == wanted);
        group.and_then(|group| u32::try_from(group).ok()).ok_or_else(|| {
            let near = nearest(wanted, self.groups.iter().map(|name| name.as_str()));
            let near = near.map(|near| format!("; did you mean `{near}`?"));
            ControlError::Invalid(format!(
                "the group `{wanted}` is not declared{}",
                near.unwrap_or_else(|| ": `DaemonBuilder::with_group` does that".to_owned())
            ))
        })
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
                true => self.refused(unit, Refusal::StillStopping),
                false => ControlError::Duplicate(name),
            });
        }
        let issues = blueprint::issues(std::slice::from_ref(spec));
        if !issues.is_empty() {
            let lines: Vec<String> = issues.iter().map(ToString::to_string).collect();
            return Err(ControlError::Invalid(lines.join("\n")));
        }
        let mut dependencies = Vec::new();
        for (on, kind) in spec.dependencies() {
            match board.find(on) {
                Some(unit) => dependencies.push((unit, kind)),
                None if **on == *name => return Err(ControlError::Cycle(vec![name.clone(), name])),
                None => return Err(unknown(on.to_string(), &board.names())),
            }
        }
        let group = spec.group.as_ref().map(|wanted| self.group(wanted)).transpose()?;
        if let Some(section) =
            spec.sections.iter().find(|section| !self.shared.current.load().has(section.path()))
        {
            return Err(ControlError::Invalid(format!(
                "its section `{}` is not registered: `DaemonBuilder::with_settings` does that",
                section.path()
            )));
        }
        let rules = blueprint::rules(spec);
        let advice = self.advice(spec, &dependencies);
        let unit = self
            .engine
            .add(rules, &dependencies, group)
            .map_err(|(on, why)| self.refused(on, why))?;
        advice.iter().for_each(|line| warn!("{line}"));
        self.factories.push((Arc::clone(&spec.factory), spec.explicit_ready));
        self.runs.push(None);
        let hooks = blueprint::hooks(spec);
        if hooks.is_some() {
            self.hooks.insert(unit, hooks);
        }
        let watch = spec.watch.take();
        if let Some(spec) = added.take() {
            self.shared.board.add(unit, blueprint::row(spec), &dependencies);
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
