//! `conf.d`, the environment, and what is set in code.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use proc_daemon::config::{Config, ConfigErrorKind, ConfigSource};
use serde::Deserialize;

use crate::Folder;

const NO_ENV: [(&str, &str); 0] = [];

#[test]
fn conf_d_is_read_beside_the_file_in_the_order_of_names() {
    let folder = Folder::new();
    let path = folder.file("name = 'file'\n[http]\na = 0\nb = 0\nc = 0\n");
    folder.write("conf.d/20.toml", "[http]\na = 20\nb = 20\n");
    folder.write("conf.d/10.toml", "name = 'ten'\n[http]\na = 10\nb = 10\nc = 10\nd = 10\n");
    folder.write("conf.d/3.toml", "[http]\na = 3\n");
    let config = Config::file(&path).env_from(NO_ENV).load().unwrap();
    let http: BTreeMap<String, u8> = config.settings("http").unwrap();
    assert_eq!(config.name(), "ten");
    assert_eq!(http.into_values().collect::<Vec<_>>(), [3, 20, 10, 10]);
    assert_eq!(config.path(), Some(path.as_path()));
}

#[test]
fn what_is_no_toml_file_in_conf_d_is_left_alone() {
    let folder = Folder::new();
    let path = folder.file("name = 'file'");
    for name in [".hidden.toml", ".toml", "a.toml~", "b.toml.bak", "README", "c.TOML"] {
        folder.write(&format!("conf.d/{name}"), "not TOML");
    }
    folder.write("conf.d/dir.toml/x.toml", "not TOML");
    symlink(folder.path("conf.d/dir.toml"), folder.path("conf.d/link.toml")).unwrap();
    // A pipe would block.
    let pipe = folder.path("conf.d/pipe.toml");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    assert_eq!(Config::file(&path).env_from(NO_ENV).load().unwrap().name(), "file");
}

#[test]
fn a_link_in_conf_d_is_followed_and_one_that_leads_nowhere_is_an_error() {
    let folder = Folder::new();
    let source = Config::file(folder.file("")).env_from(NO_ENV);
    let target = folder.write("elsewhere", "name = 'linked'");
    folder.write("conf.d/1.toml", "");
    symlink(&target, folder.path("conf.d/2.toml")).unwrap();
    assert_eq!(source.load().unwrap().name(), "linked");
    fs::remove_file(target).unwrap();
    let error = source.load().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Missing);
    assert_eq!(folder.lines(&error), ["conf.d/2.toml: no such file"]);
}

#[test]
fn a_directory_that_is_named_has_to_be_there_unless_the_source_is_optional() {
    let folder = Folder::new();
    let path = folder.file("name = 'file'");
    folder.write("conf.d/1.toml", "name = 'beside'");
    let source = Config::file(&path).env_from(NO_ENV).conf_d(folder.path("more"));
    let error = source.load().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Missing);
    assert_eq!(folder.lines(&error), ["more: no such directory"]);
    assert_eq!(source.clone().optional().load().unwrap().name(), "file");
    folder.write("more/1.toml", "name = 'more'");
    assert_eq!(source.load().unwrap().name(), "more");
}

#[test]
fn a_directory_that_cannot_be_listed_is_an_error() {
    let folder = Folder::new();
    let path = folder.file("");
    let directory = folder.write("conf.d", "a file");
    let error = Config::file(&path).optional().env_from(NO_ENV).load().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Unreadable);
    let line = &folder.lines(&error)[0];
    assert!(line.starts_with("conf.d: cannot be listed: "), "{line}");

    fs::remove_file(&directory).unwrap();
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o000)).unwrap();
    // Root lists it all the same; then there is nothing to see here.
    if fs::read_dir(&directory).is_err() {
        let error = Config::file(&path).env_from(NO_ENV).load().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Unreadable);
    }
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn without_the_file_the_other_layers_count_if_it_is_optional() {
    let folder = Folder::new();
    folder.write("conf.d/1.toml", "[shutdown]\ntimeout = '3s'\n");
    let source =
        Config::file(folder.path("daemon.toml")).env_from([("DAEMON_NAME", "env")]).optional();
    let config = source.load().unwrap();
    assert_eq!((config.name(), config.path()), ("env", None));
    assert_eq!(config.shutdown_timeout(), Duration::from_secs(3));
    fs::remove_dir_all(folder.path("conf.d")).unwrap();
    assert_eq!(source.load().unwrap().shutdown_timeout(), Duration::from_secs(20));
}

