//! A sleep that looks at the clock, over whatever wakes it: the part of L5, L7, L8 and L9 that is the same on every
//! timer.
//!
//! ```text
//!   ClockSleep --now()--> the backend's Timer
//!       \------poll_alarm(entry, moved)--> the same, as an Alarm: its wheel, heap or reactor
//! ```
//!
//! # Invariants
//!
//! 1. Ready is said by the clock alone: an alarm that is early is set again, one that is late is not waited for.
//! 2. The alarm is touched by a poll that finds the sleep not due, and by nothing else.
//! 3. A sleep that never fires has no alarm once it has been polled.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::{Instant, Sleep, Timer};

/// What a [`ClockSleep`] is woken by. It need not be exact: an early one is set again.
pub trait Alarm: Timer {
    /// One sleep's registration. Dropping it takes the registration away; the default is none.
    type Entry: Default + Send + 'static;

    /// Ready once the deadline of `entry` has passed; until then the newest waker is woken at about that moment. One
    /// that is always pending will do: the sleep looks at the clock before it asks.
    ///
    /// `moved` is the deadline if it is another one than at the last call with this entry, as it is at the first.
    fn poll_alarm(
        &self,
        entry: Pin<&mut Self::Entry>,
        moved: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()>;
}

pin_project_lite::pin_project! {
    /// A [`Sleep`] over an [`Alarm`]. Making and resetting it does not allocate; what a poll costs is the alarm's to say.
    ///
    /// Cancel-safe: dropping it takes its alarm away.
    #[must_use = "futures do nothing unless polled"]
    pub struct ClockSleep<T: Alarm> {
        timer: T,
        at: Instant,
        // Whether `entry` has yet to be set to `at`.
        moved: bool,
        #[pin]
        entry: T::Entry,
    }
}

impl<T: Alarm> ClockSleep<T> {
    /// A sleep until `at` by the clock of `timer`.
    pub fn new(timer: T, at: Instant) -> Self {
        Self { timer, at, moved: true, entry: T::Entry::default() }
    }
}

impl<T: Alarm> Future for ClockSleep<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.at.is_never() {
            if std::mem::take(this.moved) {
                this.entry.set(T::Entry::default());
            }
            return Poll::Pending;
        }
        let (mut set, mut step) = (*this.at, Duration::from_millis(1));
        while this.timer.now() < *this.at {
            let moved = std::mem::take(this.moved).then_some(set);
            ready!(this.timer.poll_alarm(this.entry.as_mut(), moved, cx));
            // If it was early, once more a little later (L8), and more each time: few rounds, however early it is.
            set = set.after(step);
            step = step.saturating_mul(2);
            *this.moved = true;
        }
        Poll::Ready(())
    }
}

impl<T: Alarm<Sleep = Self>> Sleep for ClockSleep<T> {
    fn reset(self: Pin<&mut Self>, at: Instant) {
        let this = self.project();
        *this.at = at;
        *this.moved = true;
    }
}

impl<T: Alarm> fmt::Debug for ClockSleep<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockSleep").field("at", &self.at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use parking_lot::Mutex;

    use super::*;

    /// A clock that a test sets, and an alarm that is early by so much; it notes what it is set to.
    #[derive(Clone, Default)]
    struct Clock(Arc<Mutex<State>>);

    #[derive(Default)]
    struct State {
        now: u64,
        early: u64,
        set: Vec<Option<u64>>,
    }

    impl Timer for Clock {
        type Sleep = ClockSleep<Self>;

        fn now(&self) -> Instant {
            Instant::from_nanos(self.0.lock().now)
        }

        fn sleep_until(&self, at: Instant) -> ClockSleep<Self> {
            ClockSleep::new(self.clone(), at)
        }
    }

    impl Alarm for Clock {
        type Entry = u64;

        fn poll_alarm(
            &self,
            mut entry: Pin<&mut u64>,
            moved: Option<Instant>,
            _: &mut Context<'_>,
        ) -> Poll<()> {
            let mut state = self.0.lock();
            state.set.push(moved.map(Instant::as_nanos));
            if let Some(at) = moved {
                *entry = at.as_nanos();
            }
            if state.now + state.early >= *entry { Poll::Ready(()) } else { Poll::Pending }
        }
    }

    fn poll(sleep: &mut Pin<Box<ClockSleep<Clock>>>) -> bool {
        sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn an_alarm_is_set_once_for_each_deadline() {
        let clock = Clock::default();
        let mut sleep = Box::pin(clock.sleep_until(Instant::from_nanos(20)));
        assert_eq!((poll(&mut sleep), poll(&mut sleep)), (false, false));
        sleep.as_mut().reset(Instant::from_nanos(10));
        assert_eq!((poll(&mut sleep), poll(&mut sleep)), (false, false));
        clock.0.lock().now = 10;
        assert_eq!((poll(&mut sleep), poll(&mut sleep)), (true, true));
        assert_eq!(clock.0.lock().set, [Some(20), None, Some(10), None]);
        assert_eq!(format!("{sleep:?}"), "ClockSleep { at: 0.000000010s, .. }");
    }

    #[test]
    fn what_is_due_or_never_touches_no_alarm() {
        let clock = Clock::default();
        clock.0.lock().now = 5;
        for (at, due) in [(0, true), (5, true), (u64::MAX, false)] {
            let mut sleep = Box::pin(clock.sleep_until(Instant::from_nanos(at)));
            assert_eq!(poll(&mut sleep), due, "{at}");
        }
        clock.0.lock().now = u64::MAX;
        assert!(!poll(&mut Box::pin(clock.sleep_until(Instant::MAX))), "never");
        assert_eq!(clock.0.lock().set, []);
    }

    #[test]
    fn a_reset_to_never_takes_the_alarm_away() {
        let clock = Clock::default();
        let mut sleep = Box::pin(clock.sleep_until(Instant::from_nanos(20)));
        assert!(!poll(&mut sleep));
        assert_eq!(sleep.entry, 20);
        sleep.as_mut().reset(Instant::MAX);
        assert!(!poll(&mut sleep));
        assert_eq!(sleep.entry, 0);
    }

    #[test]
    fn an_alarm_that_is_early_is_set_again() {
        let clock = Clock::default();
        clock.0.lock().early = 1_000_000;
        let mut sleep = Box::pin(clock.sleep_until(Instant::from_nanos(500_000)));
        assert_eq!((poll(&mut sleep), poll(&mut sleep)), (false, false));
        assert_eq!(clock.0.lock().set, [Some(500_000), Some(1_500_000), None]);
        clock.0.lock().now = 500_000;
        assert!(poll(&mut sleep), "the clock says so, whatever the alarm stands at");
    }

    #[test]
    fn an_alarm_that_is_early_by_an_hour_is_set_again_a_few_times() {
        let clock = Clock::default();
        let hour = Duration::from_secs(3600);
        clock.0.lock().early = Instant::ZERO.after(hour).as_nanos();
        let mut sleep = Box::pin(clock.sleep_until(Instant::from_nanos(1)));
        assert!(!poll(&mut sleep));
        assert_eq!(clock.0.lock().set.len(), 23, "1 ms doubled 22 times is more than an hour");
    }
}
