use std::fmt;
use std::process::{ExitCode, Termination};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use proc_daemon_runtime::Instant;

use crate::duration::{millis, short};
use crate::end::{End, EndKind, chain};
use crate::error::{Error, ErrorKind};
use crate::id::SubsystemId;
use crate::reason::ShutdownReason;
use crate::state::SubsystemState;
use crate::subsystem::Board;
use crate::supervisor::Table;
use crate::supervisor::driver::Failures;
use crate::supervisor::engine::Unit;

/// How a daemon ended. A clone shares.
///
/// | code | meaning |
/// |---|---|
/// | 0 | all stopped within their grace, or all completed |
/// | 1 | a subsystem's own error, final |
/// | 69 | a subsystem failed too often, or lost what it requires; or all failed, and nothing was left to run |
/// | 70 | the same, by a panic |
/// | 71, 74 | the runtime could not be built; the operating system refused something |
/// | 75 | a subsystem was not ready in time |
/// | 78 | bad configuration |
/// | 124 | something had to be aborted or was left behind: the last start of a subsystem counts |
/// | 128 + n | signal n forced the end: 130 for `SIGINT`, 131 for `SIGQUIT` |
///
/// Where several apply: forced, then 124, then the first cause if that is a failure, then the highest of what has failed
/// by the end: on the way down, or long before, as an optional subsystem without which the daemon lived on. Returned
/// from `main`, it prints itself to stderr unless it is clean, and exits with the code.
#[derive(Clone)]
#[non_exhaustive]
pub struct ExitReport {
    /// The exit code.
    pub code: u8,
    /// The cause of the end; none if nothing was started.
    pub reason: Option<ShutdownReason>,
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) later: Vec<ShutdownReason>,
    pub(super) error: Option<Error>,
    pub(super) ran_for: Duration,
    pub(super) stopped_in: Duration,
    /// When the report was made, by the runtime's clock.
    pub(super) now: Instant,
    pub(super) board: Arc<Board>,
    pub(super) units: Table<Unit>,
    pub(super) failures: Failures,
    pub(super) subsystems: OnceLock<Vec<SubsystemReport>>,
}

/// How one subsystem ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubsystemReport {
    /// Its number.
    pub id: SubsystemId,
    /// Its name.
    pub name: String,
    /// Its last state.
    pub state: SubsystemState,
    /// Where it was given to the builder: `src/main.rs:12:10`.
    pub location: String,
    /// How it ended; none if it never started.
    pub end: Option<End>,
    /// For what was left behind: how long ago it last showed a sign of life.
    pub silent_for: Option<Duration>,
}

impl ExitReport {
    pub(super) fn of_error(error: Error) -> Self {
        let code = error.exit_code();
        let inner = Inner {
            later: Vec::new(),
            ran_for: Duration::ZERO,
            stopped_in: Duration::ZERO,
            now: Instant::ZERO,
            board: Arc::default(),
            units: Table::new(Vec::new(), Unit::gone()),
            failures: Failures::new(),
            subsystems: OnceLock::new(),
            error: Some(error),
        };
        Self { code, reason: None, inner: Arc::new(inner) }
    }

