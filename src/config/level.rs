//! How much is logged.

use std::fmt;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;

use super::error::ConfigError;
use super::issue::ConfigIssue;
use super::nearest::nearest;

/// The least severe events that are logged.
///
/// Written and parsed as the lower-case name; parsing takes any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// What helps to find a fault, and all below.
    Debug,
    /// What an operator follows, and all below.
    #[default]
    Info,
    /// What may need attention, and errors.
    Warn,
    /// Errors only.
    Error,
    /// Nothing.
    Off,
}

/// What would do, in an issue about a level.
pub(super) const EXPECTED: &str = "expected `trace`, `debug`, `info`, `warn`, `error` or `off`";

impl LogLevel {
    pub(super) const ALL: [Self; 6] =
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Off];

    /// The name as in a configuration file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Off => "off",
        }
    }

    /// The level of that name, or the nearest name if one is near.
    pub(super) fn parse(text: &str) -> Result<Self, Option<&'static str>> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| nearest(&text.to_lowercase(), Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for LogLevel {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text).map_err(|near| {
            ConfigError::invalid(vec![
                ConfigIssue::new("logging.level", EXPECTED)
                    .showing(Some(format!("{text:?}")))
                    .suggest(near.map(str::to_owned)),
            ])
        })
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Trace => Self::TRACE,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Info => Self::INFO,
            LogLevel::Warn => Self::WARN,
            LogLevel::Error => Self::ERROR,
            LogLevel::Off => Self::OFF,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_reads_back_as_written() {
        for level in LogLevel::ALL {
            assert_eq!(level.to_string().parse::<LogLevel>().unwrap(), level);
            assert_eq!(level.to_string().to_uppercase().parse::<LogLevel>().unwrap(), level);
            assert!(EXPECTED.contains(&format!("`{level}`")));
        }
    }

    #[test]
    fn another_name_is_refused_with_the_nearest() {
        let error = "inof".parse::<LogLevel>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "logging.level = \"inof\": expected `trace`, `debug`, `info`, `warn`, `error` or \
             `off`; did you mean `info`?"
        );
        assert_eq!("loud".parse::<LogLevel>().unwrap_err().issues()[0].suggestion(), None);
    }

    #[test]
    fn levels_order_as_the_filters_of_tracing_do() {
        for pair in LogLevel::ALL.windows(2) {
            assert!(LevelFilter::from(pair[0]) > LevelFilter::from(pair[1]));
        }
    }
}
