use std::fmt;

use proc_daemon_runtime::Instant;

use super::handle::Inner;
use crate::config::FileRead;
use crate::end::one_line;
use crate::reload::LastReload;
use crate::state::SubsystemState;
use crate::supervisor::SubsystemStatus;

/// The state of a daemon, as of now. Prints as a line about the daemon, which names the configuration and the last
/// reload if there was one, then one for each subsystem.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Every subsystem is ready, and no shutdown has begun. One that has completed is; one that was stopped by name
    /// or given up does not count, and one that is being stopped to start again is not. An optional one counts while it
    /// starts for the first time and while it runs: not in a backoff, nor while it waits for others or starts again.
    pub ready: bool,
    /// An optional subsystem was given up, or one was left behind, and the daemon lives on without it. False from the
    /// shutdown on.
    pub degraded: bool,
    /// It runs.
    pub live: bool,
    /// Which configuration is in force: 1 is the start's, 0 is before it was read.
    pub config_generation: u64,
    /// How the last reload ended; none if there was none.
    pub last_reload: Option<LastReload>,
    /// The files that it was read from, and how; none before it was read.
    pub config_files: Vec<FileRead>,
    /// The subsystems, in the order of registration.
    pub subsystems: Vec<SubsystemStatus>,
    /// When this was read, by the runtime's clock.
    pub(super) at: Instant,
}

impl Status {
    pub(super) fn read(inner: &Inner) -> Self {
        let mut rows = inner.board.rows();
        Self {
            ready: inner.board.is_ready(),
            degraded: !inner.coordinator.is_shutdown()
                && rows.any(|(_, row)| {
                    matches!(row.state(), SubsystemState::Failed | SubsystemState::Zombie)
                }),
            live: inner.running.load(std::sync::atomic::Ordering::Acquire),
            config_generation: inner.current().map_or(0, |current| current.generation()),
            last_reload: inner.current().and_then(|current| current.last()),
            config_files: inner.current().map_or_else(Vec::new, |current| {
                current.load().config().files().cloned().collect()
            }),
            subsystems: SubsystemStatus::all(&inner.board),
            at: inner.board.now(),
        }
    }

    /// The state of the subsystem named `name`.
    #[must_use]
    pub fn state_of(&self, name: &str) -> Option<SubsystemState> {
        self.subsystems.iter().find(|subsystem| subsystem.name == name).map(|found| found.state)
    }

    /// The status as one line of JSON: `ready`, `degraded`, `live`, `config_generation`, `last_reload`, `config_files` with
    /// `path`, `read` (`copied` or `mapped`) and `why`, and `subsystems` with `id`, `name`, `state`, `ready`, `waits_for`,
    /// `generation`, `restarts`, `state_for_ms`, `restart_in_ms`, `health`, `reason` and `last_end`, which has what
    /// [`ExitReport::to_json`](crate::ExitReport::to_json) tells of an end.
    ///
    /// `last_reload` is null if there was none, and else has `outcome` (`changed`, `unchanged`, or the name of the
    /// [kind of error](crate::ReloadErrorKind::as_str)), `ago_ms`, `generation` (the one in force after it; null after an
    /// error), `subsystem` (the one that is why it failed, or null) and `text`, which is what it prints as.
    #[must_use]
    pub fn to_json(&self) -> String {
        let subsystems: Vec<_> = self.subsystems.iter().map(SubsystemStatus::to_value).collect();
        let file = |file: &FileRead| {
            let path = file.path().to_string_lossy();
            serde_json::json!({ "path": path, "read": file.way().as_str(), "why": file.why() })
        };
        let files: Vec<_> = self.config_files.iter().map(file).collect();
        serde_json::json!({
            "ready": self.ready,
            "degraded": self.degraded,
            "live": self.live,
            "config_generation": self.config_generation,
            "last_reload": self.last_reload.as_ref().map(|last| last.to_value(self.at)),
            "config_files": files,
            "subsystems": subsystems,
        })
        .to_string()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match (self.live, self.ready, self.degraded) {
            (false, ..) => "not running",
            (true, true, false) => "ready",
            (true, true, true) => "ready, degraded",
            (true, false, false) => "not ready",
            (true, false, true) => "not ready, degraded",
        };
        f.write_str(words)?;
        if let Some(last) = &self.last_reload {
            let text = one_line(&last.to_string());
            write!(f, ", configuration {}, last reload: {text}", self.config_generation)?;
        }
        let widths = self.subsystems.iter().map(|subsystem| subsystem.name.chars().count());
        let width = widths.max().unwrap_or(0).min(WIDEST);
        self.subsystems.iter().try_for_each(|subsystem| write!(f, "\n  {}", subsystem.line(width)))
    }
}

/// A longer name shifts its own line only.
const WIDEST: usize = 32;
