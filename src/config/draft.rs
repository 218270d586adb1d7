//! What was set, before it is checked.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::issue::ConfigIssue;
use super::level::LogLevel;
use super::schema;
use super::size::Size;
use crate::duration::shown;
use crate::timeouts::{LONGEST, ShutdownTimeouts, Wanted};

/// The values that were set, by a file or in code; each has its type, but may be out of range.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) name: Option<Cow<'static, str>>,
    pub(super) hot_reload: Option<bool>,
    pub(super) log_level: Option<LogLevel>,
    pub(super) timeouts: Wanted,
    pub(super) worker_threads: Option<u64>,
    pub(super) health_checks: Option<bool>,
    pub(super) health_check_interval: Option<Duration>,
    pub(super) config_file: Option<Size>,
}

/// The checked values, complete.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) name: Cow<'static, str>,
    pub(super) hot_reload: bool,
    pub(super) log_level: LogLevel,
    pub(super) timeouts: ShutdownTimeouts,
    pub(super) worker_threads: Option<NonZeroUsize>,
    pub(super) health_checks: bool,
    pub(super) health_check_interval: Duration,
    pub(super) config_file: Size,
}

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        name: Cow::Borrowed("daemon"),
        hot_reload: false,
        log_level: LogLevel::Info,
        timeouts: ShutdownTimeouts::DEFAULT,
        worker_threads: None,
        health_checks: true,
        health_check_interval: Duration::from_secs(5),
        // A file that a person writes stays far below, and a path that is wrong by mistake (a log, a database,
        // `/dev/zero`) must not fill the memory at start.
        config_file: Size::new(1 << 20),
    };
}

/// The most worker threads that can be asked for.
pub(super) const MOST_THREADS: u64 = 65_535;

/// The shortest time between two checks.
const SHORTEST: Duration = Duration::from_millis(1);

/// What would do instead of a time above [`LONGEST`].
const TOO_LONG: &str = "expected at most 292 years";

/// What to do about it is a matter of the program's build.
const CANNOT_WATCH: &str = "this build watches no files: turn on proc-daemon's feature `config-watch`, or leave it \
     out and reload with SIGHUP";

/// Says where the key of that section and name was set: `None` by a builder.
pub(super) type Blame<'a> = &'a dyn Fn(&'static str, &'static str) -> Option<ConfigIssue>;

/// Which keys of the schema were set, one bit each in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given(u16);

impl Given {
    /// No key.
    pub(super) const NONE: Self = Self(0);

    /// Whether the key of that number was set.
    pub(super) const fn has(self, key: usize) -> bool {
        self.0 >> key & 1 == 1
    }
}

impl Draft {
    /// Which keys were set.
    #[inline]
    pub(super) const fn given(&self) -> Given {
        let set = [
            self.name.is_some(),
            self.hot_reload.is_some(),
            self.log_level.is_some(),
            self.timeouts.grace.is_some(),
            self.timeouts.force.is_some(),
            self.timeouts.kill.is_some(),
            self.timeouts.lame_duck.is_some(),
            self.worker_threads.is_some(),
            self.health_checks.is_some(),
            self.health_check_interval.is_some(),
            self.config_file.is_some(),
        ];
        let (mut bits, mut key) = (0, 0);
        while key < set.len() {
            bits |= (set[key] as u16) << key;
            key += 1;
        }
        Given(bits)
    }

    /// Checks ranges and what must agree, and fills in the rest.
    ///
    /// `blame` makes the issue of a key that a file set: its spelling, place and value.
    #[inline]
    pub(super) fn finish(&mut self, blame: Blame<'_>) -> Result<Settings, Vec<ConfigIssue>> {
        if let Some(timeouts) = self.timeouts.resolve()
            && self.name_does()
            && self.watching_does()
            && self.threads_do()
            && self.interval_does()
            && self.limit_does()
        {
            return Ok(Settings {
                name: self.name.take().unwrap_or(Settings::DEFAULT.name),
                hot_reload: self.hot_reload.unwrap_or(Settings::DEFAULT.hot_reload),
                log_level: self.log_level.unwrap_or_default(),
                timeouts,
                worker_threads: self
                    .worker_threads
                    .and_then(|threads| usize::try_from(threads).ok())
                    .and_then(NonZeroUsize::new),
                health_checks: self.health_checks.unwrap_or(Settings::DEFAULT.health_checks),
                health_check_interval: self
                    .health_check_interval
                    .unwrap_or(Settings::DEFAULT.health_check_interval),
                config_file: self.config_file.unwrap_or(Settings::DEFAULT.config_file),
            });
        }
        Err(self.issues(blame))
    }

    fn name_does(&self) -> bool {
        let does = |name: &Cow<'_, str>| !name.is_empty() && !name.chars().any(char::is_control);
        self.name.as_ref().is_none_or(does)
    }

    fn watching_does(&self) -> bool {
        cfg!(feature = "config-watch") || self.hot_reload != Some(true)
    }

    fn threads_do(&self) -> bool {
        self.worker_threads.is_none_or(|threads| threads <= MOST_THREADS)
    }

    fn interval_does(&self) -> bool {
        self.health_check_interval.is_none_or(|every| (SHORTEST..=LONGEST).contains(&every))
    }

    fn limit_does(&self) -> bool {
        self.config_file != Some(Size::new(0))
    }

    fn issues(&self, blame: Blame<'_>) -> Vec<ConfigIssue> {
        let mut issues = Vec::new();
        let mut refuse = |section, name, value: String, message: Option<String>| {
            let message = message.unwrap_or_else(|| schema::expected(section, name).to_owned());
            let issue = blame(section, name).unwrap_or_else(|| {
                ConfigIssue::new(schema::full_name(section, name), "").showing(Some(value))
            });
            issues.push(issue.saying(message));
        };
        if !self.name_does() {
            refuse("", "name", format!("{:?}", self.name.as_deref().unwrap_or_default()), None);
        }
        if !self.watching_does() {
            refuse("", "hot_reload", "true".to_owned(), Some(CANNOT_WATCH.to_owned()));
        }
        if !self.threads_do() {
            let threads = self.worker_threads.unwrap_or_default();
            refuse("performance", "worker_threads", threads.to_string(), None);
        }
        if let Some(every) = self.health_check_interval.filter(|_| !self.interval_does()) {
            let message = (every > LONGEST).then(|| TOO_LONG.to_owned());
            refuse("monitoring", "health_check_interval_ms", shown(every), message);
        }
        if !self.limit_does() {
            refuse("limits", "config_file", "0".to_owned(), None);
        }
        let mut comparable = true;
        let set = self.timeouts.set();
        for (name, value) in set.into_iter().flatten() {
            if value > LONGEST {
                comparable = false;
                refuse("shutdown", name, shown(value), Some(TOO_LONG.to_owned()));
            } else if value.is_zero() && name == "kill_timeout_ms" {
                comparable = false;
                refuse("shutdown", name, shown(value), None);
            }
        }
        if comparable {
            for conflict in self.timeouts.conflicts() {
                let value = set.into_iter().flatten().find(|(name, _)| *name == conflict.key);
                let value = value.map_or_else(String::new, |(_, value)| shown(value));
                refuse("shutdown", conflict.key, value, Some(conflict.expected));
            }
        }
        issues
    }
}
