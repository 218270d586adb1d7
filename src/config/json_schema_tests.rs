use serde_json::{Value, json};

use super::*;
use crate::config::{Config, ConfigSource};

fn schema() -> Value {
    serde_json::from_str(&Config::json_schema()).unwrap()
}

/// Whether `value` is as `schema` says, for the words that the schema uses; any other word panics.
fn fits(schema: &Value, value: &Value) -> bool {
    let Some(words) = schema.as_object() else {
        return schema.as_bool().unwrap();
    };
    let is_type = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("{other}"),
    };
    let known = |name: &str| schema["properties"].get(name).is_some();
    words.iter().all(|(word, says)| match word.as_str() {
        "$schema" | "title" | "description" => true,
        "type" => says.as_array().map_or_else(|| is_type(says), |types| types.iter().any(is_type)),
        "enum" => says.as_array().unwrap().contains(value),
        "minLength" => {
            value.as_str().is_none_or(|text| text.len() as u64 >= says.as_u64().unwrap())
        }
        "minimum" => value.as_i64().is_none_or(|number| number >= says.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= says.as_i64().unwrap()),
        "anyOf" => says.as_array().unwrap().iter().any(|schema| fits(schema, value)),
        "not" => !fits(says, value),
        "required" => {
            says.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
        }
        "properties" => says
            .as_object()
            .unwrap()
            .iter()
            .all(|(name, schema)| value.get(name).is_none_or(|value| fits(schema, value))),
        "additionalProperties" => value
            .as_object()
            .is_none_or(|table| table.iter().all(|(name, value)| known(name) || fits(says, value))),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| fits(says, item))),
        other => panic!("the test does not know `{other}`"),
    })
}

fn file(text: &str) -> Value {
    let layers = ConfigSource::text(text).load().unwrap();
    let tree = layers.layers().unwrap().tree().clone();
    serde_json::to_value(figment::value::Value::from(tree)).unwrap()
}

#[test]
fn every_key_is_in_it_under_every_spelling() {
    let schema = schema();
    let mut found = 0;
    for key in &KEYS {
        let table = if key.section.is_empty() {
            &schema["properties"]
        } else {
            &schema["properties"][key.section]["properties"]
        };
        for spelling in key.spellings() {
            assert!(table[spelling]["description"].is_string(), "{spelling}");
            found += 1;
        }
    }
    let sections = SECTIONS.map(|section| &schema["properties"][section]["properties"]);
    let all: usize = sections.iter().map(|table| table.as_object().unwrap().len()).sum();
    let top = schema["properties"].as_object().unwrap().len() - SECTIONS.len();
    assert_eq!(found, all + top);
}

#[test]
fn the_example_with_every_key_fits() {
    let text = include_str!("../../examples/daemon.toml");
    let file = file(text);
    for key in &KEYS {
        let table = if key.section.is_empty() { &file } else { &file[key.section] };
        assert!(table.get(key.name).is_some(), "examples/daemon.toml has no `{}`", key.name);
    }
    assert!(fits(&schema(), &file));
}

#[test]
fn what_loading_takes_fits_and_what_it_refuses_does_not() {
    let schema = schema();
    for text in [
        "",
        "[shutdown]\ntimeout = '1s'\nforce = 5000\n[http]\nx = 1\n[[peers]]\n",
        "[shutdown]\ntimeout_ms = '1s'\nkill_timeout = '9s'\n",
        "[limits]\nconfig_file = '64KiB'\n",
        "[limits]\nconfig_file = 65536\n",
    ] {
        assert!(fits(&schema, &file(text)), "{text}");
    }
    for (wrong, text) in [
        (json!({ "nmae": "x" }), "nmae = 'x'"),
        (json!({ "name": "" }), "name = ''"),
        (json!({ "hot_reload": 1 }), "hot_reload = 1"),
        (json!({ "logging": { "level": "loud" } }), "[logging]\nlevel = 'loud'"),
        (json!({ "logging": { "colour": true } }), "[logging]\ncolour = true"),
        (json!({ "logging": 1 }), "logging = 1"),
        (json!({ "shutdown": { "timeout": 1 } }), "[shutdown]\ntimeout = 1"),
        (json!({ "shutdown": { "kill": 0 } }), "[shutdown]\nkill = 0"),
        (json!({ "limits": { "config_file": 0 } }), "[limits]\nconfig_file = 0"),
        (json!({ "limits": { "config_file": true } }), "[limits]\nconfig_file = true"),
        (json!({ "limits": { "memory": 1 } }), "[limits]\nmemory = 1"),
        (json!({ "shutdown": { "timeout_ms": 1.5 } }), "[shutdown]\ntimeout_ms = 1.5"),
        (
            json!({ "shutdown": { "kill": 5, "kill_timeout_ms": 5 } }),
            "shutdown = { kill = 5, kill_timeout_ms = 5 }",
        ),
        (
            json!({ "performance": { "worker_threads": 65536 } }),
            "[performance]\nworker_threads = 65536",
        ),
    ] {
        assert!(ConfigSource::text(text).load().is_err(), "{text}");
        assert!(!fits(&schema, &wrong), "{wrong}");
    }
}
