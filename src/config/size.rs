//! A number of bytes, as text.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// What would do, in an issue about a size.
pub(super) const EXPECTED: &str = "a whole number of bytes or \"64KiB\"";

/// Every unit, the largest first.
const UNITS: [(&str, u64); 13] = [
    ("EiB", 1 << 60),
    ("EB", 1_000_000_000_000_000_000),
    ("PiB", 1 << 50),
    ("PB", 1_000_000_000_000_000),
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// The most digits after a point.
const DIGITS: usize = 18;

/// A size in bytes: a limit, a buffer, the length of a file.
///
/// In a configuration it is a whole number of bytes, or text: a number and a unit, `"64KiB"`, `"1.5 GB"`. `B` is a
/// byte; `kB`, `MB`, `GB`, `TB`, `PB` and `EB` are powers of 1000, `KiB`, `MiB`, `GiB`, `TiB`, `PiB` and `EiB` powers of
/// 1024; upper and lower case are the same. A fraction is for these, has a digit before the point and 1 to 18 after it,
/// and is cut off below a byte. Refused are a sign, a letter without its `B`, which some take for a power of 1000 and
/// others for one of 1024, and what is above [`Size::MAX`].
///
/// It is shown, and serialized, as text that reads back as the same number of bytes: in the largest unit of which it is
/// a whole number.
///
/// ```
/// use proc_daemon::config::{ConfigSource, Size};
///
/// #[derive(serde::Deserialize)]
/// struct Http { max_body: Size }
///
/// let config = ConfigSource::text("[http]\nmax_body = '64KiB'").load()?;
/// let http: Http = config.settings("http")?;
/// assert_eq!(http.max_body.bytes(), 65_536);
/// assert_eq!(http.max_body.to_string(), "64KiB");
///
/// let config = ConfigSource::text("[http]\nmax_body = 'large'").load()?;
/// let error = config.settings::<Http>("http").map(|http| http.max_body).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "<text>:2:12: http.max_body = 'large': expected a whole number of bytes or \"64KiB\""
/// );
/// # Ok::<(), proc_daemon::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

/// A text that is no [`Size`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseSizeError;

impl Size {
    /// The largest: 2^64 - 1 bytes.
    pub const MAX: Self = Self(u64::MAX);

    /// So many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// How many bytes that are.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl From<u64> for Size {
    fn from(bytes: u64) -> Self {
        Self(bytes)
    }
}

impl From<Size> for u64 {
    fn from(size: Size) -> Self {
        size.0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole =
            |(_, factor): &&(&str, u64)| self.0 >= *factor && self.0.is_multiple_of(*factor);
        let (unit, factor) = UNITS.iter().find(whole).unwrap_or(&("B", 1));
        let text = format!("{}{unit}", self.0 / factor);
        // A precision would cut off what does not read back then.
        match f.precision() {
            None => f.pad(&text),
            Some(_) => f.write_str(&text),
        }
    }
}

impl FromStr for Size {
    type Err = ParseSizeError;

    fn from_str(text: &str) -> Result<Self, ParseSizeError> {
        parse(text.trim()).map(Self).ok_or(ParseSizeError)
    }
}

/// Exact as far as a byte, whatever the number.
fn parse(text: &str) -> Option<u64> {
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let Some((whole, fraction)) = number.split_once('.') else {
        return number.parse::<u64>().ok()?.checked_mul(factor(unit)?);
    };
    // There is no part of a byte.
    let factor = factor(unit).filter(|factor| *factor > 1)?;
    if fraction.len() > DIGITS {
        return None;
    }
    let (whole, part) = (whole.parse::<u64>().ok()?, fraction.parse::<u64>().ok()?);
    let digits = u32::try_from(fraction.len()).ok()?;
    let part = u128::from(part) * u128::from(factor) / 10_u128.pow(digits);
    u64::try_from(u128::from(whole) * u128::from(factor) + part).ok()
}

/// How many bytes the unit is; none is bytes.
fn factor(unit: &str) -> Option<u64> {
    let unit = unit.trim_start();
    let known = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    known.map(|(_, factor)| *factor).or(unit.is_empty().then_some(1))
}

impl fmt::Display for ParseSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {EXPECTED}")
    }
}

impl std::error::Error for ParseSizeError {}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reads)
    }
}

struct Reads;

impl Visitor<'_> for Reads {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_u64<E: Error>(self, bytes: u64) -> Result<Size, E> {
        Ok(Size(bytes))
    }

    fn visit_i64<E: Error>(self, bytes: i64) -> Result<Size, E> {
        let bytes = u64::try_from(bytes);
        bytes.map(Size).map_err(|_| E::invalid_value(Unexpected::Other("a negative number"), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
        text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
#[path = "size_tests.rs"]
mod tests;
