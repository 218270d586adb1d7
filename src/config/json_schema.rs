//! The JSON Schema of a configuration file, for editors.

use serde_json::{Map, Value, json};

use super::level::LogLevel;
use super::schema::{KEYS, Key, Kind, SECTIONS};

/// The schema, draft 2020-12, on several lines.
pub(super) fn json_schema() -> String {
    let mut properties = keys("").0;
    for section in SECTIONS {
        let (keys, twice) = keys(section);
        let table = json!({
            "type": "object",
            "properties": keys,
            "additionalProperties": false,
            // Two spellings of one key.
            "not": { "anyOf": twice },
        });
        properties.insert(section.to_owned(), table);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "configuration of a daemon",
        "type": "object",
        "properties": properties,
        // Sections of the user's; a value at the top is no section.
        "additionalProperties": { "type": ["object", "array"], "items": { "type": "object" } },
    });
    format!("{schema:#}")
}

/// The keys of a section under each spelling, and the pairs of spellings that are one key.
fn keys(section: &str) -> (Map<String, Value>, Vec<Value>) {
    let (mut properties, mut twice) = (Map::new(), Vec::new());
    for key in KEYS.iter().filter(|key| key.section == section) {
        let spellings: Vec<&str> = key.spellings().collect();
        for (n, spelling) in spellings.iter().enumerate() {
            properties.insert((*spelling).to_owned(), property(key, spelling));
            twice.extend(
                spellings[..n].iter().map(|other| json!({ "required": [other, spelling] })),
            );
        }
    }
    if twice.is_empty() {
        twice.push(json!(false));
    }
    (properties, twice)
}

fn property(key: &Key, spelling: &str) -> Value {
    let mut property = match key.kind {
        Kind::Text => json!({ "type": "string", "minLength": 1 }),
        Kind::Level => json!({ "enum": LogLevel::ALL.map(LogLevel::as_str) }),
        Kind::Duration(least) if key.takes_number(spelling) => {
            json!({ "anyOf": [{ "type": "integer", "minimum": least }, { "type": "string" }] })
        }
        Kind::Size(least) => {
            json!({ "anyOf": [{ "type": "integer", "minimum": least }, { "type": "string" }] })
        }
        Kind::Duration(_) => json!({ "type": "string" }),
        Kind::Whole(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
        Kind::Bool => json!({ "type": "boolean" }),
    };
    let [kind, unit, default, obeyed] = key.row;
    let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    let description = format!("{kind}{unit}; default {default}. Obeyed: {obeyed}.");
    property["description"] = description.into();
    property
}

#[cfg(test)]
#[path = "json_schema_tests.rs"]
mod tests;
