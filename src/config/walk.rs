//! From the layers to what they set, by the schema; and the tables that nobody claims.

use figment::value::{Dict, Value};

use super::draft::{Draft, Settings};
use super::issue::ConfigIssue;
use super::layer::Layer;
use super::layers::{Layers, section};
use super::nearest::nearest;
use super::schema::{KEYS, Key, SECTIONS, full_name};

/// What `layers` set, checked. Every layer is judged, also where a higher one wins; what has to agree is
/// judged on what they come to, if `whole`: if none of them is missing.
///
/// Tables that are not in the schema are left to [`unclaimed`]; `claimed` holds the paths of the user's
/// sections, as far as they are known.
pub(super) fn settings(
    layers: &Layers,
    claimed: &[&str],
    whole: bool,
) -> Result<Settings, Vec<ConfigIssue>> {
    let heads: Vec<&str> = claimed.iter().filter_map(|path| path.split('.').next()).collect();
    let mut issues = Vec::new();
    let mut winners = [const { None }; KEYS.len()];
    for layer in layers.all() {
        let mut walk = Walk { layer, heads: &heads, winners: &mut winners, issues: &mut issues };
        walk.keys("", layer.tree());
        for section in SECTIONS {
            match layer.tree().get(section) {
                Some(Value::Dict(_, table)) => walk.keys(section, table),
                Some(_) => walk.not_a_table(section),
                None => {}
            }
        }
    }
    let mut draft = Draft::default();
    for (key, winner) in KEYS.iter().zip(&winners) {
        if let Some(Winner { spelling, value: Some(value), .. }) = winner {
            let _ = key.read(&mut draft, spelling, value);
        }
    }
    let blame = |section: &'static str, name: &'static str| {
        let key = KEYS.iter().position(|key| (key.section, key.name) == (section, name))?;
        let winner = winners[key].as_ref()?;
        Some(value_issue(winner.layer, section, winner.spelling))
    };
    match draft.finish(&blame) {
        Ok(settings) if issues.is_empty() => return Ok(settings),
        Err(more) if whole => issues.extend(more),
        Ok(_) | Err(_) => {}
    }
    Err(issues)
}

/// The highest layer that has a key. No value: it is wrong.
struct Winner<'a> {
    layer: &'a Layer,
    spelling: &'static str,
    value: Option<&'a Value>,
}

struct Walk<'a, 'w> {
    layer: &'a Layer,
    heads: &'w [&'w str],
    winners: &'w mut [Option<Winner<'a>>; KEYS.len()],
    issues: &'w mut Vec<ConfigIssue>,
}

impl<'a> Walk<'a, '_> {
    /// Reads the keys of one section, or those above the first one.
    fn keys(&mut self, section: &'static str, table: &'a Dict) {
        for (number, key) in KEYS.iter().enumerate().filter(|(_, key)| key.section == section) {
            let spellings: Vec<_> = spellings_used(self.layer, key).collect();
            match spellings[..] {
                [] => {}
                [spelling] => self.read(number, spelling, &table[spelling]),
                _ => self.twice(key, &spellings),
            }
        }
        for (name, value) in table {
            let judged_later = section.is_empty() && (is_tables(value) || is_section(name));
            if Key::find(section, name).is_some() || judged_later {
                continue;
            }
            if section.is_empty() && self.heads.contains(&name.as_str()) {
                self.issues.push(section_expected(self.layer, name));
            } else {
                self.issues.push(unknown_key(self.layer, section, name));
            }
        }
    }

    /// Judges a value alone.
    fn read(&mut self, number: usize, spelling: &'static str, value: &'a Value) {
        let (key, layer) = (&KEYS[number], self.layer);
        let mut alone = Draft::default();
        let issues = match key.read(&mut alone, spelling, value) {
            Ok(()) => {
                let blame = |_, _| Some(value_issue(layer, key.section, spelling));
                alone.finish(&blame).err().unwrap_or_default()
            }
            Err(refusal) => {
                let message = refusal.message.unwrap_or_else(|| key.expected.to_owned());
                let issue = value_issue(layer, key.section, spelling).saying(message);
                vec![issue.suggest(refusal.suggestion.map(str::to_owned))]
            }
        };
        let value = issues.is_empty().then_some(value);
        self.winners[number] = Some(Winner { layer, spelling, value });
        self.issues.extend(issues);
    }

    /// Two spellings of one key: located at the one further down.
    fn twice(&mut self, key: &'static Key, spellings: &[&'static str]) {
        let section = key.section;
        let place = |name: &&str| self.layer.locate_key(&path(section, name));
        let mut spellings = spellings.to_vec();
        spellings.sort_by_key(place);
        let names: Vec<_> = spellings.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("{} in [{section}] are one key: keep one", names.join(" and "));
        let last = spellings[spellings.len() - 1];
        let issue = ConfigIssue::new(full_name(section, last), message);
        self.issues.push(issue.at(Some(place(&last))));
    }

    fn not_a_table(&mut self, section: &'static str) {
        let message = format!("expected a section, [{section}]");
        self.issues.push(value_issue(self.layer, "", section).saying(message));
    }
}

