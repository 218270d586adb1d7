//! Health: when a subsystem is asked how it is, and what becomes of the answers.
//!
//! 1. One question is open for each check. One that is not answered in its time has failed, and every period in
//!    which it is still not answered is a failure more.
//! 2. Questions are asked while it starts (startup) or runs (the others), and nobody stops it.
//! 3. Only a fall of liveness, or a missed heartbeat, stops a subsystem.
//! 4. Another period counts from the last question, or from when it ran: what is overdue by it is asked at once. A
//!    question that is open stays open, and what was answered counts.
//! 5. Switched off, nobody is asked but who starts, and whoever was not ready for its check alone is. Switched on,
//!    whoever runs is asked as if it had begun to, and is ready until its check falls.

use std::time::Duration;

use proc_daemon_runtime::Instant;

use super::{Effect, Engine, Leaving, Met, Note, Out, Phase, State, Timer, Tuning};
use crate::health::{Gauge, Probe, ProbeRules};
use crate::restart::Restart;

/// What is asked of one that runs.
const WHILE_IT_RUNS: [Probe; 2] = [Probe::Readiness, Probe::Liveness];

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    Good,
    /// Good, with a reservation.
    Degraded,
    /// An error, a panic, or no answer in time.
    Bad,
    /// There is nothing to ask.
    Nothing,
}

/// How a subsystem is watched; most are not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    pub(crate) startup: Option<Asking>,
    pub(crate) readiness: Option<Asking>,
    pub(crate) liveness: Option<Asking>,
    /// Most time between two signs of life.
    pub(crate) heartbeat: Option<Duration>,
    /// Its generation has said that it is ready, and the startup check has not.
    pub(super) told: bool,
}

/// One check of one subsystem.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(super) rules: ProbeRules,
    pub(super) gauge: Gauge,
    /// The number of the question that is open, and since when.
    pub(super) open: Option<(u32, Instant)>,
    asked: u32,
    /// This generation is not asked any more: it has answered for good, or has nothing to say.
    pub(super) over: bool,
    /// When it is asked next, and since when it waits for that.
    due: Instant,
    since: Instant,
    /// Its period is the configuration's.
    by_default: bool,
}

impl Asking {
    /// `by_default`: its period is the configuration's.
    pub(crate) fn new(rules: ProbeRules, by_default: bool) -> Self {
        let (gauge, due, since) = (Gauge::default(), Instant::ZERO, Instant::ZERO);
        Self { rules, gauge, open: None, asked: 0, over: false, due, since, by_default }
    }

    fn begin(&mut self) {
        (self.gauge, self.open, self.over) = (Gauge::default(), None, false);
    }

    /// Whether it is asked at the end of the configuration's period. What is due by now is asked in any case.
    fn waits(&self, now: Instant) -> bool {
        self.by_default && self.due > now
    }
}

impl Checks {
    pub(crate) fn new(
        startup: Option<Asking>,
        readiness: Option<Asking>,
        liveness: Option<Asking>,
        heartbeat: Option<Duration>,
    ) -> Self {
        Self { startup, readiness, liveness, heartbeat, told: false }
    }

    /// What it keeps to, and whether its period is the configuration's.
    #[cfg(feature = "sim")]
    pub(crate) fn rules(&self, probe: Probe) -> Option<(ProbeRules, bool)> {
        let asking = match probe {
            Probe::Startup => &self.startup,
            Probe::Readiness => &self.readiness,
            Probe::Liveness => &self.liveness,
        };
        asking.as_ref().map(|asking| (asking.rules, asking.by_default))
    }

    fn of(&mut self, probe: Probe) -> Option<&mut Asking> {
        match probe {
            Probe::Startup => self.startup.as_mut(),
            Probe::Readiness => self.readiness.as_mut(),
            Probe::Liveness => self.liveness.as_mut(),
        }
    }
}

impl Engine {
    /// How `unit` is watched. Before it starts.
    pub(crate) fn watch(&mut self, unit: u32, checks: Checks) {
        self.checks.insert(unit, checks);
    }

    /// How `unit` is watched; none if it is not.
    #[cfg(feature = "sim")]
    pub(crate) fn watched(&self, unit: u32) -> Option<&Checks> {
        self.checks.get(&unit)
    }

    /// A new generation starts: nothing is known of it.
    pub(super) fn begin_checks(&mut self, unit: u32, now: Instant) {
        let Some(checks) = self.checks.get_mut(&unit) else { return };
        checks.told = false;
        for probe in Probe::ALL {
            if let Some(asking) = checks.of(probe) {
                asking.begin();
            }
        }
        self.ask_from(unit, Probe::Startup, now);
    }

