//! The moments of a life as rows: each moment is a word in a lane, and moments of one instant that follow
//! each other in lanes that differ share a row.

use std::borrow::Cow;

use proc_daemon_runtime::Instant;

use crate::sim::Moment;
use crate::state::SubsystemState as State;

/// Everything that is shown of a life, oldest first.
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Which subsystems were alive before the first row.
    pub(super) alive: Vec<bool>,
}

/// What happened at one instant, at most one thing a lane.
pub(super) struct Row {
    pub(super) at: Instant,
    pub(super) cells: Vec<Cell>,
}

/// One thing that happened.
pub(super) struct Cell {
    /// The subsystem; none for the daemon as a whole.
    pub(super) unit: Option<u32>,
    pub(super) word: Cow<'static, str>,
    /// Whether the subsystem is alive after it.
    pub(super) alive: bool,
}

/// One subsystem, as far as the moments have told.
#[derive(Clone, Copy, Default)]
struct Unit {
    alive: bool,
    /// How its last generation ended.
    ended: Option<&'static str>,
}

impl Rows {
    /// `cut` says that moments before the first are missing: who was alive then is seen from what happens
    /// to it next.
    pub(super) fn of(
        units: usize,
        moments: impl IntoIterator<Item = (Instant, Moment)>,
        cut: bool,
    ) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        let mut units = vec![Unit::default(); units];
        let mut met = vec![!cut; units.len()];
        let mut alive = vec![false; units.len()];
        let mut daemon = Unit::default();
        for (at, moment) in moments {
            let unit = match moment.unit().map(|unit| unit as usize) {
                None => &mut daemon,
                Some(index) if index >= units.len() => continue,
                Some(index) => {
                    if !std::mem::replace(&mut met[index], true) {
                        alive[index] = tells_of_the_living(moment);
                        units[index].alive = alive[index];
                    }
                    &mut units[index]
                }
            };
            let word = word(moment, unit.ended);
            unit.tell(moment);
            let Some(word) = word else { continue };
            let cell = Cell { unit: moment.unit(), word, alive: unit.alive };
            match rows.last_mut() {
                Some(row) if row.at == at && row.is_free(cell.unit) => row.cells.push(cell),
                _ => rows.push(Row { at, cells: vec![cell] }),
            }
        }
        Self { rows, alive }
    }
}

impl Row {
    fn is_free(&self, unit: Option<u32>) -> bool {
        self.cells.iter().all(|cell| cell.unit != unit)
    }
}

impl Unit {
    fn tell(&mut self, moment: Moment) {
        match moment {
            Moment::Launched { .. } => *self = Self { alive: true, ended: None },
            Moment::Ended { how, .. } => *self = Self { alive: false, ended: Some(how) },
            _ => {}
        }
    }
}

/// Whether this happens only to a subsystem that was alive before.
const fn tells_of_the_living(moment: Moment) -> bool {
    match moment {
        Moment::Asked { .. }
        | Moment::Aborted { .. }
        | Moment::Ended { .. }
        | Moment::Fault { .. } => true,
        Moment::Turned { state, .. } => state.is_alive() && !matches!(state, State::Starting),
        _ => false,
    }
}

/// What is shown of a moment; none if another one shows it. `ended` is how the subsystem ended last.
fn word(moment: Moment, ended: Option<&'static str>) -> Option<Cow<'static, str>> {
    Some(match moment {
        Moment::Start => "start".into(),
        Moment::Shutdown => "shutdown".into(),
        Moment::Raised(signal) => format!("{signal} raised").into(),
        Moment::Signal(signal) => format!("{signal} seen").into(),
        Moment::Ready(true) => "ready".into(),
        Moment::Ready(false) => "not ready".into(),
        Moment::Exit => "exit".into(),
        Moment::Launched { generation: 0 | 1, .. } => "start".into(),
        Moment::Launched { generation, .. } => format!("start #{generation}").into(),
        Moment::Turned { state, .. } => return turned(state, ended).map(Cow::Borrowed),
        Moment::Asked { .. } => "asked".into(),
        Moment::Aborted { .. } => "abort!".into(),
        Moment::Due { at, .. } => format!("again at {}", super::time::readable(at)).into(),
        Moment::Ended { how, .. } => format!("ended {how}").into(),
        Moment::Fault { fault, .. } => format!("* {fault}").into(),
    })
}

/// A launch, an abort and an end are moments of their own; the state is shown where it says more.
fn turned(state: State, ended: Option<&'static str>) -> Option<&'static str> {
    match (state, ended) {
        (State::Starting | State::Aborting | State::Backoff, _)
        | (State::Stopped, Some("ok" | "aborted"))
        | (State::Failed, Some("error" | "panic")) => None,
        (State::Stopped, None) => Some("never started"),
        _ => Some(state.as_str()),
    }
}
