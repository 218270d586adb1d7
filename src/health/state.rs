use std::fmt;

/// What is known of a subsystem that is watched: the worst of its checks and its heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum HealthState {
    /// Nothing yet, or not enough answers in a row since its last start.
    Unknown = 1,
    /// All is well.
    Up,
    /// All is well, and the last answer of a check was [`Health::Degraded`](crate::Health::Degraded).
    Degraded,
    /// A check has failed as often in a row as its `fall` says, or a heartbeat was missed.
    Down,
}

impl HealthState {
    const ALL: [Self; 4] = [Self::Unknown, Self::Up, Self::Degraded, Self::Down];

    /// The name in lower case: `up`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// 0 is none.
    pub(crate) fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    pub(crate) fn to_u8(state: Option<Self>) -> u8 {
        state.map_or(0, |state| state as u8)
    }
}

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_the_board() {
        for state in HealthState::ALL.map(Some).into_iter().chain([None]) {
            assert_eq!(HealthState::from_u8(HealthState::to_u8(state)), state);
        }
    }
}
