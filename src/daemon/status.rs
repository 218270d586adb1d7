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
    /// Since when it is in that state, by the runtime's clock.
    pub since: Instant,
}

impl Status {
    pub(super) fn read(inner: &Inner) -> Self {
        let rows = inner.board.rows();
        Self {
            ready: inner.board.is_ready(),
            live: inner.running.load(std::sync::atomic::Ordering::Acquire),
            subsystems: (0..)
                .zip(rows)
                .map(|(unit, row)| SubsystemStatus {
                    id: SubsystemId::new(unit),
                    name: row.name.to_string(),
                    state: row.state(),
                    generation: u64::from(row.generation()),
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
