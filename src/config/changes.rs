//! TEMP
use super::{Config, ConfigError, ConfigSource};
use figment::value::{Dict, Value};

/// When a change of a key is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    Live,
    Restart,
    Process,
}

/// A key that has changed.
#[derive(Clone, Debug)]
pub(crate) struct KeyChange {
    pub(crate) key: String,
    /// Of the daemon's own keys.
    pub(crate) own: Option<Applied>,
}

impl Config {
    pub(crate) fn source(&self) -> Option<&ConfigSource> {
        None
    }
    pub(crate) fn changes(&self, newer: &Self) -> Vec<KeyChange> {
        let empty = Dict::new();
        let a = self.document().map_or(&empty, |d| d.tree());
        let b = newer.document().map_or(&empty, |d| d.tree());
        let mut all = Vec::new();
        walk("", a, b, &mut all);
        all
    }
}
fn walk(at: &str, a: &Dict, b: &Dict, all: &mut Vec<KeyChange>) {
    let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
    for name in names {
        let key = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match (a.get(name), b.get(name)) {
            (Some(Value::Dict(_, a)), Some(Value::Dict(_, b))) => walk(&key, a, b, all),
            (a, b) if a == b => {}
            _ => {
                let live = ["logging", "shutdown", "monitoring"].iter().any(|s| key.starts_with(s));
                let process = key == "name" || key.starts_with("performance");
                let own = if live {
                    Some(Applied::Live)
                } else if process {
                    Some(Applied::Process)
                } else {
                    None
                };
                all.push(KeyChange { key, own });
            }
        }
    }
}
impl ConfigSource {
    pub(crate) fn reload(&self, _: &Config) -> Result<Config, ConfigError> {
        self.load()
    }
}
