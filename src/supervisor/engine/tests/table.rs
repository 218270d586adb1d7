//! The table of the module's documentation, found by walking at random and compared with the text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::*;
use crate::restart::Restart;

const COLUMNS: [&str; 13] = [
    "Ready", "Asked", "Drained", "Returned", "Ended", "start", "due", "lost", "grace", "zombie",
    "force", "budget", "shutdown",
];

type Cells = BTreeMap<(State, &'static str), BTreeSet<&'static str>>;

/// Walks one daemon at random and notes every cell that it takes.
struct Walk {
    world: World,
    choices: Choices,
    told: BTreeSet<(u32, u32, &'static str)>,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut choices = Choices(seed);
        let units = 1 + choices.below(4);
        let edges = choices.edges(u32::try_from(units).unwrap_or(1));
        let rules: Vec<Rules> = (0..units)
            .map(|_| Rules {
                explicit_ready: choices.below(2) == 0,
                background: choices.below(4) == 0,
                grace: [None, Some(Duration::ZERO), Some(Duration::from_secs(1))][choices.below(3)],
                start_timeout: [None, Some(Duration::from_secs(2))][choices.below(2)],
                restart: [Restart::Never, Restart::OnFailure, Restart::Always][choices.below(3)],
                optional: choices.below(2) == 0,
                asks: choices.below(4) == 0,
                ..Rules::PLAIN
            })
            .collect();
        // A budget that ends before what was aborted is left behind.
        let tight = crate::config::Config::builder()
            .force_shutdown_timeout(Duration::from_secs(1))
            .kill_timeout(Duration::from_millis(1100))
            .build()
            .expect("they are in order")
            .shutdown();
        let timeouts = [ShutdownTimeouts::DEFAULT, tight][choices.below(2)];
        let mut world = World::new(&rules, &edges, Settings { timeouts, ..settings() });
        world.says = [Say::Nothing, Say::Final, Say::Shutdown(3)][choices.below(3)];
        Self { world, choices, told: BTreeSet::new() }
    }

    fn states(&self) -> Vec<State> {
        self.world.engine.units().iter().map(|unit| unit.state).collect()
    }

    fn take(&mut self, cells: &mut Cells) {
        let live: Vec<u32> = self.world.live.keys().copied().collect();
        let pick = self.choices.below(10);
        if pick < 6 && !live.is_empty() {
            let unit = live[self.choices.below(live.len())];
            self.unit_event(unit, cells);
            return;
        }
        let before = self.states();
        self.world.notes.clear();
        match pick {
            6 => self.world.step(Event::Start),
            7 => self.world.shutdown(),
            8 => self.world.step(Event::Signal(Signal::ALL[self.choices.below(7)])),
            _ => self.pass_time(),
        }
        self.note_broadcast(&before, pick, cells);
        self.note_answers(cells);
    }

    fn note_answers(&mut self, cells: &mut Cells) {
        for (before, after) in self.world.answers.drain(..) {
            note(cells, before, "Asked", after);
        }
    }

    /// To the next deadline, or far beyond it: a worker may have been blocked.
    fn pass_time(&mut self) {
        let Some(next) = self.world.engine.next_deadline() else {
            return;
        };
        let late = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(100)];
        self.world.now = next.max(self.world.now) + late[self.choices.below(3)];
        self.world.step(Event::Tick);
    }

    /// What a generation can say: readiness and return once, drained only when asked, its end once.
    fn unit_event(&mut self, unit: u32, cells: &mut Cells) {
        let asked = self.world.asked().contains(&unit);
        let state = self.world.state(unit);
        self.world.busy = if self.choices.below(2) == 0 { vec![unit] } else { Vec::new() };
        let hows = [
            How::Completed,
            How::Failed { stopping: false },
            How::Failed { stopping: asked },
            How::Panicked,
            How::Aborted,
        ];
        let generation = self.world.live[&unit];
        let before = self.states();
        let (column, what) = match self.choices.below(5) {
            0 if self.told.insert((unit, generation, "Ready")) => ("Ready", UnitEvent::Ready),
            1 if asked => ("Drained", UnitEvent::Drained),
            2 if self.told.insert((unit, generation, "Returned")) => {
                let failed = self.choices.below(4) == 0;
                ("Returned", UnitEvent::Returned { failed, say: Say::Nothing })
            }
            3 => {
                let says = [Say::Nothing, Say::Nothing, Say::Final, Say::Shutdown(3)];
                let (how, say) = (self.choices.below(hows.len()), self.choices.below(says.len()));
                ("Ended", UnitEvent::Ended(hows[how], says[say]))
            }
            _ => return,
        };
        self.world.tell(unit, what);
        // `Returned` has the unit asked in the same breath: the state it leads to is that column's.
        let after = if column == "Returned" { state } else { self.world.state(unit) };
        note(cells, state, column, after);
        self.note_answers(cells);
        for ((other, from), to) in (0..).zip(&before).zip(self.states()) {
            if other != unit && to == State::Failed && *from != to {
                note(cells, *from, "lost", to);
            }
        }
    }

    /// What an event that is about nobody did to everybody.
    fn note_broadcast(&self, before: &[State], pick: usize, cells: &mut Cells) {
        let budget = self.world.engine.timeline.map_or(Instant::MAX, |timeline| timeline.budget_at);
        let late = self.world.now >= budget;
        for ((unit, from), to) in (0..).zip(before).zip(self.states()) {
            if *from == to {
                continue;
            }
            let said = |note: Note| self.world.notes.contains(&note);
            let column = match (from, to) {
                (State::Registered | State::Waiting | State::Backoff, State::Stopped) => "shutdown",
                (State::Backoff, State::Starting | State::Waiting) => "due",
                (State::Backoff | State::Waiting, State::Failed) => "lost",
                (State::Registered | State::Waiting, _) => continue,
                (_, State::Draining | State::Stopping) => continue,
                (State::Starting, State::Aborting) if said(Note::StartTimedOut(unit)) => "start",
                (State::Aborting, State::Zombie) if pick == 9 && !late => "zombie",
                (_, State::Aborting) if said(Note::GraceOver(unit)) => "grace",
                (_, State::Aborting) => "force",
                (_, State::Zombie) => "budget",
                _ => unreachable!("{from} became {to}"),
            };
            // Several timers of one tick: only one step at a time is a cell.
            let about_one = |note: &&Note| !matches!(note, Note::AllEnded { .. });
            let timers = self.world.notes.iter().filter(about_one).count();
            if timers <= 1 || column == "shutdown" {
                note(cells, *from, column, to);
            }
        }
    }
}

