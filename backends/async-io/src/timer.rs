use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Instant as Moment;

use proc_daemon_runtime::{Instant, Sleep, Timer};

/// The system's monotonic clock and async-io's timers. A clone is free.
///
/// The epoch is the moment at which this process first asked: the moments of two handles compare.
#[derive(Clone, Copy, Debug)]
pub struct IoTimer;

fn epoch() -> Moment {
    static EPOCH: OnceLock<Moment> = OnceLock::new();
    *EPOCH.get_or_init(Moment::now)
}

/// The moment for async-io; `None` for never and for what the system's clock cannot hold.
fn deadline(at: Instant) -> Option<Moment> {
    if at.is_never() {
        return None;
    }
    epoch().checked_add(at.since(Instant::ZERO))
}

impl Timer for IoTimer {
    type Sleep = IoSleep;

    fn now(&self) -> Instant {
        Instant::from_epoch(epoch().elapsed())
    }

    fn sleep_until(&self, at: Instant) -> IoSleep {
        IoSleep { at, inner: deadline(at).map_or_else(async_io::Timer::never, async_io::Timer::at) }
    }
}

/// A sleep on async-io's reactor, where it registers at the first poll that finds it not yet due.
///
/// Cancel-safe: dropping it deregisters it. It needs no executor, so it outlives every one.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct IoSleep {
    at: Instant,
    inner: async_io::Timer,
}

impl Future for IoSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // async-io forgets that it fired; the clock does not. Both read the same one (L8).
        if !self.at.is_never() && IoTimer.now() >= self.at {
            return Poll::Ready(());
        }
        Pin::new(&mut self.inner).poll(cx).map(drop)
    }
}

impl Sleep for IoSleep {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.at = at;
        match deadline(at) {
            Some(moment) => self.inner.set_at(moment),
            None => self.inner.clear(),
        }
    }
}
