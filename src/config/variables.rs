//! The environment as a layer: which variable is which key, and what its text is read as.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use figment::value::{Dict, Value};

use super::document::plain_value;
use super::issue::{ConfigIssue, Location, Source};
use super::layer::put;
use super::nearest::nearest;
use super::schema::{KEYS, Key, SECTIONS, full_name};

type Path = Vec<String>;

/// The variables of one prefix.
#[derive(Default)]
pub(super) struct Variables {
    entries: BTreeMap<Path, Entry>,
    tree: Dict,
}

struct Entry {
    name: Arc<str>,
    raw: String,
    value: Value,
}

/// Variables to be read in another way than at first.
#[derive(Default)]
pub(super) struct Tweaks {
    /// To be taken as the text that they are.
    pub(super) as_text: BTreeSet<Path>,
    /// To be left out.
    pub(super) without: BTreeSet<Path>,
}

impl Tweaks {
    pub(super) fn is_empty(&self) -> bool {
        self.as_text.is_empty() && self.without.is_empty()
    }
}

/// What was found besides the variables that are keys.
#[derive(Default)]
pub(super) struct Found {
    pub(super) issues: Vec<ConfigIssue>,
    pub(super) warnings: Vec<ConfigIssue>,
    /// Variables with the prefix that are no key, without it and in lower case.
    strays: Vec<(Arc<str>, String)>,
}

impl Variables {
    /// The variables of `all` whose name begins with `prefix`.
    pub(super) fn read(
        prefix: &str,
        all: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> (Self, Found) {
        let (mut variables, mut found) = (Self::default(), Found::default());
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort();
        for (name, value) in all {
            let lossy = name.to_string_lossy();
            let Some(rest) = lossy.strip_prefix(prefix).filter(|rest| !rest.is_empty()) else {
                continue;
            };
            let name: Arc<str> = lossy.as_ref().into();
            match (path(&rest.to_lowercase()), value.into_string()) {
                (None, _) => found.strays.push((name, rest.to_lowercase())),
                (Some(path), Ok(raw)) => variables.add(&mut found, path, name, raw),
                (Some(path), Err(_)) => {
                    let message =
                        format!("`{}`: the variable's value is not UTF-8", path.join("."));
                    found.issues.push(about(&name, &path, message));
                }
            }
        }
        variables.tree = variables.tweaked(&Tweaks::default());
        (variables, found)
    }

    fn add(&mut self, found: &mut Found, path: Path, name: Arc<str>, raw: String) {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let (section, key) = match parts[..] {
            [key] => ("", Some(key)),
            [section, key] if SECTIONS.contains(&section) => (section, Some(key)),
            _ => (parts[0], None),
        };
        let value = match key.and_then(|key| Key::find(section, key)) {
            Some(key) => key.parse(&raw),
            None if SECTIONS.contains(&section) => {
                let inside = parts[1..].join(".");
                let near = own_spellings(section);
                let near = nearest(&inside, near.iter().copied()).map(str::to_owned);
                let message = format!("unknown key `{inside}` in [{section}]");
                found.warnings.push(about(&name, &path, message).suggest(near));
                return;
            }
            None => guess(&raw),
        };
        if let Some(first) = self.entries.get(&path) {
            let message = format!("`{}` and `{name}` are one key: keep one", first.name);
            found.issues.push(about(&name, &path, message));
            return;
        }
        self.entries.insert(path, Entry { name, raw, value });
    }

    pub(super) const fn tree(&self) -> &Dict {
        &self.tree
    }

    /// The values, read as `tweaks` says.
    pub(super) fn tweaked(&self, tweaks: &Tweaks) -> Dict {
        let mut tree = Dict::new();
        // A path comes before those that go on from it.
        for (path, entry) in &self.entries {
            let value = match () {
                () if tweaks.without.contains(path) => continue,
                () if tweaks.as_text.contains(path) => Value::from(entry.raw.as_str()),
                () => entry.value.clone(),
            };
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            put(&mut tree, &path, value);
        }
        tree
    }

    /// The variable that gives the value at `path`, or the first below it, or the one above it.
    pub(super) fn locate(&self, path: &[&str]) -> Location {
        let mut at = self.at(path).or_else(|| self.below(path).next());
        for length in (1..path.len()).rev() {
            at = at.or_else(|| self.at(&path[..length]));
        }
        let name = at.map_or("", |(_, entry)| &entry.name);
        Location::new(Source::variable(name), None)
    }

    /// The value at `path` as it stands in the environment.
    pub(super) fn quote(&self, path: &[&str]) -> Option<String> {
        let (_, entry) = self.at(path)?;
        Some(format!("{:?}", entry.raw))
    }

    /// The text of the variable for `path`.
    pub(super) fn raw(&self, path: &[&str]) -> Option<&str> {
        self.at(path).map(|(_, entry)| entry.raw.as_str())
    }

    /// The variables for `path` and for what is below it.
    pub(super) fn paths_from(&self, path: &[&str]) -> Vec<Path> {
        let exact = self.at(path).into_iter();
        exact.chain(self.below(path)).map(|(path, _)| path.clone()).collect()
    }

    /// The variables that could be read as text instead, in or around the value at `path`: that of the
    /// value or of an array or table around it, else those below.
    pub(super) fn readable_as_text(&self, path: &[&str], except: &BTreeSet<Path>) -> Vec<Path> {
        let other = |(path, entry): &(&Path, &Entry)| {
            !matches!(entry.value, Value::String(..)) && !except.contains(*path)
        };
        let around = (1..=path.len()).rev().find_map(|length| self.at(&path[..length]));
        match around {
            Some(found) => {
                Some(found).filter(other).map(|(path, _)| path.clone()).into_iter().collect()
            }
            None => self.below(path).filter(other).map(|(path, _)| path.clone()).collect(),
        }
    }

    fn at(&self, path: &[&str]) -> Option<(&Path, &Entry)> {
        let path: Path = path.iter().map(|&name| name.to_owned()).collect();
        self.entries.get_key_value(&path)
    }

    fn below<'a>(&'a self, path: &'a [&'a str]) -> impl Iterator<Item = (&'a Path, &'a Entry)> {
        self.entries.iter().filter(move |(found, _)| {
            found.len() > path.len() && found.iter().zip(path).all(|(a, b)| a == b)
        })
    }
}

