//! Control at run time: start, stop, restart and remove by number. Each call is answered once (`answers.rs`).

use proc_daemon_runtime::Instant;

use super::answers::Wish;
use super::{Effect, Engine, Leaving, Met, Out, Phase, State};

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
    /// It is starting, or runs, and stays.
    AlreadyRunning,
    /// It does not, or not any more.
    NotRunning,
    ShuttingDown,
    /// Its last generation has not ended, and is to.
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
        let this = &self.units[unit as usize];
        match this.state {
            State::Backoff if !self.is_held(unit) => self.leave_backoff(unit, out),
            State::Stopped | State::Failed => self.revive(unit, now, out)?,
            State::Registered | State::Waiting | State::Backoff => {
                return Err(Refusal::AlreadyRunning);
            }
            // One that leaves is asked only once those have ended that stop before it.
            State::Starting | State::Running if this.leaving == Leaving::No => {
                return Err(Refusal::AlreadyRunning);
            }
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
    pub(super) fn is_down(&self, unit: u32) -> bool {
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
                    self.leave_backoff(unit, out);
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
        let past = self.phase == Phase::Up;
        self.units[unit as usize].past = past;
        self.gone.extend(past.then_some(unit));
        self.turn(unit, State::Removed, out);
    }

    /// `unit` has ended: if somebody asked for its removal, that is done.
    #[inline]
    pub(super) fn gone_if_removed(&mut self, unit: u32, out: &mut Out) {
        if self.units[unit as usize].removed {
            self.gone(unit, out);
        }
    }

    /// Its removal was asked for, and it has not ended: its name is taken until then.
    pub(crate) fn is_being_removed(&self, unit: u32) -> bool {
        let this = &self.units[unit as usize];
        this.removed && this.state != State::Removed
    }

    /// Whether anything can be done to `unit` now.
    fn controllable(&self, unit: u32) -> Result<(), Refusal> {
        match self.units[unit as usize].state {
            State::Removed => Err(Refusal::Gone),
            _ if !self.may_start() => Err(Refusal::ShuttingDown),
            _ if self.is_being_removed(unit) => Err(Refusal::StillStopping),
            _ => Ok(()),
        }
    }
}
