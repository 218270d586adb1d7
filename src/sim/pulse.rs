//! What is known of a subsystem that is watched: from the answers that were seen, without a look into the engine.

use std::time::Duration;

use proc_daemon_runtime::Instant;

use crate::health::{Probe, ProbeRules};
use crate::supervisor::engine::{Answer, Checks, Tuning};

/// The checks of one subsystem, and what its live generation has answered.
#[derive(Default)]
pub(super) struct Pulse {
    probes: [Option<Series>; 3],
    heartbeat: Option<Duration>,
    /// More than the start is watched.
    whole: bool,
    /// Its generation has said that it is ready.
    pub(super) told: bool,
}

/// The answers to one check.
struct Series {
    rules: ProbeRules,
    /// Its period is the configuration's.
    by_default: bool,
    open: Option<(u32, Instant)>,
    /// When it is asked, or judged, next.
    due: Option<Instant>,
    /// When that was decided. What a step decides is heeded from the next one on.
    set: Instant,
    /// When it was asked, or judged, last; before that, since when it waits for it.
    since: Instant,
    /// Of what is due at one moment, what was decided first comes first.
    rank: u64,
    /// The last answer, and how many like it there were in a row.
    row: (bool, u32),
    verdict: Option<bool>,
    over: bool,
}

/// What an answer, or its absence, has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Rose,
    Fell,
}

impl Pulse {
    /// Under the configuration that says this of checks.
    pub(super) fn new(checks: Option<&Checks>, tuning: &Tuning) -> Self {
        let Some(checks) = checks else { return Self::default() };
        let series = |probe| {
            let (rules, by_default) = checks.rules(probe)?;
            let mut series = Series {
                rules,
                by_default,
                open: None,
                due: None,
                set: Instant::ZERO,
                since: Instant::ZERO,
                rank: 0,
                row: (false, 0),
                verdict: None,
                over: false,
            };
            series.ask_every(probe, tuning.check_every);
            Some(series)
        };
        let (probes, heartbeat) = (Probe::ALL.map(series), checks.heartbeat);
        Self { probes, heartbeat, whole: tuning.health_checks, told: false }
    }

    fn of(&mut self, probe: Probe) -> Option<&mut Series> {
        self.probes[probe as usize].as_mut()
    }

    /// Whether there is such a check, asked or not.
    pub(super) const fn has(&self, probe: Probe) -> bool {
        self.probes[probe as usize].is_some()
    }

    /// Whether the configuration has such a check asked.
    pub(super) fn is_wanted(&self, probe: Probe) -> bool {
        self.whole || probe == Probe::Startup
    }

    /// Whether it is ready only when a check has said so.
    pub(super) fn judges_readiness(&self) -> bool {
        self.whole && self.has(Probe::Readiness)
    }

    /// Most time between two signs of life, if they are looked for.
    pub(super) fn heartbeat(&self) -> Option<Duration> {
        self.heartbeat.filter(|_| self.whole)
    }

    /// Whether a question is open.
    pub(super) fn is_open(&self) -> bool {
        self.probes.iter().flatten().any(|series| series.open.is_some())
    }

    /// Whether a check that is not due is, if the period is this one.
    pub(super) fn is_overdue(&self, every: Duration, now: Instant) -> bool {
        self.probes.iter().flatten().any(|series| {
            let waits = series.by_default && series.due.is_some_and(|due| due > now);
            waits && series.since + every <= now
        })
    }

    /// Another configuration is in force, while it `runs` or not.
    pub(super) fn tune(&mut self, tuning: &Tuning, runs: bool, ranks: [u64; 2], now: Instant) {
        let switched = self.whole != tuning.health_checks;
        self.whole = tuning.health_checks;
        for (probe, rank) in [Probe::Readiness, Probe::Liveness].into_iter().zip(ranks) {
            let Some(series) = self.of(probe) else { continue };
            let other = series.ask_every(probe, tuning.check_every);
            if switched {
                series.forget();
            } else if other && runs && series.due.is_some_and(|due| due > now) {
                let due = (series.since + series.rules.every).max(now);
                (series.due, series.set, series.rank) = (Some(due), now, rank);
            }
            if switched && tuning.health_checks && runs {
                self.ask_from(probe, rank, now);
            }
        }
    }

