//! What the same work costs when it is written by hand on the bare runtime.
//!
//! *shared*: spawn, one stop for all, one count of who is left. *child*: one stop for each task, which is
//! what stopping a single subsystem needs at least. Neither has names, errors, panics, order or states.
//! *watch*: a file is watched, debounced, read and published; nothing is parsed, checked, or asked of anybody.

pub(crate) mod event;
pub(crate) mod tokio;
pub(crate) mod watch;

use std::time::{Duration, Instant};

/// How long a signal took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    /// From `raise` to the task whose wait for the stop resolves.
    pub(crate) cancelled: Duration,
    /// From `raise` to everything joined.
    pub(crate) stopped: Duration,
}

impl Delivery {
    pub(crate) fn new(raised: Instant, cancelled: Instant, stopped: Instant) -> Self {
        Self { cancelled: cancelled - raised, stopped: stopped - raised }
    }
}
