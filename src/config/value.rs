//! A value given in code.

use std::fmt;
use std::time::Duration;

use figment::value::Value as Inner;

use super::size::Size;
use super::span::Span;
use crate::duration::shown;

/// A value for [`ConfigSource::set`](super::ConfigSource::set): of a number, a `bool`, a text, a
/// [`Duration`], a [`Span`] or a [`Size`], which become text such as `1m 30s` and `64KiB`, or a `Vec` or array of those.
///
/// Not shown when printed: it may be a secret.
#[derive(Clone, PartialEq)]
pub struct Value(Inner);

impl Value {
    pub(super) fn into_inner(self) -> Inner {
        self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}

macro_rules! from {
    ($($from:ty),*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self(Inner::from(value))
            }
        }
    )*};
}

from!(bool, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, f32, f64, &str, String);

impl From<Duration> for Value {
    fn from(value: Duration) -> Self {
        Self::from(shown(value))
    }
}

impl From<Span> for Value {
    fn from(value: Span) -> Self {
        Self::from(value.duration())
    }
}

impl From<Size> for Value {
    fn from(value: Size) -> Self {
        Self::from(value.to_string())
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        let values: Vec<Inner> = values.into_iter().map(|value| value.into().0).collect();
        Self(Inner::from(values))
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Self::from(Vec::from(values))
    }
}
