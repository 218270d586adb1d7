use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on a runtime's monotonic clock: nanoseconds since that runtime's own epoch.
///
/// Arithmetic saturates, so no sum of a moment and a duration can overflow or panic. Moments of two
/// runtimes are not comparable. [`Instant::MAX`] means "never": a sleep until then does not fire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The runtime's epoch.
    pub const ZERO: Self = Self(0);
    /// Never; about 584 years after the epoch.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `nanos` nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment `since` after the epoch, at most [`Instant::MAX`].
    #[must_use]
    pub const fn from_epoch(since: Duration) -> Self {
        Self::ZERO.after(since)
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This moment plus `duration`, at most [`Instant::MAX`].
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        let nanos = duration.as_nanos();
        if nanos > (u64::MAX - self.0) as u128 {
            Self::MAX
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "bounded by the test above")]
            Self(self.0 + nanos as u64)
        }
    }

    /// Time from `earlier` to this moment, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Whether this is [`Instant::MAX`].
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 == u64::MAX
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        self.after(duration)
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() {
            f.write_str("never")
        } else {
            write!(f, "{}.{:09}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_saturate() {
        assert_eq!(Instant::from_nanos(5).after(Duration::MAX), Instant::MAX);
        assert_eq!(Instant::MAX.after(Duration::from_nanos(1)), Instant::MAX);
        assert_eq!(Instant::ZERO - Instant::from_nanos(9), Duration::ZERO);
        assert_eq!(Instant::from_nanos(9) - Instant::from_nanos(4), Duration::from_nanos(5));
        assert_eq!((Instant::ZERO + Duration::from_nanos(u64::MAX)), Instant::MAX);
    }

    #[test]
    fn prints_seconds() {
        assert_eq!(format!("{:?}", Instant::from_nanos(1_500_000_000)), "1.500000000s");
        assert_eq!(format!("{:?}", Instant::MAX), "never");
    }
}
