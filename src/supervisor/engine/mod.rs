//! The engine: `step(event, now) -> effects`. Pure: no async, no clock, no lock, no I/O.
//!
//! ```text
//!            Start                 Shutdown              time            nothing alive
//!   Idle ------------> Up ------------------> LameDuck -------> Stopping -----------> Finalizing -> Done
//!     \_________________________________________________________^
//! ```
//!
//! What happens to one subsystem in each state. `.`: nothing changes, a call is refused or kept; `asked`: it is asked
//! to stop, at once or when those have ended that stop before it, and `Asked` is the next event; `end`: stopped,
//! backoff or failed (`decide.rs`). Blank cannot happen: the tests explore every small daemon.
//!
//! First its own events, calls by name, and the beginning of a shutdown. A call before the start is kept. Of several
//! changes in a row the first is given: what is removed is stopped first, and then by that gone.
//!
//! Then time, and what others do to it: the daemon begins, all its dependencies are met, or not any more before it
//! was spawned, its start timeout, its backoff is over, a joint restart takes it along, something that it requires has
//! failed for good, or stays stopped, its grace is over, it is left behind, everything is aborted, the budget is over.
//!
//! Then its health: a check has answered, has not answered in its time, a sign of life has been looked for.
//!
//! ```text
//!             Ready      Asked              Drained   Returned  Ended  start()                     stop()     restart()                   remove()   Shutdown
//! registered                                                           .                           .          .                           .          stopped
//! waiting                                                              .                           stopped|.  .                           stopped|.  stopped
//! starting    running|.  draining|stopping            asked     end    .                           .|asked    .|asked                     .|asked    stopped|.|asked
//! running                draining|stopping            asked     end    .                           .|asked    .|asked                     .|asked    .|asked
//! draining    .                             stopping  .         end    .                           .          .                           .          .
//! stopping    .                             .         .         end    .                           .          .                           .          .
//! stopped                                                              waiting|starting|backoff|.  .          waiting|starting|backoff|.  removed|.  .
//! failed                                                               waiting|starting|backoff|.  .          waiting|starting|backoff|.  removed|.  .
//! aborting    .          .                  .         .         end    .                           .          .                           .          .
//! zombie      .                             .         .         end    .                           .          .                           .          .
//! backoff                                                              waiting|starting|.          stopped|.  waiting|starting|.          stopped|.  stopped
//! removed                                                              .                           .          .                           .          .
//!
//!             begin             met       unmet    start     due               along    lost    retired  grace     zombie  force     budget
//! registered  waiting|starting
//! waiting                       starting                                                failed  stopped
//! starting                                waiting  aborting                    backoff  failed  stopped                    aborting
//! running                                                                                                                  aborting
//! draining                                                                                               aborting          aborting
//! stopping                                                                                               aborting          aborting
//! stopped                                                                      backoff
//! failed
//! aborting                                                                                                         zombie            zombie
//! zombie
//! backoff                                                    waiting|starting           failed  stopped
//! removed
//!
//!             Checked    hung     Beat
//! registered
//! waiting
//! starting    running|.  .
//! running     .|asked    .|asked  .|asked
//! draining    .
//! stopping    .
//! stopped
//! failed
//! aborting    .
//! zombie      .
//! backoff
//! removed
//! ```
//!
//! # Invariants
//!
//! 1. At most one generation of a subsystem is live; an event of another one is dropped and counted.
//! 2. A subsystem starts only while the engine is Up, after each dependency is ready or has completed, or, if it
//!    only comes after it, was given up.
//! 3. While stopping in order, a subsystem is asked after each of its dependents has ended or was left
//!    behind.
//! 4. The first cause is the cause: what the engine itself finds goes through `Effect::Initiate`, and the
//!    shutdown begins with `Event::Shutdown` alone.
//! 5. From `Event::Shutdown`, `Effect::Exit` follows within the budget, whatever the subsystems do.

mod add;
mod answers;
mod control;
mod decide;
mod draws;
mod effect;
mod event;
mod failures;
mod finish;
mod health;
mod joint;
mod leave;
mod out;
mod reload;
mod rules;
mod settings;
mod signals;
mod start;
mod stop;
mod storm;
#[cfg(test)]
mod tests;
mod time;
mod timers;
mod unit;

