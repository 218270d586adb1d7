use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::duration::{millis, short, shown};
use crate::end::End;

/// Whether a subsystem that ended is started again, after how long, and how often before the supervisor gives up.
///
/// The default, [`on_failure`](Self::on_failure), starts again after an error, a panic, a start that took too long
/// or a failed liveness check, with [`Backoff::DEFAULT`], and gives up at the sixth failure within 60 s (as OTP's
/// supervisors do: strictly more than the intensity), or at the sixth start in a row that is never ready.
///
/// Setters never fail: what is wrong is an issue of `build`, with the numbers.
#[derive(Clone)]
#[must_use]
pub struct RestartPolicy {
    restart: Restart,
    backoff: Backoff,
    intensity: Option<Intensity>,
    unless: Option<Unless>,
}

/// Whether.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    Never,
    OnFailure,
    Always,
}

/// How many failures within a window are put up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intensity {
    pub(crate) failures: u32,
    pub(crate) window: Duration,
}

/// Whether an end is final.
pub(crate) type Unless = Arc<dyn Fn(&End) -> bool + Send + Sync>;

impl Intensity {
    /// 5 failures in 60 s.
    pub(crate) const DEFAULT: Self = Self { failures: 5, window: Duration::from_secs(60) };
}

/// # Whether
impl RestartPolicy {
    const fn new(restart: Restart) -> Self {
        Self {
            restart,
            backoff: Backoff::DEFAULT,
            intensity: Some(Intensity::DEFAULT),
            unless: None,
        }
    }

    /// Never: the first failure is final. OTP calls it temporary.
    pub const fn never() -> Self {
        Self::new(Restart::Never)
    }

    /// After a failure, not after a clean end. The default; OTP calls it transient.
    pub const fn on_failure() -> Self {
        Self::new(Restart::OnFailure)
    }

    /// After every end. Clean ends count in the intensity as well, as in OTP, which calls it permanent.
    pub const fn always() -> Self {
        Self::new(Restart::Always)
    }

    /// A failure for which this says true is final: `|end| end.find::<AuthError>().is_some()`. Called once for
    /// each failure. A panic in it counts as false.
    pub fn unless(mut self, is_final: impl Fn(&End) -> bool + Send + Sync + 'static) -> Self {
        self.unless = Some(Arc::new(is_final));
        self
    }
}

/// # How long, how often
impl RestartPolicy {
    /// Sets how long before the next start.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Gives up at more than `failures` within `window`, and at more than `failures` starts in a row that were never
    /// ready, however long each of them took: a start that times out after 30 s would never fill a window of 60 s.
    pub const fn intensity(mut self, failures: u32, window: Duration) -> Self {
        self.intensity = Some(Intensity { failures, window });
        self
    }

    /// Never gives up.
    pub const fn unlimited(mut self) -> Self {
        self.intensity = None;
        self
    }

    /// The first `n` delays of a subsystem that fails at once, again and again, without jitter; none for a policy
    /// that never starts again. It may give up before the last of them. At most
    /// [`SCHEDULE_MAX`](Self::SCHEDULE_MAX) delays are given.
    #[must_use]
    pub fn schedule(&self, n: usize) -> Vec<Duration> {
        let n = u32::try_from(n).unwrap_or(u32::MAX).min(Self::SCHEDULE_MAX);
        match self.restart {
            Restart::Never => Vec::new(),
            _ => (0..n).map(|before| self.backoff.nominal(before)).collect(),
        }
    }

    /// The most delays that [`schedule`](Self::schedule) gives: a megabyte of them.
    pub const SCHEDULE_MAX: u32 = 65_536;
}

impl RestartPolicy {
    pub(crate) const fn restart(&self) -> Restart {
        self.restart
    }

    pub(crate) const fn backs_off(&self) -> Backoff {
        self.backoff
    }

    pub(crate) const fn limit(&self) -> Option<Intensity> {
        self.intensity
    }

    pub(crate) const fn exception(&self) -> Option<&Unless> {
        self.unless.as_ref()
    }

    /// What is wrong with it, in words, with the numbers.
    pub(crate) fn issues(&self) -> Vec<String> {
        let mut issues = self.backoff.issues();
        let Some(Intensity { failures, window }) = self.intensity else { return issues };
        if window.is_zero() {
            issues.push(format!(
                "the intensity's window is 0s: no failure would ever count, but for starts in a row that are never \
                 ready, of which it allows {failures}; use a longer window, or `unlimited()`"
            ));
        } else if self.restart != Restart::Never
            && issues.is_empty()
            && let Some(takes) = self.takes_at_least(failures).filter(|takes| *takes >= window)
        {
            // Cut short it would seem to be within the window.
            let cut = Duration::from_millis(millis(takes)) < window;
            let takes = if cut { shown(takes) } else { short(takes) };
            let (window, times) = (shown(window), failures.saturating_add(1));
            issues.push(format!(
                "the intensity can be reached only by {times} starts in a row that are never ready: {times} failures take \
                 {takes} with this backoff, and the window is {window}; use a longer window, a lower cap, or \
                 `unlimited()`"
            ));
        }
        issues
    }

