//! The keys that are obeyed: the one table that reading, refusing and the documentation follow.

use std::borrow::Cow;
use std::time::Duration;

use figment::value::Value;

use super::draft::{Draft, MOST_THREADS, Settings};
use super::level::{self, LogLevel};
use super::size::Size;
use crate::duration::shown;

/// One key.
pub(super) struct Key {
    /// The section that holds it; empty above the first section.
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// Other spellings of the same key.
    pub(super) aliases: &'static [&'static str],
    /// What would do, in an issue about its value.
    pub(super) expected: &'static str,
    pub(super) kind: Kind,
    /// What a reload does with a change.
    pub(super) applied: Applied,
    read: fn(&Self, &mut Draft, &str, &Value) -> Result<(), Refusal>,
    /// Its value, as a file could have it but without quotes.
    pub(super) show: fn(&Settings) -> String,
    /// The rest of its row in the documentation of [`Config`](super::Config): type, unit, default, what
    /// shows that it is obeyed.
    pub(super) row: [&'static str; 4],
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Level,
    /// Milliseconds from the number on, or a text with units.
    Duration(u64),
    /// Bytes from the number on, or a text with a unit.
    Size(u64),
    /// Up to the number.
    Whole(u64),
    Bool,
}

/// What a reload does with a change of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The running daemon obeys it.
    Live,
    /// Only a new process can obey it.
    Process,
}

impl Applied {
    /// As in the documentation of [`Config`](super::Config).
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test of the documentation"))]
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Process => "in a new process",
        }
    }
}

/// Why a value does not do, where that is not just [`Key::expected`].
#[derive(Default)]
pub(super) struct Refusal {
    pub(super) message: Option<String>,
    pub(super) suggestion: Option<&'static str>,
}

/// The sections whose keys are all in [`KEYS`].
pub(super) const SECTIONS: [&str; 5] =
    ["logging", "shutdown", "performance", "monitoring", "limits"];

const MILLISECONDS: &str = "expected a whole number of milliseconds or \"30s\"";

