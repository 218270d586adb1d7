use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use crate::Instant;

/// A runtime's clock and its sleeps.
///
/// Methods do not block. `now` and `wall_clock` do not allocate.
pub trait Timer: Clone + Send + Sync + 'static {
    /// What [`sleep_until`](Self::sleep_until) returns: a concrete type, so a sleep needs no box.
    type Sleep: Sleep;

    /// The current moment. Never earlier than a moment this clock has returned before (L10).
    fn now(&self) -> Instant;

    /// A sleep that resolves at `at` or later.
    ///
    /// Legal on any thread, in or out of the runtime's context (L6): the timer enters its own runtime.
    /// A deadline that has passed is ready at the first poll, without touching the timer wheel (L5);
    /// [`Instant::MAX`] never fires (L7).
    fn sleep_until(&self, at: Instant) -> Self::Sleep;

    /// A sleep of `duration` from now; a sum beyond [`Instant::MAX`] never fires.
    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.sleep_until(self.now().after(duration))
    }

    /// The wall clock: by default the system's. It may jump either way; nothing is scheduled by it.
    #[expect(clippy::disallowed_methods, reason = "what is asked for is the system's clock")]
    fn wall_clock(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A resettable sleep. Cancel-safe: dropping it deregisters the deadline and loses nothing.
///
/// Polled from another task it wakes the newest waker. After it has resolved, polling again resolves
/// again until it is reset.
pub trait Sleep: Future<Output = ()> + Send + 'static {
    /// Moves the deadline, before or after the sleep fired (L9). Does not wake the task: poll it again.
    fn reset(self: Pin<&mut Self>, at: Instant);
}
