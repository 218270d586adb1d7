//! A value of the user's that is not to be shown.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use proc_daemon_runtime::{catch, discard};
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, Visitor};

/// A value that is read like a `T` and never printed: a password, a token, a key.
///
/// `Debug` and `Display` print `[redacted]`, there is no `Serialize`. When a section with a secret in it
/// cannot be read because the secret is of another type, the error names its place, quotes nothing, and
/// what `T` had against it is dropped.
///
/// ```
/// use proc_daemon::config::{ConfigSource, Secret};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Database { password: Secret<String> }
///
/// let config = ConfigSource::text("[database]\npassword = 'hunter2'").load()?;
/// let database: Database = config.settings("database")?;
/// assert_eq!(database.password.expose(), "hunter2");
/// assert_eq!(format!("{database:?}"), "Database { password: [redacted] }");
/// # Ok::<(), proc_daemon::config::ConfigError>(())
/// ```
///
/// Should `T`'s own `Deserialize` panic, the error says no more than that. The process's panic hook, which prints to
/// stderr unless the program has set another one, has been called by then, with whatever text the panic was given: a
/// `T` that quotes its value belongs into an error, which is dropped.
///
/// The memory is not cleared when it is dropped: a type that does that can be the `T`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Makes a secret of `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. From here on it is the caller's to keep secret.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, no secret any more.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("[redacted]")
    }
}

thread_local! {
    /// Whether a secret was refused in the section that this thread is reading: an enum that tries one
    /// type after another keeps neither the error nor the place.
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// What `read` gives, and whether it refused a secret on this thread.
pub(super) fn watch<R>(read: impl FnOnce() -> R) -> (R, bool) {
    let outer = REFUSED.replace(false);
    let read = read();
    (read, REFUSED.replace(outer))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A field that is missing never gets to the visitor: that error stays what it is.
        deserializer.deserialize_newtype_struct("Secret", Guard(PhantomData))
    }
}

/// Reads the value, and drops what `T` says, by error or panic: it may quote the value.
struct Guard<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Guard<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Secret<T>, D::Error> {
        let refused = match catch(|| T::deserialize(deserializer)) {
            Ok(Ok(value)) => return Ok(Secret(value)),
            Ok(Err(_)) => "the secret is not of the type that reads it",
            Err(payload) => {
                discard(payload);
                "the type that reads the secret panicked"
            }
        };
        REFUSED.set(true);
        Err(D::Error::custom(refused))
    }
}

/// For formats that hand over the value instead of a deserializer of it.
macro_rules! read_plain {
    ($($visit:ident: $plain:ty),*) => {$(
        fn $visit<E: Error>(self, value: $plain) -> Result<Secret<T>, E> {
            Guard::read(value.into_deserializer())
        }
    )*};
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Guard<T> {
    type Value = Secret<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Secret<T>, D::Error> {
        Self::read(inner)
    }

    read_plain!(visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128);
    read_plain!(visit_f64: f64, visit_char: char, visit_str: &str);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_nothing_of_its_value() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(
            format!("{secret} {secret:?} {secret:>12}"),
            "[redacted] [redacted]   [redacted]"
        );
        assert_eq!((secret.expose().as_str(), secret.clone().into_inner().len()), ("hunter2", 7));
        assert_eq!(Secret::from("a"), Secret::new("a"));
    }
}
