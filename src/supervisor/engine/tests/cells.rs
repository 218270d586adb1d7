//! What an event does to a subsystem in a state, as cells of the table in the module's documentation.

use std::fmt::Write;

use super::*;

/// What may happen to one subsystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Column {
    Ready,
    Asked,
    Drained,
    Returned,
    Ended,
    Start,
    Stop,
    Restart,
    Remove,
    Shutdown,
    Begin,
    Met,
    Unmet,
    StartTimeout,
    Due,
    Along,
    Lost,
    Retired,
    Grace,
    Zombie,
    Force,
    Budget,
    Checked,
    Hung,
    Beat,
}

use Column as C;

/// What it has to do with itself, or with calls; then time and what becomes of others; then its health.
const BLOCKS: [&[(Column, &str)]; 3] = [
    &[
        (C::Ready, "Ready"),
        (C::Asked, "Asked"),
        (C::Drained, "Drained"),
        (C::Returned, "Returned"),
        (C::Ended, "Ended"),
        (C::Start, "start()"),
        (C::Stop, "stop()"),
        (C::Restart, "restart()"),
        (C::Remove, "remove()"),
        (C::Shutdown, "Shutdown"),
    ],
    &[
        (C::Begin, "begin"),
        (C::Met, "met"),
        (C::Unmet, "unmet"),
        (C::StartTimeout, "start"),
        (C::Due, "due"),
        (C::Along, "along"),
        (C::Lost, "lost"),
        (C::Retired, "retired"),
        (C::Grace, "grace"),
        (C::Zombie, "zombie"),
        (C::Force, "force"),
        (C::Budget, "budget"),
    ],
    &[(C::Checked, "Checked"), (C::Hung, "hung"), (C::Beat, "Beat")],
];

/// Where the table is.
const TEXT: &str = include_str!("../mod.rs");
const COLUMNS: usize = C::Beat as usize + 1;
const STATES: usize = State::ALL.len();
/// What a cell says besides a state: nothing changes; it is asked to stop; its policy decides.
const SAME: usize = STATES;
const ASKED: usize = STATES + 1;
const END: usize = STATES + 2;

fn names() -> [&'static str; STATES + 3] {
    let mut names = ["."; STATES + 3];
    names[..STATES].copy_from_slice(&State::ALL.map(State::as_str));
    (names[ASKED], names[END]) = ("asked", "end");
    names
}

/// For each state and column, what has been seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cells([[u16; COLUMNS]; STATES]);

/// One cell of it: from this state, by this column, to that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    from: State,
    column: Column,
    to: usize,
}

impl Cells {
    pub(super) fn note(&mut self, cell: Cell) {
        self.0[cell.from as usize][cell.column as usize] |= 1 << cell.to;
    }

    fn text(&self, state: State, column: Column) -> String {
        let seen = self.0[state as usize][column as usize];
        let names = names().into_iter().enumerate().filter(|(bit, _)| seen >> bit & 1 == 1);
        names.map(|(_, name)| name).collect::<Vec<_>>().join("|")
    }

    /// The table as the documentation has it.
    pub(super) fn render(&self) -> String {
        BLOCKS.map(|columns| self.block(columns)).join("\n//!\n")
    }

    /// Every transition, everything ignored, and nothing else.
    pub(super) fn are_the_documented_ones(&self) {
        let table = self.render();
        assert!(TEXT.contains(&table), "the table in mod.rs should be:\n{table}");
    }

    /// Whatever the table leaves blank has not happened.
    pub(super) fn are_documented(&self) {
        let known = Self::documented();
        for state in State::ALL {
            for (column, name) in BLOCKS.concat() {
                let (seen, known) = (self.text(state, column), known.text(state, column));
                let all = seen.split('|').all(|cell| known.split('|').any(|known| known == cell));
                assert!(seen.is_empty() || all, "{state} by {name}: {seen}, documented: {known}");
            }
        }
    }

