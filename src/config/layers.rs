//! The layers of a configuration, one over the other.
//!
//! figment supplies the values and the deserializer that reads them. The merging is done here: a key of
//! the schema has several spellings, and which layer a value comes from has to be found again.

use std::borrow::Cow;

use figment::value::{Dict, Value};

use super::document::Document;
use super::issue::Location;
use super::layer::{Layer, Lookup, lookup, put};
use super::schema::{KEYS, Key};
use super::variables::Tweaks;

/// Every layer, from the lowest up, and what they come to.
#[derive(Debug)]
pub(super) struct Layers {
    layers: Vec<Layer>,
    merged: Merged,
}

/// The values may be secrets.
struct Merged(Dict);

impl std::fmt::Debug for Merged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Layers {
    /// `layers` is in order from the lowest up.
    pub(super) fn new(layers: Vec<Layer>) -> Self {
        let merged = Merged(merge(layers.iter().map(|layer| Cow::Borrowed(layer.tree()))));
        Self { layers, merged }
    }

    /// From the lowest up.
    pub(super) fn all(&self) -> &[Layer] {
        &self.layers
    }

    /// All layers, merged.
    pub(super) const fn tree(&self) -> &Dict {
        &self.merged.0
    }

    /// All layers, merged, the environment read as `tweaks` says.
    pub(super) fn tweaked(&self, tweaks: &Tweaks) -> Cow<'_, Dict> {
        if tweaks.is_empty() {
            return Cow::Borrowed(self.tree());
        }
        Cow::Owned(merge(self.layers.iter().map(|layer| match layer.variables() {
            Some(variables) => Cow::Owned(variables.tweaked(tweaks)),
            None => Cow::Borrowed(layer.tree()),
        })))
    }

    /// The environment, if it is read.
    pub(super) fn variables(&self) -> Option<&super::variables::Variables> {
        self.layers.iter().find_map(Layer::variables)
    }

    /// The file or text that the others are laid over.
    pub(super) fn base(&self) -> Option<&Document> {
        self.layers.iter().find_map(Layer::document).filter(|document| document.is_base())
    }

    /// The layers that have something at `path`, from the highest down. True: its value is in what the
    /// layers come to, as the value or as a part of the table.
    pub(super) fn having(&self, path: &[&str]) -> Vec<(&Layer, bool)> {
        let (mut having, mut effective) = (Vec::new(), true);
        for layer in self.layers.iter().rev() {
            match lookup(layer.tree(), path) {
                Lookup::Found(value) => {
                    let is_table = matches!(value, Value::Dict(..));
                    effective &= is_table || having.is_empty();
                    having.push((layer, effective));
                    effective &= is_table;
                }
                Lookup::Cut => effective = false,
                Lookup::Absent => {}
            }
        }
        having
    }

    /// The layer to name for `path`: where the value comes from; for a table, the first that begins it,
    /// a file if there is one.
    pub(super) fn owner(&self, path: &[&str]) -> Option<&Layer> {
        let having = self.having(path);
        let mut effective =
            having.iter().filter(|(_, effective)| *effective).map(|(layer, _)| *layer);
        if !self.is_table(path) {
            return effective.next();
        }
        let effective: Vec<&Layer> = effective.collect();
        let mut files = effective.iter().filter(|layer| layer.document().is_some());
        files.next_back().or(effective.last()).copied()
    }

    fn is_table(&self, path: &[&str]) -> bool {
        matches!(lookup(self.tree(), path), Lookup::Found(Value::Dict(..)))
    }

    /// Whether anything stands at `path`.
    pub(super) fn has(&self, path: &[&str]) -> bool {
        matches!(lookup(self.tree(), path), Lookup::Found(_))
    }

    /// Where the value at `path` begins: for a section, its header. Failing that, the deepest table on
    /// the way; failing that, the lowest file. `None` if there is none.
    pub(super) fn locate(&self, path: &[&str]) -> Option<Location> {
        let owner = (1..=path.len()).rev().find_map(|length| self.owner(&path[..length]));
        let whole = || self.base().map(Document::whole);
        owner.map(|layer| layer.locate(path)).or_else(whole)
    }

    /// Where the key at `path` begins; for a section, its header.
    pub(super) fn locate_key(&self, path: &[&str]) -> Option<Location> {
        match self.owner(path) {
            Some(layer) => Some(layer.locate_key(path)),
            None => self.locate(path),
        }
    }

    /// Where the key at `path`, which is unknown, is to be removed. Of the environment it does not count.
    pub(super) fn locate_unknown(&self, path: &[&str]) -> Option<Location> {
        let mut having = self.having(path).into_iter().map(|(layer, _)| layer);
        let layer = having.find(|layer| layer.variables().is_none());
        layer.map(|layer| layer.locate_key(path)).or_else(|| self.locate_key(path))
    }

    /// The value of the user's at `path` as a file has it. What holds others is not quoted, nor what the
    /// environment or the program gave.
    pub(super) fn quote(&self, path: &[&str]) -> Option<String> {
        self.owner(path)?.document()?.quote(path)
    }

    /// Whether the value at `path` is a table or tables under a header of their own.
    pub(super) fn has_header(&self, path: &[&str]) -> bool {
        let document = self.owner(path).and_then(Layer::document);
        document.is_some_and(|document| document.has_header(path))
    }
}

/// `trees` from the lowest up, each laid over those before it. Where a tree spells a key of the schema in
/// another way, the other spelling goes.
fn merge<'a>(trees: impl Iterator<Item = Cow<'a, Dict>>) -> Dict {
    let mut merged = Dict::new();
    for tree in trees {
        for key in &KEYS {
            if let Some(table) = section(&tree, key)
                && key.spellings().any(|spelling| table.contains_key(spelling))
            {
                forget(&mut merged, key);
            }
        }
        for (name, value) in tree.into_owned() {
            put(&mut merged, &[&name], value);
        }
    }
    merged
}

/// The table of `tree` that `key` belongs in.
pub(super) fn section<'a>(tree: &'a Dict, key: &Key) -> Option<&'a Dict> {
    if key.section.is_empty() { Some(tree) } else { tree.get(key.section).and_then(Value::as_dict) }
}

fn forget(tree: &mut Dict, key: &Key) {
    let table = if key.section.is_empty() {
        Some(tree)
    } else {
        match tree.get_mut(key.section) {
            Some(Value::Dict(_, table)) => Some(table),
            _ => None,
        }
    };
    if let Some(table) = table {
        for spelling in key.spellings() {
            table.remove(spelling);
        }
    }
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
