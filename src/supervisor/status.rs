use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::Instant;
use serde_json::{Value, json};

use crate::duration::{millis, short};
use crate::end::{End, one_line};
use crate::health::HealthState;
use crate::id::SubsystemId;
use crate::state::SubsystemState;
use crate::subsystem::{Board, Row};

/// The state of one subsystem, as of the moment [`at`](Self::at). Prints as one line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubsystemStatus {
    /// Its number.
    pub id: SubsystemId,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: SubsystemState,
    /// Whether those that depend on it may count on it: it runs, its readiness check is up if it has one, and nobody
    /// stops it; or it has completed. False from the daemon's shutdown on.
    pub ready: bool,
    /// While it is waiting: the names of what it depends on that is not ready.
    pub waits_for: Vec<String>,
    /// Which start of it this is; 0 before the first.
    pub generation: u64,
    /// How often it was started again.
    pub restarts: u64,
    /// How its last generation that is over has ended.
    pub last_end: Option<End>,
    /// When it is started again, while it is in backoff. If the restarts of the daemon are
    /// [limited](crate::DaemonBuilder::restarts_per_second) and it waits for its turn: when that comes if all those
    /// before it are started. See [`restart_in`](Self::restart_in).
    pub restart_at: Option<Instant>,
    /// How it is; none if nothing watches it. Of the start that is alive: unknown before the first and between two.
    pub health: Option<HealthState>,
    /// What its worst check said last that was not good, or that its heartbeat was missed: the first 200 characters,
    /// on one line. There before the health is down, if the check has failed fewer times than its `fall` says; gone
    /// when the check is good again.
    pub reason: Option<Arc<str>>,
    /// Since when it is in that state, by the runtime's clock; see [`state_for`](Self::state_for).
    pub since: Instant,
    /// When this was read, by the runtime's clock; see [`Daemon::now`](crate::Daemon::now).
    pub at: Instant,
}

impl SubsystemStatus {
    /// For how long it has been in its state.
    #[must_use]
    pub fn state_for(&self) -> Duration {
        self.at.since(self.since)
    }

    /// In how long it is started again, while it is in backoff; zero if that is due.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use proc_daemon::sim::Sim;
    /// use proc_daemon::{Backoff, Daemon, RestartPolicy, SubsystemState, task};
    ///
    /// let backoff = Backoff::constant(Duration::from_secs(3)).jitter(0.0);
    /// let spec = task("uplink", |_| async { Err("no line".into()) })
    ///     .restart_policy(RestartPolicy::on_failure().backoff(backoff).unlimited());
    /// let sim = Sim::new(7).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
    /// let life = sim.daemon(Daemon::new().with_subsystem(spec)).script(|stage| async move {
    ///     stage.until("uplink", SubsystemState::Backoff).await;
    ///     stage.advance(Duration::from_secs(1)).await;
    ///     let uplink = stage.daemon().subsystems().status("uplink").expect("it is there");
    ///     assert_eq!(uplink.state_for(), Duration::from_secs(1));
    ///     assert_eq!(uplink.restart_in(), Some(Duration::from_secs(2)));
    ///     let text = "uplink: backoff for 1s, again in 2s, start 1, last end: error after 0s: no line";
    ///     assert_eq!(uplink.to_string(), text);
    /// });
    /// assert!(life.report().is_clean());
    /// ```
    #[must_use]
    pub fn restart_in(&self) -> Option<Duration> {
        Some(self.restart_at?.since(self.at))
    }

    /// None if it was removed.
    pub(crate) fn read(board: &Board, unit: u32) -> Option<Self> {
        let row = board.get(unit).filter(|row| row.state() != SubsystemState::Removed)?;
        Some(Self::of(board, unit, &row, board.now()))
    }

    /// All that have not been removed.
    pub(crate) fn all(board: &Board) -> Vec<Self> {
        let at = board.now();
        let there = board.rows().filter(|(_, row)| row.state() != SubsystemState::Removed);
        there.map(|(unit, row)| Self::of(board, unit, &row, at)).collect()
    }

    fn of(board: &Board, unit: u32, row: &Row, at: Instant) -> Self {
        // What it waits for may be removed meanwhile, and it before that.
        let waits_for = board.waits_for(unit).into_iter().filter_map(|on| board.get(on));
        Self {
            id: SubsystemId::new(unit),
            name: row.name.to_string(),
            state: row.state(),
            ready: board.counts_on(unit),
            waits_for: waits_for.map(|row| row.name.to_string()).collect(),
            generation: u64::from(row.generation()),
            restarts: u64::from(row.generation().saturating_sub(1)),
            last_end: row.last_end(),
            restart_at: row.due(),
            health: row.health(),
            reason: row.reason(),
            since: row.since(),
            at: at.max(row.since()),
        }
    }

    /// What it says after the name.
    fn rest(&self) -> String {
        let mut text = format!("{} for {}", self.state, short(self.state_for()));
        let mut add = |part: String| {
            text.push_str(", ");
            text.push_str(&part);
        };
        if self.state == SubsystemState::Running && !self.ready {
            add("not ready".to_owned());
        }
        if !self.waits_for.is_empty() {
            add(format!("waits for {}", self.waits_for.join(" and ")));
        }
        if let Some(wait) = self.restart_in() {
            add(format!("again in {}", short(wait)));
        }
        if self.generation > 0 {
            add(format!("start {}", self.generation));
        }
        match (self.health, &self.reason) {
            (Some(health), Some(reason)) => add(format!("health {health}: {reason}")),
            (Some(health), None) => add(format!("health {health}")),
            (None, _) => {}
        }
        if let Some(end) = &self.last_end {
            add(format!("last end: {end}"));
        }
        one_line(&text)
    }

    /// Its line, with the name padded to `width` characters.
    pub(crate) fn line(&self, width: usize) -> String {
        format!("{:<width$}  {}", one_line(&self.name), self.rest())
    }

    pub(crate) fn to_value(&self) -> Value {
        json!({
            "id": self.id.as_u64(),
            "name": self.name,
            "state": self.state.as_str(),
            "ready": self.ready,
            "waits_for": self.waits_for,
            "generation": self.generation,
            "restarts": self.restarts,
            "state_for_ms": millis(self.state_for()),
            "restart_in_ms": self.restart_in().map(millis),
            "health": self.health.map(HealthState::as_str),
            "reason": self.reason.as_deref(),
            "last_end": self.last_end.as_ref().map(|end| End::to_value(Some(end))),
        })
    }
}

impl fmt::Display for SubsystemStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}: {}", one_line(&self.name), self.rest()))
    }
}