/// The issue of a value, without its message.
fn value_issue(layer: &Layer, section: &str, name: &str) -> ConfigIssue {
    let path = path(section, name);
    ConfigIssue::new(full_name(section, name), "")
        .at(Some(layer.locate(&path)))
        .showing(layer.quote(&path))
}

/// A value where a section of the user's has to be. It is not quoted: it may be a secret.
fn section_expected(layer: &Layer, name: &str) -> ConfigIssue {
    let message = format!("`{name}` is a value: expected a section, [{name}]");
    ConfigIssue::new(name, message).at(Some(layer.locate(&[name])))
}

/// Whether the first name of `path` is a value in a layer, which [`settings`] tells when it knows the
/// section at `path`.
pub(super) fn is_value_at_head(layers: &Layers, path: &str) -> bool {
    let head = path.split('.').next().unwrap_or_default();
    let is_value = |value: &Value| !is_tables(value) && !is_section(head);
    layers.all().iter().any(|layer| layer.tree().get(head).is_some_and(is_value))
}

fn unknown_key(layer: &Layer, section: &'static str, name: &str) -> ConfigIssue {
    let issue = ConfigIssue::new(full_name(section, name), "")
        .at(Some(layer.locate_key(&path(section, name))));
    if Key::find("", name).is_some() {
        let first = layer.document().and_then(|document| document.first_section());
        let first = first.unwrap_or_else(|| section.to_owned());
        return issue.saying(format!("`{name}` belongs above [{first}], the first section"));
    }
    if let Some(home) = SECTIONS.into_iter().find(|home| Key::find(home, name).is_some()) {
        return issue.saying(format!("`{name}` belongs in [{home}]"));
    }
    let here = KEYS.iter().filter(|key| key.section == section);
    let near = nearest(name, here.flat_map(Key::spellings)).map(str::to_owned);
    let place = if section.is_empty() { String::new() } else { format!(" in [{section}]") };
    issue.saying(format!("unknown key `{name}`{place}")).suggest(near)
}

/// An issue for each table or key outside the schema that is on the path of no claimed section; a
/// warning instead for those that only the environment has.
///
/// `claimed` holds the paths of the user's sections, names joined by dots.
pub(super) fn unclaimed(layers: &Layers, claimed: &[&str]) -> (Vec<ConfigIssue>, Vec<ConfigIssue>) {
    let claimed: Vec<Vec<&str>> = claimed.iter().map(|path| path.split('.').collect()).collect();
    let (mut issues, mut warnings) = (Vec::new(), Vec::new());
    for layer in layers.all() {
        let mut search = Search { layer, claimed: &claimed, issues: Vec::new() };
        search.below(&mut Vec::new(), layer.tree());
        let found = if layer.variables().is_some() { &mut warnings } else { &mut issues };
        found.extend(search.issues);
    }
    (issues, warnings)
}

struct Search<'a> {
    layer: &'a Layer,
    claimed: &'a [Vec<&'a str>],
    issues: Vec<ConfigIssue>,
}

impl<'a> Search<'a> {
    fn below(&mut self, above: &mut Vec<&'a str>, table: &'a Dict) {
        for (name, value) in table {
            if above.is_empty() && (is_section(name) || !is_tables(value)) {
                continue;
            }
            above.push(name);
            if !self.claimed.contains(above) {
                let on_the_way = self.claimed.iter().any(|path| path.starts_with(above));
                match value {
                    Value::Dict(_, inner) if on_the_way => self.below(above, inner),
                    _ => self.issues.push(self.unknown(above, value)),
                }
            }
            above.pop();
        }
    }

    fn unknown(&self, path: &[&str], value: &Value) -> ConfigIssue {
        let (name, above) = path.split_last().unwrap_or((&"", &[]));
        let claimed = self.claimed.iter().filter(|claimed| claimed.starts_with(above));
        let siblings = claimed.filter_map(|claimed| claimed.get(above.len()).copied());
        let built_in = SECTIONS.into_iter().filter(|_| above.is_empty());
        let near = nearest(name, siblings.chain(built_in));
        let full = path.join(".");
        let (message, near) = if is_tables(value) {
            let near = near.map(|near| format!("[{}]", [above, &[near]].concat().join(".")));
            (format!("unknown section [{full}]"), near)
        } else {
            let message = format!("unknown key `{name}` in [{}]", above.join("."));
            (message, near.map(str::to_owned))
        };
        let location = self.layer.locate_key(path);
        ConfigIssue::new(full, message).at(Some(location)).suggest(near)
    }
}

fn spellings_used(layer: &Layer, key: &'static Key) -> impl Iterator<Item = &'static str> {
    let table = section(layer.tree(), key);
    key.spellings().filter(move |spelling| table.is_some_and(|table| table.contains_key(*spelling)))
}

fn path<'a>(section: &'a str, name: &'a str) -> Vec<&'a str> {
    if section.is_empty() { vec![name] } else { vec![section, name] }
}

fn is_section(name: &str) -> bool {
    SECTIONS.contains(&name)
}

/// A table, or an array of nothing but tables.
fn is_tables(value: &Value) -> bool {
    match value {
        Value::Dict(..) => true,
        Value::Array(_, values) => !values.is_empty() && values.iter().all(is_table),
        _ => false,
    }
}

fn is_table(value: &Value) -> bool {
    matches!(value, Value::Dict(..))
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
