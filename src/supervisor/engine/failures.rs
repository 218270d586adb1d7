use std::collections::VecDeque;

use proc_daemon_runtime::Instant;

use crate::restart::Intensity;

/// When a subsystem failed, as far back as its intensity looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures(VecDeque<Instant>);

impl Failures {
    /// Notes a failure at `now`. Whether there are more within the window than are put up with.
    pub(super) fn too_often(&mut self, limit: Intensity, now: Instant) -> bool {
        let Self(failures) = self;
        while failures.front().is_some_and(|first| now.since(*first) >= limit.window) {
            failures.pop_front();
        }
        failures.push_back(now);
        failures.len() > limit.failures as usize
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
        let told = [0, 5, 9, 10, 15, 20, 30].map(|second| failures.too_often(limit, at(second)));
        assert_eq!(told, [false, false, true, true, true, false, false]);
    }
}
