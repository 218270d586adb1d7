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
    /// The backoff after this generation is over.
    Restart {
        unit: u32,
        generation: u32,
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
    /// Say what is being waited for.
    Progress,
}

/// Timers by due moment; of one moment, in the order they were set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    pub(super) heap: BinaryHeap<Reverse<(Instant, u64, Timer)>>,
    set: u64,
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
