#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "outside every runtime")]

use proc_daemon_runtime::Instant;

/// std's monotonic clock, counted from the sentinel's start: the sentinel judges the runtime's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(std::time::Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(super) fn now(self) -> Instant {
        Instant::from_epoch(self.0.elapsed())
    }
}
