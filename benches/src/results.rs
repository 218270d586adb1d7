//! What the samplers said, and what follows from it.

use std::collections::BTreeMap;

use crate::bare::Backend;
use crate::job::{Job, Row};

/// Which value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What was measured.
    pub row: Row,
    /// On which runtime.
    pub backend: Backend,
    /// With how many subsystems.
    pub n: usize,
    /// By whom.
    pub variant: String,
    /// Which part.
    pub metric: String,
}

/// Values of several processes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median of the processes.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Results {
    samples: BTreeMap<Key, BTreeMap<u32, Vec<f64>>>,
    failures: Vec<(String, String)>,
}

impl Results {
    /// Takes in what the process number `process` printed for `job`.
    pub fn sample(&mut self, job: &Job, process: u32, variant: &str, metric: &str, value: f64) {
        let key = Key {
            row: job.row,
            backend: job.backend,
            n: job.n,
            variant: variant.to_owned(),
            metric: metric.to_owned(),
        };
        self.samples.entry(key).or_default().entry(process).or_default().push(value);
    }

    /// Keeps that `what` did not work, and how.
    pub fn failed(&mut self, what: impl Into<String>, error: impl Into<String>) {
        self.failures.push((what.into(), error.into()));
    }

    /// What did not work.
    #[must_use]
    pub fn failures(&self) -> &[(String, String)] {
        &self.failures
    }

    /// Every value that there is, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.samples.keys()
    }

    /// How many samples of `key` there are.
    #[must_use]
    pub fn count(&self, key: &Key) -> usize {
        self.samples.get(key).map_or(0, |processes| processes.values().map(Vec::len).sum())
    }

    /// The value.
    #[must_use]
    pub fn value(&self, key: &Key) -> Option<Spread> {
        Spread::of(self.medians(key).into_values())
    }

    /// The value as a multiple of another variant's: process by process where both are in one, else of
    /// the medians.
    #[must_use]
    pub fn ratio(&self, key: &Key, base: &str) -> Option<Spread> {
        let base = Key { variant: base.to_owned(), ..key.clone() };
        let (own, others) = (self.medians(key), self.medians(&base));
        let paired = own.iter().filter_map(|(process, own)| Some(own / others.get(process)?));
        Spread::of(paired).or_else(|| {
            let (own, other) = (self.value(key)?, self.value(&base)?);
            Spread::of(std::iter::once(own.median / other.median))
        })
    }

    /// The power of n that `key`'s value grows with, from its number of subsystems to `n`.
    #[must_use]
    pub fn growth(&self, key: &Key, n: usize) -> Option<f64> {
        let other = Key { n, ..key.clone() };
        let values = self.value(&other)?.median / self.value(key)?.median;
        let sizes = f64::from(u32::try_from(n).ok()?) / f64::from(u32::try_from(key.n).ok()?);
        Some(values.ln() / sizes.ln())
    }

    fn medians(&self, key: &Key) -> BTreeMap<u32, f64> {
        let processes = self.samples.get(key).into_iter().flatten();
        processes.map(|(process, samples)| (*process, median(samples.clone()))).collect()
    }
}

impl Spread {
    /// Of at least one value.
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let greatest = values.iter().copied().reduce(f64::max)?;
        Some(Self { median: median(values), least, greatest })
    }
}

/// Of at least one value.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_inside_a_process_and_growth_between_sizes() {
        let mut results = Results::default();
        let jobs = crate::plan::jobs(crate::plan::Scale::Full, false);
        let of = |n| jobs.iter().find(|job| job.row == Row::StartStop && job.n == n);
        let (small, large) = (of(10_000).expect("a job"), of(100_000).expect("a job"));
        for (process, own, base) in [(0, 20.0, 10.0), (1, 300.0, 100.0), (2, 40.0, 10.0)] {
            results.sample(small, process, "daemon", "work", own);
            results.sample(small, process, "shared", "work", base);
        }
        results.sample(large, 3, "daemon", "work", 4000.0);
        let key = results.keys().find(|key| key.variant == "daemon").expect("a key").clone();
        let ratio = results.ratio(&key, "shared").expect("a ratio");
        assert_eq!((ratio.median, ratio.least, ratio.greatest), (3.0, 2.0, 4.0));
        let growth = results.growth(&key, 100_000).expect("two sizes");
        assert!((growth - 2.0).abs() < 1e-9, "{growth}");
    }
}
