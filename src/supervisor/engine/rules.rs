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

/// The rules of all subsystems; equal ones are kept once, for most have the default's.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleBook(Vec<Rules>);

/// How many of the last rules are compared with a new one.
const LOOK: usize = 8;

impl RuleBook {
    /// The place of these rules.
    pub(crate) fn enter(&mut self, rules: Rules) -> u32 {
        let known = self.0.iter().rev().take(LOOK).position(|known| *known == rules);
        let place = match known {
            Some(back) => self.0.len() - 1 - back,
            None => {
                self.0.push(rules);
                self.0.len() - 1
            }
        };
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    pub(crate) fn at(&self, place: u32) -> &Rules {
        &self.0[place as usize]
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
}