use std::collections::BTreeMap;
use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use answers::Calls;
pub(crate) use control::{Op, Refusal, Ticket};
pub(crate) use decide::Say;
use draws::Draws;
pub(crate) use effect::{Cause, Effect, Note, Waiting};
pub(crate) use event::{Event, How, UnitEvent};
pub(crate) use health::{Answer, Asking, Checks};
use joint::Joint;
pub(crate) use leave::Leaving;
pub(crate) use out::{Out, Turn};
pub(crate) use reload::{Concern, Duty, Found, Outcome, Said, Tuning};
use reload::{Reload, START_IS_LONG};
use rules::RuleBook;
pub(crate) use rules::{RuleList, Rules};
pub(crate) use settings::Settings;
use storm::Storm;
#[cfg(test)]
use time::matters;
use timers::{Timer, Timers};
pub(crate) use unit::{GaveUp, Met, Unit};

use super::graph::Graph;
use super::groups::Groups;
use super::table::Table;
pub(crate) use crate::health::Probe;
use crate::shutdown::Timeline;
use crate::state::SubsystemState as State;

/// How long after its abort a subsystem is left behind.
const ZOMBIE_AFTER: Duration = Duration::from_millis(250);
/// How long a finalizer, or writing a state dump, may take.
const FINALIZER_TIMEOUT: Duration = Duration::from_secs(1);
/// How often the operator is told what is being waited for.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);
/// Most names in one note.
const NAMES_IN_A_NOTE: usize = 8;

/// The lifecycle of all subsystems of one daemon.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    graph: Graph,
    groups: Groups,
    settings: Settings,
    units: Table<Unit>,
    rules: RuleBook,
    phase: Phase,
    timers: Timers,
    timeline: Option<Timeline>,
    stop_began: Option<Instant>,
    /// What this engine asked a shutdown for.
    own_cause: Option<Cause>,
    /// Whether that is the cause.
    own_is_cause: bool,
    /// The exit code of a forced end.
    forced: Option<u8>,
    first_interrupt: Option<Instant>,
    /// The signal for which a state dump is being written: forcing and the end wait for it.
    dumping: Option<Signal>,
    live: usize,
    unready: usize,
    /// Those that keep the daemon alive and have not ended.
    keeping: usize,
    storm: Storm,
    draws: Draws,
    joints: BTreeMap<u32, Joint>,
    last_joint: u32,
    /// Who may have to be asked to stop when the step is over.
    leavers: Vec<u32>,
    /// Who was removed in this step.
    gone: Vec<u32>,
    shown_ready: bool,
    /// It has been shown ready.
    was_ready: bool,
    calls: Calls,
    checks: BTreeMap<u32, Checks>,
    reload: Reload,
    /// What was asked for before the start.
    early: Vec<Event>,
    stale: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Idle,
    Up,
    LameDuck,
    Stopping,
    Finalizing(usize),
    Done,
}

impl Engine {
    /// An engine over `graph` and `groups`, one rule for each node.
    pub(crate) fn new(graph: Graph, groups: Groups, rules: RuleList, settings: Settings) -> Self {
        let (book, places) = rules.into_parts();
        let mut keeping = 0;
        let units: Vec<Unit> = (0..)
            .zip(places)
            .map(|(unit, place)| {
                keeping += usize::from(!book.at(place).background);
                let unmet = u32::try_from(graph.dependencies(unit).len()).unwrap_or(u32::MAX);
                Unit::new(place, unmet)
            })
            .collect();
        Self {
            unready: units.len(),
            keeping,
            storm: Storm::new(settings.restarts_a_second),
            draws: Draws(settings.seed),
            joints: BTreeMap::new(),
            last_joint: 0,
            leavers: Vec::new(),
            gone: Vec::new(),
            shown_ready: false,
            was_ready: false,
            calls: Calls::default(),
            checks: BTreeMap::new(),
            reload: Reload::default(),
            early: Vec::new(),
            rules: book,
            graph,
            groups,
            settings,
            units: Table::new(units, Unit::gone()),
            phase: Phase::Idle,
            timers: Timers::default(),
            timeline: None,
            stop_began: None,
            own_cause: None,
            own_is_cause: false,
            forced: None,
            first_interrupt: None,
            dumping: None,
            live: 0,
            stale: 0,
        }
    }

