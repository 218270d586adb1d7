//! The keys that are obeyed: the one table that reading, refusing and the documentation follow.

use std::borrow::Cow;
use std::time::Duration;

use figment::value::Value;

use super::draft::Draft;
use super::level::{self, LogLevel};

/// One key.
pub(super) struct Key {
    /// The section that holds it; empty above the first section.
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// Other spellings of the same key.
    pub(super) aliases: &'static [&'static str],
    /// What would do, in an issue about its value.
    pub(super) expected: &'static str,
    read: fn(&Self, &mut Draft, &str, &Value) -> Result<(), Refusal>,
    /// The rest of its row in the documentation of [`Config`](super::Config): type, unit, default,
    /// when a change is applied, what shows that it is obeyed.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test of the documentation"))]
    pub(super) row: [&'static str; 5],
}

/// Why a value does not do, where that is not just [`Key::expected`].
#[derive(Default)]
pub(super) struct Refusal {
    pub(super) message: Option<String>,
    pub(super) suggestion: Option<&'static str>,
}

/// The sections whose keys are all in [`KEYS`].
pub(super) const SECTIONS: [&str; 4] = ["logging", "shutdown", "performance", "monitoring"];

const MILLISECONDS: &str = "expected a whole number of milliseconds or \"30s\"";

/// Every key, in the order of the documentation.
pub(super) const KEYS: [Key; 9] = [
    Key {
        section: "",
        name: "name",
        aliases: &[],
        expected: "expected text, not empty, without control characters",
        read: |_, draft, _, value| {
            draft.name = Some(Cow::Owned(text(value)?.to_owned()));
            Ok(())
        },
        row: ["text", "", "`daemon`", "at start", "the name in the first line that is logged"],
    },
    Key {
        section: "logging",
        name: "level",
        aliases: &[],
        expected: level::EXPECTED,
        read: |_, draft, _, value| {
            let level = LogLevel::parse(text(value)?);
            draft.log_level =
                Some(level.map_err(|near| Refusal { message: None, suggestion: near })?);
            Ok(())
        },
        row: [
            "`trace`, `debug`, `info`, `warn`, `error` or `off`",
            "",
            "`info`",
            "at start",
            "nothing less severe is logged",
        ],
    },
    Key {
        section: "shutdown",
        name: "timeout_ms",
        aliases: &["timeout", "graceful"],
        expected: MILLISECONDS,
        read: |key, draft, spelling, value| {
            draft.timeouts.grace = Some(key.duration(spelling, value)?);
            Ok(())
        },
        row: [
            "whole number, or text such as `30s`",
            "ms",
            "20000",
            "at start",
            "a subsystem still running that long after its stop request is aborted",
        ],
    },
    Key {
        section: "shutdown",
        name: "force_timeout_ms",
        aliases: &["force_timeout", "force"],
        expected: MILLISECONDS,
        read: |key, draft, spelling, value| {
            draft.timeouts.force = Some(key.duration(spelling, value)?);
            Ok(())
        },
        row: [
            "whole number, or text such as `30s`",
            "ms",
            "22000",
            "at start",
            "every subsystem still running that long after the shutdown began is aborted",
        ],
    },
    Key {
        section: "shutdown",
        name: "kill_timeout_ms",
        aliases: &["kill_timeout", "kill"],
        expected: "expected a whole number of milliseconds above 0 or \"30s\"",
        read: |key, draft, spelling, value| {
            draft.timeouts.kill = Some(key.duration(spelling, value)?);
            Ok(())
        },
        row: [
            "whole number above 0, or text such as `30s`",
            "ms",
            "25000",
            "at start",
            "a process still there that long after the shutdown began exits with 124",
        ],
    },
    Key {
        section: "shutdown",
        name: "lame_duck_ms",
        aliases: &["lame_duck"],
        expected: MILLISECONDS,
        read: |key, draft, spelling, value| {
            draft.timeouts.lame_duck = Some(key.duration(spelling, value)?);
            Ok(())
        },
        row: [
            "whole number, or text such as `30s`",
            "ms",
            "0",
            "at start",
            "the first stop request comes that long after the shutdown began",
        ],
    },
    Key {
        section: "performance",
        name: "worker_threads",
        aliases: &[],
        expected: "expected a whole number from 0 to 65535, where 0 is one per core",
        read: |_, draft, _, value| {
            let threads = whole(value).ok_or_else(Refusal::default)?;
            draft.worker_threads = Some(threads);
            Ok(())
        },
        row: [
            "whole number, at most 65535; 0 is one per core",
            "threads",
            "0",
            "at start",
            "the runtime that `main` builds has that many workers",
        ],
    },
    Key {
        section: "monitoring",
        name: "health_checks",
        aliases: &[],
        expected: "expected true or false",
        read: |_, draft, _, value| {
            draft.health_checks = Some(value.to_bool().ok_or_else(Refusal::default)?);
            Ok(())
        },
        row: [
            "`true` or `false`",
            "",
            "true",
            "at start",
            "if false, no readiness or liveness check is asked, and no heartbeat is waited for",
        ],
    },
    Key {
        section: "monitoring",
        name: "health_check_interval_ms",
        aliases: &["health_check_interval"],
        expected: "expected a whole number of milliseconds above 0 or \"30s\"",
        read: |key, draft, spelling, value| {
            draft.health_check_interval = Some(key.duration(spelling, value)?);
            Ok(())
        },
        row: [
            "whole number above 0, or text such as `30s`",
            "ms",
            "5000",
            "at start",
            "a readiness or liveness check that sets no period is asked that often",
        ],
    },
];

impl Key {
    /// The key of that section and name, by any spelling.
    pub(super) fn find(section: &str, spelling: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.section == section && key.spellings().any(|s| s == spelling))
    }

    /// Its name, then the aliases.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Puts `value`, found under `spelling`, into the draft.
    pub(super) fn read(
        &self,
        draft: &mut Draft,
        spelling: &str,
        value: &Value,
    ) -> Result<(), Refusal> {
        (self.read)(self, draft, spelling, value)
    }

    fn duration(&self, spelling: &str, value: &Value) -> Result<Duration, Refusal> {
        if let Some(number) = whole(value) {
            if self.name.strip_suffix("_ms") == Some(spelling) {
                let message = format!(
                    "expected text such as \"30s\"; a number of milliseconds goes under `{}`",
                    self.name
                );
                return Err(Refusal { message: Some(message), suggestion: None });
            }
            return Ok(Duration::from_millis(number));
        }
        humantime::parse_duration(text(value)?).map_err(|_| Refusal::default())
    }
}

/// `shutdown.timeout_ms`, or `name` above the first section.
pub(super) fn full_name(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// What would do under that key.
pub(super) fn expected(section: &str, name: &str) -> &'static str {
    Key::find(section, name).map_or("", |key| key.expected)
}

fn text(value: &Value) -> Result<&str, Refusal> {
    value.as_str().ok_or_else(Refusal::default)
}

fn whole(value: &Value) -> Option<u64> {
    let Value::Num(_, number) = value else {
        return None;
    };
    number.to_u128_lossy().and_then(|number| u64::try_from(number).ok())
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
