//! What a daemon can be built from.

use std::error::Error;

use super::error::ConfigError;
use super::{Config, ConfigSource};

/// What [`Daemon::builder`] takes: a [`Config`], a `Result` of one, whose error the daemon holds
/// and returns when it is built, or a [`ConfigSource`], which the daemon loads at start.
///
/// Sealed: implemented for these three only.
///
/// [`Daemon::builder`]: crate::Daemon::builder
#[diagnostic::on_unimplemented(
    message = "a daemon cannot be configured with a `{Self}`",
    label = "expected a `Config`, a `Result<Config, _>` or a `ConfigSource`",
    note = "a path goes through `Config::file(path)`"
)]
pub trait IntoConfig: sealed::Sealed {}

impl IntoConfig for Config {}
impl IntoConfig for ConfigSource {}
impl<E> IntoConfig for Result<Config, E> where E: Into<Box<dyn Error + Send + Sync + 'static>> {}

impl sealed::Sealed for Config {
    fn into_pending(self) -> Pending {
        Pending::Ready(self)
    }
}

impl sealed::Sealed for ConfigSource {
    fn into_pending(self) -> Pending {
        Pending::Source(self)
    }
}

impl<E> sealed::Sealed for Result<Config, E>
where
    E: Into<Box<dyn Error + Send + Sync + 'static>>,
{
    fn into_pending(self) -> Pending {
        match self {
            Ok(config) => Pending::Ready(config),
            Err(error) => Pending::Failed(error.into()),
        }
    }
}

/// A configuration that a daemon's builder holds until it needs it.
#[derive(Debug)]
pub enum Pending {
    /// Loaded already.
    Ready(Config),
    /// Its loading failed already. A [`ConfigError`] can be had back by `downcast`.
    Failed(Box<dyn Error + Send + Sync + 'static>),
    /// To be loaded.
    Source(ConfigSource),
}

impl Pending {
    /// The configuration, loading it if that has not been done.
    ///
    /// # Errors
    ///
    /// It could not be loaded, now or before.
    pub fn load(self) -> Result<Config, Box<dyn Error + Send + Sync + 'static>> {
        match self {
            Self::Ready(config) => Ok(config),
            Self::Failed(error) => Err(error),
            Self::Source(source) => source.load().map_err(|error: ConfigError| error.into()),
        }
    }
}

mod sealed {
    /// The private half of [`IntoConfig`](super::IntoConfig).
    pub trait Sealed {
        /// The three forms as one.
        fn into_pending(self) -> super::Pending;
    }
}

#[cfg(test)]
mod tests {
    use super::sealed::Sealed;
    use super::*;

    #[test]
    fn each_form_becomes_what_it_is() {
        let pending = |config: Pending| config.load();
        assert_eq!(pending(Config::default().into_pending()).unwrap().name(), "daemon");
        let source = ConfigSource::text("name = \"x\"");
        assert_eq!(pending(source.into_pending()).unwrap().name(), "x");
        let bad = ConfigSource::text("name = 1").load();
        let error = pending(bad.into_pending()).unwrap_err();
        assert!(error.downcast::<ConfigError>().is_ok());
        let told: Result<Config, &str> = Err("no");
        assert_eq!(pending(told.into_pending()).unwrap_err().to_string(), "no");
    }
}
