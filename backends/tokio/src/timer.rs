use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use proc_daemon_runtime::{Instant, Sleep, Timer, catch};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant as Moment;

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
        let _context = handle.enter();
        catch(|| {
            let mut probe = std::pin::pin!(tokio::time::sleep(Duration::ZERO));
            let _ = probe.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        })
        .map_err(|panic| crate::handle::lacks("timers", &panic))?;
        Ok(Self(Arc::new(Shared {
            pausable: handle.runtime_flavor() == RuntimeFlavor::CurrentThread,
            handle: handle.clone(),
            epoch: Moment::now(),
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
        TokioSleep { timer: self.clone(), at, armed: false, inner: None }
    }
}

pin_project_lite::pin_project! {
    /// A sleep on tokio's wheel, which it enters at the first poll that finds it not yet due.
    ///
    /// Cancel-safe: dropping it takes it off the wheel. Once the runtime has been shut down, a sleep
    /// that is not due stays pending; one of an adopted runtime then prints tokio's panic once.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TokioSleep {
        timer: TokioTimer,
        at: Instant,
        // Whether `inner` stands at `at`.
        armed: bool,
        #[pin]
        inner: Option<tokio::time::Sleep>,
    }
}

impl Future for TokioSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Shared { handle, epoch, closed, .. } = &*this.timer.0;
        if this.at.is_never() {
            return Poll::Pending;
        }
        if this.timer.now() >= *this.at {
            return Poll::Ready(());
        }
        let deadline = epoch.checked_add(this.at.since(Instant::ZERO));
        let (Some(mut deadline), false) = (deadline, closed.load(Ordering::Acquire)) else {
            return Poll::Pending;
        };
        let polled = catch(|| {
            if this.inner.is_none() {
                let _context = handle.enter();
                this.inner.set(Some(tokio::time::sleep_until(deadline)));
            } else if !*this.armed
                && let Some(inner) = this.inner.as_mut().as_pin_mut()
            {
                inner.reset(deadline);
            }
            *this.armed = true;
            while let Some(mut inner) = this.inner.as_mut().as_pin_mut() {
                ready!(inner.as_mut().poll(cx));
                if this.timer.now() >= *this.at {
                    break;
                }
                // The wheel was early by its own clock (L8).
                deadline += Duration::from_millis(1);
                inner.reset(deadline);
            }
            Poll::Ready(())
        });
        polled.unwrap_or_else(|_| {
            this.timer.close();
            Poll::Pending
        })
    }
}

impl Sleep for TokioSleep {
    fn reset(self: Pin<&mut Self>, at: Instant) {
        let this = self.project();
        *this.at = at;
        *this.armed = false;
    }
}
