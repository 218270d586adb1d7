use std::fmt;

/// What a subsystem is doing. Only the engine changes it.
///
/// ```text
///  Registered -> Waiting -> Starting -> Running -> Draining -> Stopping -> Stopped
///                 ^  \         \          \           |  grace over |  \-> Failed
///                 |   \         \----------\----------+-> Aborting <+   \-> Backoff -> Starting, Waiting
///                 |    \-> Stopped, Failed                  |  \-> Stopped, Failed, Backoff
///              Backoff -> Stopped, Failed                   \-> Zombie
/// ```
///
/// A call by name leads from Stopped and Failed to Starting or Waiting, from any to Stopped, and from Stopped and
/// Failed to Removed; a group leads from Stopped to Backoff. A start that was decided and not made yet is taken back
/// when what it waited for is not ready any more: from Starting to Waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum SubsystemState {
    /// Known; the daemon has not begun to start.
    Registered,
    /// A dependency is not ready yet.
    Waiting,
    /// Spawned, not ready.
    Starting,
    /// Started. With a readiness check, ready when that says so.
    Running,
    /// Asked to stop; work is still in flight.
    Draining,
    /// Asked to stop, nothing in flight, or its `run` has returned; its tasks are not joined yet.
    Stopping,
    /// Joined, or never started.
    Stopped,
    /// Failed for good: it is not started again.
    Failed,
    /// Its grace is over: its future is being dropped.
    Aborting,
    /// It did not end within 250 ms of its abort. It is left behind and named at exit.
    Zombie,
    /// Joined; it starts again when its backoff is over.
    Backoff,
    /// Taken out of the daemon. Its name may be used again.
    Removed,
}

impl SubsystemState {
    /// It has ended, and nothing starts it again by itself.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed | Self::Zombie | Self::Removed)
    }

    pub(crate) const ALL: [Self; 12] = [
        Self::Registered,
        Self::Waiting,
        Self::Starting,
        Self::Running,
        Self::Draining,
        Self::Stopping,
        Self::Stopped,
        Self::Failed,
        Self::Aborting,
        Self::Zombie,
        Self::Backoff,
        Self::Removed,
    ];

    /// The name in lower case: `running`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Aborting => "aborting",
            Self::Zombie => "zombie",
            Self::Backoff => "backoff",
            Self::Removed => "removed",
        }
    }

    /// Whether a generation of it is alive: spawned and not joined.
    #[must_use]
    pub const fn is_alive(self) -> bool {
        matches!(
            self,
            Self::Starting
                | Self::Running
                | Self::Draining
                | Self::Stopping
                | Self::Aborting
                | Self::Zombie
        )
    }

    pub(crate) fn from_u8(number: u8) -> Self {
        Self::ALL.into_iter().find(|state| *state as u8 == number).unwrap_or(Self::Registered)
    }
}

impl fmt::Display for SubsystemState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_the_board() {
        for state in SubsystemState::ALL {
            assert_eq!(SubsystemState::from_u8(state as u8), state);
        }
    }
}
