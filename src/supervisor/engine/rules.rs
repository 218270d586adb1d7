use std::time::Duration;

use crate::backoff::Backoff;
use crate::restart::{Intensity, Restart};

/// How a subsystem wants to be run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    pub(crate) explicit_ready: bool,
    /// It is not ready before a check says so.
    pub(crate) startup_check: bool,
    pub(crate) background: bool,
    /// The daemon lives on without it.
    pub(crate) optional: bool,
    /// The user's code decides what becomes of the daemon when it is given up.
    pub(crate) asks: bool,
    /// It can be started once.
    pub(crate) once: bool,
    /// The daemon's, if none.
    pub(crate) grace: Option<Duration>,
    /// The default of a subsystem that says when it is ready, if none.
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) restart: Restart,
    pub(crate) backoff: Backoff,
    pub(crate) intensity: Option<Intensity>,
}

/// The rules of all subsystems; of equal ones that were entered near each other one is kept, for most have the
/// default's. A place that nobody uses any more is given to others.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleBook {
    rules: Vec<Rules>,
    /// By how many each of them is used.
    users: Vec<u32>,
    free: Vec<u32>,
}

/// How many of the last rules are compared with a new one.
const LOOK: usize = 8;

impl RuleBook {
    /// The place of these rules.
    pub(crate) fn enter(&mut self, rules: Rules) -> u32 {
        let known = self.rules.iter().rev().take(LOOK).position(|known| *known == rules);
        let known = known.map(|back| self.rules.len() - 1 - back);
        let place = match known.filter(|place| self.users[*place] > 0) {
            Some(place) => place,
            None => match self.free.pop() {
                Some(free) => {
                    self.rules[free as usize] = rules;
                    free as usize
                }
                None => {
                    self.rules.push(rules);
                    self.users.push(0);
                    self.rules.len() - 1
                }
            },
        };
        self.users[place] += 1;
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// One that used this place is gone.
    pub(crate) fn leave(&mut self, place: u32) {
        let users = &mut self.users[place as usize];
        *users -= 1;
        if *users == 0 {
            self.free.push(place);
        }
    }

    pub(crate) fn at(&self, place: u32) -> &Rules {
        &self.rules[place as usize]
    }
}

/// The rules of many subsystems, in order; of equal ones that are near each other one is kept.
#[derive(Debug, Default)]
pub(crate) struct RuleList {
    book: RuleBook,
    places: Vec<u32>,
}

impl RuleList {
    /// The rules, and the place of each subsystem's.
    pub(super) fn into_parts(self) -> (RuleBook, Vec<u32>) {
        (self.book, self.places)
    }
}

impl FromIterator<Rules> for RuleList {
    fn from_iter<I: IntoIterator<Item = Rules>>(rules: I) -> Self {
        let mut book = RuleBook::default();
        let places = rules.into_iter().map(|rules| book.enter(rules)).collect();
        Self { book, places }
    }
}

#[cfg(test)]
impl RuleBook {
    /// How many places there are.
    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }
}

#[cfg(test)]
impl Rules {
    /// Fails for good at its first failure, and the daemon with it.
    pub(crate) const PLAIN: Self = Self {
        explicit_ready: false,
        startup_check: false,
        background: false,
        optional: false,
        asks: false,
        once: false,
        grace: None,
        start_timeout: None,
        restart: Restart::Never,
        backoff: Backoff::DEFAULT,
        intensity: None,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rules_are_kept_once() {
        let other = Rules { background: true, ..Rules::PLAIN };
        let mut book = RuleBook::default();
        let places =
            [Rules::PLAIN, Rules::PLAIN, other, Rules::PLAIN].map(|rules| book.enter(rules));
        assert_eq!(places, [0, 0, 1, 0]);
        assert_eq!(*book.at(1), other);
    }

    #[test]
    fn a_place_that_nobody_uses_is_given_to_others() {
        let mut book = RuleBook::default();
        book.enter(Rules::PLAIN);
        for round in 0..1000 {
            let grace = |n: u64| Rules { grace: Some(Duration::from_secs(n)), ..Rules::PLAIN };
            let places: Vec<u32> = (0..20).map(|n| book.enter(grace(20 * round + n))).collect();
            assert!((0..).zip(&places).all(|(n, at)| *book.at(*at) == grace(20 * round + n)));
            places.into_iter().for_each(|place| book.leave(place));
        }
        assert_eq!((book.rules.len(), book.users[0]), (21, 1));
        assert_eq!(*book.at(0), Rules::PLAIN);
    }

    #[test]
    fn a_place_that_was_left_and_is_taken_by_the_same_rules_is_given_to_nobody_else() {
        let mut book = RuleBook::default();
        let place = book.enter(Rules::PLAIN);
        book.leave(place);
        let again = book.enter(Rules::PLAIN);
        let other = book.enter(Rules { background: true, ..Rules::PLAIN });
        assert_ne!(again, other);
        assert_eq!(*book.at(again), Rules::PLAIN);
    }
}
