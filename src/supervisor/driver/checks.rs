//! Checks: asked in tasks of their own, and what is known of the subsystems that are watched.

use std::collections::BTreeMap;
use std::sync::Arc;

use proc_daemon_runtime::{Instant, Task};
use tracing::{debug, info, warn};

use super::Driver;
use super::known::{Answered, Known, News, kind, short_reason};
use crate::end::{EndKind, chain};
use crate::event::ProbeKind;
use crate::health::Probe;
use crate::state::SubsystemState;
use crate::subsystem::{Board, Finding, Question, Row, Watch};
use crate::supervisor::engine::{
    Answer, Asking, Checks, Engine, Event, How, Note, Tuning, Turn, UnitEvent,
};

/// Those that are watched; most are not.
pub(super) struct Watched {
    known: BTreeMap<u32, Known>,
    tuning: Tuning,
}

/// A verdict that has changed.
pub(super) struct Noted {
    pub(super) unit: u32,
    /// Why it is not up, or not quite.
    pub(super) reason: Option<Arc<str>>,
    /// It is up, and was down before.
    pub(super) again: bool,
}

impl Watched {
    /// Nobody is asked any more.
    pub(super) fn stop(&mut self) {
        self.known.values_mut().for_each(Known::stop);
    }

    /// Has `engine` watch them.
    pub(super) fn new(
        all: BTreeMap<u32, Box<Watch>>,
        tuning: Tuning,
        engine: &mut Engine,
        board: &Board,
    ) -> Self {
        let mut watched = Self { known: BTreeMap::new(), tuning };
        for (unit, watch) in all {
            watched.enter(unit, watch, engine, board);
        }
        watched
    }

    /// Has `engine` watch one more.
    pub(super) fn enter(
        &mut self,
        unit: u32,
        watch: Box<Watch>,
        engine: &mut Engine,
        board: &Board,
    ) {
        if watch.is_empty() {
            return;
        }
        let asking = |probe| {
            let check = watch.of(probe)?;
            let by_default = probe != Probe::Startup && !check.sets_period();
            Some(Asking::new(check.rules(probe, self.tuning.check_every), by_default))
        };
        let (startup, readiness) = (asking(Probe::Startup), asking(Probe::Readiness));
        let (liveness, heartbeat) = (asking(Probe::Liveness), watch.heartbeat);
        engine.watch(unit, Checks::new(startup, readiness, liveness, heartbeat));
        let known = Known::new(watch, self.tuning.health_checks);
        board.row(unit).set_health(known.health());
        self.known.insert(unit, known);
    }

    /// Another configuration is in force.
    pub(super) fn obey(&mut self, tuning: &Tuning, board: &Board) {
        self.tuning = *tuning;
        for (unit, known) in &mut self.known {
            if std::mem::replace(&mut known.enabled, tuning.health_checks) != tuning.health_checks {
                known.stop_watching();
                known.show(&board.row(*unit));
            }
        }
    }

    /// It is gone: what asked it is the user's.
    pub(super) fn forget(&mut self, unit: u32) -> Option<Box<Watch>> {
        let mut known = self.known.remove(&unit)?;
        known.stop();
        Some(known.watch)
    }

    /// The engine has decided upon its state: only who starts or runs is asked.
    #[inline]
    pub(super) fn turned(&mut self, turn: Turn, row: &Row) {
        // Most daemons watch nobody.
        if !self.known.is_empty() {
            self.follow(turn, row);
        }
    }

    fn follow(&mut self, turn: Turn, row: &Row) {
        let Some(known) = self.known.get_mut(&turn.unit) else { return };
        match turn.state {
            SubsystemState::Running => return,
            SubsystemState::Starting => {
                known.stop();
                known.forget();
                known.blame = None;
            }
            state => {
                known.stop();
                if !state.is_alive() {
                    known.forget();
                }
            }
        }
        known.show(row);
    }

    /// A verdict has changed.
    pub(super) fn noted(&mut self, note: &Note, board: &Board, now: Instant) -> Option<Noted> {
        let (unit, kind) = match note {
            Note::Healthy { unit, probe } | Note::Unhealthy { unit, probe } => {
                (*unit, kind(*probe))
            }
            Note::NoBeat(unit) => (*unit, ProbeKind::Heartbeat),
            _ => return None,
        };
        let known = self.known.get_mut(&unit)?;
        let fallen = |answered: &Answered| answered.verdict == Some(false);
        let again =
            matches!(note, Note::Healthy { probe, .. } if fallen(&known.probes[*probe as usize]));
        match note {
            Note::Healthy { probe, .. } => known.rose(*probe),
            Note::Unhealthy { probe, .. } => known.fell(*probe, now),
            _ => known.missed(),
        }
        known.show(&board.row(unit));
        let reason = known.reasons[kind as usize].clone();
        Some(Noted { unit, reason, again })
    }

