use super::handle::Inner;
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
            subsystems: SubsystemStatus::all(&inner.board),
        }
    }

    /// The state of the subsystem named `name`.
    #[must_use]
    pub fn state_of(&self, name: &str) -> Option<SubsystemState> {
        self.subsystems.iter().find(|subsystem| subsystem.name == name).map(|found| found.state)
    }
}
