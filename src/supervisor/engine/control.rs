//! Control at run time: start, stop, restart, add and remove by number. Each call is answered once.

use std::collections::BTreeMap;

use proc_daemon_runtime::Instant;

use super::{Effect, Engine, Event, Leaving, Met, Out, Phase, Rules, State, Unit};
use crate::subsystem::Kind;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Start,
    Stop,
    Restart,
    Remove,
}

/// Why it is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is starting, or runs.
    AlreadyRunning,
    /// It does not, or not any more.
    NotRunning,
    ShuttingDown,
    /// Its last generation has not ended.
    StillStopping,
    /// The caller would be stopped, and would wait for that.
    OwnStop,
    /// That one depends on it.
    Needed(u32),
    /// That one, which it requires, is over or about to be.
    Down(u32),
    /// It can be started once.
    Once,
    /// It failed for good before it was ready.
    Failed,
    /// There is no such subsystem any more.
    Gone,
}

/// Which call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A later generation than this one is ready.
    Ready(u32),
    Over,
    Gone,
}

/// The calls that are not answered, by subsystem.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(super) open: BTreeMap<u32, Vec<(Ticket, Wish)>>,
    /// Whose state has changed in this step, if anybody waits.
    changed: Vec<u32>,
}

impl Calls {
    /// Whether somebody may have to be answered.
    pub(super) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    pub(super) fn changed(&mut self, unit: u32) {
        if !self.open.is_empty() {
            self.changed.push(unit);
        }
    }
}

impl Engine {
    /// A call; `caller` is the subsystem that makes it.
    pub(super) fn control(
        &mut self,
        ticket: Ticket,
        unit: u32,
        op: Op,
        caller: Option<u32>,
        now: Instant,
        out: &mut Out,
    ) {
        let this = &self.units[unit as usize];
        let last = this.generation - u32::from(this.is_unlaunched());
        let done = match op {
            Op::Start => self.start_by_name(unit, now, out),
            Op::Stop => self.stop_by_name(unit, caller, now, out),
            Op::Restart => self.restart_by_name(unit, caller, now, out),
            Op::Remove => self.remove(unit, caller, now, out),
        };
        match done {
            Err(refusal) => out.push_back(Effect::Answer { ticket, answer: Err(refusal) }),
            Ok(()) => {
                let wish = match op {
                    Op::Start | Op::Restart => Wish::Ready(last),
                    Op::Stop => Wish::Over,
                    Op::Remove => Wish::Gone,
                };
                self.calls.open.entry(unit).or_default().push((ticket, wish));
                self.calls.changed.push(unit);
            }
        }
    }

    fn start_by_name(&mut self, unit: u32, now: Instant, out: &mut Out) -> Result<(), Refusal> {
        self.controllable(unit)?;
        match self.units[unit as usize].state {
            State::Backoff if !self.is_held(unit) => self.backoff_over(unit, now, out),
            State::Stopped | State::Failed => self.revive(unit, now, out)?,
            State::Registered
            | State::Waiting
            | State::Starting
            | State::Running
            | State::Backoff => return Err(Refusal::AlreadyRunning),
            _ => return Err(Refusal::StillStopping),
        }
        Ok(())
    }

    /// A subsystem that was over starts anew, with nothing held against it.
    fn revive(&mut self, unit: u32, now: Instant, out: &mut Out) -> Result<(), Refusal> {
        let rules = *self.rule(unit);
        if rules.once && self.units[unit as usize].generation > 0 {
            return Err(Refusal::Once);
        }
        if let Some(down) = self.down(unit) {
            return Err(Refusal::Down(down));
        }
        let this = &mut self.units[unit as usize];
        this.leaving = Leaving::No;
        this.gave_up = None;
        this.streak = 0;
        this.failures = None;
        self.keeping += usize::from(!rules.background);
        self.set_met(unit, Met::No, out);
        self.go(unit, now, out);
        Ok(())
    }