#[test]
fn every_issue_of_every_layer_is_told_each_with_its_place() {
    let folder = Folder::new();
    let path = folder.file("nmae = 'x'\n[shutdown]\ntimeout_ms = 'ten'\n");
    folder.write("conf.d/1.toml", "\n[logging]\nlevel = 'inof'\n[shutdown]\nkill = 0\n");
    folder.write("conf.d/2.toml", "broken");
    let error = Config::file(&path)
        .env_from([("DAEMON_SHUTDOWN_TIMEOUT", "soon"), ("DAEMON_MONITORING_HEALTH_CHECKS", "yes")])
        .set("performance.worker_threads", "many")
        .set("logging.colour", true)
        .set("name.", "x")
        .load()
        .unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Syntax);
    let milliseconds = "expected a whole number of milliseconds";
    assert_eq!(
        folder.lines(&error),
        [
            "daemon.toml:1:1: unknown key `nmae`; did you mean `name`?".to_owned(),
            format!("daemon.toml:3:14: shutdown.timeout_ms = 'ten': {milliseconds} or \"30s\""),
            "conf.d/1.toml:3:9: logging.level = 'inof': expected `trace`, `debug`, `info`, `warn`, \
             `error` or `off`; did you mean `info`?"
                .to_owned(),
            format!("conf.d/1.toml:5:8: shutdown.kill = 0: {milliseconds} above 0 or \"30s\""),
            "conf.d/2.toml:1:7: key with no value, expected `=`".to_owned(),
            "DAEMON_MONITORING_HEALTH_CHECKS (environment variable): monitoring.health_checks = \
             \"yes\": expected true or false"
                .to_owned(),
            format!(
                "DAEMON_SHUTDOWN_TIMEOUT (environment variable): shutdown.timeout = \"soon\": \
                 {milliseconds} or \"30s\""
            ),
            "set in code: `name.` is no key: expected names joined by dots".to_owned(),
            "set in code: unknown key `colour` in [logging]".to_owned(),
            "set in code: performance.worker_threads = \"many\": expected a whole number from 0 to \
             65535, where 0 is one per core"
                .to_owned(),
        ]
    );
}

#[test]
fn what_has_to_agree_is_judged_on_the_whole_and_blamed_where_it_was_set() {
    let folder = Folder::new();
    let path = folder.file("[shutdown]\nforce = '10s'\nkill = '1m'\n");
    folder.write("conf.d/1.toml", "[shutdown]\ngraceful = '20s'\n");
    let source = Config::file(&path).env_from(NO_ENV);
    let at_most = "expected at most shutdown.force_timeout_ms (10s)";
    assert_eq!(
        folder.lines(&source.load().unwrap_err()),
        [format!("conf.d/1.toml:2:12: shutdown.graceful = '20s': {at_most}")]
    );
    let by_env = source.clone().env_from([("DAEMON_SHUTDOWN_TIMEOUT_MS", "15000")]);
    assert_eq!(
        folder.lines(&by_env.load().unwrap_err()),
        [format!(
            "DAEMON_SHUTDOWN_TIMEOUT_MS (environment variable): shutdown.timeout_ms = \"15000\": \
             {at_most}"
        )]
    );
    let config = source.set("shutdown.force_timeout", Duration::from_secs(30)).load().unwrap();
    assert_eq!(config.force_shutdown_timeout(), Duration::from_secs(30));
}

#[test]
fn two_spellings_in_one_layer_are_an_error_and_in_two_layers_the_higher_one_wins() {
    let text = ConfigSource::text("[shutdown]\ngraceful = 1000\n");
    let config = text.clone().set("shutdown.timeout", "2s").load().unwrap();
    assert_eq!(config.shutdown_timeout(), Duration::from_secs(2));
    let both = [("DAEMON_SHUTDOWN_GRACEFUL", "1"), ("DAEMON_SHUTDOWN_TIMEOUT_MS", "1")];
    assert_eq!(
        text.env_from(both).load().unwrap_err().to_string(),
        "DAEMON_SHUTDOWN_TIMEOUT_MS (environment variable): `graceful` and `timeout_ms` in \
         [shutdown] are one key: keep one"
    );
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Http {
    port: u16,
    #[serde(default)]
    token: String,
    #[serde(default)]
    tags: Vec<String>,
    tls: Option<Tls>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Tls {
    serial: String,
    #[serde(flatten)]
    more: BTreeMap<String, String>,
}

#[test]
fn a_variable_becomes_what_the_type_wants() {
    let variables = [
        ("DAEMON_HTTP__PORT", "8080"),
        ("DAEMON_HTTP__TOKEN", "1.50"),
        ("DAEMON_HTTP__TAGS", "['a', 'b']"),
        ("DAEMON_HTTP__TLS__SERIAL", "true"),
        ("DAEMON_HTTP__TLS__LEVEL", "3"),
    ];
    let config = ConfigSource::text("").env_from(variables).load().unwrap();
    let http: Http = config.settings("http").unwrap();
    assert_eq!((http.port, http.token.as_str()), (8080, "1.50"));
    assert_eq!(http.tags, ["a", "b"]);
    let tls = http.tls.unwrap();
    assert_eq!((tls.serial.as_str(), tls.more["level"].as_str()), ("true", "3"));
}

#[test]
fn a_variable_that_does_not_do_is_named_without_its_value() {
    let config = ConfigSource::text("[http]\nport = 1\ntags = []")
        .env_from([("DAEMON_HTTP__PORT", "eighty"), ("DAEMON_HTTP__TAGS", "[1]")])
        .load()
        .unwrap();
    let error = config.settings::<Http>("http").unwrap_err().to_string();
    assert_eq!(
        error,
        "DAEMON_HTTP__PORT (environment variable): http.port: expected a whole number from 0 to 65535"
    );
}

#[test]
fn a_variable_that_the_type_does_not_know_is_left_out() {
    let config = ConfigSource::text("[http]\nport = 1")
        .env_from([("DAEMON_HTTP__PROT", "2"), ("DAEMON_HTTP__X__Y", "2")])
        .load()
        .unwrap();
    assert_eq!(config.settings::<Http>("http").unwrap().port, 1);
    let config = ConfigSource::text("[http]\nport = 1\nprot = 1")
        .env_from([("DAEMON_HTTP__PROT", "2")])
        .load()
        .unwrap();
    let error = config.settings::<Http>("http").unwrap_err().to_string();
    assert_eq!(error, "<text>:3:1: unknown key `prot` in [http]; did you mean `port`?");
}

#[test]
fn variables_that_are_no_key_are_warnings_without_their_value() {
    let config = ConfigSource::text("[http]\n")
        .env_from([
            ("DAEMON_FOO", "hunter2"),
            ("DAEMON_HTTP_PORT", "hunter2"),
            ("DAEMON_LOGGING__COLOUR", "hunter2"),
            ("OTHER_NAME", "hunter2"),
        ])
        .load()
        .unwrap();
    let warnings: Vec<String> = config.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "DAEMON_FOO (environment variable): `DAEMON_FOO` is no key of the configuration",
            "DAEMON_HTTP_PORT (environment variable): `DAEMON_HTTP_PORT` is no key of the \
             configuration; did you mean `DAEMON_HTTP__PORT`?",
            "DAEMON_LOGGING__COLOUR (environment variable): unknown key `colour` in [logging]",
        ]
    );
    let location = config.warnings()[0].location().unwrap();
    assert!(location.is_variable() && !location.is_code());
    assert_eq!((location.source(), location.line()), ("DAEMON_FOO", None));
}

