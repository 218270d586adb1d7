//! What may happen next in a world: the events of its subsystems, time, orders and calls from outside.

use super::cells::Cells;
use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Start,
    Shutdown,
    Signal(Signal),
    Dumped,
    Finalized(usize),
    /// To the next deadline.
    Tick,
    /// Far beyond it: a worker was blocked.
    Late,
    Tell(u32, UnitEvent),
    /// Of the subsystem, by that one.
    Call(Op, u32, Option<u32>),
}

/// What the user's code does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    Plain,
    /// Whoever is asked has work in flight.
    Busy,
    /// A shutdown is asked for before the first spawn.
    Cut,
    /// All hearts beat.
    Beats,
    /// That is what it says about a subsystem that was given up.
    Says(Say),
}

/// How much of what may happen is looked at, and which states are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything, and all states.
    All,
    /// One event of each kind that the engine tells apart. Calls that wait are none of a state; in a shutdown
    /// who lives, was asked, or is being aborted is all of it.
    Kinds,
    /// Moreover, the end of a grace goes on to who is left behind, and of the timers those that are due next are
    /// told apart.
    Coarse,
}

pub(super) const FAILED: How = How::Failed { stopping: false };
pub(super) const OPS: [Op; 4] = [Op::Start, Op::Stop, Op::Restart, Op::Remove];
/// More progress notes than are due before anything else is.
const NOTES: usize = 16;

impl World {
    /// Everything that may happen now.
    pub(super) fn acts(&self, detail: Detail) -> Vec<Act> {
        let mut acts = vec![Act::Shutdown, Act::Signal(Signal::Terminate)];
        if self.engine.phase == Phase::Idle {
            acts.push(Act::Start);
        }
        if !self.engine.timers.heap.is_empty() {
            acts.push(Act::Tick);
        }
        if self.engine.dumping.is_some() {
            acts.push(Act::Dumped);
        }
        if let Phase::Finalizing(index) = self.engine.phase {
            acts.push(Act::Finalized(index));
        }
        if detail == Detail::All {
            let signals = [Signal::Interrupt, Signal::Quit, Signal::Hangup];
            acts.extend(signals.map(Act::Signal));
            acts.push(Act::Late);
        }
        for &unit in self.live.keys() {
            self.tell_acts(unit, detail, &mut acts);
        }
        // What is asked for before the start is kept: two calls are every order of two.
        let calls = if self.engine.early.len() < 2 { self.engine.count() } else { 0 };
        for unit in 0..calls {
            for op in OPS {
                self.call_acts(op, unit, detail, &mut acts);
            }
        }
        acts
    }

    /// Ready and returned once, drained if asked, one end.
    fn tell_acts(&self, unit: u32, detail: Detail, acts: &mut Vec<Act>) {
        let this = &self.engine.units()[unit as usize];
        let mut tell = |what| acts.push(Act::Tell(unit, what));
        if !this.ready {
            tell(UnitEvent::Ready);
        }
        for (_, probe, number) in self.questions.iter().filter(|open| open.0 == unit) {
            for answer in [Answer::Good, Answer::Bad, Answer::Nothing] {
                tell(UnitEvent::Checked { probe: *probe, number: *number, answer });
            }
        }
        if detail != Detail::All {
            if !this.asked && this.state != State::Aborting {
                tell(UnitEvent::Returned { failed: false, say: Say::Nothing });
                tell(UnitEvent::Returned { failed: true, say: Say::Nothing });
            }
            for how in [How::Completed, FAILED] {
                tell(UnitEvent::Ended(how, Say::Nothing));
                tell(UnitEvent::Ended(how, Say::Final));
            }
            if this.state == State::Aborting {
                tell(UnitEvent::Ended(How::Aborted, Say::Nothing));
            }
            return;
        }
        if this.asked {
            tell(UnitEvent::Drained);
        }
        for say in [Say::Nothing, Say::Final, Say::Shutdown(3)] {
            if !this.returned {
                tell(UnitEvent::Returned { failed: false, say });
                tell(UnitEvent::Returned { failed: true, say });
            }
            for how in [How::Completed, FAILED, How::Panicked, How::Aborted] {
                tell(UnitEvent::Ended(how, say));
            }
            if this.asked {
                tell(UnitEvent::Ended(How::Failed { stopping: true }, say));
            }
        }
    }

