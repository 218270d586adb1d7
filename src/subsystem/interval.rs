use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use proc_daemon_runtime::{AnySleep, Instant};

use super::cancelled::Cancelled;
use super::run::{Run, Told};
use crate::shutdown::Stopping;

/// Ticks at a fixed period, the first time at once. Ends with [`Stopping`].
#[must_use = "an interval does nothing unless ticked"]
pub struct Interval {
    run: Arc<Run>,
    cancelled: Cancelled,
    sleep: AnySleep,
    next: Instant,
    every: Duration,
    missed: MissedTicks,
}

/// What an [`Interval`] does about ticks that nobody waited for in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissedTicks {
    /// Leaves them out and keeps to the grid. The default: after a stall there is no burst.
    #[default]
    Skip,
    /// Starts a new grid at the late tick.
    Delay,
    /// Makes up for each of them, one after the other.
    Burst,
}

/// A shorter period would be a busy loop by mistake.
const SHORTEST: Duration = Duration::from_millis(1);

impl Interval {
    pub(crate) fn new(run: Arc<Run>, every: Duration) -> Self {
        let next = run.shared.runtime.now();
        Self {
            cancelled: Cancelled::new(Arc::clone(&run)),
            sleep: run.shared.runtime.sleep_until(next),
            run,
            next,
            every: every.max(SHORTEST),
            missed: MissedTicks::default(),
        }
    }

    /// Sets what happens to ticks that nobody waited for in time.
    pub fn missed(mut self, missed: MissedTicks) -> Self {
        self.missed = missed;
        self
    }

    /// Waits for the next tick and gives the moment it was due. Cancel-safe: a tick that was not
    /// returned is still to come.
    ///
    /// # Errors
    ///
    /// [`Stopping`] as soon as the subsystem is asked to stop, also if a tick is due.
    pub async fn tick(&mut self) -> Result<Instant, Stopping> {
        let stopping = poll_fn(|cx| {
            if std::pin::Pin::new(&mut self.cancelled).poll(cx).is_ready() {
                return Poll::Ready(true);
            }
            self.sleep.as_mut().poll(cx).map(|()| false)
        });
        if stopping.await {
            self.run.tell(Told::Stopping);
            return Err(Stopping);
        }
        let due = self.next;
        self.next = following(due, self.run.shared.runtime.now(), self.every, self.missed);
        self.sleep.as_mut().reset(self.next);
        Ok(due)
    }
}

/// The tick after the one that was due at `due` and is being taken `now`.
fn following(due: Instant, now: Instant, every: Duration, missed: MissedTicks) -> Instant {
    match missed {
        MissedTicks::Burst => due + every,
        MissedTicks::Delay => now.max(due) + every,
        MissedTicks::Skip => {
            let periods = now.since(due).as_nanos() / every.as_nanos() + 1;
            let periods = u32::try_from(periods).unwrap_or(u32::MAX);
            due + every.saturating_mul(periods)
        }
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval").field("every", &self.every).field("next", &self.next).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn missed_ticks_are_skipped_delayed_or_made_up_for() {
        let every = Duration::from_millis(10);
        for (now, missed, next) in [
            (20, MissedTicks::Skip, 30),
            (55, MissedTicks::Skip, 60),
            (60, MissedTicks::Skip, 70),
            (55, MissedTicks::Delay, 65),
            (55, MissedTicks::Burst, 30),
        ] {
            assert_eq!(following(at(20), at(now), every, missed), at(next), "{now} {missed:?}");
        }
    }
}
