//! The shutdown's timeouts, and how those that are not set follow from those that are.

use std::time::Duration;

use crate::duration::shown;

/// How long a shutdown may take. All are counted from its start, except the grace.
///
/// Always: `lame_duck + grace <= force <= kill`.
///
/// What is not set follows from what is set:
///
/// - upwards, force is lame duck + grace + 2 s, and kill is force + 3 s;
/// - downwards, what is left of kill (or of force) after the lame duck is shared out as 20 : 22 : 25,
///   so a kill of 2 s alone gives a grace of 1.6 s and a force of 1.76 s;
/// - with nothing set, the grace is 20 s and the lame duck 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownTimeouts {
    grace: Duration,
    force: Duration,
    kill: Duration,
    lame_duck: Duration,
}

impl ShutdownTimeouts {
    /// Grace 20 s, force 22 s, kill 25 s, no lame duck.
    pub const DEFAULT: Self = Self {
        grace: Duration::from_secs(20),
        force: Duration::from_secs(22),
        kill: Duration::from_secs(25),
        lame_duck: Duration::ZERO,
    };

    /// How long a subsystem has from its stop request to its abort. Zero: aborted at once.
    #[must_use]
    pub const fn grace(&self) -> Duration {
        self.grace
    }

    /// When whatever still runs is aborted.
    #[must_use]
    pub const fn force(&self) -> Duration {
        self.force
    }

    /// When the process is ended if it has not ended by itself. Never zero.
    #[must_use]
    pub const fn kill(&self) -> Duration {
        self.kill
    }

    /// How long the daemon keeps serving, not ready, before it asks any subsystem to stop.
    #[must_use]
    pub const fn lame_duck(&self) -> Duration {
        self.lame_duck
    }
}

impl Default for ShutdownTimeouts {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The longest that can be set: a deadline is nanoseconds in 64 bits, and half of them are left
/// for the moment it is counted from.
pub(crate) const LONGEST: Duration = Duration::from_nanos(i64::MAX as u64);

/// The timeouts that were set.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) grace: Option<Duration>,
    pub(crate) force: Option<Duration>,
    pub(crate) kill: Option<Duration>,
    pub(crate) lame_duck: Option<Duration>,
}

/// A timeout that does not go with another one: the key's name in `[shutdown]`, and what would do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) key: &'static str,
    pub(crate) expected: String,
}

impl Wanted {
    /// What was set, by the key's name in `[shutdown]`.
    pub(crate) fn set(&self) -> [Option<(&'static str, Duration)>; 4] {
        [
            self.grace.map(|grace| ("timeout_ms", grace)),
            self.force.map(|force| ("force_timeout_ms", force)),
            self.kill.map(|kill| ("kill_timeout_ms", kill)),
            self.lame_duck.map(|lame_duck| ("lame_duck_ms", lame_duck)),
        ]
    }

    /// Every timeout that contradicts another one; only what was set is compared.
    pub(crate) fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let above_grace = self.force.map(|force| ("force_timeout_ms", force));
        let above_force = self.kill.map(|kill| ("kill_timeout_ms", kill));
        let above_grace = above_grace.or(above_force);
        let mut at_most = |key, value: Option<Duration>, limit: Option<(&str, Duration)>| {
            let Some((of, limit)) = limit else {
                return true;
            };
            let fits = value.is_none_or(|value| value <= limit);
            if !fits {
                let expected = format!("expected at most shutdown.{of} ({})", shown(limit));
                conflicts.push(Conflict { key, expected });
            }
            fits
        };
        let ordered = at_most("timeout_ms", self.grace, above_grace)
            & at_most("force_timeout_ms", self.force, above_force)
            & at_most("lame_duck_ms", self.lame_duck, above_grace);
        if ordered
            && let (Some(grace), Some(lame_duck), Some((of, limit))) =
                (self.grace, self.lame_duck, above_grace)
            && lame_duck > limit - grace
        {
            let expected = format!(
                "expected at most {}, what shutdown.timeout_ms ({}) leaves of shutdown.{of} ({})",
                shown(limit - grace),
                shown(grace),
                shown(limit),
            );
            conflicts.push(Conflict { key: "lame_duck_ms", expected });
        }
        conflicts
    }

    /// All four; `None` if one is above [`LONGEST`], kill is zero, or there are
    /// [`conflicts`](Self::conflicts).
    pub(crate) fn resolve(&self) -> Option<ShutdownTimeouts> {
        if let Self { grace: None, force: None, kill: None, lame_duck: None } = self {
            return Some(ShutdownTimeouts::DEFAULT);
        }
        let fits = |set: Option<Duration>| set.is_none_or(|set| set <= LONGEST);
        if !(fits(self.grace) && fits(self.force) && fits(self.kill) && fits(self.lame_duck)) {
            return None;
        }
        let all = self.derive();
        let kept = |set: Option<Duration>, got| set.is_none_or(|set| set == got);
        let sound = all.lame_duck + all.grace <= all.force
            && all.force <= all.kill
            && !all.kill.is_zero()
            && kept(self.force, all.force)
            && kept(self.kill, all.kill);
        sound.then_some(all)
    }

    /// All four, if nothing is above [`LONGEST`]; what contradicts is not noticed.
    fn derive(&self) -> ShutdownTimeouts {
        let lame_duck = self.lame_duck.unwrap_or_default();
        let force = self.force.map(|force| force.saturating_sub(lame_duck));
        let kill = self.kill.map(|kill| kill.saturating_sub(lame_duck));
        let (grace, force) = match (self.grace, force, kill) {
            (Some(grace), Some(force), _) => (grace, force),
            (Some(grace), None, Some(kill)) => {
                let room = kill.saturating_sub(grace);
                (grace, grace + FORCE_AFTER_GRACE.min(room * 2 / 5))
            }
            (Some(grace), None, None) => (grace, grace + FORCE_AFTER_GRACE),
            (None, Some(force), _) => (force * 20 / 22, force),
            (None, None, Some(kill)) => (kill * 20 / 25, kill * 22 / 25),
            (None, None, None) => {
                (ShutdownTimeouts::DEFAULT.grace, ShutdownTimeouts::DEFAULT.force)
            }
        };
        let kill = kill.unwrap_or(force + KILL_AFTER_FORCE);
        ShutdownTimeouts { grace, force: lame_duck + force, kill: lame_duck + kill, lame_duck }
    }
}

const FORCE_AFTER_GRACE: Duration = Duration::from_secs(2);
const KILL_AFTER_FORCE: Duration = Duration::from_secs(3);

#[cfg(test)]
#[path = "timeouts_tests.rs"]
mod tests;