    /// The shortest time in which the supervisor can come to give up: the delays between that many failures, which grow,
    /// or begin again after each run that is long enough.
    fn takes_at_least(&self, failures: u32) -> Option<Duration> {
        let each = self.backoff.resets_after().saturating_add(self.backoff.shortest(0));
        Some(self.grown(failures)?.min(each.saturating_mul(failures)))
    }

    fn grown(&self, failures: u32) -> Option<Duration> {
        const LOOK: u32 = 10_000;
        let mut sum = Duration::ZERO;
        for before in 0..failures.min(LOOK) {
            sum = sum.saturating_add(self.backoff.shortest(before));
        }
        let rest = failures.saturating_sub(LOOK);
        Some(sum.saturating_add(self.backoff.shortest(LOOK).saturating_mul(rest)))
    }
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self::on_failure()
    }
}

impl fmt::Debug for RestartPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestartPolicy")
            .field("restart", &self.restart)
            .field("backoff", &self.backoff)
            .field("intensity", &self.intensity)
            .field("unless", &self.unless.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn said(policy: &RestartPolicy) -> String {
        policy.issues().join("; ")
    }

    #[test]
    fn what_is_set_is_what_the_supervisor_gets() {
        let policy = RestartPolicy::on_failure().intensity(3, SECOND).unless(|_| true);
        assert_eq!(policy.limit(), Some(Intensity { failures: 3, window: SECOND }));
        assert!(policy.exception().is_some() && RestartPolicy::default().exception().is_none());
        assert_eq!(policy.clone().unlimited().limit(), None);
        let text = format!("{policy:?}");
        assert!(text.contains("OnFailure") && text.contains("failures: 3"), "{text}");
    }

    #[test]
    fn defaults_are_reachable() {
        for policy in [RestartPolicy::never(), RestartPolicy::on_failure(), RestartPolicy::always()]
        {
            assert_eq!(said(&policy), "");
        }
    }

    #[test]
    fn a_limit_that_the_backoff_makes_unreachable_is_told_with_the_numbers() {
        let slow = RestartPolicy::on_failure().backoff(Backoff::constant(20 * SECOND).jitter(0.0));
        let text = said(&slow);
        assert!(
            text.contains("6 failures take 1m 40s") && text.contains("window is 1m;"),
            "{text}"
        );
        assert!(text.contains("only by 6 starts in a row that are never ready:"), "{text}");
        assert_eq!(said(&slow.clone().unlimited()), "");
        assert_eq!(said(&slow.clone().intensity(5, 101 * SECOND)), "");
        assert!(!said(&slow.clone().intensity(5, 100 * SECOND)).is_empty());
        for policy in [slow, RestartPolicy::never()] {
            let text = said(&policy.intensity(7, Duration::ZERO));
            assert!(text.contains("window is 0s: no failure would ever count"), "{text}");
            assert!(text.contains("never ready, of which it allows 7;"), "{text}");
        }
        let none = RestartPolicy::always().backoff(Backoff::none()).intensity(u32::MAX, SECOND);
        assert_eq!(said(&none), "");
        assert_eq!(
            said(&RestartPolicy::on_failure().intensity(0, SECOND)),
            "",
            "the first failure is one over"
        );
    }

    #[test]
    fn the_schedule_is_that_of_the_backoff() {
        let schedule = RestartPolicy::on_failure().schedule(3);
        assert_eq!(schedule.iter().map(Duration::as_millis).collect::<Vec<_>>(), [100, 200, 400]);
        assert!(RestartPolicy::never().schedule(3).is_empty());
    }

    #[test]
    fn a_schedule_is_as_long_as_asked_up_to_its_limit() {
        let policy = RestartPolicy::on_failure();
        let most = RestartPolicy::SCHEDULE_MAX as usize;
        for (asked, given) in
            [(0, 0), (1000, 1000), (most, most), (most + 1, most), (usize::MAX, most)]
        {
            assert_eq!(policy.schedule(asked).len(), given);
        }
        assert!(RestartPolicy::never().schedule(usize::MAX).is_empty());
    }
}
