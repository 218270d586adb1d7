use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use proc_daemon_runtime::{Instant, Runtime, Timer};

use crate::chosen::{every, is, is_this_thread_known};
use crate::sleep::BrokenSleep;

/// A timer with the chosen thing wrong.
#[derive(Clone)]
pub(crate) struct BrokenTimer<R: Runtime> {
    runtime: R,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    readings: AtomicU32,
    sleeps: AtomicU32,
    first: AtomicU64,
}

/// Far enough for everybody.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl<R: Runtime> BrokenTimer<R> {
    pub(crate) fn new(runtime: R) -> Self {
        Self { runtime, shared: Arc::default() }
    }

    /// The deadline of the inner sleep.
    pub(crate) fn inner(&self, at: Instant) -> Instant {
        match () {
            () if is("timer-early") => {
                Instant::from_nanos(at.as_nanos().saturating_sub(8_000_000))
            }
            () if is("clock-fast") => Instant::from_nanos(at.as_nanos() / 5 * 4 + 4),
            () if is("never-overflows") && at.since(Instant::ZERO) > CENTURY => Instant::ZERO,
            () => at,
        }
    }
}

impl<R: Runtime> Timer for BrokenTimer<R> {
    type Sleep = BrokenSleep<R>;

    fn now(&self) -> Instant {
        let now = self.runtime.timer().now();
        let before = |by: u64| Instant::from_nanos(now.as_nanos().saturating_sub(by));
        match () {
            () if is("clock-goes-back-once") && every(&self.shared.readings, 5000) => {
                before(1_000_000_000)
            }
            () if is("clock-of-each-thread") && !is_this_thread_known() => {
                before(3_600_000_000_000)
            }
            () if is("clock-stands") => {
                let _ = self.shared.first.compare_exchange(
                    0,
                    now.as_nanos(),
                    Ordering::SeqCst,
                    Ordering::SeqCst,
                );
                Instant::from_nanos(self.shared.first.load(Ordering::SeqCst))
            }
            () if is("clock-fast") => Instant::from_nanos(now.as_nanos() / 4 * 5),
            () => now,
        }
    }

    fn sleep_until(&self, at: Instant) -> BrokenSleep<R> {
        let known = is_this_thread_known();
        assert!(known || !is("sleep-made-elsewhere-panics"), "there is no timer on this thread");
        let forgotten = is("nth-sleep-forgotten") && every(&self.shared.sleeps, 64);
        BrokenSleep::new(self.clone(), self.runtime.clone(), at, forgotten)
    }

    fn wall_clock(&self) -> SystemTime {
        let told = self.runtime.timer().wall_clock();
        if is("wall-clock-off") { told - Duration::from_secs(3600) } else { told }
    }
}
