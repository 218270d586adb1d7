//! The storm guard: so many restarts a second for the whole daemon; who comes when there is none left waits in a queue.
//!
//! 1. Whoever is in the queue is in backoff, once, and its backoff is over: it leaves with that state.
//! 2. They are started in the order in which they came, as many at a time as the bucket has, however late the time.
//! 3. While somebody waits, one timer is set for all of them, due when the bucket has one at the latest.

use std::collections::BTreeMap;
use std::time::Duration;

use proc_daemon_runtime::Instant;

use super::{Engine, Out, State, Timer};

/// A bucket of restarts for the whole daemon: so many a second, as many at once after a quiet second. An empty
/// bucket delays (the virtual scheduling of GCRA, ITU-T I.371).
#[derive(Clone, Debug)]
pub(crate) struct Storm {
    /// Between two restarts, on average; none is no limit.
    every: Duration,
    /// When the bucket will be full.
    full_at: Instant,
    /// Who waits, by place, and the other way round.
    pub(super) queue: BTreeMap<u64, u32>,
    places: BTreeMap<u32, u64>,
    last_place: u64,
    /// The timer is set.
    pub(super) armed: bool,
}

impl Storm {
    /// No limit for 0.
    pub(crate) fn new(a_second: u32) -> Self {
        let every = Duration::from_secs(1).checked_div(a_second).unwrap_or_default();
        let (queue, places) = (BTreeMap::new(), BTreeMap::new());
        Self { every, full_at: Instant::ZERO, queue, places, last_place: 0, armed: false }
    }

    /// Takes one out. If the bucket is empty, says when there will be one.
    pub(crate) fn hold(&mut self, now: Instant) -> Option<Instant> {
        let next = self.next(now);
        if next.is_none() {
            self.full_at = self.full_at.max(now) + self.every;
        }
        next
    }

    /// When there will be one; none if there is.
    pub(crate) fn next(&self, now: Instant) -> Option<Instant> {
        let ahead = self.full_at.since(now);
        let most = Duration::from_secs(1).saturating_sub(self.every);
        (ahead > most && !self.every.is_zero()).then(|| now + (ahead - most))
    }

    /// Whether `unit` is in the queue.
    pub(super) fn has(&self, unit: u32) -> bool {
        self.places.contains_key(&unit)
    }

    /// Puts `unit`, which is not in it, at the end of the queue. Says when its turn comes if all those before it are
    /// started.
    fn enter(&mut self, unit: u32, now: Instant) -> Instant {
        let before = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        self.last_place += 1;
        self.queue.insert(self.last_place, unit);
        self.places.insert(unit, self.last_place);
        self.next(now).unwrap_or(now) + self.every.saturating_mul(before)
    }

    /// Takes `unit` out of the queue.
    pub(super) fn leave(&mut self, unit: u32) {
        if let Some(place) = self.places.remove(&unit) {
            self.queue.remove(&place);
        }
    }

    /// Who has waited longest.
    fn first(&self) -> Option<u32> {
        self.queue.first_key_value().map(|(_, unit)| *unit)
    }
}

impl Engine {
    /// `unit` starts, or has it wait for its turn.
    pub(super) fn start_in_turn(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if self.storm.queue.is_empty() && self.storm.hold(now).is_none() {
            return self.leave_backoff(unit, out);
        }
        let at = self.storm.enter(unit, now);
        self.show_due(unit, at, out);
        self.arm_storm(now);
    }

    fn arm_storm(&mut self, now: Instant) {
        if !self.storm.queue.is_empty() && !self.storm.armed {
            self.storm.armed = true;
            self.timers.set(self.storm.next(now).unwrap_or(now), Timer::Storm);
        }
    }

    /// The bucket has had time to fill: as many start as it has.
    pub(super) fn storm_abates(&mut self, now: Instant, out: &mut Out) {
        self.storm.armed = false;
        if !self.may_start() {
            return;
        }
        while let Some(unit) = self.storm.first() {
            if self.is_held(unit) {
                // Its turn comes again when those have ended with whom it starts.
                self.storm.leave(unit);
                self.units[unit as usize].held = true;
            } else if self.storm.hold(now).is_none() {
                self.leave_backoff(unit, out);
            } else {
                break;
            }
        }
        self.arm_storm(now);
    }

    /// The backoff of `unit` is over, and nothing holds it back.
    pub(super) fn leave_backoff(&mut self, unit: u32, out: &mut Out) {
        if self.units[unit as usize].unmet == 0 {
            self.spawn(unit, out);
        } else {
            self.turn(unit, State::Waiting, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_and_as_many_at_once() {
        let (mut storm, mut now, mut given) = (Storm::new(20), Instant::ZERO, Vec::new());
        for _ in 0..60 {
            while let Some(later) = storm.hold(now) {
                assert!(later > now);
                now = later;
            }
            given.push(now);
        }
        assert!(given[..20].iter().all(|at| *at == Instant::ZERO), "{given:?}");
        let mut later = (1..).zip(&given[20..]);
        assert!(later.all(|(n, at)| at.since(Instant::ZERO) == Duration::from_millis(50 * n)));
    }

    #[test]
    fn zero_is_no_limit() {
        let mut storm = Storm::new(0);
        assert!((0..10_000).all(|_| storm.hold(Instant::ZERO).is_none()));
    }

    #[test]
    fn a_turn_is_told_by_the_number_of_those_before_and_a_place_is_kept() {
        let mut storm = Storm::new(10);
        let at = |ms| Instant::ZERO + Duration::from_millis(ms);
        assert!((0..10).all(|_| storm.hold(Instant::ZERO).is_none()));
        let turns = [7, 3, 5].map(|unit| storm.enter(unit, Instant::ZERO));
        assert_eq!(turns, [100, 200, 300].map(at));
        storm.leave(7);
        storm.leave(1);
        assert_eq!((storm.first(), storm.places.len()), (Some(3), 2));
        storm.leave(3);
        assert_eq!(storm.enter(3, Instant::ZERO), at(200));
        assert_eq!(storm.queue.values().copied().collect::<Vec<_>>(), [5, 3]);
    }
}
