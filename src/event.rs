use std::fmt;
use std::sync::Arc;

use proc_daemon_runtime::Instant;

use crate::duration::short;
use crate::end::{End, chain};
use crate::health::HealthState;
use crate::id::SubsystemId;
use crate::reason::ShutdownReason;
use crate::reload::ReloadError;
use crate::state::SubsystemState;

/// What happened in a daemon, in the order in which it happened.
///
/// An event is published once [`Daemon::status`](crate::Daemon::status) shows what it tells, or something later. A
/// clone costs a few counts. The text (`Display`) is one line, without the moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SubsystemEvent {
    /// A subsystem does something else now.
    #[non_exhaustive]
    StateChanged {
        /// Its number.
        id: SubsystemId,
        /// Its name.
        name: Arc<str>,
        /// What it does.
        state: SubsystemState,
        /// Which start of it this is; 0 before the first.
        generation: u64,
        /// When, by the runtime's clock.
        at: Instant,
    },
    /// One start of a subsystem has come to its end. One for each start that was spawned, before the change of
    /// state that it leads to; for what is left behind ([`EndKind::Zombie`](crate::EndKind::Zombie)) when it is.
    #[non_exhaustive]
    Ended {
        /// Its number.
        id: SubsystemId,
        /// Its name.
        name: Arc<str>,
        /// How.
        end: End,
        /// When, by the runtime's clock.
        at: Instant,
    },
    /// A subsystem in backoff is started again later. Told once more if that is put off, as by
    /// [`restarts_per_second`](crate::DaemonBuilder::restarts_per_second): then `due` is when its turn comes if all
    /// those that wait before it are started. It comes earlier if some of them are stopped, and later if the process
    /// was held up.
    #[non_exhaustive]
    RestartScheduled {
        /// Its number.
        id: SubsystemId,
        /// Its name.
        name: Arc<str>,
        /// When it is started again, by the runtime's clock.
        due: Instant,
        /// How often it was started again before.
        restarts: u64,
        /// When this was decided, by the runtime's clock.
        at: Instant,
    },
    /// A subsystem has failed and is not started again.
    #[non_exhaustive]
    GaveUp {
        /// Its number.
        id: SubsystemId,
        /// Its name.
        name: Arc<str>,
        /// When, by the runtime's clock.
        at: Instant,
    },
    /// A check of a subsystem, or its heartbeat, has come to another verdict; what is known of a start is forgotten
    /// with it.
    #[non_exhaustive]
    HealthChanged {
        /// Its number.
        id: SubsystemId,
        /// Its name.
        name: Arc<str>,
        /// Which check.
        probe: ProbeKind,
        /// The verdict: up, degraded or down.
        health: HealthState,
        /// Why it is not up: what the check said, its first 200 characters on one line.
        reason: Option<Arc<str>>,
        /// When, by the runtime's clock.
        at: Instant,
    },
    /// Every subsystem is ready now, or not any more.
    #[non_exhaustive]
    ReadyChanged {
        /// Which of the two.
        ready: bool,
        /// When, by the runtime's clock.
        at: Instant,
    },
    /// Another configuration is in force.
    #[non_exhaustive]
    Reloaded {
        /// Its generation.
        generation: u64,
        /// When, by the runtime's clock.
        at: Instant,
    },
    /// A reload has changed nothing, or has not ended as it should.
    #[non_exhaustive]
    ReloadFailed {
        /// Why.
        error: ReloadError,
        /// When, by the runtime's clock.
        at: Instant,
    },
    /// The shutdown has begun. Once, unless nothing was started.
    #[non_exhaustive]
    ShutdownBegan {
        /// The cause.
        reason: ShutdownReason,
        /// When, by the runtime's clock.
        at: Instant,
    },
    /// The run is over, and its report is there. The last event.
    #[non_exhaustive]
    Stopped {
        /// The exit code.
        code: u8,
        /// When, by the runtime's clock; of a run that was dropped, the moment of the last event before, and 0 if
        /// nothing was started.
        at: Instant,
    },
}

/// The kinds of check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProbeKind {
    /// Whether it has started.
    Startup,
    /// Whether it may receive work.
    Readiness,
    /// Whether it still makes progress, by a check.
    Liveness,
    /// Whether it still makes progress, by its own sign of life.
    Heartbeat,
}