    fn ask_from(&mut self, unit: u32, probe: Probe, now: Instant) {
        let generation = self.units[unit as usize].generation;
        let asking = self.checks.get_mut(&unit).and_then(|checks| checks.of(probe));
        if let Some(asking) = asking {
            let at = now + asking.rules.delay;
            (asking.due, asking.since) = (at, now);
            self.timers.set(at, Timer::Check { unit, generation, probe });
        }
    }

    /// It has said that it is ready. Whether that is all there is to its start.
    pub(super) fn may_run(&mut self, unit: u32) -> bool {
        let Some(checks) = self.checks.get_mut(&unit) else { return true };
        checks.told = true;
        checks.startup.as_ref().is_none_or(|asking| asking.over)
    }

    /// It runs: it is asked from now on. Whether others may count on it at once.
    pub(super) fn watch_running(&mut self, unit: u32, now: Instant) -> bool {
        let generation = self.units[unit as usize].generation;
        self.ask_from(unit, Probe::Readiness, now);
        self.ask_from(unit, Probe::Liveness, now);
        let Some(checks) = self.checks.get(&unit) else { return true };
        let readiness = checks.readiness.is_none() || !self.settings.tuning.health_checks;
        if let Some(deadline) = checks.heartbeat {
            self.timers.set(now + deadline, Timer::Beat { unit, generation });
        }
        readiness
    }

    /// Whether a question may be asked now.
    pub(super) fn is_watched(&self, unit: u32, probe: Probe) -> bool {
        let this = &self.units[unit as usize];
        let state = if probe == Probe::Startup { State::Starting } else { State::Running };
        let stays = this.leaving == Leaving::No && !this.asked;
        let wanted = probe == Probe::Startup || self.settings.tuning.health_checks;
        self.phase == Phase::Up && this.state == state && stays && wanted
    }

    /// The next question is due.
    pub(super) fn check_due(&mut self, unit: u32, probe: Probe, now: Instant, out: &mut Out) {
        let generation = self.units[unit as usize].generation;
        let watched = self.is_watched(unit, probe);
        let Some(asking) = self.checks.get_mut(&unit).and_then(|checks| checks.of(probe)) else {
            return;
        };
        if asking.over || !watched || now < asking.due {
            return;
        }
        asking.since = now;
        asking.due = now + asking.rules.every.max(Duration::from_millis(1));
        self.timers.set(asking.due, Timer::Check { unit, generation, probe });
        match asking.open {
            None => {
                asking.asked = asking.asked.wrapping_add(1);
                let number = asking.asked;
                asking.open = Some((number, now));
                out.push_back(Effect::Check { unit, generation, probe, number });
            }
            // It hangs, or holds its thread.
            Some((_, since)) if now.since(since) >= asking.rules.timeout => {
                self.judge(unit, probe, Answer::Bad, now, out);
            }
            Some(_) => {}
        }
    }

    /// An answer. One to a question that is not open is dropped.
    pub(super) fn checked(
        &mut self,
        unit: u32,
        probe: Probe,
        number: u32,
        answer: Answer,
        now: Instant,
        out: &mut Out,
    ) {
        let Some(asking) = self.checks.get_mut(&unit).and_then(|checks| checks.of(probe)) else {
            return;
        };
        if asking.open.is_some_and(|(open, _)| open == number) {
            asking.open = None;
            if self.is_watched(unit, probe) {
                self.judge(unit, probe, answer, now, out);
            }
        }
    }

    fn judge(&mut self, unit: u32, probe: Probe, answer: Answer, now: Instant, out: &mut Out) {
        let Some(asking) = self.checks.get_mut(&unit).and_then(|checks| checks.of(probe)) else {
            return;
        };
        if answer == Answer::Nothing {
            asking.over = true;
            return self.risen(unit, probe, now, out);
        }
        let rules = asking.rules;
        match asking.gauge.note(answer != Answer::Bad, &rules) {
            None => {}
            Some(true) => {
                asking.over = probe == Probe::Startup;
                out.push_back(Effect::Note(Note::Healthy { unit, probe }));
                self.risen(unit, probe, now, out);
            }
            Some(false) => {
                out.push_back(Effect::Note(Note::Unhealthy { unit, probe }));
                self.fallen(unit, probe, now, out);
            }
        }
    }

    fn risen(&mut self, unit: u32, probe: Probe, now: Instant, out: &mut Out) {
        match probe {
            Probe::Startup if self.checks.get(&unit).is_some_and(|checks| checks.told) => {
                self.ready(unit, now, out);
            }
            Probe::Readiness => self.set_met(unit, Met::Up, out),
            Probe::Startup | Probe::Liveness => {}
        }
    }

