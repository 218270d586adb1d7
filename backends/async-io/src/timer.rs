use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Instant as Moment;

use proc_daemon_runtime::{Alarm, ClockSleep, Instant, Timer};

/// The system's monotonic clock and async-io's timers. A clone is free.
///
/// The epoch is the moment at which this process first asked: the moments of two handles compare.
#[derive(Clone, Copy, Debug)]
pub struct IoTimer;

fn epoch() -> Moment {
    static EPOCH: OnceLock<Moment> = OnceLock::new();
    *EPOCH.get_or_init(Moment::now)
}

impl Timer for IoTimer {
    type Sleep = IoSleep;

    fn now(&self) -> Instant {
        Instant::from_epoch(epoch().elapsed())
    }

    fn sleep_until(&self, at: Instant) -> IoSleep {
        ClockSleep::new(*self, at)
    }
}

/// A sleep on async-io's reactor, where it registers at the first poll that finds it not yet due.
///
/// Cancel-safe: dropping it deregisters it. It needs no executor, so it outlives every one.
pub type IoSleep = ClockSleep<IoTimer>;

impl Alarm for IoTimer {
    type Entry = Option<async_io::Timer>;

    fn poll_alarm(
        &self,
        mut entry: Pin<&mut Self::Entry>,
        moved: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let timer = entry.get_or_insert_with(async_io::Timer::never);
        if let Some(at) = moved {
            match epoch().checked_add(at.since(Instant::ZERO)) {
                Some(moment) => timer.set_at(moment),
                // Later than the system's clock can tell.
                None => timer.clear(),
            }
        }
        Pin::new(timer).poll(cx).map(drop)
    }
}
