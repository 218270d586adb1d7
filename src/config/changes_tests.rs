use super::*;
use crate::config::ConfigSource;

fn text(text: &str) -> Config {
    ConfigSource::text(text).load().unwrap()
}

fn keys(older: &Config, newer: &Config) -> Vec<String> {
    changes(older, newer).into_iter().map(|change| change.key).collect()
}

#[test]
fn every_key_of_the_schema_that_differs_is_told_with_its_class() {
    let newer = text(
        "name = 'x'\nhot_reload = true\n[logging]\nlevel = 'off'\n[shutdown]\ngraceful = 1\nforce = 2\n\
         kill = 3\nlame_duck = '1ms'\n[performance]\nworker_threads = 1\n[monitoring]\n\
         health_checks = false\nhealth_check_interval = '1s'\n[limits]\nconfig_file = '1GB'\n",
    );
    let found = Config::default().changes(&newer);
    let expected: Vec<KeyChange> = KEYS
        .iter()
        .map(|key| KeyChange {
            key: full_name(key.section, key.name),
            section: key.section.to_owned(),
            own: Some(key.applied),
        })
        .collect();
    assert_eq!(found, expected);
    assert!(newer.changes(&newer.clone()).is_empty());
}

#[test]
fn what_says_the_same_in_another_way_is_no_change() {
    let older = text("[shutdown]\ntimeout_ms = 20_000\n[http]\nx = 0x10\n[empty]\n");
    let newer = text("http = { x = 16 }\n[shutdown]\ngraceful = '20s'\n[monitoring]\n");
    assert!(keys(&older, &newer).is_empty());
    assert!(keys(&Config::default(), &text("name = 'daemon'\n[a]\n[b]\n")).is_empty());
}

#[test]
fn a_timeout_that_follows_from_another_changes_with_it() {
    let newer = text("[shutdown]\ntimeout_ms = 1000");
    assert_eq!(
        keys(&Config::default(), &newer),
        ["shutdown.timeout_ms", "shutdown.force_timeout_ms", "shutdown.kill_timeout_ms"]
    );
}

#[test]
fn leaves_of_the_users_tables_are_compared_and_arrays_whole() {
    let older = text("[http]\na = 1\nb = [1, 2]\nc.d = 1\n[gone]\nx = 1\n[[peers]]\nx = 1\n");
    let newer = text("[http]\na = 1\nb = [1, 3]\nc.d = 2\nc.e = {}\n[[peers]]\nx = 2\n");
    let found = changes(&older, &newer);
    let found: Vec<_> = found.iter().map(|c| (c.key.as_str(), c.section.as_str(), c.own)).collect();
    assert_eq!(
        found,
        [
            ("gone.x", "gone", None),
            ("http.b", "http", None),
            ("http.c.d", "http", None),
            ("http.c.e", "http", None),
            ("peers", "peers", None),
        ]
    );
}

#[test]
fn a_variable_is_compared_by_its_text_too_and_no_value_is_printed() {
    let source = |value: &str| ConfigSource::text("").env_from([("DAEMON_DB__PASSWORD", value)]);
    let (older, newer) = (source("1.0").load().unwrap(), source("1.00").load().unwrap());
    let found = changes(&older, &newer);
    assert_eq!(found.len(), 1);
    assert!(!format!("{found:?}").contains("1.0"));
    assert!(keys(&older, &source("1.0").load().unwrap()).is_empty());
}