#[test]
fn a_value_that_is_not_utf8_names_its_variable() {
    let bad = || OsString::from_vec(b"\xff".to_vec());
    let error = ConfigSource::text("")
        .env_from([("DAEMON_NAME", bad()), ("DAEMON_HTTP__X", bad()), ("DAEMON_FOO", bad())])
        .load()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "DAEMON_HTTP__X (environment variable): `http.x`: the variable's value is not UTF-8\n\
         DAEMON_NAME (environment variable): `name`: the variable's value is not UTF-8"
    );
}

#[test]
fn the_prefix_is_the_programs_own_if_it_says_so() {
    let variables = [("DAEMON_NAME", "theirs"), ("MAILER_NAME", "ours")];
    for prefix in ["MAILER", "MAILER_"] {
        let source = ConfigSource::text("").env_from(variables).env_prefix(prefix);
        assert_eq!(source.load().unwrap().name(), "ours");
    }
    let error = ConfigSource::text("").env_from(variables).env_prefix("").load().unwrap_err();
    assert_eq!(
        error.to_string(),
        "set in code: an empty prefix would take every variable of the environment"
    );
}

/// The environment of the tests' own process cannot be changed safely; `PATH` is in every one.
#[test]
fn the_environment_of_the_process_is_read_for_a_file_and_for_a_text_that_asks() {
    let folder = Folder::new();
    let seen = |source: ConfigSource| {
        let config = source.load().unwrap();
        config.warnings().iter().any(|warning| warning.to_string().contains("`CARGO_MANIFEST_DIR`"))
    };
    let path = folder.file("");
    assert!(seen(Config::file(&path).env_prefix("CARGO")));
    assert!(!seen(Config::file(&path).env_prefix("CARGO").without_env()));
    assert!(!seen(Config::file(&path)));
    assert!(seen(ConfigSource::text("").env_prefix("CARGO")));
}

#[test]
fn a_configuration_remembers_its_recipe_with_absolute_paths() {
    let folder = Folder::new();
    let path = folder.file("name = 'one'");
    let source = Config::file(&path).env_from(NO_ENV).set("http.port", 1);
    let config = source.load().unwrap();
    folder.file("name = 'two'");
    folder.write("conf.d/1.toml", "[logging]\nlevel = 'off'");
    let again = config.source().unwrap();
    assert_eq!(again.path(), Some(path.as_path()));
    assert_eq!(again.directory(), Some(folder.path("conf.d")));
    let reloaded = again.load().unwrap();
    assert_eq!((reloaded.name(), reloaded.log_level().as_str()), ("two", "off"));
    assert_eq!(reloaded.settings::<BTreeMap<String, u8>>("http").unwrap()["port"], 1);
    assert!(Config::load_from_file(&path).unwrap().source().is_some());
    assert!(Config::builder().build().unwrap().source().is_none());
    assert!(Config::new().unwrap().source().is_none());
}
