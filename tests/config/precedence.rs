//! Every pair of layers, for every kind of key: the higher layer wins.

use std::collections::BTreeMap;

use proc_daemon::config::{Config, ConfigSource, Size, Value};
use serde::Deserialize;

use crate::Folder;

const LAYERS: [&str; 6] =
    ["file", "conf.d/1.toml", "conf.d/2.toml", "environment", "set", "set again"];

#[derive(Deserialize)]
struct Settings {
    scalar: Option<String>,
    number: Option<i64>,
    size: Option<Size>,
    list: Option<Vec<i64>>,
    #[serde(default)]
    table: BTreeMap<String, BTreeMap<String, i64>>,
}

/// A kind of key: the keys that say the same, and for each layer a value as TOML has it, with how it is
/// read back.
struct Row {
    keys: &'static [&'static str],
    values: [&'static str; 6],
    read: fn(&Config) -> String,
}

fn user(config: &Config) -> Settings {
    config.settings("user").unwrap()
}

fn show<T: std::fmt::Debug>(value: T) -> String {
    format!("{value:?}")
}

const MILLIS: [&str; 6] = ["1", "2", "3", "4", "5", "6"];
const TIMES: [&str; 6] = ["'1ms'", "'2ms'", "'3ms'", "'4ms'", "'5ms'", "'6ms'"];
const BOOLS: [&str; 6] = ["true", "false", "true", "false", "true", "false"];

const ROWS: [Row; 14] = [
    Row {
        keys: &["name"],
        values: ["'a'", "'b'", "'c'", "'d'", "'e'", "'f'"],
        read: |config| show(config.name()),
    },
    Row {
        keys: &["logging.level"],
        values: ["'trace'", "'debug'", "'info'", "'warn'", "'error'", "'off'"],
        read: |config| show(config.log_level().as_str()),
    },
    Row {
        keys: &["shutdown.timeout_ms", "shutdown.graceful"],
        values: MILLIS,
        read: |config| show(config.shutdown_timeout().as_millis()),
    },
    Row {
        keys: &["shutdown.timeout_ms", "shutdown.timeout", "shutdown.graceful"],
        values: TIMES,
        read: |config| show(format!("{:?}", config.shutdown_timeout())),
    },
    Row {
        keys: &["shutdown.kill_timeout_ms", "shutdown.kill_timeout", "shutdown.kill"],
        values: TIMES,
        read: |config| show(format!("{:?}", config.kill_timeout())),
    },
    Row {
        keys: &["performance.worker_threads"],
        values: MILLIS,
        read: |config| show(config.worker_threads().unwrap()),
    },
    Row { keys: &["hot_reload"], values: BOOLS, read: |config| show(config.hot_reload()) },
    Row {
        keys: &["monitoring.health_checks"],
        values: BOOLS,
        read: |config| show(config.health_checks()),
    },
    Row {
        keys: &["limits.config_file"],
        values: ["1000", "'1MB'", "2000000", "'1MiB'", "'2 MiB'", "3000000"],
        read: |config| show(config.config_file_limit().bytes()),
    },
    Row {
        keys: &["user.size"],
        values: ["1", "'2B'", "'1KiB'", "4096", "'64KiB'", "6"],
        read: |config| show(user(config).size.unwrap().to_string()),
    },
    Row {
        keys: &["user.scalar"],
        values: ["'a'", "'b'", "'c'", "'d'", "'e'", "'f'"],
        read: |config| show(user(config).scalar.unwrap()),
    },
    Row {
        keys: &["user.number"],
        values: MILLIS,
        read: |config| show(user(config).number.unwrap()),
    },
    Row {
        keys: &["user.table.inner.leaf"],
        values: MILLIS,
        read: |config| show(user(config).table["inner"]["leaf"]),
    },
    Row {
        keys: &["user.list"],
        values: ["[1]", "[2, 2]", "[3]", "[4, 4]", "[]", "[6]"],
        read: |config| show(user(config).list.unwrap()),
    },
];

