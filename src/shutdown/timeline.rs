use std::time::Duration;

use proc_daemon_runtime::Instant;

use crate::timeouts::ShutdownTimeouts;

/// When each part of a shutdown is due, fixed at the moment of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// Until here everything keeps serving.
    pub(crate) lame_duck_until: Instant,
    /// Here what is left is aborted.
    pub(crate) force_at: Instant,
    /// Here the driver reports, whatever is left.
    pub(crate) budget_at: Instant,
}

impl Timeline {
    pub(crate) fn new(requested: Instant, timeouts: &ShutdownTimeouts) -> Self {
        let budget_at = requested + timeouts.kill();
        let force_at = (requested + timeouts.force()).min(budget_at);
        let lame_duck_until = (requested + timeouts.lame_duck()).min(force_at);
        Self { lame_duck_until, force_at, budget_at }
    }

    /// When a subsystem asked to stop at `asked`, with `grace`, is aborted.
    pub(crate) fn grace_over(&self, asked: Instant, grace: Duration) -> Instant {
        (asked + grace).min(self.force_at)
    }
}
