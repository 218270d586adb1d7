use std::fmt;

/// The number of a subsystem in its daemon, in the order of registration. Never reused by that daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubsystemId(u64);

impl SubsystemId {
    pub(crate) const fn new(unit: u32) -> Self {
        Self(unit as u64)
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for SubsystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
