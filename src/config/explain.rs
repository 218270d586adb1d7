//! Where a value comes from.

use std::fmt;

use super::issue::{Location, Source};
use super::layer::{Lookup, lookup};
use super::layers::{Layers, section};
use super::schema::{KEYS, Key, full_name};
use super::{Config, Settings};

/// Where the value of a key comes from, and where else it is set without effect.
///
/// Displayed on one line:
///
/// ```text
/// shutdown.timeout_ms = 5s: DAEMON_SHUTDOWN_TIMEOUT_MS (environment variable), over daemon.toml:3:1, over the default
/// http.port: conf.d/10-port.toml:2:1, over daemon.toml:7:1
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    key: String,
    value: Option<String>,
    origin: Origin,
    lost: Vec<Origin>,
}

/// What gave a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The key is set here.
    Set(Location),
    /// It is set nowhere, and follows from the shutdown timeouts that are: see
    /// [`ShutdownTimeouts`](super::ShutdownTimeouts).
    Derived,
    /// It is set nowhere.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(location) => fmt::Display::fmt(location, f),
            Self::Derived => f.write_str("follows from the other timeouts"),
            Self::Default => f.write_str("the default"),
        }
    }
}

impl Explanation {
    /// The key; of a key of the daemon's own, the first of its spellings.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value of a key of the daemon's own, a time as in `1m 30s`. `None` for a key of the user's, which
    /// may be a secret.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// What gave the value.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where else it is set, without effect, from the highest layer down; last, for a key of the
    /// daemon's own that is set, the default.
    #[must_use]
    pub fn lost(&self) -> &[Origin] {
        &self.lost
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::issue::write_line(f, &self.key)?;
        if let Some(value) = &self.value {
            f.write_str(" = ")?;
            super::issue::write_line(f, value)?;
        }
        write!(f, ": {}", self.origin)?;
        self.lost.iter().try_for_each(|lost| write!(f, ", over {lost}"))
    }
}

/// Of a key that is set, the rest of where it stands; of one that is not, what it has instead.
pub(super) fn explain(config: &Config, key: &str) -> Option<Explanation> {
    let path: Vec<&str> = key.split('.').collect();
    let own = match path[..] {
        [name] => own_key("", name),
        [section, name] => own_key(section, name),
        _ => None,
    };
    match own {
        Some((number, key)) => Some(own_value(config, number, key)),
        None => user_value(config.layers()?, key, &path),
    }
}

fn own_key(section: &str, name: &str) -> Option<(usize, &'static Key)> {
    let is_it = |key: &Key| key.section == section && key.spellings().any(|found| found == name);
    KEYS.iter().enumerate().find(|(_, key)| is_it(key))
}

fn own_value(config: &Config, number: usize, key: &Key) -> Explanation {
    let layers = config.layers().map_or(&[][..], Layers::all);
    let mut set: Vec<Origin> = layers
        .iter()
        .rev()
        .filter_map(|layer| {
            let table = section(layer.tree(), key)?;
            let spelling = key.spellings().find(|spelling| table.contains_key(*spelling))?;
            let path: Vec<&str> =
                [key.section, spelling].into_iter().filter(|name| !name.is_empty()).collect();
            Some(Origin::Set(layer.locate_key(&path)))
        })
        .collect();
    if config.given.has(number) {
        set.push(Origin::Set(Location::new(Source::code(), None)));
    }
    let value = (key.show)(&config.settings);
    set.push(if set.is_empty() && value != (key.show)(&Settings::DEFAULT) {
        Origin::Derived
    } else {
        Origin::Default
    });
    let origin = set.remove(0);
    Explanation { key: full_name(key.section, key.name), value: Some(value), origin, lost: set }
}

fn user_value(layers: &Layers, key: &str, path: &[&str]) -> Option<Explanation> {
    let Lookup::Found(value) = lookup(layers.tree(), path) else {
        return None;
    };
    if value.as_dict().is_some() {
        return None;
    }
    let having = layers.having(path).into_iter();
    let mut set: Vec<Origin> =
        having.map(|(layer, _)| Origin::Set(layer.locate_key(path))).collect();
    let origin = set.remove(0);
    Some(Explanation { key: key.to_owned(), value: None, origin, lost: set })
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