impl SubsystemEvent {
    /// The number of the subsystem that it is about; none if it is about the daemon.
    #[must_use]
    pub const fn id(&self) -> Option<SubsystemId> {
        match self {
            Self::StateChanged { id, .. }
            | Self::Ended { id, .. }
            | Self::RestartScheduled { id, .. }
            | Self::GaveUp { id, .. }
            | Self::HealthChanged { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The name of the subsystem that it is about; none if it is about the daemon.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::StateChanged { name, .. }
            | Self::Ended { name, .. }
            | Self::RestartScheduled { name, .. }
            | Self::GaveUp { name, .. }
            | Self::HealthChanged { name, .. } => Some(name),
            _ => None,
        }
    }

    /// When it happened, by the runtime's clock.
    #[must_use]
    pub const fn at(&self) -> Instant {
        match self {
            Self::StateChanged { at, .. }
            | Self::Ended { at, .. }
            | Self::RestartScheduled { at, .. }
            | Self::GaveUp { at, .. }
            | Self::HealthChanged { at, .. }
            | Self::ReadyChanged { at, .. }
            | Self::Reloaded { at, .. }
            | Self::ReloadFailed { at, .. }
            | Self::ShutdownBegan { at, .. }
            | Self::Stopped { at, .. } => *at,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::StateChanged { name, state, generation, .. } => {
                format!("`{name}` is {state} (start {generation})")
            }
            Self::Ended { name, end, .. } => {
                let error = end.error().map(|error| format!(": {}", chain(error)));
                let (kind, ran_for) = (end.kind(), short(end.ran_for()));
                format!("`{name}` ended after {ran_for}: {kind}{}", error.unwrap_or_default())
            }
            Self::RestartScheduled { name, due, at, .. } => {
                format!("`{name}` starts again in {}", short(due.since(*at)))
            }
            Self::GaveUp { name, .. } => format!("`{name}` is not started again"),
            Self::HealthChanged { name, probe, health, reason, .. } => {
                let reason = reason.as_ref().map(|reason| format!(": {reason}"));
                format!("`{name}`: {probe} is {health}{}", reason.unwrap_or_default())
            }
            Self::ReadyChanged { ready: true, .. } => "ready".to_owned(),
            Self::ReadyChanged { ready: false, .. } => "not ready".to_owned(),
            Self::Reloaded { generation, .. } => {
                format!("generation {generation} of the configuration is in force")
            }
            Self::ReloadFailed { error, .. } => format!("reload failed: {error}"),
            Self::ShutdownBegan { reason, .. } => format!("shutting down: {reason}"),
            Self::Stopped { code, .. } => format!("stopped with code {code}"),
        }
    }
}

impl fmt::Display for SubsystemEvent {
    /// A line break in a name or an error is a space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text().replace(char::is_control, " "))
    }
}

impl ProbeKind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Startup, Self::Readiness, Self::Liveness, Self::Heartbeat];

    /// The name in lower case: `readiness`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Readiness => "readiness",
            Self::Liveness => "liveness",
            Self::Heartbeat => "heartbeat",
        }
    }
}

impl fmt::Display for ProbeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::end::EndKind;

    #[test]
    fn each_event_is_one_line_and_says_whom_it_is_about() {
        let (id, at) = (SubsystemId::new(3), Instant::from_nanos(7));
        let name = || Arc::<str>::from("a\nb");
        let error = Some(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from("x\r\ny")));
        let ran_for = Duration::from_micros(2_000_123);
        let end = End { kind: EndKind::Error, error, ran_for, generation: 1 };
        let due = at + ran_for;
        let state = SubsystemState::Running;
        let about_it = [
            SubsystemEvent::StateChanged { id, name: name(), state, generation: 1, at },
            SubsystemEvent::Ended { id, name: name(), end, at },
            SubsystemEvent::RestartScheduled { id, name: name(), due, restarts: 0, at },
            SubsystemEvent::GaveUp { id, name: name(), at },
            SubsystemEvent::HealthChanged {
                id,
                name: name(),
                probe: ProbeKind::Readiness,
                health: HealthState::Down,
                reason: Some("no\nanswer".into()),
                at,
            },
        ];
        let lines = about_it.each_ref().map(ToString::to_string);
        let expected = [
            "`a b` is running (start 1)",
            "`a b` ended after 2s: error: x  y",
            "`a b` starts again in 2s",
            "`a b` is not started again",
            "`a b`: readiness is down: no answer",
        ];
        assert_eq!(lines, expected);
        assert!(about_it.iter().all(|event| event.id() == Some(id) && event.at() == at));
        assert!(about_it.iter().all(|event| event.name() == Some("a\nb")));

        let reason = ShutdownReason::Requested("no\nmore".into());
        let about_all = [
            SubsystemEvent::ReadyChanged { ready: true, at },
            SubsystemEvent::ReadyChanged { ready: false, at },
            SubsystemEvent::ShutdownBegan { reason, at },
            SubsystemEvent::Stopped { code: 3, at },
        ];
        let lines = about_all.each_ref().map(ToString::to_string);
        let expected =
            ["ready", "not ready", "shutting down: requested: no more", "stopped with code 3"];
        assert_eq!(lines, expected);
        assert!(about_all.iter().all(|event| (event.id(), event.name()) == (None, None)));
        assert!(about_all.iter().all(|event| event.at() == at));
    }
}
