use std::fmt;
use std::sync::Arc;

use proc_daemon_runtime::Instant;

use super::ReloadError;
use crate::duration::millis;

/// What a reload has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReloadReport {
    /// The generation in force; the one before if nothing has changed.
    pub generation: u64,
    /// The changed keys that were taken without a restart.
    pub live: Vec<String>,
    /// The subsystems that restarted, with what restarts with them.
    pub restarted: Vec<Arc<str>>,
}

impl ReloadReport {
    pub(crate) const fn unchanged(generation: u64) -> Self {
        Self { generation, live: Vec::new(), restarted: Vec::new() }
    }

    /// Whether the configuration is another one now.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.live.is_empty() || !self.restarted.is_empty()
    }
}

/// `generation 3: 2 live: logging.level, http.greeting; 1 restarted: http`.
impl fmt::Display for ReloadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_changed() {
            return write!(f, "generation {}: nothing has changed", self.generation);
        }
        write!(f, "generation {}: ", self.generation)?;
        list(f, "live", &self.live)?;
        f.write_str("; ")?;
        list(f, "restarted", &self.restarted)
    }
}

/// How the last reload ended: in [`Status`](crate::Status). Prints as the report or the error that it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LastReload {
    /// When, by the runtime's clock.
    pub at: Instant,
    /// What it has done, or why it has not.
    pub result: Result<ReloadReport, ReloadError>,
}

impl LastReload {
    /// `outcome`, `ago_ms`, `generation`, `subsystem` and `text`, as told by [`Status::to_json`](crate::Status::to_json).
    pub(crate) fn to_value(&self, now: Instant) -> serde_json::Value {
        let (report, error) = (self.result.as_ref().ok(), self.result.as_ref().err());
        let outcome = match &self.result {
            Ok(report) if report.is_changed() => "changed",
            Ok(_) => "unchanged",
            Err(error) => error.kind().as_str(),
        };
        serde_json::json!({
            "outcome": outcome,
            "ago_ms": millis(now.since(self.at)),
            "generation": report.map(|report| report.generation),
            "subsystem": error.and_then(ReloadError::subsystem),
            "text": self.to_string(),
        })
    }
}

impl fmt::Display for LastReload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(report) => report.fmt(f),
            Err(error) => error.fmt(f),
        }
    }
}

/// What a reload would do: see [`Daemon::plan_reload`](crate::Daemon::plan_reload).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReloadPlan {
    /// The changed keys that are taken without a restart.
    pub live: Vec<String>,
    /// The subsystems that own a changed section, each with its changed keys: they restart, unless their hook takes
    /// the change or refuses it. What restarts with them is not listed.
    pub restart: Vec<(Arc<str>, Vec<String>)>,
    /// The changed keys that only a new process could take: the reload would be refused.
    pub process: Vec<String>,
}

/// `2 live, 1 restart: http, 0 process`.
impl fmt::Display for ReloadPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.restart.iter().map(|(name, _)| name).collect();
        write!(f, "{} live, ", self.live.len())?;
        list(f, "restart", &names)?;
        f.write_str(", ")?;
        list(f, "process", &self.process)
    }
}

fn list(f: &mut fmt::Formatter<'_>, what: &str, items: &[impl fmt::Display]) -> fmt::Result {
    write!(f, "{} {what}", items.len())?;
    for (n, item) in items.iter().enumerate() {
        write!(f, "{} {item}", if n == 0 { ":" } else { "," })?;
    }
    Ok(())
}
