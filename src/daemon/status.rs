use proc_daemon_runtime::Instant;

use super::handle::Inner;
use crate::id::SubsystemId;
use crate::state::SubsystemState;

/// The state of a daemon, as of now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Every subsystem is ready, and no shutdown has begun.
    pub ready: bool,
    /// An optional subsystem was given up: the daemon lives on without it.
    pub degraded: bool,
    /// It runs.
    pub live: bool,
    /// The subsystems, in the order of registration.
    pub subsystems: Vec<SubsystemStatus>,
}

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
    /// When it is started again, while it is in backoff.
    pub restart_at: Option<Instant>,
    /// Since when it is in that state, by the runtime's clock.
    pub since: Instant,
}

impl Status {
    pub(super) fn read(inner: &Inner) -> Self {
        let rows = inner.board.rows();
        Self {
            ready: inner.board.is_ready(),
            degraded: rows.iter().any(|row| row.state() == SubsystemState::Failed),
            live: inner.running.load(std::sync::atomic::Ordering::Acquire),
            subsystems: (0..)
                .zip(rows)
                .map(|(unit, row)| SubsystemStatus {
                    id: SubsystemId::new(unit),
                    name: row.name.to_string(),
                    state: row.state(),
                    generation: u64::from(row.generation()),
                    restarts: u64::from(row.generation().saturating_sub(1)),
                    restart_at: row.due(),
                    since: row.since(),
                })
                .collect(),
        }
    }

    /// The state of the subsystem named `name`.
    #[must_use]
    pub fn state_of(&self, name: &str) -> Option<SubsystemState> {
        self.subsystems.iter().find(|subsystem| subsystem.name == name).map(|found| found.state)
    }
}
