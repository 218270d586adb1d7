use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proc_daemon_runtime::Instant;

use super::Probe;

/// Something that is due at a moment. What it is about may be over by then: the engine checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The start of this generation has taken too long.
    Start {
        unit: u32,
        generation: u32,
    },
    /// The grace of this generation is over.
    Grace {
        unit: u32,
        generation: u32,
    },
    /// This generation has not ended after its abort.
    Zombie {
        unit: u32,
        generation: u32,
    },
    /// The backoff after this generation is over, unless another was set for it since.
    Restart {
        unit: u32,
        generation: u32,
        backoff: u8,
    },
    /// A check of this generation is due.
    Check {
        unit: u32,
        generation: u32,
        probe: Probe,
    },
    /// A sign of life of this generation is due.
    Beat {
        unit: u32,
        generation: u32,
    },
    /// The configuration has not been read.
    Read(u32),
    /// Not all have answered to a proposed configuration.
    Prepare(u32),
    /// Not all that restarted with a configuration are ready.
    Settle(u32),
    /// The configuration file may have been left alone.
    Touched,
    /// The start takes long.
    StartIsLong,
    /// The bucket of restarts has one for whoever waits longest.
    Storm,
    /// The state dump has not been written.
    Dump,
    LameDuck,
    Force,
    Budget,
    Finalizer(usize),
    /// Say who has not become ready.
    StillStarting,
    /// Say who has not ended.
    StillStopping,
}

/// Timers by due moment; of one moment, in the order they were set.
///
/// One whose reason is gone stays until it is due, or until most of them are such: there are at most [`FEW`] timers,
/// or twice as many as had a reason when they were looked at last.
#[derive(Clone, Debug)]
pub(crate) struct Timers {
    pub(super) heap: BinaryHeap<Reverse<(Instant, u64, Timer)>>,
    set: u64,
    /// With more than so many they are looked at.
    many: usize,
}

/// So many are not worth a look.
const FEW: usize = 64;

impl Default for Timers {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), set: 0, many: FEW }
    }
}

impl Timer {
    /// Whether it is about one generation: then what has once lost its reason never has one again.
    const fn is_of_a_generation(self) -> bool {
        matches!(
            self,
            Self::Start { .. }
                | Self::Grace { .. }
                | Self::Zombie { .. }
                | Self::Restart { .. }
                | Self::Check { .. }
                | Self::Beat { .. }
        )
    }
}

impl Timers {
    /// Sets a timer. One that is never due is not kept.
    pub(crate) fn set(&mut self, at: Instant, timer: Timer) {
        if !at.is_never() {
            self.set += 1;
            self.heap.push(Reverse((at, self.set, timer)));
        }
    }

    /// How many were set so far.
    pub(crate) fn set_so_far(&self) -> u64 {
        self.set
    }

    /// Takes out the next timer that is due at `now`, of the first `of` that were set.
    pub(crate) fn pop_due(&mut self, now: Instant, of: u64) -> Option<Timer> {
        let Reverse((at, number, _)) = self.heap.peek()?;
        if *at > now || *number > of {
            return None;
        }
        self.heap.pop().map(|Reverse((_, _, timer))| timer)
    }

    /// Whether most of them may have lost their reason.
    #[inline]
    pub(crate) fn may_be_many(&self) -> bool {
        self.heap.len() > self.many
    }

    /// After a step: drops those that do not matter if there may be many of them. Each is looked at once for each that
    /// was set, on average.
    pub(crate) fn prune(&mut self, matters: impl Fn(Timer) -> bool) {
        if self.heap.len() > 2 * self.many {
            // Most of them were set in this step, and matter.
            self.many = 2 * self.heap.len();
        } else if self.may_be_many() {
            self.heap
                .retain(|Reverse((_, _, timer))| !timer.is_of_a_generation() || matters(*timer));
            self.many = FEW.max(2 * self.heap.len());
            self.heap.shrink_to(self.many);
        }
    }

    /// Drops those of which `is` holds.
    pub(crate) fn forget(&mut self, mut is: impl FnMut(Timer) -> bool) {
        self.heap.retain(|Reverse((_, _, timer))| !is(*timer));
    }

    /// When the next timer is due that `matters`; those before it that do not are dropped.
    pub(crate) fn next(&mut self, matters: impl Fn(Timer) -> bool) -> Option<Instant> {
        loop {
            let Reverse((at, _, timer)) = self.heap.peek()?;
            if matters(*timer) {
                return Some(*at);
            }
            self.heap.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_lost_its_reason_goes_when_it_is_the_most() {
        let mut timers = Timers::default();
        let (hour, mut looked, mut most) = (Instant::ZERO + Duration::from_secs(3600), 0, 0);
        for generation in 0..100_000 {
            timers.set(hour, Timer::Grace { unit: generation % 100, generation });
            let seen = std::cell::Cell::new(0);
            timers.prune(|timer| {
                seen.set(seen.get() + 1);
                matches!(timer, Timer::Grace { generation: of, .. } if of + 100 > generation)
            });
            (looked, most) = (looked + seen.get(), most.max(timers.heap.len()));
        }
        assert!(most <= 201, "{most} timers for 100 that matter");
        assert!(looked <= 300_000, "{looked} looks");
        assert_eq!(timers.next(|_| true), Some(hour));
    }

    #[test]
    fn what_was_set_in_one_step_is_not_looked_at_after_it() {
        let mut timers = Timers::default();
        let hour = Instant::ZERO + Duration::from_secs(3600);
        let set = |timers: &mut Timers, count: u32| {
            (0..count).for_each(|unit| timers.set(hour, Timer::Grace { unit, generation: 1 }));
        };
        set(&mut timers, 1000);
        timers.prune(|_| panic!("it was set just now"));
        set(&mut timers, 1001);
        timers.prune(|_| false);
        assert_eq!(timers.heap.len(), 0, "those of the step before may have lost their reason");
    }

    #[test]
    fn what_is_about_no_generation_stays() {
        let mut timers = Timers::default();
        timers.set(Instant::ZERO, Timer::StillStarting);
        (0..FEW as u32)
            .for_each(|unit| timers.set(Instant::ZERO, Timer::Beat { unit, generation: 1 }));
        timers.prune(|_| false);
        assert_eq!(timers.heap.len(), 1);
    }
}
