use std::collections::VecDeque;
use std::fmt;

use crate::oracle::Oracle;
use crate::sites::SCHEDULE;

/// Which of the tasks that are ready is polled next.
///
/// No policy finds everything: a lost wake-up shows under last in first out at once and under first in
/// first out never, an ordering mistake the other way round. So a seed also picks its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// First in, first out.
    Fifo,
    /// Last in, first out. A task that was polled [`PATIENCE`](Self::PATIENCE) times since the last rest waits
    /// behind the others until the next, so one that is always ready keeps nobody from being polled.
    Lifo,
    /// Any of them.
    Random,
    /// What is ready is polled in a random order; what becomes ready meanwhile comes after all of it.
    Shuffle,
    /// Each task has a random priority, and a few of them are demoted at random steps, again and again:
    /// probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010).
    Pct,
}

impl Policy {
    /// All of them; the first is the dull one.
    pub const ALL: [Self; 5] = [Self::Fifo, Self::Lifo, Self::Random, Self::Shuffle, Self::Pct];

    /// How often [`Lifo`](Self::Lifo) prefers a task between two rests.
    pub const PATIENCE: u32 = 64;

    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Lifo => "lifo",
            Self::Random => "random",
            Self::Shuffle => "shuffle",
            Self::Pct => "pct",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A task in the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub(crate) slot: u32,
    pub(crate) priority: u32,
    /// It has been polled more often since the last rest than last in first out has patience with.
    pub(crate) tires: bool,
}

/// Most demotions of one life under [`Policy::Pct`], and the steps among which they fall.
const DEMOTIONS: u32 = 3;
const HORIZON: u32 = 400;

/// Picks by the policy; whatever the policy, the pick is an index into the queue in order of arrival, so a
/// tape needs no policy.
#[derive(Debug)]
pub(crate) struct Scheduler {
    policy: Policy,
    /// How many at the front of the queue are of the current batch.
    batch: usize,
    picks: u32,
    demotions: [u32; DEMOTIONS as usize],
    /// Priorities of demoted tasks count down from here, below every other.
    lowest: u32,
}

impl Scheduler {
    pub(crate) const fn new(policy: Policy) -> Self {
        Self { policy, batch: 0, picks: 0, demotions: [u32::MAX; 3], lowest: DEMOTIONS }
    }

    /// The priority of a new task.
    pub(crate) fn priority(&mut self, oracle: &mut Oracle) -> u32 {
        if self.policy != Policy::Pct {
            return 0;
        }
        oracle.draw(u32::MAX).max(DEMOTIONS + 1)
    }

    /// Takes one out of `ready`, which is not empty. Its priority may be a new one.
    pub(crate) fn pick(&mut self, ready: &mut VecDeque<Ready>, oracle: &mut Oracle) -> Ready {
        let of = u32::try_from(ready.len()).unwrap_or(u32::MAX);
        let index = match self.policy {
            _ if of < 2 => 0,
            Policy::Fifo => oracle.decide(of, SCHEDULE, |_| 0),
            Policy::Lifo => oracle.decide(of, SCHEDULE, |_| latest(ready)),
            Policy::Random => oracle.choose(of, SCHEDULE),
            Policy::Shuffle => {
                if self.batch == 0 {
                    self.batch = ready.len();
                }
                let batch = u32::try_from(self.batch).unwrap_or(of);
                oracle.decide(of, SCHEDULE, |rng| rng.below(batch))
            }
            Policy::Pct => oracle.decide(of, SCHEDULE, |_| highest(ready)),
        };
        self.batch = self.batch.saturating_sub(1);
        let mut picked = ready.remove(index as usize).expect("the index is below the length");
        if self.policy == Policy::Pct {
            self.demote(&mut picked, oracle);
        }
        picked
    }

    fn demote(&mut self, picked: &mut Ready, oracle: &mut Oracle) {
        if self.picks.is_multiple_of(HORIZON) {
            self.demotions = [(); 3].map(|()| self.picks + oracle.draw(HORIZON));
        }
        if self.demotions.contains(&self.picks) {
            self.lowest = self.lowest.saturating_sub(1);
            picked.priority = self.lowest;
        }
        self.picks += 1;
    }
}

/// The last of those that do not tire; of those that do, the first.
fn latest(ready: &VecDeque<Ready>) -> u32 {
    let last = ready.iter().rposition(|task| !task.tires).unwrap_or(0);
    u32::try_from(last).unwrap_or(0)
}

fn highest(ready: &VecDeque<Ready>) -> u32 {
    let by_priority =
        (0..).zip(ready).max_by_key(|(index, task)| (task.priority, u32::MAX - index));
    by_priority.map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(slot: u32, priority: u32) -> Ready {
        Ready { slot, priority, tires: false }
    }

    fn order(policy: Policy, seed: u64) -> Vec<u32> {
        let mut oracle = Oracle::seeded(seed);
        let mut scheduler = Scheduler::new(policy);
        let mut ready: VecDeque<Ready> =
            (0..6).map(|slot| task(slot, scheduler.priority(&mut oracle))).collect();
        (0..6).map(|_| scheduler.pick(&mut ready, &mut oracle).slot).collect()
    }

    #[test]
    fn fifo_and_lifo_are_what_they_say() {
        assert_eq!(order(Policy::Fifo, 1), [0, 1, 2, 3, 4, 5]);
        assert_eq!(order(Policy::Lifo, 1), [5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn the_others_pick_everybody_once_in_orders_that_differ() {
        for policy in [Policy::Random, Policy::Shuffle, Policy::Pct] {
            let mut orders: Vec<_> = (0..20).map(|seed| order(policy, seed)).collect();
            for order in &orders {
                let mut all = order.clone();
                all.sort_unstable();
                assert_eq!(all, [0, 1, 2, 3, 4, 5]);
            }
            orders.sort_unstable();
            orders.dedup();
            assert!(orders.len() > 10, "{policy}: {}", orders.len());
        }
    }

    #[test]
    fn a_shuffled_batch_is_finished_before_the_next() {
        let mut oracle = Oracle::seeded(5);
        let mut scheduler = Scheduler::new(Policy::Shuffle);
        let task = |slot| task(slot, 0);
        let mut ready: VecDeque<Ready> = (0..4).map(task).collect();
        let mut picked = vec![scheduler.pick(&mut ready, &mut oracle).slot];
        ready.extend((4..8).map(task));
        picked.extend((0..7).map(|_| scheduler.pick(&mut ready, &mut oracle).slot));
        assert!(picked[..4].iter().all(|slot| *slot < 4), "{picked:?}");
    }
}