impl Found {
    /// The warnings about variables that are no key, by what the whole configuration has: `tree`.
    pub(super) fn judge_strays(&mut self, prefix: &str, tree: &Dict) {
        for (name, rest) in std::mem::take(&mut self.strays) {
            let section = tree
                .iter()
                .filter(|(_, value)| matches!(value, Value::Dict(..)))
                .find_map(|(section, _)| {
                    let inside = rest.strip_prefix(section.as_str())?.strip_prefix('_')?;
                    (!inside.is_empty()).then(|| format!("{section}__{inside}"))
                });
            let near = section.or_else(|| nearest_variable(&rest));
            let message = format!("`{name}` is no key of the configuration");
            let issue = ConfigIssue::new("", message)
                .at(Some(Location::new(Source::variable(&name), None)))
                .suggest(near.map(|near| format!("{prefix}{}", near.to_uppercase())));
            self.warnings.push(issue);
        }
    }
}

fn about(name: &str, path: &[String], message: String) -> ConfigIssue {
    let location = Location::new(Source::variable(name), None);
    ConfigIssue::new(path.join("."), message).at(Some(location))
}

fn own_spellings(section: &str) -> Vec<&'static str> {
    KEYS.iter().filter(|key| key.section == section).flat_map(Key::spellings).collect()
}

fn variable_names() -> impl Iterator<Item = (String, &'static Key, &'static str)> {
    KEYS.iter().flat_map(|key| {
        key.spellings().map(move |name| (full_name(key.section, name).replace('.', "_"), key, name))
    })
}

fn nearest_variable(rest: &str) -> Option<String> {
    let names: Vec<String> = variable_names().map(|(variable, ..)| variable).collect();
    nearest(rest, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The key that a variable's name stands for, without the prefix and in lower case: one of the schema by
/// single underscores, any by double ones.
fn path(rest: &str) -> Option<Path> {
    if let Some((_, key, spelling)) = variable_names().find(|(variable, ..)| variable == rest) {
        let section = Some(key.section).filter(|section| !section.is_empty());
        return Some(section.into_iter().chain([spelling]).map(str::to_owned).collect());
    }
    let names: Path = rest.split("__").map(str::to_owned).collect();
    (names.len() > 1 && names.iter().all(|name| !name.is_empty())).then_some(names)
}

/// What a text is most likely meant as, for a key whose type is not known: `true` or `false`, a number,
/// an array or an inline table as TOML writes them, else the text.
fn guess(raw: &str) -> Value {
    match raw.parse::<toml_edit::Value>() {
        Ok(
            value @ (toml_edit::Value::Integer(_)
            | toml_edit::Value::Float(_)
            | toml_edit::Value::Boolean(_)
            | toml_edit::Value::Array(_)
            | toml_edit::Value::InlineTable(_)),
        ) => plain_value(&value),
        _ => Value::from(raw),
    }
}

/// The values may be secrets.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.values().map(|entry| &entry.name)).finish()
    }
}

#[cfg(test)]
#[path = "variables_tests.rs"]
mod tests;