fn note(cells: &mut Cells, from: State, column: &'static str, to: State) {
    let text = match to {
        same if same == from => ".",
        State::Stopped | State::Failed | State::Backoff if column == "Ended" => "end",
        other => other.as_str(),
    };
    cells.entry((from, column)).or_default().insert(text);
}

fn render(cells: &Cells) -> String {
    let mut text = String::new();
    let cell = |state, column| {
        let results = cells.get(&(state, column));
        results.map_or(String::new(), |set| set.iter().copied().collect::<Vec<_>>().join("|"))
    };
    let width = |column: &'static str| {
        let cells = State::ALL.into_iter().map(|state| cell(state, column).len());
        cells.max().unwrap_or(0).max(column.len()) + 2
    };
    let _ = write!(text, "//! {:12}", "");
    for column in COLUMNS {
        let _ = write!(text, "{column:<width$}", width = width(column));
    }
    for state in State::ALL {
        let mut line = format!("//! {state:<12}");
        for column in COLUMNS {
            let _ = write!(line, "{:<width$}", cell(state, column), width = width(column));
        }
        text = format!("{}\n{}", text.trim_end(), line.trim_end());
    }
    text
}

#[test]
fn the_documented_table_is_what_the_engine_does() {
    let mut cells = Cells::new();
    for seed in 0..20_000 {
        let mut walk = Walk::new(seed);
        for _ in 0..40 {
            walk.take(&mut cells);
            if walk.world.exited {
                break;
            }
        }
    }
    let table = render(&cells);
    assert!(include_str!("../mod.rs").contains(&table), "the table in mod.rs should be:\n{table}");
}

#[test]
fn from_any_state_a_shutdown_leads_to_an_exit_within_the_budget() {
    for seed in 0..5_000 {
        let mut walk = Walk::new(seed);
        let mut cells = Cells::new();
        for _ in 0..walk.choices.below(20) {
            walk.take(&mut cells);
        }
        let world = &mut walk.world;
        world.shutdown();
        let began = world.engine.stop_began().expect("a shutdown has begun");
        let deadline = began + ShutdownTimeouts::DEFAULT.kill();
        world.advance_to(deadline.max(world.now));
        world.step(Event::Tick);
        assert!(world.exited, "seed {seed}");
    }
}
