use super::handle::Inner;
use crate::reload::LastReload;
use crate::state::SubsystemState;
use crate::supervisor::SubsystemStatus;

/// The state of a daemon, as of now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Every subsystem is ready, and no shutdown has begun. One that has completed is; one that was stopped by name
    /// or given up does not count, and one that is being stopped to start again is not.
    pub ready: bool,
    /// An optional subsystem was given up, or one was left behind, and the daemon lives on without it. False from the
    /// shutdown on.
    pub degraded: bool,
    /// It runs.
    pub live: bool,
    /// Which configuration is in force: 1 is the start's, 0 is before it was read.
    pub config_generation: u64,
    /// How the last reload ended; none if there was none.
    pub last_reload: Option<LastReload>,
    /// The subsystems, in the order of registration.
    pub subsystems: Vec<SubsystemStatus>,
}

impl Status {
    pub(super) fn read(inner: &Inner) -> Self {
        let mut rows = inner.board.rows();
        Self {
            ready: inner.board.is_ready(),
            degraded: !inner.coordinator.is_shutdown()
                && rows.any(|(_, row)| {
                    matches!(row.state(), SubsystemState::Failed | SubsystemState::Zombie)
                }),
            live: inner.running.load(std::sync::atomic::Ordering::Acquire),
            config_generation: inner.current().map_or(0, |current| current.generation()),
            last_reload: inner.current().and_then(|current| current.last()),
            subsystems: SubsystemStatus::all(&inner.board),
        }
    }

    /// The state of the subsystem named `name`.
    #[must_use]
    pub fn state_of(&self, name: &str) -> Option<SubsystemState> {
        self.subsystems.iter().find(|subsystem| subsystem.name == name).map(|found| found.state)
    }
}
