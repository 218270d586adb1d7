//! What is known of a subsystem that is watched: from the answers that were seen, without a look into the engine.

use std::time::Duration;

use proc_daemon_runtime::Instant;

use crate::health::{Probe, ProbeRules};
use crate::supervisor::engine::{Answer, Checks};

/// The checks of one subsystem, and what its live generation has answered.
#[derive(Default)]
pub(super) struct Pulse {
    probes: [Option<Series>; 3],
    pub(super) heartbeat: Option<Duration>,
    /// Its generation has said that it is ready.
    pub(super) told: bool,
}

/// The answers to one check.
struct Series {
    rules: ProbeRules,
    open: Option<(u32, Instant)>,
    /// When it is asked, or judged, next.
    due: Option<Instant>,
    /// When that was decided. What a step decides is heeded from the next one on.
    set: Instant,
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
    /// `whole`: more than the start is watched.
    pub(super) fn new(checks: Option<&Checks>, whole: bool) -> Self {
        let Some(checks) = checks else { return Self::default() };
        let series = |probe| {
            let rules = checks.rules(probe).filter(|_| whole || probe == Probe::Startup)?;
            Some(Series {
                rules,
                open: None,
                due: None,
                set: Instant::ZERO,
                rank: 0,
                row: (false, 0),
                verdict: None,
                over: false,
            })
        };
        let probes = Probe::ALL.map(series);
        Self { probes, heartbeat: checks.heartbeat.filter(|_| whole), told: false }
    }

    fn of(&mut self, probe: Probe) -> Option<&mut Series> {
        self.probes[probe as usize].as_mut()
    }

    pub(super) const fn has(&self, probe: Probe) -> bool {
        self.probes[probe as usize].is_some()
    }

    /// A new generation is to start.
    pub(super) fn begin(&mut self, rank: u64, now: Instant) {
        self.told = false;
        for series in self.probes.iter_mut().flatten() {
            (series.open, series.due, series.row) = (None, None, (false, 0));
            (series.verdict, series.over) = (None, false);
        }
        self.ask_from(Probe::Startup, rank, now);
    }

    /// It is asked from now on.
    pub(super) fn ask_from(&mut self, probe: Probe, rank: u64, now: Instant) {
        if let Some(series) = self.of(probe) {
            series.due = Some(now + series.rules.delay);
            (series.set, series.rank) = (now, rank);
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
        (series.open, series.set) = (Some((number, now)), now);
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
        (series.due, series.set) = (Some(now + series.rules.every), now);
        let late = now.since(since) >= series.rules.timeout;
        if late { series.note(false) } else { None }
    }
}

impl Series {
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
