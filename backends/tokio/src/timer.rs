use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proc_daemon_runtime::{Alarm, ClockSleep, Instant, Timer, catch};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant as Moment;

use crate::handle::probe;

/// tokio's clock and its timer wheel of one millisecond. A clone is one count.
///
/// The epoch is the moment at which the handle was adopted. The clock is tokio's, so a paused one counts.
#[derive(Clone, Debug)]
pub struct TokioTimer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    handle: Handle,
    epoch: Moment,
    /// Whether the clock may stand still: tokio pauses that of a current-thread runtime alone. Asking it
    /// means entering the runtime, which costs as much again as reading the clock.
    pausable: bool,
    closed: AtomicBool,
}

impl TokioTimer {
    /// Probes for a timer wheel.
    pub(crate) fn adopt(handle: &Handle) -> io::Result<Self> {
        let epoch = probe(handle, "timers", || {
            let mut sleep = std::pin::pin!(tokio::time::sleep(Duration::ZERO));
            let _ = sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            Moment::now()
        })?;
        Ok(Self(Arc::new(Shared {
            pausable: handle.runtime_flavor() == RuntimeFlavor::CurrentThread,
            handle: handle.clone(),
            epoch,
            closed: AtomicBool::new(false),
        })))
    }

    /// From here on sleeps that are not due stay pending.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }
}

impl Timer for TokioTimer {
    type Sleep = TokioSleep;

    fn now(&self) -> Instant {
        let now = if self.0.pausable {
            let _context = self.0.handle.enter();
            Moment::now()
        } else {
            Moment::from_std(std::time::Instant::now())
        };
        Instant::from_epoch(now.saturating_duration_since(self.0.epoch))
    }

    fn sleep_until(&self, at: Instant) -> TokioSleep {
        ClockSleep::new(self.clone(), at)
    }
}

/// A sleep on tokio's wheel, which it enters at the first poll that finds it not yet due.
///
/// Cancel-safe: dropping it takes it off the wheel. Once the runtime has been shut down, a sleep
/// that is not due stays pending; one of an adopted runtime then prints tokio's panic once.
pub type TokioSleep = ClockSleep<TokioTimer>;

impl Alarm for TokioTimer {
    type Entry = Option<tokio::time::Sleep>;

    fn poll_alarm(
        &self,
        mut entry: Pin<&mut Self::Entry>,
        moved: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Shared { handle, epoch, closed, .. } = &*self.0;
        if closed.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        let polled = catch(|| {
            if let Some(at) = moved {
                // No deadline is one that the system's clock cannot tell.
                match (epoch.checked_add(at.since(Instant::ZERO)), entry.as_mut().as_pin_mut()) {
                    (Some(deadline), Some(sleep)) => sleep.reset(deadline),
                    (deadline, _) => {
                        let _context = handle.enter();
                        entry.set(deadline.map(tokio::time::sleep_until));
                    }
                }
            }
            entry.as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(cx))
        });
        polled.unwrap_or_else(|_| {
            self.close();
            Poll::Pending
        })
    }
}
