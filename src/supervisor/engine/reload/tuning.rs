//! What a configuration says of the daemon itself.

use std::time::Duration;

use proc_daemon_runtime::Instant;

use crate::supervisor::engine::{Engine, Out};
use crate::timeouts::ShutdownTimeouts;

/// What a reload may change about the daemon itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tuning {
    pub(crate) timeouts: ShutdownTimeouts,
    /// Whether more than the start is watched.
    pub(crate) health_checks: bool,
    /// The time between two questions where a check says nothing else.
    pub(crate) check_every: Duration,
}

impl Engine {
    /// The proposed configuration is the one.
    pub(super) fn retune(&mut self) {
        let Some(tuning) = self.reload.tuning else { return };
        let was = std::mem::replace(&mut self.settings.tuning, tuning);
        self.reload.tuning = Some(was);
    }

    /// Whoever does not restart with it is watched as it says. What that lets start is none that it restarts.
    pub(super) fn watch_anew(&mut self, now: Instant, out: &mut Out) {
        if let Some(was) = self.reload.tuning {
            self.watch_as(was, now, out);
        }
    }
}