    /// Whether the code is 0.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.code == 0
    }

    /// Reasons for a shutdown that came after the cause: the first 64.
    #[must_use]
    pub fn later_reasons(&self) -> &[ShutdownReason] {
        &self.inner.later
    }

    /// From the start to the end.
    #[must_use]
    pub fn ran_for(&self) -> Duration {
        self.inner.ran_for
    }

    /// From the cause to the end.
    #[must_use]
    pub fn stopped_in(&self) -> Duration {
        self.inner.stopped_in
    }

    /// Why nothing was started, if that is so.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.inner.error.as_ref()
    }

    /// How each subsystem ended, in the order of registration. One that was removed before the shutdown is not among
    /// them, and does not count in the code.
    #[must_use]
    pub fn subsystems(&self) -> &[SubsystemReport] {
        self.inner.subsystems.get_or_init(|| {
            let units = self.inner.units.numbered().filter(|(_, unit)| !unit.is_gone());
            let told = |(number, unit)| self.subsystem(number, &self.inner.board.row(number), unit);
            units.map(told).collect()
        })
    }

    fn subsystem(&self, number: u32, row: &crate::subsystem::Row, unit: &Unit) -> SubsystemReport {
        let end = unit.end.map(|kind| End {
            kind,
            error: self.inner.failures.get(&number).cloned(),
            ran_for: unit.ended_at.since(unit.started_at),
            generation: unit.generation,
        });
        SubsystemReport {
            id: SubsystemId::new(number),
            name: row.name.to_string(),
            state: unit.state,
            silent_for: row
                .life()
                .filter(|_| unit.state == SubsystemState::Zombie)
                .map(|life| self.inner.now.since(life.polled)),
            location: row.location(),
            end,
        }
    }

    /// How the subsystem named `name` ended.
    #[must_use]
    pub fn end_of(&self, name: &str) -> Option<&End> {
        self.subsystems().iter().find(|subsystem| subsystem.name == name)?.end.as_ref()
    }

    /// Whether something was left behind that still runs.
    pub(crate) fn has_zombies(&self) -> bool {
        self.inner.units.iter().any(|unit| unit.state == SubsystemState::Zombie)
    }

    /// The first line of the text.
    pub(crate) fn headline(&self) -> String {
        match (&self.inner.error, &self.reason) {
            (Some(error), _) => error.to_string(),
            (None, Some(reason)) => format!("exit {}: {reason}", self.code),
            (None, None) => format!("exit {}", self.code),
        }
    }

    /// The report as one line of JSON: `code`, `reason`, `later`, `error`, `ran_for_ms`,
    /// `stopped_in_ms` and `subsystems` with `name`, `state`, `location`, `end`, `generation`,
    /// `ran_for_ms`, `error`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let subsystems: Vec<_> = self.subsystems().iter().map(SubsystemReport::to_value).collect();
        serde_json::json!({
            "code": self.code,
            "reason": self.reason.as_ref().map(ToString::to_string),
            "later": self.inner.later.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "error": self.inner.error.as_ref().map(|error| chain(error)),
            "ran_for_ms": millis(self.inner.ran_for),
            "stopped_in_ms": millis(self.inner.stopped_in),
            "subsystems": subsystems,
        })
        .to_string()
    }

    pub(super) fn into_result(self) -> Result<(), Error> {
        if let Some(error) = &self.inner.error {
            return Err(error.clone());
        }
        let kind = match self.code {
            0 => return Ok(()),
            75 => ErrorKind::StartTimeout,
            124 => ErrorKind::LeftBehind,
            128.. => ErrorKind::Forced,
            _ => ErrorKind::Subsystem,
        };
        let failed = self.subsystems().iter().find(|s| s.end.as_ref().is_some_and(End::is_failure));
        let source = failed.and_then(|subsystem| subsystem.end.clone()?.error);
        let bad =
            self.subsystems().iter().find(|s| s.end.as_ref().is_some_and(|end| !end.is_fine()));
        let named = matches!(
            self.reason,
            Some(ShutdownReason::SubsystemFailed(_) | ShutdownReason::StartFailed(_))
        );
        let who = bad.filter(|_| !named).map(ToString::to_string);
        let error = Error::of_report(kind, self, who);
        Err(match source {
            Some(source) => error.with_shared_source(source),
            None => error,
        })
    }
}

impl SubsystemReport {
    fn to_value(&self) -> serde_json::Value {
        let mut value = End::to_value(self.end.as_ref());
        value["name"] = self.name.as_str().into();
        value["state"] = self.state.as_str().into();
        value["location"] = self.location.as_str().into();
        value
    }
}

impl fmt::Display for SubsystemReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(end) = &self.end else {
            return write!(f, "`{}`: never started", self.name);
        };
        write!(f, "`{}`: {}, ran for {}", self.name, end.kind(), short(end.ran_for()))?;
        if let Some(error) = end.error() {
            write!(f, ": {}", chain(error))?;
        }
        if let Some(silent) = self.silent_for {
            write!(f, ", last sign of life {} ago", short(silent))?;
        }
        write!(f, " (from {})", self.location)
    }
}

/// The cause, then each subsystem that did not end well, then how many did.
impl fmt::Display for ExitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        if self.inner.error.is_some() {
            return Ok(());
        }
        let (mut well, mut never) = (0, 0);
        for subsystem in self.subsystems() {
            match subsystem.end.as_ref().map(End::kind) {
                None => never += 1,
                Some(EndKind::Completed | EndKind::Requested) => well += 1,
                Some(_) => write!(f, "\n  {subsystem}")?,
            }
        }
        write!(f, "\n  ended well: {well}")?;
        if never > 0 {
            write!(f, ", never started: {never}")?;
        }
        write!(f, "; stopped in {}", short(self.inner.stopped_in))?;
        for reason in &self.inner.later {
            write!(f, "\n  later: {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ExitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Termination for ExitReport {
    fn report(self) -> ExitCode {
        if !self.is_clean() {
            crate::sentinel::say(format!("{self}\n"));
        }
        self.into()
    }
}

impl From<ExitReport> for ExitCode {
    fn from(report: ExitReport) -> Self {
        Self::from(report.code)
    }
}
