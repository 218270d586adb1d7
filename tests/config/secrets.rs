//! A secret is in nothing that is printed, whatever is wrong with the configuration.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proc_daemon::config::{Config, ConfigError, ConfigSource, Secret, Section, Value};
use proc_daemon::{Daemon, task};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};

/// What is planted where a secret stands.
const MARK: &str = "hunter2";
/// The same as a number, for types that refuse text.
const NUMBER: &str = "82746501";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by its Debug")]
struct Database {
    password: Secret<String>,
    pin: Option<Secret<u16>>,
    #[serde(default)]
    keys: Vec<Secret<String>>,
    #[serde(default)]
    tokens: BTreeMap<String, Secret<String>>,
    picky: Option<Secret<Picky>>,
    auth: Option<Auth>,
    either: Option<Either>,
    wrapped: Option<Wrapped>,
    user: Option<User>,
}

/// Says in its error what it was given, and panics at a number.
#[derive(Debug, Clone)]
struct Picky;

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        assert!(!text.ends_with('!'), "the type was given {text}");
        Err(D::Error::custom(format!("`{text}` will not do")))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auth {
    Password(#[expect(dead_code, reason = "read by its Debug")] Secret<String>),
    None,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "read by its Debug")]
enum Either {
    Pin(Secret<u16>),
    Both { user: String, password: Secret<String> },
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read by its Debug")]
struct Wrapped {
    host: String,
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read by its Debug")]
struct Inner {
    password: Secret<String>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read by its Debug")]
struct User {
    name: String,
    password: Secret<String>,
}

#[track_caller]
fn clean(what: &str, printed: &str) {
    let shown = printed.contains(MARK) || printed.contains(NUMBER) || printed.contains("hunt");
    assert!(!shown, "{what}: {printed}");
}

#[track_caller]
fn clean_error(what: &str, error: &ConfigError) {
    clean(what, &format!("{error} {error:?} {error:#?}"));
    for issue in error.issues() {
        clean(what, &format!("{:?} {:?}", issue.found(), issue.suggestion()));
    }
}

/// Each a text of `[db]` that is wrong at or around a secret.
fn malformed() -> Vec<String> {
    let wrong = [
        // Another type than the one that reads it.
        "password = 82746501",
        "password = 82746501.5",
        "password = ['hunter2']",
        "password = [['hunter2'], { x = 'hunter2' }]",
        "password = { value = 'hunter2' }",
        "password.value = 'hunter2'",
        "password = 'x'\npin = 'hunter2'",
        "password = 'x'\npin = 82746501",
        "password = 'x'\npin = [82746501]",
        "password = 'x'\nkeys = 'hunter2'",
        "password = 'x'\nkeys = ['a', ['hunter2']]",
        "password = 'x'\nkeys = { a = 'hunter2' }",
        "password = 'x'\ntokens = 'hunter2'",
        "password = 'x'\ntokens = ['hunter2']",
        "password = 'x'\ntokens.a = ['hunter2']",
        "password = 'x'\ntokens.a = 82746501",
        // A type whose error or panic quotes it.
        "password = 'x'\npicky = 'hunter2'",
        "password = 'x'\npicky = 'hunter2!'",
        "password = 'x'\npicky = 82746501",
        // In enums, tagged and not, and in what is flattened.
        "password = 'x'\nauth = 'hunter2'",
        "password = 'x'\nauth.password = ['hunter2']",
        "password = 'x'\nauth = { passwort = 'hunter2' }",
        "password = 'x'\nauth = { password = 'hunter2', none = 'hunter2' }",
        "password = 'x'\neither = 'hunter2'",
        "password = 'x'\neither = 82746501",
        "password = 'x'\neither = ['hunter2']",
        "password = 'x'\neither = { user = 1, password = 'hunter2' }",
        "password = 'x'\neither = { user = 'x', password = 82746501 }",
        "password = 'x'\nwrapped = 'hunter2'",
        "password = 'x'\nwrapped = { host = 'x', password = ['hunter2'] }",
        "password = 'x'\nwrapped = { host = 1, password = 'hunter2' }",
        "password = 'x'\n[db.wrapped]\nhost = 'x'\npassword = 82746501",
        // A value where a table has to be, and beside one that is missing or wrong.
        "password = 'x'\nuser = 'hunter2'",
        "password = 'x'\nuser = ['hunter2']",
        "password = 'x'\nuser = { password = 'hunter2' }",
        "password = 'x'\nuser = { name = 1, password = 'hunter2' }",
        "password = 'x'\nuser = { name = { password = 'hunter2' }, password = 'hunter2' }",
        // Under another name.
        "passwort = 'hunter2'",
        "password = 'x'\npasswort = 'hunter2'",
        "password = 'x'\n[db.passwort]\nx = 'hunter2'",
    ];
    wrong.map(|text| format!("[db]\n{text}\n")).into()
}

fn refused<T: DeserializeOwned + Debug>(text: &str, section: &str) {
    let config = match ConfigSource::text(text).load() {
        Ok(config) => config,
        Err(error) => return clean_error(text, &error),
    };
    let error = config.settings::<T>(section).map(|_| ()).expect_err(text);
    clean_error(text, &error);
    clean(text, &format!("{config:?} {:?}", config.source()));
}

#[test]
fn no_malformed_section_shows_a_secret() {
    for text in malformed() {
        refused::<Database>(&text, "db");
    }
    refused::<Database>("db = [['hunter2']]\n[x]", "x.y");
    refused::<Secret<u16>>("[db]\npassword = 'hunter2'", "db.password");
    refused::<Secret<u16>>("[db]\npassword = ['hunter2']", "db.password");
    refused::<Secret<u16>>("[db]\npassword = 'hunter2'", "db.password.below");
    refused::<Secret<Vec<u8>>>("[[db]]\npassword = 'hunter2'", "db");
}

#[test]
fn no_error_of_a_daemon_shows_a_secret() {
    for text in malformed().into_iter().chain(["db = 'hunter2'".to_owned()]) {
        let idle = || task("idle", |_| async { Ok(()) });
        let daemon = Daemon::builder(ConfigSource::text(&text))
            .with_settings::<Database>("db")
            .with_subsystem(idle())
            .build()
            .unwrap();
        clean(&text, &format!("{daemon:?}"));
        let report = proc_daemon_smol::SmolHandle::global();
        let report = futures_lite::future::block_on(daemon.run_on(report)).unwrap_err();
        clean(&text, &format!("{report} {report:?}"));
    }
}

#[test]
fn no_text_that_is_not_toml_shows_what_is_in_it() {
    for text in [
        "[db]\npassword = hunter2\n",
        "[db]\npassword = 'hunter2\n",
        "[db]\npassword = \"hunter2\n",
        "[db]\npassword = \"hunter2\\q\"\n",
        "[db]\npassword = \"\"\"hunter2\n",
        "[db]\npassword = 'hunter2' 'hunter2'\n",
        "[db]\npassword = 'hunter2', user = 'x'\n",
        "[db]\npassword = ['hunter2'\n",
        "[db]\npassword = { x = 'hunter2'\n",
        "[db]\npassword: 'hunter2'\n",
        "[db]\npassword 'hunter2'\n",
        "[db]\n'hunter2'\n",
        "[db]\npassword = 'x'\npassword = 'hunter2'\n",
        "[db]\npassword = 'hunter2'\npassword.x = 1\n",
        "[db]\npassword = 'hunter2'\n[db.password]\n",
        "[db]\npassword = 82746501_\n",
        "[db]\npassword = 82746501-82746501\n",
        "[db]\npassword = 8274650182746501827465018274650\n",
        "[db]\npassword = 'hunter2\u{0}'\n",
    ] {
        clean_error(text, &ConfigSource::text(text).load().map(|_| ()).expect_err(text));
    }
}

#[test]
fn no_variable_and_no_override_is_shown() {
    let text = "[db]\npassword = 'x'\n";
    for (name, value) in [
        ("DAEMON_DB__PIN", MARK),
        ("DAEMON_DB__PIN", NUMBER),
        ("DAEMON_DB__PIN", "['hunter2']"),
        ("DAEMON_DB__USER", MARK),
        ("DAEMON_DB__USER", "{ password = 'hunter2' }"),
        ("DAEMON_DB__USER__PASSWORD", MARK),
        ("DAEMON_DB__PASSWORD__X", MARK),
        ("DAEMON_DB__EITHER", MARK),
        ("DAEMON_DB__PICKY", "hunter2!"),
        ("DAEMON_DB__KEYS", MARK),
    ] {
        let source = ConfigSource::text(text).env_from([(name, value)]);
        let config = source.load().unwrap();
        clean(name, &format!("{source:?} {config:?}"));
        let error = config.settings::<Database>("db").map(|_| ()).expect_err(value);
        clean_error(name, &error);

        let key = name.trim_start_matches("DAEMON_").to_lowercase().replace("__", ".");
        let source = ConfigSource::text(text).set(&key, value);
        let config = source.load().unwrap();
        clean(&key, &format!("{source:?} {config:?} {:?}", Value::from(value)));
        let error = config.settings::<Database>("db").map(|_| ()).expect_err(value);
        clean_error(&key, &error);
    }
    let stray = [
        ("DAEMON_DB", MARK),
        ("DAEMON_DB_PASSWORD", MARK),
        ("DAEMON_DB__PASSWORT", MARK),
        ("DAEMON_LOGGING__TOKEN", MARK),
        (MARK, "x"),
    ];
    let config = ConfigSource::text(text).env_from(stray).load().unwrap();
    assert_eq!(config.warnings().len(), 3);
    clean("warnings", &format!("{:?} {config:?}", config.warnings()));
    assert!(config.settings::<Database>("db").is_ok());
}

#[test]
fn what_is_right_does_not_show_a_secret_either() {
    for password in [MARK, "82746501", "true", "1.50", "['hunter2']", ""] {
        let source = ConfigSource::text(
            "[db]\npassword = 'hunter2'\nwrapped = { host = 'x', password = 'hunter2' }\n\
             either = { user = 'x', password = 'hunter2' }\nauth.password = 'hunter2'\n",
        )
        .env_from([("DAEMON_DB__PASSWORD", password)]);
        let config = source.load().unwrap();
        let db: Database = config.settings("db").unwrap();
        assert_eq!(db.password.expose(), password);
        let explained = config.explain("db.password").unwrap();
        clean(password, &format!("{db:?} {config:?} {source:?} {explained} {explained:?}"));
        assert!(format!("{db:?}").contains("password: [redacted]"));
    }
    let missing = ConfigSource::text("[db]\n").load().unwrap();
    assert_eq!(
        missing.settings::<Database>("db").unwrap_err().to_string(),
        "<text>:1:1: missing key `db.password`"
    );
}

#[test]
fn a_check_of_a_section_sees_the_secret_and_its_issue_does_not() {
    let section = || {
        Section::<Database>::new("db").check(|db| {
            if db.password.expose().len() > 3 {
                Err(format!("{:?} is too long", db.password))
            } else {
                Ok(())
            }
        })
    };
    let daemon =
        Daemon::builder(Config::load_from_file("/dev/null")).with_settings(section()).build();
    clean("absent", &format!("{:?}", daemon.unwrap_err()));
    let eager = ConfigSource::text("[db]\npassword = 'hunter2'").load();
    let error = Daemon::builder(eager).with_settings(section()).build().unwrap_err().to_string();
    assert!(error.contains("[redacted] is too long"), "{error}");
}
