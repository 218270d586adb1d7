use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::life::Life;
use crate::backends::sim::Policy;

/// What a number of lives came to, none of which went wrong.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Sweep {
    /// How many.
    pub lives: u64,
    /// Polls of all of them.
    pub polls: u64,
    /// Virtual time of all of them.
    pub time: Duration,
    /// In how many lives each situation was met.
    pub reached: BTreeMap<&'static str, u64>,
    /// How many lives each policy had.
    pub policies: BTreeMap<Policy, u64>,
    /// How many lives ended with each exit code.
    pub codes: BTreeMap<u8, u64>,
    /// The environment chose other lives than the test.
    pub(super) chosen: bool,
}

impl Sweep {
    pub(super) fn add(&mut self, life: &Life) {
        self.lives += 1;
        self.polls += life.polls();
        self.time = self.time.saturating_add(life.lasted());
        for situation in life.reached() {
            *self.reached.entry(situation).or_default() += 1;
        }
        *self.policies.entry(life.policy()).or_default() += 1;
        if let Some(report) = &life.past.report {
            *self.codes.entry(report.code).or_default() += 1;
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        fn sum<K: Ord>(mine: &mut BTreeMap<K, u64>, theirs: BTreeMap<K, u64>) {
            theirs.into_iter().for_each(|(key, count)| *mine.entry(key).or_default() += count);
        }
        self.lives += other.lives;
        self.polls += other.polls;
        self.time = self.time.saturating_add(other.time);
        sum(&mut self.reached, other.reached);
        sum(&mut self.policies, other.policies);
        sum(&mut self.codes, other.codes);
    }

    /// Checks that each of these situations was met by some life: a sweep that never saw what it is about
    /// has shown nothing. Lives that the environment chose (`SIM_SEED`, say) are not held to it.
    ///
    /// # Panics
    ///
    /// If one was not, with their names.
    #[track_caller]
    pub fn expect_sometimes(&self, situations: &[&'static str]) -> &Self {
        if self.chosen {
            return self;
        }
        let missing: Vec<_> =
            situations.iter().filter(|name| !self.reached.contains_key(*name)).collect();
        assert!(missing.is_empty(), "no life of {} met {missing:?}\n{self}", self.lives);
        self
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Duration::from_secs(self.time.as_secs());
        let time = humantime::format_duration(time);
        write!(f, "{} lives, {} polls, {time} of virtual time", self.lives, self.polls)?;
        for (policy, lives) in &self.policies {
            write!(f, "\n  policy {policy}: {lives}")?;
        }
        for (code, lives) in &self.codes {
            write!(f, "\n  exit {code}: {lives}")?;
        }
        for (situation, lives) in &self.reached {
            write!(f, "\n  {situation}: {lives}")?;
        }
        Ok(())
    }
}
