//! What differs between two configurations.

use std::collections::BTreeMap;

use figment::value::{Dict, Value};

use super::Config;
use super::layers::Layers;
use super::schema::{Applied, KEYS, Key, SECTIONS, full_name};

/// A key whose value differs. The values are not in it: they may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyChange {
    /// In full, `http.tls.certificate`; of a key of the daemon's own, the first of its spellings.
    pub(crate) key: String,
    /// The first name: the section at the top that it is in. Empty for a key above the first section.
    pub(crate) section: String,
    /// For a key of the daemon's own, what a reload does with the change.
    pub(crate) own: Option<Applied>,
}

/// The keys whose value is another in `newer`: the daemon's own in the order of the schema, then the
/// user's in that of their names. Arrays are compared whole; a key set to its default is no change.
pub(super) fn changes(older: &Config, newer: &Config) -> Vec<KeyChange> {
    let differs = |key: &&Key| (key.show)(&older.settings) != (key.show)(&newer.settings);
    let own = KEYS.iter().filter(differs).map(|key| KeyChange {
        key: full_name(key.section, key.name),
        section: key.section.to_owned(),
        own: Some(key.applied),
    });
    let (old, new) = (leaves(older), leaves(newer));
    let mut paths: Vec<&Vec<&str>> = old.keys().chain(new.keys()).collect();
    paths.sort();
    paths.dedup();
    let user = paths.into_iter().filter(|path| old.get(*path) != new.get(*path));
    let user =
        user.map(|path| KeyChange { key: path.join("."), section: path[0].to_owned(), own: None });
    own.chain(user).collect()
}

/// A value of the user's; with the text of the variable, if it is one: the type may read that.
type Leaf<'a> = (&'a Value, Option<&'a str>);

fn leaves(config: &Config) -> BTreeMap<Vec<&str>, Leaf<'_>> {
    let mut leaves = BTreeMap::new();
    if let Some(layers) = config.layers() {
        collect(layers, layers.tree(), &mut Vec::new(), &mut leaves);
    }
    leaves
}

fn collect<'a>(
    layers: &'a Layers,
    table: &'a Dict,
    above: &mut Vec<&'a str>,
    leaves: &mut BTreeMap<Vec<&'a str>, Leaf<'a>>,
) {
    for (name, value) in table {
        if above.is_empty() && (SECTIONS.contains(&name.as_str()) || Key::find("", name).is_some())
        {
            continue;
        }
        above.push(name);
        match value {
            // An absent section is an empty one; further down, a table may be there or not.
            Value::Dict(_, inner) if !inner.is_empty() || above.len() == 1 => {
                collect(layers, inner, above, leaves);
            }
            _ => {
                let variables = layers.owner(above).and_then(|layer| layer.variables());
                let raw = variables.and_then(|variables| variables.raw(above));
                leaves.insert(above.clone(), (value, raw));
            }
        }
        above.pop();
    }
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