    /// A new generation is to start.
    pub(super) fn begin(&mut self, rank: u64, now: Instant) {
        self.told = false;
        self.probes.iter_mut().flatten().for_each(Series::forget);
        self.ask_from(Probe::Startup, rank, now);
    }

    /// It is asked from now on.
    pub(super) fn ask_from(&mut self, probe: Probe, rank: u64, now: Instant) {
        if let Some(series) = self.of(probe) {
            series.due = Some(now + series.rules.delay);
            (series.set, series.since, series.rank) = (now, now, rank);
        }
    }

    /// Whether the startup check has yet to say so.
    pub(super) fn starts(&self) -> bool {
        self.probes[Probe::Startup as usize].as_ref().is_some_and(|series| !series.over)
    }

    /// A question is asked. Whether that is its time, and no other is open.
    pub(super) fn asked(&mut self, probe: Probe, number: u32, now: Instant) -> bool {
        let Some(series) = self.of(probe) else { return false };
        let due = series.due.is_some_and(|due| due <= now);
        let fits = due && series.open.is_none() && !series.over;
        (series.open, series.set, series.since) = (Some((number, now)), now, now);
        series.due = Some(now + series.rules.every);
        fits
    }

    /// When a check is due, if it is by now, and its rank.
    pub(super) fn due(&self, probe: Probe, now: Instant) -> Option<(Instant, u64)> {
        let series = self.probes[probe as usize].as_ref()?;
        let due = series.due.filter(|due| !series.over && *due <= now)?;
        Some((due, series.rank))
    }

    /// Whether a question was to be asked by now.
    pub(super) fn overlooked(&self, probe: Probe, now: Instant) -> bool {
        let series = self.probes[probe as usize].as_ref();
        series.is_some_and(|series| {
            !series.over && series.set < now && series.due.is_some_and(|due| due <= now)
        })
    }

    /// A question is answered, while the subsystem is watched or not.
    pub(super) fn answered(
        &mut self,
        probe: Probe,
        number: u32,
        answer: Answer,
        watched: bool,
    ) -> Option<Change> {
        let series = self.of(probe)?;
        if series.open.is_none_or(|(open, _)| open != number) {
            return None;
        }
        series.open = None;
        if !watched {
            return None;
        }
        if answer == Answer::Nothing {
            series.over = true;
            return Some(Change::Rose);
        }
        let change = series.note(answer != Answer::Bad);
        series.over |= probe == Probe::Startup && change == Some(Change::Rose);
        change
    }

    /// A check is due: if a question is open for too long, that is a bad answer each period.
    pub(super) fn passed(&mut self, probe: Probe, rank: u64, now: Instant) -> Option<Change> {
        let series = self.of(probe)?;
        series.rank = rank;
        let (_, since) = series.open?;
        (series.due, series.set, series.since) = (Some(now + series.rules.every), now, now);
        let late = now.since(since) >= series.rules.timeout;
        if late { series.note(false) } else { None }
    }
}

impl Series {
    /// Nothing is known, and nobody is asked.
    fn forget(&mut self) {
        (self.open, self.due, self.row) = (None, None, (false, 0));
        (self.verdict, self.over) = (None, false);
    }

    /// The configuration's period, if it sets none. Whether that is another one.
    fn ask_every(&mut self, probe: Probe, every: Duration) -> bool {
        let other = self.by_default && self.rules.every != every;
        if other {
            self.rules.every = every;
            if probe == Probe::Liveness {
                self.rules.delay = every;
            }
        }
        other
    }

    fn note(&mut self, good: bool) -> Option<Change> {
        self.row = match self.row {
            (last, times) if last == good => (good, times.saturating_add(1)),
            _ => (good, 1),
        };
        let (enough, change) =
            if good { (self.rules.rise, Change::Rose) } else { (self.rules.fall, Change::Fell) };
        let reached = self.row.1 >= enough && self.verdict != Some(good);
        if reached {
            self.verdict = Some(good);
        }
        reached.then_some(change)
    }
}
