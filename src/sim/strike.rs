//! Which faults one generation has been given, and when each strikes.
//!
//! 1. Everything is chosen when the generation is made: what its future does changes nothing of it.
//! 2. A generation that is made after the quiet moment is asked nothing and given nothing.
//! 3. A fault that takes no time, or has no chance, is none.

use std::time::Duration;

use proc_daemon_runtime::{Instant, TaskName};

use super::faults::{Kind, moment};
use crate::backends::sim::SimHandle;

/// A fault that one generation has been given.
#[derive(Clone, Copy)]
pub(super) struct Strike {
    pub(super) what: What,
    pub(super) when: When,
}

#[derive(Clone, Copy)]
pub(super) enum What {
    Panic,
    Error,
    SlowStart(Duration),
    SlowStop(Duration),
    Deaf,
    Stall(Duration),
    Spurious,
    Silence,
}

#[derive(Clone, Copy)]
pub(super) enum When {
    Poll(u32),
    At(Instant),
    /// In a phase of its own: the first poll, or the stop.
    Phase,
}

/// Among how many first polls a fault strikes.
const FIRST_POLLS: u32 = 6;

impl Strike {
    /// The dull answer is none. Faults begin until `end`.
    pub(super) fn choose(
        kind: Kind,
        handle: &SimHandle,
        name: &TaskName,
        end: Duration,
    ) -> Option<Self> {
        let hit = |chance, what| handle.chance_of(chance, what, name);
        let what = match kind {
            Kind::Panic(chance) => hit(chance, "panic").then_some(What::Panic),
            Kind::Error(chance) => hit(chance, "error").then_some(What::Error),
            Kind::Deaf(chance) => hit(chance, "deafness").then_some(What::Deaf),
            Kind::Silence(chance) => hit(chance, "silence").then_some(What::Silence),
            Kind::Spurious(chance) => hit(chance, "spurious wake-up").then_some(What::Spurious),
            Kind::Stall(chance, most) => (!most.is_zero() && hit(chance, "stall")).then(|| {
                let least = Duration::from_nanos(1);
                What::Stall(handle.duration_of(least, most, "length of stall", name))
            }),
            Kind::SlowStart(span) => {
                let (from, to) = span.ends()?;
                let slow = handle.duration_of(from, to, "slow start", name);
                (!slow.is_zero()).then_some(What::SlowStart(slow))
            }
            Kind::SlowStop(span) => {
                let (from, to) = span.ends()?;
                let slow = handle.duration_of(from, to, "slow stop", name);
                (!slow.is_zero()).then_some(What::SlowStop(slow))
            }
        }?;
        let when = match what {
            What::SlowStart(_) | What::SlowStop(_) | What::Deaf => When::Phase,
            _ if handle.choose(2, "at a poll or a moment") == 0 => {
                When::Poll(1 + handle.choose(FIRST_POLLS, "poll of a fault"))
            }
            _ => When::At(moment(handle, end, "moment of a fault")),
        };
        Some(Self { what, when })
    }

    /// Whether it strikes at this poll, which has come to this moment.
    pub(super) fn is_due(self, polls: u32, now: Instant) -> bool {
        match self.when {
            When::Poll(poll) => poll <= polls,
            When::At(at) => at <= now,
            When::Phase => false,
        }
    }
}

/// The strikes of one generation.
pub(super) struct Strikes(pub(super) Vec<Strike>);

impl Strikes {
    /// Takes out one that is due.
    pub(super) fn take_due(&mut self, polls: u32, now: Instant) -> Option<What> {
        let due = self.0.iter().position(|strike| strike.is_due(polls, now))?;
        Some(self.0.swap_remove(due).what)
    }

    /// Takes out the first for which `is` has an answer.
    pub(super) fn take<T>(&mut self, is: impl Fn(What) -> Option<T>) -> Option<T> {
        let (index, found) =
            (0..).zip(&self.0).find_map(|(index, s)| Some((index, is(s.what)?)))?;
        self.0.swap_remove(index);
        Some(found)
    }

    pub(super) fn is_deaf(&self) -> bool {
        self.0.iter().any(|strike| matches!(strike.what, What::Deaf))
    }

    /// The next moment at which one strikes, if that is before the faults are quiet.
    pub(super) fn next(&self, quiet_after: Instant) -> Option<Instant> {
        let moments = self.0.iter().filter_map(|strike| match strike.when {
            When::At(at) if at <= quiet_after => Some(at),
            _ => None,
        });
        moments.min()
    }
}
