use std::error::Error;
use std::sync::Arc;

use proc_daemon_runtime::{AbortHandle, Instant};

use crate::duration::shown;
use crate::event::ProbeKind;
use crate::health::{HealthState, Probe};
use crate::subsystem::{Over, Row, Watch};
use crate::supervisor::engine::Answer;

/// A verdict that subscribers have not been told, and why it is not up.
pub(super) type News = (ProbeKind, HealthState, Option<Arc<str>>);

/// Most characters that are kept of a reason.
const REASON: usize = 200;

/// What is known of the live generation of one subsystem.
pub(super) struct Known {
    pub(super) watch: Box<Watch>,
    pub(super) probes: [Answered; 3],
    /// Of questions that nobody waits for any more, those that have not come to their end: one that blocks its
    /// thread is not asked again on another.
    pub(super) unanswered: [Vec<Over>; 3],
    /// Whether its heartbeat was in time; none before the first.
    pub(super) beats: Option<bool>,
    /// By kind: what the last answer that was not good says, until the verdict is up and the answers are good.
    pub(super) reasons: [Option<Arc<str>>; 4],
    /// What subscribers were told of the checks and the heartbeat.
    told: [Option<HealthState>; 4],
    /// More than its start is watched.
    pub(super) enabled: bool,
    /// Why it is stopped.
    pub(super) blame: Option<Arc<dyn Error + Send + Sync>>,
}

/// What is known of one check.
#[derive(Default)]
pub(super) struct Answered {
    /// The question that is open, and since when.
    pub(super) open: Option<(AbortHandle, Instant)>,
    pub(super) verdict: Option<bool>,
    pub(super) last: Option<Answer>,
    /// The last good answer had a reservation.
    pub(super) degraded: bool,
    /// The last error.
    pub(super) error: Option<Arc<dyn Error + Send + Sync>>,
}

impl Known {
    pub(super) fn new(watch: Box<Watch>, enabled: bool) -> Self {
        let probes = Default::default();
        Self {
            watch,
            probes,
            unanswered: Default::default(),
            beats: None,
            reasons: Default::default(),
            told: [None; 4],
            enabled,
            blame: None,
        }
    }

    /// Another generation: nothing is known of it.
    pub(super) fn forget(&mut self) {
        (self.probes, self.beats, self.told) = Default::default();
        self.reasons = Default::default();
    }

    /// Shows what is known.
    pub(super) fn show(&self, row: &Row) {
        row.set_health(self.health());
        row.set_reason(self.worst().and_then(|kind| self.reasons[kind as usize].clone()));
    }

    pub(super) fn news(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        for kind in ProbeKind::ALL {
            let (is, told) = (self.health_of(kind), &mut self.told[kind as usize]);
            let is = is.filter(|is| *is != HealthState::Unknown);
            if *told != is {
                *told = is;
                let reason = self.reasons[kind as usize].clone();
                news.extend(is.map(|is| (kind, is, reason.filter(|_| is != HealthState::Up))));
            }
        }
        news
    }

    /// Nobody wants to know any more.
    pub(super) fn stop(&mut self) {
        for answered in &mut self.probes {
            if let Some((handle, _)) = answered.open.take() {
                handle.abort();
            }
        }
    }

    /// Of the checks that run with it nothing is known any more.
    pub(super) fn stop_watching(&mut self) {
        for probe in [Probe::Readiness, Probe::Liveness] {
            let answered = std::mem::take(&mut self.probes[probe as usize]);
            if let Some((handle, _)) = answered.open {
                handle.abort();
            }
        }
        self.beats = None;
        for kind in [ProbeKind::Readiness, ProbeKind::Liveness, ProbeKind::Heartbeat] {
            self.reasons[kind as usize] = None;
        }
    }

    pub(super) fn rose(&mut self, probe: Probe) {
        let answered = &mut self.probes[probe as usize];
        answered.verdict = Some(true);
        if !answered.degraded {
            self.reasons[kind(probe) as usize] = None;
        }
    }

    pub(super) fn fell(&mut self, probe: Probe, now: Instant) {
        let within = self.watch.of(probe).map(|check| check.answers_within()).unwrap_or_default();
        let answered = &mut self.probes[probe as usize];
        answered.verdict = Some(false);
        let mut error = answered.error.clone();
        if answered.open.as_ref().is_some_and(|(_, since)| now.since(*since) >= within) {
            let text = format!("no answer within {}: its check holds its thread", shown(within));
            self.reasons[kind(probe) as usize] = Some(short_reason(&text));
            error = Some(Box::<dyn Error + Send + Sync>::from(text).into());
        }
        if probe == Probe::Liveness {
            self.blame = error;
        }
    }

    pub(super) fn missed(&mut self) {
        self.beats = Some(false);
        let deadline = self.watch.heartbeat.unwrap_or_default();
        let text = format!("no sign of life within {}", shown(deadline));
        self.reasons[ProbeKind::Heartbeat as usize] = Some(short_reason(&text));
        self.blame = Some(Box::<dyn Error + Send + Sync>::from(text).into());
    }

    /// The worst of what is known; none if there is nothing to know.
    pub(super) fn health(&self) -> Option<HealthState> {
        self.health_of(self.worst()?)
    }

    /// The check that is worst; of several, one that says why.
    fn worst(&self) -> Option<ProbeKind> {
        let rank = |kind: &ProbeKind| {
            let state = match self.health_of(*kind) {
                Some(HealthState::Down) => 4,
                Some(HealthState::Unknown) => 3,
                Some(HealthState::Degraded) => 2,
                Some(HealthState::Up) => 1,
                None => 0,
            };
            (state, self.reasons[*kind as usize].is_some())
        };
        ProbeKind::ALL.into_iter().filter(|kind| rank(kind).0 > 0).max_by_key(rank)
    }

    fn health_of(&self, kind: ProbeKind) -> Option<HealthState> {
        if !self.enabled && kind != ProbeKind::Startup {
            return None;
        }
        let probe = match kind {
            ProbeKind::Startup => Probe::Startup,
            ProbeKind::Readiness => Probe::Readiness,
            ProbeKind::Liveness => Probe::Liveness,
            ProbeKind::Heartbeat => {
                return self.watch.heartbeat.map(|_| match self.beats {
                    None => HealthState::Unknown,
                    Some(true) => HealthState::Up,
                    Some(false) => HealthState::Down,
                });
            }
        };
        self.watch.of(probe)?;
        self.probes[probe as usize].health()
    }
}

impl Answered {
    pub(super) fn health(&self) -> Option<HealthState> {
        match self.verdict {
            _ if self.last == Some(Answer::Nothing) => None,
            None => Some(HealthState::Unknown),
            Some(false) => Some(HealthState::Down),
            Some(true) if self.degraded => Some(HealthState::Degraded),
            Some(true) => Some(HealthState::Up),
        }
    }
}

pub(super) fn kind(probe: Probe) -> ProbeKind {
    match probe {
        Probe::Startup => ProbeKind::Startup,
        Probe::Readiness => ProbeKind::Readiness,
        Probe::Liveness => ProbeKind::Liveness,
    }
}

/// The first characters of a text, on one line.
pub(super) fn short_reason(text: &str) -> Arc<str> {
    let line = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(REASON).map(line).collect();
    if text.chars().nth(REASON).is_some() {
        short.pop();
        short.push('…');
    }
    short.into()
}
