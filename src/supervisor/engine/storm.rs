use std::time::Duration;

use proc_daemon_runtime::Instant;

/// A bucket of restarts for the whole daemon: so many a second, as many at once after a quiet second. An empty
/// bucket delays (the virtual scheduling of GCRA, ITU-T I.371).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storm {
    /// Between two restarts, on average; none is no limit.
    every: Duration,
    /// When the bucket will be full.
    full_at: Instant,
}

impl Storm {
    /// No limit for 0.
    pub(crate) fn new(a_second: u32) -> Self {
        let every = Duration::from_secs(1).checked_div(a_second).unwrap_or_default();
        Self { every, full_at: Instant::ZERO }
    }

    /// Takes one out. If the bucket is empty, says when there will be one.
    pub(crate) fn hold(&mut self, now: Instant) -> Option<Instant> {
        let ahead = self.full_at.since(now);
        let most = Duration::from_secs(1).saturating_sub(self.every);
        if ahead > most && !self.every.is_zero() {
            return Some(now + (ahead - most));
        }
        self.full_at = self.full_at.max(now) + self.every;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_and_as_many_at_once() {
        let (mut storm, mut now, mut given) = (Storm::new(20), Instant::ZERO, Vec::new());
        for _ in 0..60 {
            while let Some(later) = storm.hold(now) {
                assert!(later > now);
                now = later;
            }
            given.push(now);
        }
        assert!(given[..20].iter().all(|at| *at == Instant::ZERO), "{given:?}");
        let mut later = (1..).zip(&given[20..]);
        assert!(later.all(|(n, at)| at.since(Instant::ZERO) == Duration::from_millis(50 * n)));
    }

    #[test]
    fn zero_is_no_limit() {
        let mut storm = Storm::new(0);
        assert!((0..10_000).all(|_| storm.hold(Instant::ZERO).is_none()));
    }
}
