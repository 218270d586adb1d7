//! A duration, as text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::duration::shown;

/// What would do, in an issue about a duration.
pub(super) const EXPECTED: &str = "text such as \"30s\"";

/// A duration as a section of the user's has it: a timeout, an interval, an age.
///
/// In a configuration it is text: numbers with units, `"5s"`, `"1m 30s"`, `"250ms"`, as the daemon's own keys take it
/// under a name without `_ms`. A number without a unit is refused, but for `"0"`: it does not say of what. So are a sign
/// and what a [`Duration`] cannot hold. The units are `ns`, `us`, `ms`, `s`, `m`, `h`, `days`, `weeks`,
/// `months` and `years`, and other names that [humantime](https://docs.rs/humantime) knows.
///
/// It is shown, and serialized, as text that reads back as the same duration.
///
/// ```
/// use proc_daemon::config::{ConfigSource, Span};
/// use std::time::Duration;
///
/// #[derive(serde::Deserialize)]
/// struct Http { idle: Span }
///
/// let config = ConfigSource::text("[http]\nidle = '90s'").load()?;
/// let http: Http = config.settings("http")?;
/// assert_eq!(http.idle.duration(), Duration::from_secs(90));
/// assert_eq!(http.idle.to_string(), "1m 30s");
///
/// let config = ConfigSource::text("[http]\nidle = 'soon'").load()?;
/// let error = config.settings::<Http>("http").map(|http| http.idle).unwrap_err();
/// assert_eq!(error.to_string(), "<text>:2:8: http.idle = 'soon': expected text such as \"30s\"");
/// # Ok::<(), proc_daemon::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(Duration);

/// A text that is no [`Span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseSpanError;

impl Span {
    /// So long.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        Self(duration)
    }

    /// How long that is.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.0
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = shown(self.0);
        // A precision would cut off what does not read back then.
        match f.precision() {
            None => f.pad(&text),
            Some(_) => f.write_str(&text),
        }
    }
}

impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Self, ParseSpanError> {
        humantime::parse_duration(text.trim()).map(Self).map_err(|_| ParseSpanError)
    }
}

impl fmt::Display for ParseSpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {EXPECTED}")
    }
}

impl std::error::Error for ParseSpanError {}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reads)
    }
}

struct Reads;

impl Visitor<'_> for Reads {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigSource;

    const SECOND: Duration = Duration::from_secs(1);

    #[derive(Debug, serde::Deserialize)]
    struct Http {
        idle: Span,
    }

    #[track_caller]
    fn read(source: &ConfigSource) -> Result<Duration, String> {
        let config = source.load().unwrap();
        let http = config.settings::<Http>("http").map_err(|error| error.to_string());
        http.map(|http| http.idle.duration())
    }

    fn text(value: &str) -> ConfigSource {
        ConfigSource::text(format!("[http]\nidle = {value}"))
    }

    #[test]
    fn a_section_of_the_users_takes_text_from_every_layer() {
        for (value, duration) in [
            ("'5s'", 5 * SECOND),
            ("\"1m 30s\"", 90 * SECOND),
            ("' 1h '", 3600 * SECOND),
            ("'250ms'", SECOND / 4),
            ("'1.5 s'", 3 * SECOND / 2),
            ("'0'", Duration::ZERO),
        ] {
            assert_eq!(read(&text(value)), Ok(duration), "{value}");
        }
        let source = text("'1s'").env_from([("DAEMON_HTTP__IDLE", "5s")]);
        assert_eq!(read(&source), Ok(5 * SECOND));
        assert_eq!(read(&text("'1s'").set("http.idle", Span::new(5 * SECOND))), Ok(5 * SECOND));
        assert_eq!(read(&text("'1s'").set("http.idle", 5 * SECOND)), Ok(5 * SECOND));
    }

    #[test]
    fn what_was_found_and_what_would_do_is_said_with_the_place() {
        for value in ["'soon'", "''", "'5'", "5", "5.0", "'-5s'", "true", "'600000000000y'"] {
            let found = format!("<text>:2:8: http.idle = {value}: ");
            let error = read(&text(value)).unwrap_err();
            assert_eq!(error, format!("{found}expected text such as \"30s\""));
        }
        assert_eq!(ParseSpanError.to_string(), "expected text such as \"30s\"");
    }

    #[test]
    fn what_is_shown_reads_back() {
        for duration in [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::new(90, 250_000_001),
            Duration::from_secs(40 * 24 * 3600),
            Duration::from_secs(u64::from(u32::MAX)),
        ] {
            let span = Span::from(duration);
            assert_eq!(span.to_string().parse(), Ok(span), "{span}");
            let json = serde_json::to_string(&span).unwrap();
            assert_eq!(serde_json::from_str::<Span>(&json).unwrap(), span);
            assert_eq!(Duration::from(span), duration);
        }
        let span = Span::new(SECOND);
        assert_eq!(format!("{span:>4}|{span:.1}"), "  1s|1s");
    }
}
