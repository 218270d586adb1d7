//! From a parsed file to what it sets, by the schema; and the tables that nobody claims.

use figment::value::{Dict, Value};

use super::document::Document;
use super::draft::{Draft, Settings};
use super::error::ConfigError;
use super::issue::ConfigIssue;
use super::nearest::nearest;
use super::schema::{KEYS, Key, SECTIONS, full_name};

/// What `document` sets, checked. Tables that are not in the schema are left to [`unclaimed`].
pub(super) fn settings(document: &Document) -> Result<Settings, ConfigError> {
    let mut walk = Walk { document, draft: Draft::default(), issues: Vec::new() };
    walk.keys("", document.tree());
    for section in SECTIONS {
        match document.tree().get(section) {
            Some(Value::Dict(_, table)) => walk.keys(section, table),
            Some(_) => walk.not_a_table(section),
            None => {}
        }
    }
    let Walk { mut draft, mut issues, .. } = walk;
    let blame = |section: &'static str, name: &'static str| {
        let spelling = spellings_used(document, Key::find(section, name)?).next()?;
        Some(value_issue(document, section, spelling))
    };
    match draft.finish(&blame) {
        Ok(settings) if issues.is_empty() => Ok(settings),
        Ok(_) => Err(ConfigError::invalid(issues)),
        Err(more) => {
            issues.extend(more);
            Err(ConfigError::invalid(issues))
        }
    }
}

struct Walk<'a> {
    document: &'a Document,
    draft: Draft,
    issues: Vec<ConfigIssue>,
}

impl Walk<'_> {
    /// Reads the keys of one section, or those above the first one.
    fn keys(&mut self, section: &'static str, table: &Dict) {
        for key in KEYS.iter().filter(|key| key.section == section) {
            let spellings: Vec<_> = spellings_used(self.document, key).collect();
            match spellings[..] {
                [] => {}
                [spelling] => self.read(key, spelling, &table[spelling]),
                _ => self.twice(key, &spellings),
            }
        }
        for (name, value) in table {
            let judged_later = section.is_empty() && (is_tables(value) || is_section(name));
            if Key::find(section, name).is_none() && !judged_later {
                self.issues.push(unknown_key(self.document, section, name));
            }
        }
    }

    fn read(&mut self, key: &'static Key, spelling: &str, value: &Value) {
        if let Err(refusal) = key.read(&mut self.draft, spelling, value) {
            let message = refusal.message.unwrap_or_else(|| key.expected.to_owned());
            let issue = value_issue(self.document, key.section, spelling).saying(message);
            self.issues.push(issue.suggest(refusal.suggestion.map(str::to_owned)));
        }
    }

    /// Two spellings of one key: located at the one further down.
    fn twice(&mut self, key: &'static Key, spellings: &[&'static str]) {
        let section = key.section;
        let place = |name: &&str| self.document.locate_key(&path(section, name));
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
        self.issues.push(value_issue(self.document, "", section).saying(message));
    }
}

/// The issue of a value, without its message.
fn value_issue(document: &Document, section: &str, name: &str) -> ConfigIssue {
    let path = path(section, name);
    ConfigIssue::new(full_name(section, name), "")
        .at(Some(document.locate(&path)))
        .showing(document.quote(&path))
}

fn unknown_key(document: &Document, section: &'static str, name: &str) -> ConfigIssue {
    let issue = ConfigIssue::new(full_name(section, name), "")
        .at(Some(document.locate_key(&path(section, name))));
    if Key::find("", name).is_some() {
        let first = document.first_section().unwrap_or_else(|| section.to_owned());
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

/// An issue for each table or key outside the schema that is on the path of no claimed section.
///
/// `claimed` holds the paths of the user's sections, names joined by dots.
pub(super) fn unclaimed(document: &Document, claimed: &[&str]) -> Vec<ConfigIssue> {
    let claimed: Vec<Vec<&str>> = claimed.iter().map(|path| path.split('.').collect()).collect();
    let mut search = Search { document, claimed: &claimed, issues: Vec::new() };
    search.below(&mut Vec::new(), document.tree());
    search.issues
}

struct Search<'a> {
    document: &'a Document,
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
        let location = self.document.locate_key(path);
        ConfigIssue::new(full, message).at(Some(location)).suggest(near)
    }
}

fn spellings_used<'a>(
    document: &'a Document,
    key: &'static Key,
) -> impl Iterator<Item = &'static str> + use<'a> {
    let tree = document.tree();
    let table = if key.section.is_empty() {
        Some(tree)
    } else {
        tree.get(key.section).and_then(Value::as_dict)
    };
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