/// `text` as code has it.
fn value(text: &str) -> Value {
    if let Some(list) = text.strip_prefix('[') {
        let numbers = list.trim_end_matches(']').split(',').map(str::trim);
        let numbers = numbers.filter(|n| !n.is_empty()).map(|n| n.parse::<i64>().unwrap());
        return numbers.collect::<Vec<_>>().into();
    }
    match (text.parse::<i64>(), text.parse::<bool>()) {
        (Ok(number), _) => number.into(),
        (_, Ok(truth)) => truth.into(),
        _ => text.trim_matches('\'').into(),
    }
}

/// The source that has, in each layer of `set`, the key with the value.
fn source(folder: &Folder, set: &[(usize, &str, &str)]) -> ConfigSource {
    let mut files = [String::new(), String::new(), String::new()];
    let (mut variables, mut overrides) = (Vec::new(), Vec::new());
    for &(layer, key, text) in set {
        match layer {
            0..=2 => files[layer] = format!("{key} = {text}"),
            3 => {
                let double = if key.starts_with("user") { "__" } else { "_" };
                let name = format!("DAEMON_{}", key.to_uppercase().replace('.', double));
                variables.push((name, text.trim_matches('\'').to_owned()));
            }
            _ => overrides.push((key, value(text))),
        }
    }
    let [file, first, second] = files;
    let path = folder.file(file);
    folder.write("conf.d/1.toml", first);
    folder.write("conf.d/2.toml", second);
    let source = Config::file(path).env_from(variables);
    overrides.into_iter().fold(source, |source, (key, value)| source.set(key, value))
}

/// What the configuration with those layers says for the row.
fn read(folder: &Folder, row: &Row, set: &[(usize, &str, &str)]) -> String {
    let config = source(folder, set).load().unwrap_or_else(|error| panic!("{set:?}: {error}"));
    (row.read)(&config)
}

#[test]
fn of_every_two_layers_the_higher_one_wins_for_every_kind_of_key() {
    let folder = Folder::new();
    let mut compared = 0;
    for row in &ROWS {
        for (lower, lower_name) in LAYERS.iter().enumerate() {
            for (higher, higher_name) in LAYERS.iter().enumerate().skip(lower + 1) {
                for (one, other) in pairs(row.keys) {
                    // Within one layer, two spellings are an error.
                    if lower == 4 && one != other {
                        continue;
                    }
                    let low = (lower, one, row.values[lower]);
                    let high = (higher, other, row.values[higher]);
                    let name = format!("{one} in {lower_name}, {other} in {higher_name}");
                    let both = read(&folder, row, &[low, high]);
                    assert_eq!(both, read(&folder, row, &[high]), "{name}");
                    if low.2 != high.2 {
                        assert_ne!(both, read(&folder, row, &[low]), "{name}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 400, "{compared}");
}

fn pairs<'a>(keys: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    keys.iter().flat_map(|one| keys.iter().map(|other| (*one, *other)))
}

#[test]
fn every_layer_keeps_what_no_higher_one_sets() {
    let folder = Folder::new();
    folder.file("name = 'file'\n[user]\nscalar = 'file'\n[user.table.inner]\na = 1\n");
    folder.write("conf.d/1.toml", "[user.table.inner]\nb = 2\n[user.table.other]\nx = 1\n");
    let config = Config::file(folder.path("daemon.toml"))
        .env_from([("DAEMON_USER__TABLE__INNER__C", "3"), ("DAEMON_SHUTDOWN_KILL", "1m")])
        .set("user.table.inner.d", 4)
        .set("user.number", 5)
        .load()
        .unwrap();
    let user = user(&config);
    let inner: Vec<i64> = user.table["inner"].values().copied().collect();
    assert_eq!((config.name(), config.kill_timeout().as_secs()), ("file", 60));
    assert_eq!(
        (user.scalar.as_deref(), user.number, inner),
        (Some("file"), Some(5), vec![1, 2, 3, 4])
    );
    assert_eq!(user.table["other"]["x"], 1);
}
