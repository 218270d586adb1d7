use std::fmt::Write as _;

use super::*;
use crate::config::{Config, ConfigSource};

const DOCUMENTED: &str = include_str!("mod.rs");

/// The table in the documentation of `Config`, as the schema says it.
fn table() -> String {
    let mut table = String::from(
        "/// | key | type | unit | default | applied | what shows that it is obeyed |\n\
         /// |---|---|---|---|---|---|\n",
    );
    for key in &KEYS {
        let name = full_name(key.section, key.name);
        let [kind, unit, default, obeyed] = key.row;
        let applied = key.applied.in_words();
        let row = [kind, unit, default, applied, obeyed].join(" | ");
        let _ = writeln!(table, "/// | `{name}` | {row} |");
    }
    table
}

#[test]
fn the_documented_table_is_the_schema() {
    assert!(DOCUMENTED.contains(&table()), "put this into mod.rs:\n{}", table());
    let rows = DOCUMENTED.lines().filter(|line| line.starts_with("/// | `")).count();
    assert_eq!(rows, KEYS.len());
}

#[test]
fn every_documented_default_is_the_default() {
    let mut text = String::new();
    for key in &KEYS {
        let default = key.row[2].replace('`', "\"");
        let _ = writeln!(text, "{} = {default}", full_name(key.section, key.name));
    }
    let written = ConfigSource::text(text).load().unwrap();
    let default = Config::new().unwrap();
    assert_eq!(written.name(), default.name());
    assert_eq!(written.hot_reload(), default.hot_reload());
    assert_eq!(written.log_level(), default.log_level());
    assert_eq!(written.shutdown(), default.shutdown());
    assert_eq!(written.worker_threads(), default.worker_threads());
    assert_eq!(written.health_checks(), default.health_checks());
    assert_eq!(written.health_check_interval(), default.health_check_interval());
    assert_eq!(written.config_file_limit(), default.config_file_limit());
}

#[test]
fn every_key_is_in_a_known_section_and_no_spelling_is_taken_twice() {
    for key in &KEYS {
        assert!(key.section.is_empty() || SECTIONS.contains(&key.section));
        for spelling in key.spellings() {
            let found = Key::find(key.section, spelling).map(|found| found.name);
            assert_eq!(found, Some(key.name), "{spelling}");
        }
        assert!(!expected(key.section, key.name).is_empty());
    }
}

#[test]
fn what_a_draft_was_given_is_told_in_the_order_of_the_schema() {
    for (number, key) in KEYS.iter().enumerate() {
        let mut draft = Draft::default();
        let value = match key.kind {
            Kind::Text => Value::from("x"),
            Kind::Level => Value::from("off"),
            Kind::Duration(_) | Kind::Size(_) | Kind::Whole(_) => Value::from(7),
            Kind::Bool => Value::from(true),
        };
        key.read(&mut draft, key.name, &value).unwrap_or_else(|_| panic!("{}", key.name));
        let given = draft.given();
        for other in 0..KEYS.len() {
            assert_eq!(given.has(other), other == number, "{} {other}", key.name);
        }
    }
}

#[test]
fn a_variable_with_a_sign_is_no_number() {
    let numbers =
        KEYS.iter().filter(|key| !matches!(key.kind, Kind::Text | Kind::Level | Kind::Bool));
    for key in numbers {
        assert_eq!(key.parse("7"), Value::from(7_u64), "{}", key.name);
        for signed in ["+7", "-7"] {
            assert_eq!(key.parse(signed), Value::from(signed), "{}", key.name);
            key.read(&mut Draft::default(), key.name, &key.parse(signed)).unwrap_err();
        }
    }
}