    /// The table, read.
    fn documented() -> Self {
        let mut cells = Self::default();
        let lines: Vec<&str> = TEXT.lines().collect();
        for columns in BLOCKS {
            let is_head = |line: &&str| columns.iter().all(|(_, name)| line.contains(name));
            let head = lines.iter().position(is_head).expect("the table is there");
            for (state, line) in State::ALL.into_iter().zip(&lines[head + 1..]) {
                for (column, name) in columns {
                    let at = lines[head].find(&format!(" {name}")).unwrap_or(0) + 1;
                    let text = line.get(at..).unwrap_or_default();
                    let text = text.split(' ').next().unwrap_or_default();
                    cells.read(state, *column, text);
                }
            }
        }
        cells
    }

    fn read(&mut self, from: State, column: Column, text: &str) {
        for name in text.split('|').filter(|name| !name.is_empty()) {
            let place = names().iter().position(|known| *known == name);
            let to = place.unwrap_or_else(|| panic!("`{name}` in the table"));
            self.note(Cell { from, column, to });
        }
    }

    fn block(&self, columns: &[(Column, &str)]) -> String {
        let width = |(column, name): &(Column, &str)| {
            let cells = State::ALL.into_iter().map(|state| self.text(state, *column).len());
            cells.max().unwrap_or(0).max(name.len()) + 2
        };
        let mut text = format!("//! {:12}", "");
        for column in columns {
            let _ = write!(text, "{:<width$}", column.1, width = width(column));
        }
        for state in State::ALL {
            let mut line = format!("//! {state:<12}");
            for column in columns {
                let cell = self.text(state, column.0);
                let _ = write!(line, "{cell:<width$}", width = width(column));
            }
            text = format!("{}\n{}", text.trim_end(), line.trim_end());
        }
        text
    }
}

/// One step: who was in which state, the event, and what came of it.
pub(super) struct Step<'a> {
    pub(super) engine: &'a Engine,
    pub(super) before: &'a [State],
    pub(super) event: Event,
    pub(super) turns: &'a [Turn],
    pub(super) effects: &'a [Effect],
}