/// Every key, in the order of the documentation.
pub(super) const KEYS: [Key; 11] = [
    Key {
        section: "",
        name: "name",
        aliases: &[],
        expected: "expected text, not empty, without control characters",
        kind: Kind::Text,
        applied: Applied::Process,
        read: |_, draft, _, value| {
            draft.name = Some(Cow::Owned(text(value)?.to_owned()));
            Ok(())
        },
        show: |settings| settings.name.to_string(),
        row: ["text", "", "`daemon`", "the name in the first line that is logged"],
    },
    Key {
        section: "",
        name: "hot_reload",
        aliases: &[],
        expected: "expected true or false",
        kind: Kind::Bool,
        applied: Applied::Process,
        read: |_, draft, _, value| {
            draft.hot_reload = Some(value.to_bool().ok_or_else(Refusal::default)?);
            Ok(())
        },
        show: |settings| settings.hot_reload.to_string(),
        row: [
            "`true` or `false`",
            "",
            "false",
            "a change of a file is applied without `SIGHUP`; refused without the feature `config-watch`",
        ],
    },
    Key {
        section: "logging",
        name: "level",
        aliases: &[],
        expected: level::EXPECTED,
        kind: Kind::Level,
        applied: Applied::Live,
        read: |_, draft, _, value| {
            let level = LogLevel::parse(text(value)?);
            draft.log_level =
                Some(level.map_err(|near| Refusal { message: None, suggestion: near })?);
            Ok(())
        },
        show: |settings| settings.log_level.to_string(),
        row: [
            "`trace`, `debug`, `info`, `warn`, `error` or `off`",
            "",
            "`info`",
            "nothing less severe is logged",
        ],
    },
    Key {
        section: "shutdown",
        name: "timeout_ms",
        aliases: &["timeout", "graceful"],
        expected: MILLISECONDS,
        kind: Kind::Duration(0),
        applied: Applied::Live,
        read: |key, draft, spelling, value| {
            draft.timeouts.grace = Some(key.duration(spelling, value)?);
            Ok(())
        },
        show: |settings| shown(settings.timeouts.grace()),
        row: [
            "whole number, or text such as `30s`",
            "ms",
            "20000",
            "a subsystem still running that long after its stop request is aborted",
        ],
    },
    Key {
        section: "shutdown",
        name: "force_timeout_ms",
        aliases: &["force_timeout", "force"],
        expected: MILLISECONDS,
        kind: Kind::Duration(0),
        applied: Applied::Live,
        read: |key, draft, spelling, value| {
            draft.timeouts.force = Some(key.duration(spelling, value)?);
            Ok(())
        },
        show: |settings| shown(settings.timeouts.force()),
        row: [
            "whole number, or text such as `30s`",
            "ms",
            "22000",
            "every subsystem still running that long after the shutdown began is aborted",
        ],
    },
    Key {
        section: "shutdown",
        name: "kill_timeout_ms",
        aliases: &["kill_timeout", "kill"],
        expected: "expected a whole number of milliseconds above 0 or \"30s\"",
        kind: Kind::Duration(1),
        applied: Applied::Live,
        read: |key, draft, spelling, value| {
            draft.timeouts.kill = Some(key.duration(spelling, value)?);
            Ok(())
        },
        show: |settings| shown(settings.timeouts.kill()),
        row: [
            "whole number above 0, or text such as `30s`",
            "ms",
            "25000",
            "a process still there that long after the shutdown began exits with 124",
        ],
    },
    Key {
        section: "shutdown",
        name: "lame_duck_ms",
        aliases: &["lame_duck"],
        expected: MILLISECONDS,
        kind: Kind::Duration(0),
        applied: Applied::Live,
        read: |key, draft, spelling, value| {
            draft.timeouts.lame_duck = Some(key.duration(spelling, value)?);
            Ok(())
        },
        show: |settings| shown(settings.timeouts.lame_duck()),
        row: [
            "whole number, or text such as `30s`",
            "ms",
            "0",
            "the first stop request comes that long after the shutdown began",
        ],
    },
    Key {
        section: "performance",
        name: "worker_threads",
        aliases: &[],
        expected: "expected a whole number from 0 to 65535, where 0 is one per core",
        kind: Kind::Whole(MOST_THREADS),
        applied: Applied::Process,
        read: |_, draft, _, value| {
            let threads = whole(value).ok_or_else(Refusal::default)?;
            draft.worker_threads = Some(threads);
            Ok(())
        },
        show: |settings| settings.worker_threads.map_or(0, usize::from).to_string(),
        row: [
            "whole number, at most 65535; 0 is one per core",
            "threads",
            "0",
            "the runtime that `main` builds has that many workers",
        ],
    },
    Key {
        section: "monitoring",
        name: "health_checks",
        aliases: &[],
        expected: "expected true or false",
        kind: Kind::Bool,
        applied: Applied::Live,
        read: |_, draft, _, value| {
            draft.health_checks = Some(value.to_bool().ok_or_else(Refusal::default)?);
            Ok(())
        },
        show: |settings| settings.health_checks.to_string(),
        row: [
            "`true` or `false`",
            "",
            "true",
            "if false, no readiness or liveness check is asked, and no heartbeat is waited for",
        ],
    },
    Key {
        section: "monitoring",
        name: "health_check_interval_ms",
        aliases: &["health_check_interval"],
        expected: "expected a whole number of milliseconds above 0 or \"30s\"",
        kind: Kind::Duration(1),
        applied: Applied::Live,
        read: |key, draft, spelling, value| {
            draft.health_check_interval = Some(key.duration(spelling, value)?);
            Ok(())
        },
        show: |settings| shown(settings.health_check_interval),
        row: [
            "whole number above 0, or text such as `30s`",
            "ms",
            "5000",
            "a readiness or liveness check that sets no period is asked that often",
        ],
    },
    Key {
        section: "limits",
        name: "config_file",
        aliases: &[],
        expected: "expected a whole number of bytes above 0 or \"64KiB\"",
        kind: Kind::Size(1),
        applied: Applied::Live,
        read: |_, draft, _, value| {
            draft.config_file = Some(size(value)?);
            Ok(())
        },
        show: |settings| settings.config_file.to_string(),
        row: [
            "whole number above 0, or text such as `64KiB`",
            "bytes",
            "`1MiB`",
            "a longer file is refused",
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

    /// The value that an environment variable's text stands for; what is none stays text.
    pub(super) fn parse(&self, raw: &str) -> Value {
        let value = match self.kind {
            Kind::Text | Kind::Level => None,
            // Rust takes a plus sign; nothing else here does.
            Kind::Duration(_) | Kind::Size(_) | Kind::Whole(_) => {
                raw.parse::<u64>().ok().filter(|_| !raw.starts_with('+')).map(Value::from)
            }
            Kind::Bool => match raw.to_ascii_lowercase().as_str() {
                "true" | "1" => Some(Value::from(true)),
                "false" | "0" => Some(Value::from(false)),
                _ => None,
            },
        };
        value.unwrap_or_else(|| Value::from(raw))
    }

    /// Whether a number is taken under that spelling.
    pub(super) fn takes_number(&self, spelling: &str) -> bool {
        self.name.strip_suffix("_ms") != Some(spelling)
    }

    fn duration(&self, spelling: &str, value: &Value) -> Result<Duration, Refusal> {
        if let Some(number) = whole(value) {
            if !self.takes_number(spelling) {
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

fn size(value: &Value) -> Result<Size, Refusal> {
    match whole(value) {
        Some(bytes) => Ok(Size::new(bytes)),
        None => text(value)?.parse().map_err(|_| Refusal::default()),
    }
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