    /// Takes in one event and appends what is to be done.
    pub(crate) fn step(&mut self, event: Event, now: Instant, out: &mut Out) {
        match event {
            Event::Start => self.start(now, out),
            Event::Shutdown { own } => self.begin_shutdown(own, now, out),
            Event::Signal(signal) => self.signal(signal, now, out),
            Event::Dumped => self.dumped(now, out),
            Event::Finalized(index) => self.finalized(index, now, out),
            Event::Tick => self.tick(now, out),
            Event::Control { .. } if self.phase == Phase::Idle => self.early.push(event),
            Event::Control { ticket, unit, op, caller } => {
                self.control(ticket, unit, op, caller, now, out);
            }
            Event::Added { ticket, unit } => self.added(ticket, unit, now, out),
            Event::Reload { ticket } => self.reload(ticket, now, out),
            Event::Touched => self.touched(now),
            Event::Read { number, found } => self.read(number, found, now, out),
            Event::Committed => self.committed(),
            Event::Unit { unit, generation, what } => {
                if self.units[unit as usize].generation == generation {
                    self.unit_event(unit, what, now, out);
                } else {
                    self.stale += 1;
                }
            }
        }
        if self.reload.is_busy() {
            // Whoever hears that a reload is over sees that everybody is ready with it.
            if self.leavers.is_empty() {
                self.show_ready(out);
            }
            self.settle_reload(now, out);
        }
        if self.leavers.is_empty() {
            if self.phase == Phase::Up {
                self.show_ready(out);
            }
        } else {
            self.settle_leavers(now, out);
        }
        if self.unready == 0 {
            self.open_reload(now, out);
        }
        if self.calls.has_changed() {
            self.answer(out);
        }
        // Who asked for it hears before how it ended.
        if !self.gone.is_empty() {
            out.effects.extend(self.gone.drain(..).map(|unit| Effect::Forget { unit }));
        }
        self.prune_timers();
    }

    /// This engine, leaving one over nothing in its place.
    pub(crate) fn take(&mut self) -> Self {
        let nothing = Self::new(
            Graph::default(),
            Groups::default(),
            RuleList::default(),
            self.settings.clone(),
        );
        std::mem::replace(self, nothing)
    }

    pub(crate) fn rule(&self, unit: u32) -> &Rules {
        self.rules.at(self.units[unit as usize].rules)
    }

    /// How many live.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    pub(crate) fn units(&self) -> &Table<Unit> {
        &self.units
    }

    /// The units, taken out: nothing is left to step.
    pub(crate) fn take_units(&mut self) -> Table<Unit> {
        self.units.take()
    }

    #[cfg(feature = "sim")]
    pub(crate) fn groups(&self) -> &Groups {
        &self.groups
    }

    #[cfg(feature = "sim")]
    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    #[cfg(feature = "sim")]
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// When the shutdown began.
    pub(crate) fn stop_began(&self) -> Option<Instant> {
        self.stop_began
    }

    /// Reports of generations that were not live.
    pub(crate) fn stale(&self) -> u64 {
        self.stale
    }

    fn unit_event(&mut self, unit: u32, what: UnitEvent, now: Instant, out: &mut Out) {
        match what {
            UnitEvent::Ready => self.ready(unit, now, out),
            UnitEvent::Asked { busy } => self.asked(unit, busy, out),
            UnitEvent::Drained => self.drained(unit, out),
            UnitEvent::Returned { failed, say } => self.returned(unit, failed, say, now, out),
            UnitEvent::Ended(how, say) => self.ended(unit, how, say, now, out),
            UnitEvent::GaveUp(say) => self.gave_up(unit, say, now, out),
            UnitEvent::Checked { probe, number, answer } => {
                self.checked(unit, probe, number, answer, now, out);
            }
            UnitEvent::Beat(at) => self.beat(unit, at, now, out),
            UnitEvent::Prepared { number, said } => self.prepared(unit, number, said, now, out),
            UnitEvent::CommitFailed => self.commit_failed(unit, now, out),
        }
    }

    /// The one place where a subsystem's state changes.
    fn turn(&mut self, unit: u32, state: State, out: &mut Out) {
        let this = &mut self.units[unit as usize];
        let was = this.is_live();
        let before = std::mem::replace(&mut this.state, state);
        let is = this.is_live();
        if before == State::Backoff {
            self.storm.leave(unit);
        }
        let generation = this.generation;
        self.live = self.live + usize::from(is) - usize::from(was);
        out.turns.push(Turn { unit, state, generation });
        self.calls.changed(unit);
        self.reload.changed(unit);
        // Of the others it does not depend on the state, and in a shutdown of nobody.
        if self.phase <= Phase::Up && self.rule(unit).optional {
            self.count_ready(unit, false);
        }
    }

    /// Asks for a shutdown, once.
    fn initiate(&mut self, cause: Cause, out: &mut Out) {
        if self.own_cause.is_none() && self.phase <= Phase::Up {
            self.own_cause = Some(cause);
            out.push_back(Effect::Initiate(cause));
        }
    }
}