impl Step<'_> {
    /// The cells that this step took.
    pub(super) fn cells(&self, mut take: impl FnMut(Cell)) {
        let subject = self.subject();
        let mut states = self.before.to_vec();
        let mut first = subject;
        for turn in self.turns {
            let from = std::mem::replace(&mut states[turn.unit as usize], turn.state);
            let own = first.take_if(|(unit, _)| *unit == turn.unit);
            let column = match own {
                Some((_, column)) => column,
                None => self.column(turn.unit, from, turn.state),
            };
            let ended = column == C::Ended && turn.state != State::Removed;
            let to = if ended { END } else { turn.state as usize };
            take(Cell { from, column, to });
        }
        if let Some((unit, column)) = first {
            let to = if self.is_asked(unit, column) { ASKED } else { SAME };
            take(Cell { from: self.before[unit as usize], column, to });
        }
        match self.event {
            Event::Shutdown { .. } => self.broadcast(take),
            Event::Tick => self.hangs(take),
            _ => {}
        }
    }

    /// Whom the event is about.
    fn subject(&self) -> Option<(u32, Column)> {
        match self.event {
            Event::Unit { unit, generation, what } => {
                let live = self.engine.units()[unit as usize].generation == generation;
                let column = match what {
                    UnitEvent::Ready => C::Ready,
                    UnitEvent::Asked { .. } => C::Asked,
                    UnitEvent::Drained => C::Drained,
                    UnitEvent::Returned { .. } => C::Returned,
                    UnitEvent::Ended(..) => C::Ended,
                    UnitEvent::GaveUp(_) | UnitEvent::Prepared { .. } | UnitEvent::CommitFailed => {
                        return None;
                    }
                    UnitEvent::Checked { .. } => C::Checked,
                    UnitEvent::Beat(_) => C::Beat,
                };
                // Its own end may have led to its next start.
                (live || column == C::Ended).then_some((unit, column))
            }
            Event::Control { unit, op, .. } => {
                let column = match op {
                    Op::Start => C::Start,
                    Op::Stop => C::Stop,
                    Op::Restart => C::Restart,
                    Op::Remove => C::Remove,
                };
                Some((unit, column))
            }
            _ => None,
        }
    }

    /// Whether it is asked to stop, now or when those have ended that leave before it.
    fn is_asked(&self, unit: u32, column: Column) -> bool {
        let asks = |effect: &Effect| matches!(effect, Effect::RequestStop { unit: asked, .. } if *asked == unit);
        let refused = |effect: &Effect| matches!(effect, Effect::Answer { answer: Err(_), .. });
        let this = &self.engine.units()[unit as usize];
        let fell = |effect: &Effect| match *effect {
            Effect::Note(Note::Unhealthy { unit: down, probe: Probe::Liveness }) => down == unit,
            Effect::Note(Note::NoBeat(silent)) => silent == unit,
            _ => false,
        };
        let called = match column {
            C::Stop | C::Restart | C::Remove => true,
            C::Checked | C::Hung | C::Beat => self.effects.iter().any(fell),
            _ => false,
        };
        let may = this.is_live() && !this.asked && this.state != State::Aborting;
        let leaves = called && may && this.leaving != Leaving::No;
        self.effects.iter().any(asks) || leaves && !self.effects.iter().any(refused)
    }

    /// Why `unit` changed its state, if the event was not about it.
    fn column(&self, unit: u32, from: State, to: State) -> Column {
        use State as S;
        let noted = |note: Note| self.effects.contains(&Effect::Note(note));
        match (from, to) {
            (S::Registered, S::Starting | S::Waiting) => C::Begin,
            (S::Waiting, S::Starting) => C::Met,
            (S::Starting, S::Waiting) => C::Unmet,
            (S::Backoff, S::Starting | S::Waiting) => C::Due,
            (S::Starting | S::Stopped, S::Backoff) => C::Along,
            (S::Waiting | S::Backoff | S::Starting, S::Failed) => C::Lost,
            (S::Registered | S::Waiting | S::Backoff | S::Starting, S::Stopped) => {
                match self.event {
                    Event::Shutdown { .. } => C::Shutdown,
                    _ => C::Retired,
                }
            }
            (S::Stopped | S::Failed, S::Removed) => C::Remove,
            (S::Stopped | S::Failed, S::Starting | S::Waiting) => C::Start,
            (_, S::Aborting) if noted(Note::StartTimedOut(unit)) => C::StartTimeout,
            (_, S::Aborting) if noted(Note::GraceOver(unit)) => C::Grace,
            (_, S::Aborting) => C::Force,
            (S::Aborting, S::Zombie) if !self.is_out_of_time() => C::Zombie,
            (_, S::Zombie) => C::Budget,
            _ => unreachable!("{from} became {to} by {:?}", self.event),
        }
    }

    /// Whether the budget has ended it all.
    fn is_out_of_time(&self) -> bool {
        let all_ended = |effect: &Effect| matches!(effect, Effect::Note(Note::AllEnded { .. }));
        self.engine.phase == Phase::Done && !self.effects.iter().any(all_ended)
    }

    /// Time passes, and a check that has not answered has failed once too often.
    fn hangs(&self, mut take: impl FnMut(Cell)) {
        for effect in self.effects {
            if let Effect::Note(Note::Unhealthy { unit, probe }) = *effect {
                // Another timer of the same tick may have it asked.
                let asked = probe == Probe::Liveness && self.is_asked(unit, C::Hung);
                let to = if asked { ASKED } else { SAME };
                take(Cell { from: self.before[unit as usize], column: C::Hung, to });
            }
        }
    }

    /// A shutdown is about everybody.
    fn broadcast(&self, mut take: impl FnMut(Cell)) {
        for (unit, &from) in (0..).zip(self.before) {
            if !self.turns.iter().any(|turn| turn.unit == unit) {
                let to = if self.is_asked(unit, C::Shutdown) { ASKED } else { SAME };
                take(Cell { from, column: C::Shutdown, to });
            }
        }
    }
}
