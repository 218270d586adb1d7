use std::collections::VecDeque;

use proc_daemon_runtime::Instant;

use crate::restart::Intensity;

/// The failures that an intensity counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures {
    /// When they were, as far back as its window looks.
    pub(super) times: VecDeque<Instant>,
    /// Starts in a row that were never ready: each may take longer than the window.
    pub(super) starts: u32,
}

impl Failures {
    /// How many there are within the window, and how many starts in a row were never ready.
    pub(crate) fn counted(&self) -> (usize, u32) {
        (self.times.len(), self.starts)
    }

    /// Notes a failure at `now`, of a generation that `was_ready` or was not. Whether there are more than are put
    /// up with.
    pub(super) fn too_often(&mut self, limit: Intensity, was_ready: bool, now: Instant) -> bool {
        let Self { times, starts } = self;
        while times.front().is_some_and(|first| now.since(*first) >= limit.window) {
            times.pop_front();
        }
        times.push_back(now);
        *starts = if was_ready { 0 } else { starts.saturating_add(1) };
        times.len() > limit.failures as usize || *starts > limit.failures
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn more_than_so_many_within_the_window_are_too_many() {
        let limit = Intensity { failures: 2, window: Duration::from_secs(10) };
        let at = |seconds: u64| Instant::ZERO + Duration::from_secs(seconds);
        let mut failures = Failures::default();
        let told =
            [0, 5, 9, 10, 15, 20, 30].map(|second| failures.too_often(limit, true, at(second)));
        assert_eq!(told, [false, false, true, true, true, false, false]);
        assert_eq!(failures.counted(), (1, 0));
        failures.too_often(limit, false, at(31));
        assert_eq!(failures.counted(), (2, 1));
    }

    #[test]
    fn more_than_so_many_failed_starts_in_a_row_are_too_many_however_long_they_take() {
        let limit = Intensity { failures: 2, window: Duration::from_secs(10) };
        let at = |hour: u64| Instant::ZERO + Duration::from_secs(3600 * hour);
        let mut failures = Failures::default();
        let starts = [false, false, true, false, false, false];
        let told =
            (0..).zip(starts).map(|(hour, ready)| failures.too_often(limit, ready, at(hour)));
        assert!(told.eq([false, false, false, false, false, true]));
    }
}
