//! The engine without a driver: a world that performs effects at once and keeps books.

mod acts;
mod add;
mod along;
mod cells;
mod codes;
mod control;
mod digest;
mod explore;
mod health;
mod invariants;
mod joint;
mod mixes;
mod otp;
mod own_stop;
mod reasons;
mod reload;
mod restart;
mod signals;
mod start;
mod stop;
mod storm;
mod table;

use std::collections::BTreeMap;

use proc_daemon_runtime::{Instant, Signal};

use super::answers::Wish;
use super::*;
use crate::SignalConfig;
use crate::end::EndKind;
use crate::supervisor::graph::Edges;
use crate::timeouts::ShutdownTimeouts;
use cells::{Cell, Step};

pub(super) use std::time::Duration;

/// A daemon's outside: what was spawned and asked, in order.
#[derive(Clone)]
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Instant,
    /// The live generation of each unit that has one.
    pub(super) live: BTreeMap<u32, u32>,
    /// Units that have work in flight when they are asked.
    pub(super) busy: Vec<u32>,
    pub(super) seen: Vec<Seen>,
    /// The cells that were taken, if they are collected.
    cells: Option<Vec<Cell>>,
    /// What became of each call.
    pub(super) answered: BTreeMap<Ticket, Result<(), Refusal>>,
    /// The calls that have no answer.
    pub(super) open: Vec<Ticket>,
    pub(super) notes: Vec<Note>,
    /// Whether stderr takes a state dump at once.
    pub(super) dumps: bool,
    pub(super) exited: bool,
    /// Checks that were asked.
    pub(super) questions: Vec<(u32, Probe, u32)>,
    /// Last signs of life.
    pub(super) beats: BTreeMap<u32, Instant>,
    calls: u64,
    pub(super) ready: bool,
    /// The last start that was put off, and until when.
    pub(super) due: Option<(u32, Instant)>,
    /// What the user's code says when a unit is given up.
    pub(super) says: Say,
    /// Another request for a shutdown comes before each of the engine's.
    pub(super) overtaken: bool,
    /// Somebody asks for a shutdown before the next spawn.
    pub(super) cut: bool,
    /// Every heart beats at each moment.
    pub(super) beating: bool,
    /// Whose commits panic.
    pub(super) panics: Vec<u32>,
    /// What became of each call for a reload.
    pub(super) reloads: BTreeMap<Ticket, Outcome>,
    /// The ends of reloads that were told.
    pub(super) news: Vec<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Spawned(u32),
    Asked(u32, Instant),
    Aborted(u32),
    Initiated(Cause),
    Finalize(usize),
    Handle(Signal),
    Dump,
    ReadBeat(u32),
    Read(u32),
    Prepare(u32),
    Unprepare,
    Publish,
    Commit(u32),
    Revert(u32),
    Reloaded(Outcome),
}

