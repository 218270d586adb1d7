use std::time::Duration;

use crate::duration::shown;

/// How long before the next start of a subsystem that ended.
///
/// The n-th delay in a row is `base * factor^n`, at most `cap`, and then moved by up to `jitter` of itself either
/// way (also at most `cap`), so that many subsystems that failed together do not come back together. All sums
/// saturate. Once a start has run for `reset_after` without a break, the next delay is the first one again; ending
/// and starting alone does not reset it.
///
/// The default: 100 ms, doubling, at most 30 s, jitter 20 %, reset after 60 s.
///
/// ```
/// use std::time::Duration;
/// use proc_daemon::{Backoff, RestartPolicy};
///
/// let backoff = Backoff::exponential(Duration::from_millis(50), Duration::from_secs(1)).jitter(0.0);
/// let schedule = RestartPolicy::on_failure().backoff(backoff).schedule(6);
/// assert_eq!(schedule.iter().map(Duration::as_millis).collect::<Vec<_>>(), [50, 100, 200, 400, 800, 1000]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Backoff {
    base: Duration,
    factor: f64,
    cap: Duration,
    jitter: f64,
    reset_after: Duration,
}

/// 2^-32: a draw of 32 bits as a fraction.
const FRACTION: f64 = 1.0 / 4_294_967_296.0;

impl Backoff {
    /// 100 ms, doubling, at most 30 s, jitter 20 %, reset after 60 s.
    pub const DEFAULT: Self =
        Self::exponential(Duration::from_millis(100), Duration::from_secs(30));

    /// From `base` on, doubling up to `cap`.
    pub const fn exponential(base: Duration, cap: Duration) -> Self {
        Self { base, factor: 2.0, cap, jitter: 0.2, reset_after: Duration::from_secs(60) }
    }

    /// Always `delay`, jitter 20 %.
    pub const fn constant(delay: Duration) -> Self {
        Self { factor: 1.0, ..Self::exponential(delay, delay) }
    }

    /// No delay. Only the intensity holds up a subsystem that ends at once, again and again.
    pub const fn none() -> Self {
        Self { jitter: 0.0, ..Self::constant(Duration::ZERO) }
    }

    /// Sets by how much the delay grows each time; at least 1.
    pub const fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Sets by what part of itself a delay may be moved either way: 0 to 1.
    pub const fn jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets how long a start must run for the next delay to be the first one again.
    pub const fn reset_after(mut self, time: Duration) -> Self {
        self.reset_after = time;
        self
    }

    pub(crate) const fn resets_after(&self) -> Duration {
        self.reset_after
    }

    /// Base, factor, cap and jitter, for whoever comes to the delays in another way.
    #[cfg(feature = "sim")]
    pub(crate) const fn parts(&self) -> (Duration, f64, Duration, f64) {
        (self.base, self.factor, self.cap, self.jitter)
    }

    /// The delay after `before` others in a row, without jitter.
    ///
    /// Multiplied out, by squaring: at most 64 multiplications, and every machine and every compiler comes to the same
    /// number.
    pub(crate) fn nominal(&self, before: u32) -> Duration {
        let cap = self.cap.as_nanos() as f64;
        let mut nanos = self.base.as_nanos() as f64;
        let (mut left, mut power) = (before, self.factor);
        // What is zero stays so, also times infinity.
        while left > 0 && nanos < cap && nanos != 0.0 {
            if left & 1 == 1 {
                nanos *= power;
            }
            left >>= 1;
            power *= power;
        }
        from_nanos(nanos.min(cap))
    }

    /// The delay after `before` others in a row; `draw` moves it.
    pub(crate) fn delay(&self, before: u32, draw: u32) -> Duration {
        let nominal = self.nominal(before);
        if self.jitter == 0.0 {
            return nominal;
        }
        let part = f64::from(draw) * FRACTION * 2.0 - 1.0;
        let nanos = nominal.as_nanos() as f64 * (1.0 + self.jitter * part);
        from_nanos(nanos).min(self.cap)
    }

    /// The shortest delay after `before` others in a row.
    pub(crate) fn shortest(&self, before: u32) -> Duration {
        self.delay(before, 0)
    }

