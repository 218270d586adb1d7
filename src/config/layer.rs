//! One layer of a configuration: a file, the environment, or what was set in code.

use figment::value::{Dict, Value};

use super::document::Document;
use super::issue::{Location, Source};
use super::variables::Variables;

/// Where a layer's values come from, and how a place in it is called.
#[derive(Debug)]
pub(super) enum Layer {
    File(Box<Document>),
    Variables(Variables),
    Code(Overrides),
}

/// What was set in code; of two values for one key, the later one.
#[derive(Default)]
pub(super) struct Overrides {
    tree: Dict,
}

impl Overrides {
    pub(super) fn set(&mut self, path: &[&str], value: Value) {
        put(&mut self.tree, path, value);
    }
}

/// What was set may be a secret.
impl std::fmt::Debug for Overrides {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overrides").finish_non_exhaustive()
    }
}

impl Layer {
    /// Its values, keys spelled as in the layer.
    pub(super) fn tree(&self) -> &Dict {
        match self {
            Self::File(document) => document.tree(),
            Self::Variables(variables) => variables.tree(),
            Self::Code(overrides) => &overrides.tree,
        }
    }

    /// Where the value at `path` begins, or the nearest table above it.
    pub(super) fn locate(&self, path: &[&str]) -> Location {
        match self {
            Self::File(document) => document.locate(path),
            Self::Variables(variables) => variables.locate(path),
            Self::Code(_) => Location::new(Source::code(), None),
        }
    }

    /// Where the key at `path` begins; for a section, its header.
    pub(super) fn locate_key(&self, path: &[&str]) -> Location {
        match self {
            Self::File(document) => document.locate_key(path),
            Self::Variables(_) | Self::Code(_) => self.locate(path),
        }
    }

    /// The value at `path` as written, on one line and shortened; what holds others is not quoted.
    pub(super) fn quote(&self, path: &[&str]) -> Option<String> {
        match self {
            Self::File(document) => document.quote(path),
            Self::Variables(variables) => variables.quote(path),
            Self::Code(overrides) => match lookup(&overrides.tree, path) {
                Lookup::Found(value) => Some(in_short(value)),
                Lookup::Cut | Lookup::Absent => None,
            },
        }
    }

    /// The file, if it is one.
    pub(super) const fn document(&self) -> Option<&Document> {
        match self {
            Self::File(document) => Some(document),
            Self::Variables(_) | Self::Code(_) => None,
        }
    }

    /// The environment, if it is that.
    pub(super) const fn variables(&self) -> Option<&Variables> {
        match self {
            Self::Variables(variables) => Some(variables),
            Self::File(_) | Self::Code(_) => None,
        }
    }
}

fn in_short(value: &Value) -> String {
    match value {
        Value::Dict(..) => "a table".to_owned(),
        Value::Array(..) => "an array".to_owned(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// What stands at a path.
#[derive(Clone, Copy)]
pub(super) enum Lookup<'a> {
    Found(&'a Value),
    /// Something that is no table stands on the way.
    Cut,
    Absent,
}

/// What `tree` has at `path`; the elements of an array are called 0, 1 and so on.
pub(super) fn lookup<'a>(tree: &'a Dict, path: &[&str]) -> Lookup<'a> {
    let Some((first, rest)) = path.split_first() else {
        return Lookup::Absent;
    };
    let Some(mut value) = tree.get(*first) else {
        return Lookup::Absent;
    };
    for name in rest {
        let below = match value {
            Value::Dict(_, table) => match table.get(*name) {
                Some(below) => Some(below),
                None => return Lookup::Absent,
            },
            Value::Array(_, values) => name.parse().ok().and_then(|n: usize| values.get(n)),
            _ => None,
        };
        let Some(below) = below else {
            return Lookup::Cut;
        };
        value = below;
    }
    Lookup::Found(value)
}

/// Lays `value` over what `tree` has at `path`. Tables are merged key by key; of anything else, the new
/// value stays. What is no table on the way gives way to one.
pub(super) fn put(tree: &mut Dict, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => match (tree.get_mut(*name), value) {
            (Some(Value::Dict(_, below)), Value::Dict(_, above)) => {
                for (name, value) in above {
                    put(below, &[&name], value);
                }
            }
            (_, value) => {
                tree.insert((*name).to_owned(), value);
            }
        },
        [name, rest @ ..] => {
            let below = tree.entry((*name).to_owned()).or_insert_with(|| Dict::new().into());
            if !matches!(below, Value::Dict(..)) {
                *below = Dict::new().into();
            }
            if let Value::Dict(_, below) = below {
                put(below, rest, value);
            }
        }
    }
}
