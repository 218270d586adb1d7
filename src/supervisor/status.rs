use proc_daemon_runtime::Instant;

use crate::end::End;
use crate::health::HealthState;
use crate::id::SubsystemId;
use crate::state::SubsystemState;
use crate::subsystem::{Board, Row};

/// The state of one subsystem.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubsystemStatus {
    /// Its number.
    pub id: SubsystemId,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: SubsystemState,
    /// Which start of it this is; 0 before the first.
    pub generation: u64,
    /// How often it was started again.
    pub restarts: u64,
    /// How its last generation that is over has ended.
    pub last_end: Option<End>,
    /// When it is started again, while it is in backoff. If the restarts of the daemon are
    /// [limited](crate::DaemonBuilder::restarts_per_second) and it waits for its turn: when that comes if all those
    /// before it are started.
    pub restart_at: Option<Instant>,
    /// How it is; none if nothing watches it. Of the start that is alive: unknown before the first and between two.
    pub health: Option<HealthState>,
    /// Since when it is in that state, by the runtime's clock.
    pub since: Instant,
}

impl SubsystemStatus {
    /// None if it was removed.
    pub(crate) fn read(board: &Board, unit: u32) -> Option<Self> {
        let row = board.get(unit).filter(|row| row.state() != SubsystemState::Removed)?;
        Some(Self::of(unit, &row))
    }

    /// All that have not been removed.
    pub(crate) fn all(board: &Board) -> Vec<Self> {
        let there = board.rows().filter(|(_, row)| row.state() != SubsystemState::Removed);
        there.map(|(unit, row)| Self::of(unit, &row)).collect()
    }

    fn of(unit: u32, row: &Row) -> Self {
        Self {
            id: SubsystemId::new(unit),
            name: row.name.to_string(),
            state: row.state(),
            generation: u64::from(row.generation()),
            restarts: u64::from(row.generation().saturating_sub(1)),
            last_end: row.last_end(),
            restart_at: row.due(),
            health: row.health(),
            since: row.since(),
        }
    }
}
