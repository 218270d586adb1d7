//! What a daemon can be built from.

use std::error::Error;

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
    /// Its loading failed already. A [`ConfigError`](super::ConfigError) can be had back by `downcast`.
    Failed(Box<dyn Error + Send + Sync + 'static>),
    /// To be loaded.
    Source(ConfigSource),
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
    use super::super::ConfigError;
    use super::sealed::Sealed;
    use super::*;

    #[test]
    fn each_form_becomes_what_it_is() {
        assert!(matches!(Config::default().into_pending(), Pending::Ready(_)));
        assert!(matches!(
            Ok::<_, ConfigError>(Config::default()).into_pending(),
            Pending::Ready(_)
        ));
        assert!(matches!(ConfigSource::text("name = 1").into_pending(), Pending::Source(_)));
    }

    #[test]
    fn a_failed_load_is_kept_as_the_error_it_is() {
        let failed = |pending| match pending {
            Pending::Failed(error) => error,
            other => panic!("{other:?}"),
        };
        let error = failed(ConfigSource::text("name = 1").load().into_pending());
        assert!(error.is::<ConfigError>());
        let told: Result<Config, &str> = Err("no");
        assert_eq!(failed(told.into_pending()).to_string(), "no");
    }
}