    /// What `unit` requires, and is over or about to be, for good.
    pub(super) fn down(&self, unit: u32) -> Option<u32> {
        let down =
            |dependency: &u32| self.is_down(*dependency) && self.graph.requires(unit, *dependency);
        self.graph.dependencies(unit).iter().copied().find(down)
    }

    /// Over, or about to be for good, and has not completed.
    fn is_down(&self, unit: u32) -> bool {
        let known = &self.units[unit as usize];
        let over = matches!(known.state, State::Stopped | State::Failed | State::Zombie);
        over && known.met != Met::Up || known.is_live() && known.leaving >= Leaving::Lost
    }

    fn stop_by_name(
        &mut self,
        unit: u32,
        caller: Option<u32>,
        now: Instant,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        if matches!(self.units[unit as usize].state, State::Stopped | State::Failed) {
            return Err(Refusal::NotRunning);
        }
        self.controllable(unit)?;
        if self.units[unit as usize].state == State::Zombie {
            return Err(Refusal::StillStopping);
        }
        if caller.is_some_and(|caller| self.not_without(&[unit]).contains(&caller)) {
            return Err(Refusal::OwnStop);
        }
        self.retire(&[unit], now, out);
        Ok(())
    }

    fn restart_by_name(
        &mut self,
        unit: u32,
        caller: Option<u32>,
        now: Instant,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        self.controllable(unit)?;
        if self.rule(unit).once {
            return Err(Refusal::Once);
        }
        let this = &self.units[unit as usize];
        match this.state {
            State::Stopped | State::Failed => return self.revive(unit, now, out),
            State::Registered | State::Waiting => return Err(Refusal::NotRunning),
            State::Backoff => {
                if !self.is_held(unit) {
                    self.backoff_over(unit, now, out);
                }
                return Ok(());
            }
            State::Zombie => return Err(Refusal::StillStopping),
            _ if this.leaving >= Leaving::Lost => return Err(Refusal::StillStopping),
            _ => {}
        }
        if caller.is_some_and(|caller| self.stops_with(unit).contains(&caller)) {
            return Err(Refusal::OwnStop);
        }
        self.take_along(unit, Leaving::Again, now, now, out);
        Ok(())
    }

    fn remove(
        &mut self,
        unit: u32,
        caller: Option<u32>,
        now: Instant,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        self.controllable(unit)?;
        let dependents = self.graph.dependents(unit).iter();
        let needs = |other: &&u32| self.units[**other as usize].state != State::Removed;
        if let Some(by) = dependents.copied().find(|other| needs(&other)) {
            return Err(Refusal::Needed(by));
        }
        match self.units[unit as usize].state {
            State::Zombie => return Err(Refusal::StillStopping),
            State::Stopped | State::Failed => self.gone(unit, out),
            _ if caller == Some(unit) => return Err(Refusal::OwnStop),
            _ => {
                self.units[unit as usize].removed = true;
                self.retire(&[unit], now, out);
            }
        }
        Ok(())
    }

    fn gone(&mut self, unit: u32, out: &mut Out) {
        self.groups.leave(unit);
        self.turn(unit, State::Removed, out);
    }

    /// `unit` has ended: if somebody asked for its removal, that is done.
    pub(super) fn gone_if_removed(&mut self, unit: u32, out: &mut Out) {
        if self.units[unit as usize].removed {
            self.gone(unit, out);
        }
    }

    /// Whether anything can be done to `unit` now.
    fn controllable(&self, unit: u32) -> Result<(), Refusal> {
        match self.units[unit as usize].state {
            State::Removed => Err(Refusal::Gone),
            _ if !self.may_start() => Err(Refusal::ShuttingDown),
            _ if self.units[unit as usize].removed => Err(Refusal::Gone),
            _ => Ok(()),
        }
    }