    fn fallen(&mut self, unit: u32, probe: Probe, now: Instant, out: &mut Out) {
        match probe {
            // The start timeout says how long it may take.
            Probe::Startup => {}
            Probe::Readiness => self.set_met(unit, Met::No, out),
            Probe::Liveness => self.unhealthy(unit, now, out),
        }
    }

    /// It is stopped, to be started again as its policy says. A temporary one stays down, and concerns no group.
    fn unhealthy(&mut self, unit: u32, now: Instant, out: &mut Out) {
        if !self.may_start() {
            return;
        }
        if self.rule(unit).restart == Restart::Never {
            let this = &mut self.units[unit as usize];
            this.leaving = this.leaving.max(Leaving::Unhealthy);
            self.leavers.push(unit);
        } else {
            self.take_along(unit, Leaving::Unhealthy, now, now, out);
        }
    }

    /// The configuration says something else than it `was` of all checks.
    pub(super) fn watch_as(&mut self, was: Tuning, now: Instant, out: &mut Out) {
        let is = self.settings.tuning;
        let switched = is.health_checks != was.health_checks;
        if !switched && is.check_every == was.check_every {
            return;
        }
        let units: Vec<u32> = self.checks.keys().copied().collect();
        units.iter().for_each(|unit| self.ask_every(*unit, is.check_every));
        self.forget_checks(switched, now);
        for unit in units {
            let this = &self.units[unit as usize];
            match (switched, is.health_checks) {
                _ if this.state != State::Running => {}
                (false, false) => {}
                (false, true) => self.wait_again(unit, now),
                (true, true) => self.watch_again(unit, now),
                // Whether it is ready is not asked any more.
                (true, false) if this.leaving == Leaving::No => self.set_met(unit, Met::Up, out),
                (true, false) => {}
            }
        }
    }

    /// Those of `unit` that set no period have this one.
    fn ask_every(&mut self, unit: u32, every: Duration) {
        let Some(checks) = self.checks.get_mut(&unit) else { return };
        for probe in WHILE_IT_RUNS {
            if let Some(asking) = checks.of(probe).filter(|asking| asking.by_default) {
                asking.rules.every = every;
                if probe == Probe::Liveness {
                    asking.rules.delay = every;
                }
            }
        }
    }

    /// Drops the timers that are set anew, or not needed any more: of all that run, or of those that wait for the end
    /// of the configuration's period.
    fn forget_checks(&mut self, all: bool, now: Instant) {
        let Self { timers, checks, .. } = self;
        timers.forget(|timer| match timer {
            Timer::Beat { .. } => all,
            Timer::Check { probe: Probe::Startup, .. } => false,
            Timer::Check { unit, probe, .. } => {
                let asking = checks.get_mut(&unit).and_then(|checks| checks.of(probe));
                all || asking.is_some_and(|asking| asking.waits(now))
            }
            _ => false,
        });
    }

    /// Its period is another one.
    fn wait_again(&mut self, unit: u32, now: Instant) {
        let generation = self.units[unit as usize].generation;
        for probe in WHILE_IT_RUNS {
            let asking = self.checks.get_mut(&unit).and_then(|checks| checks.of(probe));
            if let Some(asking) = asking.filter(|asking| asking.waits(now)) {
                asking.due = (asking.since + asking.rules.every).max(now);
                self.timers.set(asking.due, Timer::Check { unit, generation, probe });
            }
        }
    }

    /// Nothing is known of one that runs.
    fn watch_again(&mut self, unit: u32, now: Instant) {
        for probe in WHILE_IT_RUNS {
            if let Some(asking) = self.checks.get_mut(&unit).and_then(|checks| checks.of(probe)) {
                asking.begin();
            }
        }
        self.watch_running(unit, now);
    }

    /// The moment by which a sign of life was due has come: was there one?
    pub(super) fn beat_due(&self, unit: u32, out: &mut Out) {
        if self.is_watched(unit, Probe::Liveness) {
            let generation = self.units[unit as usize].generation;
            out.push_back(Effect::ReadBeat { unit, generation });
        }
    }

    /// When the last sign of life was; none since it runs.
    pub(super) fn beat(&mut self, unit: u32, at: Instant, now: Instant, out: &mut Out) {
        let generation = self.units[unit as usize].generation;
        let deadline = self.checks.get(&unit).and_then(|checks| checks.heartbeat);
        let Some(deadline) = deadline.filter(|_| self.is_watched(unit, Probe::Liveness)) else {
            return;
        };
        let due = at + deadline;
        if due > now {
            self.timers.set(due, Timer::Beat { unit, generation });
        } else {
            out.push_back(Effect::Note(Note::NoBeat(unit)));
            self.unhealthy(unit, now, out);
        }
    }
}