pub(super) const fn ms(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

pub(super) const TUNING: Tuning = Tuning {
    timeouts: ShutdownTimeouts::DEFAULT,
    health_checks: true,
    check_every: Duration::from_secs(5),
};

pub(super) fn settings() -> Settings {
    Settings {
        tuning: TUNING,
        reloadable: false,
        strict_reload: false,
        actions: SignalConfig::unix().table(),
        finalizers: 0,
        restarts_a_second: 0,
        seed: 0,
    }
}

impl World {
    /// `edges`: (unit, what it depends on).
    pub(super) fn new(rules: &[Rules], edges: &[(u32, u32)], settings: Settings) -> Self {
        let (all, needed) = (edges.to_vec(), edges.to_vec());
        let edges = Edges { all, needed, bound: Vec::new() };
        Self::of(rules, edges, Groups::default(), settings)
    }

    pub(super) fn of(rules: &[Rules], edges: Edges, groups: Groups, settings: Settings) -> Self {
        let graph = Graph::from_edges(rules.len(), edges);
        Self {
            engine: Engine::new(graph, groups, rules.iter().copied().collect(), settings),
            now: Instant::ZERO,
            live: BTreeMap::new(),
            busy: Vec::new(),
            seen: Vec::new(),
            cells: None,
            answered: BTreeMap::new(),
            open: Vec::new(),
            notes: Vec::new(),
            dumps: true,
            exited: false,
            questions: Vec::new(),
            beats: BTreeMap::new(),
            calls: 0,
            ready: false,
            due: None,
            says: Say::Nothing,
            overtaken: false,
            cut: false,
            beating: false,
            panics: Vec::new(),
            reloads: BTreeMap::new(),
            news: Vec::new(),
        }
    }

    pub(super) fn plain(units: usize, edges: &[(u32, u32)]) -> Self {
        Self::new(&vec![Rules::PLAIN; units], edges, settings())
    }

    /// Started, and everybody ready in the order in which they were spawned.
    pub(super) fn up(mut self) -> Self {
        self.step(Event::Start);
        while let Some(unit) =
            (0..self.engine.count()).find(|unit| self.state(*unit) == State::Starting)
        {
            self.tell(unit, UnitEvent::Ready);
        }
        self
    }

    pub(super) fn step(&mut self, event: Event) {
        let mut out = Out::default();
        self.feed(event, &mut out);
        while let Some(effect) = out.effects.pop_front() {
            self.perform(effect, &mut out);
        }
    }

    /// Up, and no end in sight.
    fn may_start(&self) -> bool {
        let Engine { phase, own_cause, forced, dumping, .. } = &self.engine;
        let ends = own_cause.is_some() || forced.is_some() || dumping.is_some();
        *phase == Phase::Up && !ends
    }

    /// One step of the engine, looked at as a whole.
    fn feed(&mut self, event: Event, out: &mut Out) {
        let before: Vec<State> = (0..self.engine.count()).map(|unit| self.state(unit)).collect();
        let (could_start, first) = (self.may_start(), out.effects.len());
        out.turns.clear();
        self.engine.step(event, self.now, out);
        let (turns, effects) = (&out.turns, &out.effects.make_contiguous()[first..]);
        let step = Step { engine: &self.engine, before: &before, event, turns, effects };
        invariants::of_a_step(&step, could_start);
        if let Some(cells) = &mut self.cells {
            step.cells(|cell| cells.push(cell));
        }
    }

    fn perform(&mut self, effect: Effect, out: &mut Out) {
        match effect {
            Effect::Spawn { unit, generation } => {
                if std::mem::take(&mut self.cut) {
                    self.feed(Event::Shutdown { own: false }, out);
                }
                if !self.engine.launch(unit, generation, self.now) {
                    return;
                }
                assert!(self.live.insert(unit, generation).is_none(), "two live generations");
                self.seen.push(Seen::Spawned(unit));
            }
            Effect::RequestStop { unit, generation, by } => {
                self.seen.push(Seen::Asked(unit, by));
                let what = UnitEvent::Asked { busy: self.busy.contains(&unit) };
                self.feed(Event::Unit { unit, generation, what }, out);
            }
            Effect::Abort { unit, .. } => self.seen.push(Seen::Aborted(unit)),
            Effect::Initiate(cause) => {
                self.seen.push(Seen::Initiated(cause));
                self.feed(Event::Shutdown { own: !self.overtaken }, out);
            }
            Effect::Handle(signal) => self.seen.push(Seen::Handle(signal)),
            Effect::Dump => {
                self.seen.push(Seen::Dump);
                if self.dumps {
                    self.feed(Event::Dumped, out);
                }
            }
            Effect::Finalize(index) => self.seen.push(Seen::Finalize(index)),
            Effect::Note(note) => self.notes.push(note),
            Effect::Exit => self.exited = true,
            Effect::AskGiveUp { unit } => {
                let generation = self.engine.units()[unit as usize].generation;
                let what = UnitEvent::GaveUp(self.says);
                self.feed(Event::Unit { unit, generation, what }, out);
            }
            Effect::Answer { ticket, answer } => {
                self.open.retain(|open| *open != ticket);
                assert!(self.answered.insert(ticket, answer).is_none(), "answered twice");
            }
            Effect::Check { unit, probe, number, .. } => {
                let open = self.questions.iter().any(|open| (open.0, open.1) == (unit, probe));
                assert!(!open, "{unit} is asked, and has not answered");
                self.questions.push((unit, probe, number));
            }
            Effect::ReadBeat { unit, generation } => {
                self.seen.push(Seen::ReadBeat(unit));
                let last = self.beats.get(&unit).copied().unwrap_or(Instant::ZERO);
                let at = if self.beating { self.now } else { last };
                let what = UnitEvent::Beat(at);
                self.feed(Event::Unit { unit, generation, what }, out);
            }
            Effect::Forget { unit } => assert!(self.engine.forget(unit), "{unit} was forgotten"),
            Effect::Ready(ready) => self.ready = ready,
            Effect::Due { unit, at } => self.due = Some((unit, at)),
            effect => self.perform_reload(effect, out),
        }
    }

    fn perform_reload(&mut self, effect: Effect, out: &mut Out) {
        match effect {
            Effect::Read { number } => self.seen.push(Seen::Read(number)),
            Effect::Prepare { unit, .. } => self.seen.push(Seen::Prepare(unit)),
            Effect::Unprepare => self.seen.push(Seen::Unprepare),
            Effect::Publish => self.seen.push(Seen::Publish),
            Effect::Commit { unit } => {
                self.seen.push(Seen::Commit(unit));
                if self.panics.contains(&unit) {
                    let generation = self.engine.units()[unit as usize].generation;
                    self.feed(Event::Unit { unit, generation, what: UnitEvent::CommitFailed }, out);
                }
            }
            Effect::Committed => self.feed(Event::Committed, out),
            Effect::Revert { culprit } => self.seen.push(Seen::Revert(culprit)),
            Effect::Reloaded { outcome, news } => {
                self.seen.push(Seen::Reloaded(outcome));
                self.news.extend(news.then_some(outcome));
            }
            Effect::AnswerReload { ticket, outcome } => {
                assert!(self.reloads.insert(ticket, outcome).is_none(), "answered twice");
            }
            effect => panic!("{effect:?}"),
        }
    }

    /// An event of the live generation.
    pub(super) fn tell(&mut self, unit: u32, what: UnitEvent) {
        let generation = match what {
            UnitEvent::Ended(..) => {
                self.questions.retain(|open| open.0 != unit);
                self.live.remove(&unit).expect("it is live")
            }
            UnitEvent::Checked { probe, number, .. } => {
                self.questions.retain(|open| *open != (unit, probe, number));
                self.live[&unit]
            }
            _ => self.live[&unit],
        };
        self.step(Event::Unit { unit, generation, what });
    }

    pub(super) fn end(&mut self, unit: u32, how: How) {
        self.tell(unit, UnitEvent::Ended(how, Say::Nothing));
    }

    /// A call from outside; gives its answer, if there is one already.
    pub(super) fn call(&mut self, op: Op, unit: u32) -> Option<Result<(), Refusal>> {
        self.call_from(None, op, unit).1
    }

    pub(super) fn call_from(
        &mut self,
        caller: Option<u32>,
        op: Op,
        unit: u32,
    ) -> (Ticket, Option<Result<(), Refusal>>) {
        self.calls += 1;
        let ticket = Ticket(self.calls);
        self.open.push(ticket);
        self.step(Event::Control { ticket, unit, op, caller });
        (ticket, self.answered.get(&ticket).copied())
    }

    pub(super) fn shutdown(&mut self) {
        self.step(Event::Shutdown { own: false });
    }

    /// Lets time pass, stopping at each deadline on the way.
    pub(super) fn advance_to(&mut self, to: Instant) {
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= to) {
            self.now = next.max(self.now);
            self.step(Event::Tick);
        }
        self.now = to;
    }

    pub(super) fn state(&self, unit: u32) -> State {
        self.engine.units()[unit as usize].state
    }

    pub(super) fn ended(&self, unit: u32) -> Option<EndKind> {
        self.engine.units()[unit as usize].end
    }

    pub(super) fn spawned(&self) -> Vec<u32> {
        let spawned = |seen: &Seen| {
            if let Seen::Spawned(unit) = seen { Some(*unit) } else { None }
        };
        self.seen.iter().filter_map(spawned).collect()
    }

    pub(super) fn asked(&self) -> Vec<u32> {
        let asked = |seen: &Seen| {
            if let Seen::Asked(unit, _) = seen { Some(*unit) } else { None }
        };
        self.seen.iter().filter_map(asked).collect()
    }
}

/// A reproducible source of choices (splitmix64).
pub(super) struct Choices(pub(super) u64);

impl Choices {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap_or(0)
    }

    /// Edges of a random graph: a unit depends on units before it, at most three.
    pub(super) fn edges(&mut self, units: u32) -> Vec<(u32, u32)> {
        let mut edges = Vec::new();
        for unit in 1..units {
            for _ in 0..self.below(4) {
                edges.push((unit, u32::try_from(self.below(unit as usize)).unwrap_or(0)));
            }
        }
        edges
    }
}