    /// From outside, and by whoever lives.
    fn call_acts(&self, op: Op, unit: u32, detail: Detail, acts: &mut Vec<Act>) {
        acts.push(Act::Call(op, unit, None));
        if detail == Detail::All && self.engine.phase == Phase::Up {
            acts.extend(self.live.keys().map(|caller| Act::Call(op, unit, Some(*caller))));
        }
    }

    /// One act, and what the user's code does about it, with the invariants held.
    pub(super) fn take(&mut self, act: Act, twist: Twist, detail: Detail) {
        match twist {
            Twist::Plain => {}
            Twist::Busy => self.busy = (0..self.engine.count()).collect(),
            Twist::Cut => self.cut = true,
            Twist::Beats => self.beating = true,
            Twist::Says(say) => self.says = say,
        }
        match act {
            Act::Start => self.step(Event::Start),
            Act::Shutdown => self.shutdown(),
            Act::Signal(signal) => self.step(Event::Signal(signal)),
            Act::Dumped => self.step(Event::Dumped),
            Act::Finalized(index) => self.step(Event::Finalized(index)),
            Act::Tick => self.pass_time(Duration::ZERO, detail),
            Act::Late => self.pass_time(Duration::from_secs(100), detail),
            Act::Tell(unit, what) => self.tell(unit, what),
            Act::Call(op, unit, caller) => drop(self.call_from(caller, op, unit)),
        }
        self.busy.clear();
        (self.says, self.cut, self.beating) = (Say::Nothing, false, false);
        invariants::of_a_state(self);
    }

    /// In what the user's code had a say in the last act.
    pub(super) fn twists(&self, detail: Detail) -> Vec<Twist> {
        let mut twists = Vec::new();
        if detail == Detail::All && self.seen.iter().any(|seen| matches!(seen, Seen::Asked(..))) {
            twists.push(Twist::Busy);
        }
        if self.seen.iter().any(|seen| matches!(seen, Seen::Spawned(..))) {
            twists.push(Twist::Cut);
        }
        if self.seen.iter().any(|seen| matches!(seen, Seen::ReadBeat(_))) {
            twists.push(Twist::Beats);
        }
        let asks =
            |note: &Note| matches!(note, Note::GaveUp { unit, .. } if self.engine.rule(*unit).asks);
        if self.notes.iter().any(asks) {
            twists.extend([Twist::Says(Say::Final), Twist::Says(Say::Shutdown(3))]);
        }
        twists
    }

    /// Its past is over: what it saw is noted.
    pub(super) fn forget(&mut self, cells: &mut Cells) {
        self.cells.iter_mut().flat_map(|taken| taken.drain(..)).for_each(|cell| cells.note(cell));
        self.seen.clear();
        self.notes.clear();
        self.answered.clear();
    }

    /// A shutdown is asked for, nobody does anything any more, and time passes.
    pub(super) fn goes_down(&mut self) {
        self.shutdown();
        let began = self.engine.stop_began().expect("a shutdown has begun");
        let budget = began + self.engine.settings.tuning.timeouts.kill();
        while !self.exited {
            let next = self.engine.next_deadline().expect("nothing is due, and there was no exit");
            assert!(next <= budget.max(self.now), "no exit within the budget");
            self.now = next.max(self.now);
            self.step(Event::Tick);
        }
        invariants::of_a_state(self);
    }

    /// Until more is due than a note about progress.
    fn pass_time(&mut self, late: Duration, detail: Detail) {
        for _ in 0..NOTES {
            let Some(next) = self.engine.next_deadline() else { return };
            let top = self.engine.timers.heap.peek().map(|entry| entry.0.2);
            self.now = next.max(self.now) + late;
            self.step(Event::Tick);
            let grace = detail == Detail::Coarse && matches!(top, Some(Timer::Grace { .. }));
            let tells = matches!(top, Some(Timer::StillStarting | Timer::StillStopping));
            if !tells && !grace {
                return;
            }
        }
    }
}
