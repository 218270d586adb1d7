//! What is read without the lock: the time, how far the life has come, and how it is watched.
//!
//! 1. It is written with the lock held, so what a holder of the lock reads here does not change meanwhile.
//! 2. The time moves forward only.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The counters of one world.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    now: AtomicU64,
    rests: AtomicU64,
    polls: AtomicU64,
    probing: AtomicBool,
    stuck_after: AtomicU64,
}

impl Clock {
    /// Virtual nanoseconds since the beginning.
    pub(crate) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Nothing if that is past.
    pub(crate) fn move_to(&self, now: u64) {
        if now > self.now() {
            self.now.store(now, Ordering::Relaxed);
        }
    }

    /// How often nothing was ready.
    pub(crate) fn rests(&self) -> u64 {
        self.rests.load(Ordering::Relaxed)
    }

    pub(crate) fn rest(&self) {
        self.rests.store(self.rests() + 1, Ordering::Relaxed);
    }

    /// Whether tasks are being polled without a reason.
    pub(crate) fn is_probing(&self) -> bool {
        self.probing.load(Ordering::Relaxed)
    }

    pub(crate) fn probe(&self, probing: bool) {
        self.probing.store(probing, Ordering::Relaxed);
    }

    /// How much real time a poll may take before it is told of; zero: any.
    pub(crate) fn stuck_after(&self) -> Duration {
        Duration::from_nanos(self.stuck_after.load(Ordering::Relaxed))
    }

    pub(crate) fn watch(&self, stuck_after: u64) {
        self.stuck_after.store(stuck_after, Ordering::Relaxed);
    }

    /// How many polls were begun.
    pub(crate) fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }

    /// One more. Gives its number.
    pub(crate) fn poll(&self) -> u64 {
        let number = self.polls() + 1;
        self.polls.store(number, Ordering::Relaxed);
        number
    }
}