    /// What has changed for `unit` since this was asked last.
    pub(super) fn news(&mut self, unit: u32) -> Vec<News> {
        self.known.get_mut(&unit).map(Known::news).unwrap_or_default()
    }
}

impl Driver {
    /// Asks, in a task of its own.
    pub(super) fn ask(
        &mut self,
        unit: u32,
        generation: u32,
        (probe, number): (Probe, u32),
        now: Instant,
    ) {
        let run = self.runs[unit as usize].as_ref();
        let Some(run) = run.filter(|run| run.generation == generation) else { return };
        let Some(known) = self.watched.known.get_mut(&unit) else { return };
        let Some(check) = known.watch.of(probe) else { return };
        let mut asked = Arc::clone(&check.ask).ask(run);
        if let Some(wrap) = &self.shared.wrap {
            asked = wrap.wrap_check(run, probe, asked);
        }
        let by = now + check.answers_within();
        let before = &mut known.unanswered[probe as usize];
        before.retain(|over| !over.is_set());
        let question = Question::new(asked, run, (probe, number), (now, by), before);
        before.push(question.over());
        let name = format!("{}: {}", self.shared.board.row(unit).name, probe.as_str()).into();
        let task = Task::spawn_on(&self.shared.runtime, name, question);
        known.probes[probe as usize].open = Some((task.abort_handle(), now));
    }

    /// Says when the last sign of life was; before the first, it is that it runs.
    pub(super) fn read_beat(&mut self, unit: u32, generation: u32, now: Instant) {
        let row = self.shared.board.row(unit);
        let Some(run) = self.run_of(unit, generation) else { return };
        let last = run.last_beat().map_or(row.since(), |beat| beat.max(row.since()));
        if let Some(known) = self.watched.known.get_mut(&unit) {
            let deadline = known.watch.heartbeat.unwrap_or_default();
            if last + deadline > now {
                known.beats = Some(true);
                known.show(&row);
            }
        }
        self.publish_health(unit, now);
        self.step(Event::Unit { unit, generation, what: UnitEvent::Beat(last) }, now);
    }

    /// Keeps what a check has found, and gives the engine the rest.
    pub(super) fn found(
        &mut self,
        unit: u32,
        generation: u32,
        (probe, number): (Probe, u32),
        finding: Finding,
    ) -> UnitEvent {
        let (answer, why) = match finding {
            Finding::Good => (Answer::Good, None),
            Finding::Degraded(why) => (Answer::Degraded, Some(why.into_owned().into())),
            Finding::Bad(error) => (Answer::Bad, Some(error)),
            Finding::Nothing => (Answer::Nothing, None),
        };
        let live = self.engine.units()[unit as usize].generation == generation;
        if let Some(known) = self.watched.known.get_mut(&unit).filter(|_| live) {
            let row = self.shared.board.row(unit);
            let answered = &mut known.probes[probe as usize];
            answered.open = None;
            let was = answered.last.replace(answer);
            let text = why.as_deref().map(|why| chain(why as _));
            tell(&row.name, probe, was, answer, text.as_deref().unwrap_or_default());
            match answer {
                Answer::Bad => answered.error = why.map(Arc::from),
                _ => answered.degraded = answer == Answer::Degraded,
            }
            // One that has fallen says why until it rises.
            if text.is_some() || answered.verdict != Some(false) {
                known.reasons[kind(probe) as usize] = text.as_deref().map(short_reason);
            }
            known.show(&row);
        }
        UnitEvent::Checked { probe, number, answer }
    }

    /// What stopped a generation that has ended for it: its error.
    pub(super) fn blame(&mut self, unit: u32, generation: u32, how: How) {
        let known = self.watched.known.get_mut(&unit);
        let Some(blame) = known.and_then(|known| known.blame.take()) else { return };
        let live = self.engine.units()[unit as usize].generation == generation;
        if live && self.engine.kind_of(unit, how) == EndKind::Unhealthy {
            self.failures.insert(unit, blame);
        }
    }
}

/// Tells the operator when the answer is another than the last one, and else whoever looks closely.
fn tell(name: &str, probe: Probe, was: Option<Answer>, is: Answer, why: &str) {
    let probe = probe.as_str();
    match is {
        Answer::Bad if was != Some(is) => warn!("`{name}`: its {probe} check failed: {why}"),
        Answer::Degraded if was != Some(is) => info!("`{name}`: degraded, says {probe}: {why}"),
        Answer::Bad | Answer::Degraded => debug!("`{name}`: {probe}, again: {why}"),
        Answer::Good if matches!(was, Some(Answer::Bad | Answer::Degraded)) => {
            info!("`{name}`: its {probe} check is good again");
        }
        Answer::Good | Answer::Nothing => {}
    }
}