    /// Enters a subsystem that was not known; it starts with `Event::Added`.
    pub(crate) fn add(
        &mut self,
        rules: Rules,
        dependencies: &[(u32, Kind)],
        group: Option<u32>,
    ) -> Result<u32, (u32, Refusal)> {
        if self.phase != Phase::Idle && !self.may_start() {
            return Err((0, Refusal::ShuttingDown));
        }
        for (dependency, kind) in dependencies {
            let known = &self.units[*dependency as usize];
            if known.state == State::Removed || known.removed {
                return Err((*dependency, Refusal::Gone));
            }
            if *kind != Kind::After && self.is_down(*dependency) {
                return Err((*dependency, Refusal::Down(*dependency)));
            }
        }
        let unit = self.count();
        self.graph.grow(unit, dependencies);
        let met = |dependency: &&u32| {
            let met = self.units[**dependency as usize].met;
            met == Met::Up || met == Met::Over && !self.graph.requires(unit, **dependency)
        };
        let all = self.graph.dependencies(unit);
        let unmet = all.len() - all.iter().filter(met).count();
        let place = self.rules.enter(rules);
        self.units.push(Unit::new(place, u32::try_from(unmet).unwrap_or(u32::MAX)));
        if let Some(group) = group {
            self.groups.join(group, unit);
        }
        self.unready += 1;
        self.keeping += usize::from(!rules.background);
        Ok(unit)
    }

    /// What was added starts.
    pub(super) fn added(&mut self, ticket: Ticket, unit: u32, now: Instant, out: &mut Out) {
        if self.may_start() {
            self.go(unit, now, out);
        }
        out.push_back(Effect::Answer { ticket, answer: Ok(()) });
    }

    /// Answers the calls whose wish has come true, or cannot any more.
    pub(super) fn answer(&mut self, out: &mut Out) {
        let mut changed = std::mem::take(&mut self.calls.changed);
        changed.sort_unstable();
        changed.dedup();
        for unit in changed.drain(..) {
            let Some(open) = self.calls.open.get_mut(&unit) else { continue };
            let (this, phase) = (&self.units[unit as usize], self.phase);
            open.retain(|(ticket, wish)| match answer(this, *wish, phase) {
                None => true,
                Some(answer) => {
                    out.effects.push_back(Effect::Answer { ticket: *ticket, answer });
                    false
                }
            });
            if open.is_empty() {
                self.calls.open.remove(&unit);
            }
        }
        self.calls.changed = changed;
    }

    /// The shutdown begins: nothing that was to start will, and what was asked for before the start is not done.
    pub(super) fn refuse_starts(&mut self, out: &mut Out) {
        for event in std::mem::take(&mut self.early) {
            if let Event::Control { ticket, .. } = event {
                out.push_back(Effect::Answer { ticket, answer: Err(Refusal::ShuttingDown) });
            }
        }
        let units: Vec<u32> = self.calls.open.keys().copied().collect();
        self.calls.changed.extend(units);
    }
}

/// What has become of a wish; none: it may yet come true.
fn answer(unit: &Unit, wish: Wish, phase: Phase) -> Option<Result<(), Refusal>> {
    let over = matches!(unit.state, State::Stopped | State::Failed | State::Removed);
    let completed = unit.state == State::Stopped && unit.met == Met::Up;
    let ready = unit.state == State::Running && unit.met == Met::Up || completed;
    match wish {
        Wish::Ready(_) if phase > Phase::Up => Some(Err(Refusal::ShuttingDown)),
        Wish::Ready(_) if unit.state == State::Zombie => Some(Err(Refusal::StillStopping)),
        // A restart is heard while the last generation still runs.
        Wish::Ready(last) if unit.generation > last && ready => Some(Ok(())),
        Wish::Ready(_) if unit.state == State::Failed => Some(Err(Refusal::Failed)),
        Wish::Ready(_) if unit.leaving == Leaving::Retired => Some(Err(Refusal::NotRunning)),
        Wish::Ready(_) => None,
        Wish::Over | Wish::Gone if unit.state == State::Zombie => Some(Err(Refusal::StillStopping)),
        Wish::Over => over.then_some(Ok(())),
        Wish::Gone => (unit.state == State::Removed).then_some(Ok(())),
    }
}