    /// What is wrong with it, in words, with the numbers.
    pub(crate) fn issues(&self) -> Vec<String> {
        let Self { base, factor, cap, jitter, .. } = *self;
        let mut issues = Vec::new();
        if cap < base {
            let (cap, base) = (shown(cap), shown(base));
            issues.push(format!("the backoff's cap ({cap}) is below its base ({base})"));
        }
        if !(0.0..=1.0).contains(&jitter) {
            issues.push(format!("a backoff's jitter is a part from 0 to 1, not {jitter}"));
        }
        if !(factor >= 1.0 && factor.is_finite()) {
            issues.push(format!("a backoff's factor is a number from 1, not {factor}"));
        }
        issues
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as saturates")]
fn from_nanos(nanos: f64) -> Duration {
    Duration::from_nanos(nanos as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn delays_grow_up_to_the_cap_and_saturate() {
        let backoff = Backoff::exponential(100 * MS, 30_000 * MS);
        let delays: Vec<u128> = (0..11).map(|n| backoff.nominal(n).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
        assert_eq!(backoff.nominal(u32::MAX), 30_000 * MS);
        assert_eq!(Backoff::none().delay(u32::MAX, u32::MAX), Duration::ZERO);
        assert_eq!(Backoff::constant(70 * MS).nominal(u32::MAX), 70 * MS);
        let huge = Backoff::exponential(Duration::MAX, Duration::MAX).factor(1e300);
        assert!(huge.delay(u32::MAX, u32::MAX) > Duration::from_secs(500 * 365 * 24 * 3600));
    }

    /// One factor after the other.
    fn multiplied_out(backoff: &Backoff, before: u32) -> Duration {
        let cap = backoff.cap.as_nanos() as f64;
        let mut nanos = backoff.base.as_nanos() as f64;
        for _ in 0..before {
            if nanos == 0.0 || nanos >= cap {
                break;
            }
            nanos *= backoff.factor;
        }
        from_nanos(cap.min(nanos))
    }

    #[test]
    fn a_power_is_what_its_factors_make() {
        let caps = [MS, 30_000 * MS, Duration::from_secs(3600 * 24 * 365)];
        let bases = [0, 1, 3, 1_000_000, 100_000_000].map(Duration::from_nanos);
        let factors = [1.0, 1.000_001, 1.1, 1.5, 2.0, 3.7, 4.0, 1e9, 1e300];
        let numbers = (0..70).chain([100, 1000, 4095, 4096, 100_000]);
        for before in numbers {
            for (cap, base) in caps.iter().flat_map(|cap| bases.map(|base| (*cap, base))) {
                for factor in factors {
                    let backoff = Backoff::exponential(base.min(cap), cap).factor(factor);
                    let (is, wanted) = (backoff.nominal(before), multiplied_out(&backoff, before));
                    // A power of two is exact; else each product may be rounded, by less than 2^-53 of itself.
                    let off = wanted.as_nanos() as f64 * f64::from(before) * 2.0f64.powi(-52);
                    let off = if factor.log2().fract() == 0.0 { 0 } else { off as u128 + 1 };
                    assert!(
                        is.as_nanos().abs_diff(wanted.as_nanos()) <= off,
                        "{base:?} * {factor}^{before} up to {cap:?}: {is:?}, not {wanted:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn jitter_moves_a_delay_by_its_part_and_never_beyond_the_cap() {
        let backoff = Backoff::exponential(100 * MS, 150 * MS).jitter(0.2);
        assert_eq!(backoff.delay(0, 0), 80 * MS);
        assert_eq!(backoff.delay(0, 1 << 31), 100 * MS);
        assert!(backoff.delay(0, u32::MAX) > 119 * MS && backoff.delay(0, u32::MAX) <= 120 * MS);
        assert_eq!(backoff.delay(5, u32::MAX), 150 * MS);
        assert_eq!(backoff.shortest(5), 120 * MS);
    }

    #[test]
    fn nonsense_is_told_with_its_numbers() {
        let said = |backoff: Backoff| backoff.issues().join("; ");
        assert_eq!(said(Backoff::DEFAULT), "");
        assert!(
            said(Backoff::exponential(2 * MS, MS)).contains("cap (1ms) is below its base (2ms)")
        );
        for jitter in [-0.1, 1.1, f64::NAN] {
            assert!(said(Backoff::DEFAULT.jitter(jitter)).contains("from 0 to 1"), "{jitter}");
        }
        for factor in [0.9, 0.0, f64::NAN, f64::INFINITY] {
            assert!(said(Backoff::DEFAULT.factor(factor)).contains("a number from 1"), "{factor}");
        }
    }
}
