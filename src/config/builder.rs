//! A configuration made in code.

use std::borrow::Cow;
use std::time::Duration;

use super::draft::Draft;
use super::error::ConfigError;
use super::{Config, LogLevel};

/// Makes a [`Config`] without a file. Setters do not fail; [`build`](Self::build) says everything
/// that is wrong. What is not set has its default, see [`Config`].
///
/// ```
/// use proc_daemon::config::{Config, LogLevel};
/// use std::time::Duration;
///
/// let config = Config::builder()
///     .name("mailer")
///     .log_level(LogLevel::Debug)
///     .shutdown_timeout(Duration::from_secs(30))
///     .build()?;
/// assert_eq!(config.force_shutdown_timeout(), Duration::from_secs(32));
/// # Ok::<(), proc_daemon::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ConfigBuilder {
    draft: Draft,
}

impl ConfigBuilder {
    /// Key `name`. A literal is borrowed.
    #[inline]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.draft.name = Some(name.into());
        self
    }

    /// Key `hot_reload`.
    #[inline]
    pub const fn hot_reload(mut self, watched: bool) -> Self {
        self.draft.hot_reload = Some(watched);
        self
    }

    /// Key `logging.level`.
    #[inline]
    pub const fn log_level(mut self, level: LogLevel) -> Self {
        self.draft.log_level = Some(level);
        self
    }

    /// Key `shutdown.timeout_ms`: the grace. Zero: subsystems are aborted at once.
    #[inline]
    pub const fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.draft.timeouts.grace = Some(timeout);
        self
    }

    /// Key `shutdown.force_timeout_ms`.
    #[inline]
    pub const fn force_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.draft.timeouts.force = Some(timeout);
        self
    }

    /// Key `shutdown.kill_timeout_ms`; not zero.
    #[inline]
    pub const fn kill_timeout(mut self, timeout: Duration) -> Self {
        self.draft.timeouts.kill = Some(timeout);
        self
    }

    /// Key `shutdown.lame_duck_ms`.
    #[inline]
    pub const fn lame_duck(mut self, lame_duck: Duration) -> Self {
        self.draft.timeouts.lame_duck = Some(lame_duck);
        self
    }

    /// Key `performance.worker_threads`: at most 65535; 0 is one per core.
    #[inline]
    pub const fn worker_threads(mut self, threads: usize) -> Self {
        self.draft.worker_threads = Some(threads as u64);
        self
    }

    /// Key `monitoring.health_checks`.
    #[inline]
    pub const fn health_checks(mut self, asked: bool) -> Self {
        self.draft.health_checks = Some(asked);
        self
    }

    /// Key `monitoring.health_check_interval_ms`: at least 1 ms.
    #[inline]
    pub const fn health_check_interval(mut self, every: Duration) -> Self {
        self.draft.health_check_interval = Some(every);
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// With every issue: a name that is empty or holds control characters, a kill timeout of zero,
    /// shutdown timeouts out of order, more than 65535 worker threads, a health check interval below 1 ms, a time of
    /// more than 292 years.
    pub fn build(mut self) -> Result<Config, ConfigError> {
        let given = self.draft.given();
        match self.draft.finish(&|_, _| None) {
            Ok(settings) => Ok(Config { settings, given, loaded: None }),
            Err(issues) => Err(ConfigError::invalid(issues)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_what_is_got() {
        let config = Config::builder()
            .name("a")
            .hot_reload(true)
            .log_level(LogLevel::Off)
            .shutdown_timeout(Duration::from_secs(1))
            .force_shutdown_timeout(Duration::from_secs(4))
            .kill_timeout(Duration::from_secs(5))
            .lame_duck(Duration::from_secs(2))
            .worker_threads(3)
            .health_checks(false)
            .health_check_interval(Duration::from_secs(7))
            .build()
            .unwrap();
        assert_eq!(config.name(), "a");
        assert!(config.hot_reload());
        assert_eq!(config.log_level(), LogLevel::Off);
        assert_eq!(config.shutdown_timeout(), Duration::from_secs(1));
        assert_eq!(config.force_shutdown_timeout(), Duration::from_secs(4));
        assert_eq!(config.kill_timeout(), Duration::from_secs(5));
        assert_eq!(config.lame_duck(), Duration::from_secs(2));
        assert_eq!(config.worker_threads().map(std::num::NonZeroUsize::get), Some(3));
        assert!(!config.health_checks());
        assert_eq!(config.health_check_interval(), Duration::from_secs(7));
        assert_eq!(config.path(), None);
    }

    #[test]
    fn every_issue_is_reported_at_once() {
        let error = Config::builder()
            .name("")
            .worker_threads(65_536)
            .health_check_interval(Duration::from_micros(999))
            .shutdown_timeout(Duration::from_secs(30))
            .force_shutdown_timeout(Duration::from_secs(10))
            .build()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "name = \"\": expected text, not empty, without control characters\n\
             performance.worker_threads = 65536: expected a whole number from 0 to 65535, where 0 \
             is one per core\n\
             monitoring.health_check_interval_ms = 999us: expected a whole number of milliseconds above 0 \
             or \"30s\"\n\
             shutdown.timeout_ms = 30s: expected at most shutdown.force_timeout_ms (10s)"
        );
    }

    #[test]
    fn a_timeout_that_would_overflow_a_deadline_is_refused() {
        let error = Config::builder().shutdown_timeout(Duration::MAX).build().unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("shutdown.timeout_ms = 58"), "{text}");
        assert!(text.ends_with(": expected at most 292 years"), "{text}");
    }

    #[test]
    fn a_kill_timeout_of_zero_is_refused_and_a_grace_of_zero_is_not() {
        let error = Config::builder().kill_timeout(Duration::ZERO).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            "shutdown.kill_timeout_ms = 0s: expected a whole number of milliseconds above 0 or \
             \"30s\""
        );
        let config = Config::builder().shutdown_timeout(Duration::ZERO).build().unwrap();
        assert_eq!(config.shutdown_timeout(), Duration::ZERO);
    }
}
