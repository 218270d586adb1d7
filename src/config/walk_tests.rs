use proptest::prelude::*;

use super::super::document::Document;
use super::super::error::ConfigError;
use super::*;
use std::time::Duration;

fn layers(text: &str) -> Result<Layers, ConfigError> {
    Ok(Layers::new(vec![Layer::File(Box::new(Document::parse("daemon.toml", text.as_bytes())?))]))
}

fn load(text: &str) -> Result<Settings, ConfigError> {
    settings(&layers(text)?, &[], true).map_err(ConfigError::invalid)
}

#[track_caller]
fn refused(text: &str, lines: &[&str]) {
    let error = load(text).unwrap_err();
    assert_eq!(error.to_string().lines().collect::<Vec<_>>(), lines);
}

#[test]
fn every_key_is_read() {
    let settings = load(
        "name = 'mailer'\n[logging]\nlevel = 'Debug'\n[shutdown]\ntimeout_ms = 1000\n\
         force_timeout = '2s'\nkill_timeout_ms = '1m 30s'\nlame_duck = '1s'\n[performance]\nworker_threads = 4\n",
    )
    .unwrap();
    assert_eq!(settings.name, "mailer");
    assert_eq!(settings.log_level.as_str(), "debug");
    assert_eq!(settings.timeouts.grace(), Duration::from_secs(1));
    assert_eq!(settings.timeouts.force(), Duration::from_secs(2));
    assert_eq!(settings.timeouts.kill(), Duration::from_secs(90));
    assert_eq!(settings.timeouts.lame_duck(), Duration::from_secs(1));
    assert_eq!(settings.worker_threads.map(usize::from), Some(4));
}

#[test]
fn the_names_of_1_1_are_the_same_keys() {
    let old = load("[shutdown]\ngraceful = 1000\nforce = 2000\nkill = '3s'\n").unwrap();
    let new =
        load("shutdown = { timeout_ms = 1000, force_timeout_ms = 2000, kill_timeout_ms = 3000 }");
    assert_eq!(old.timeouts, new.unwrap().timeouts);
}

#[test]
fn an_empty_file_is_the_defaults() {
    for text in ["", "\u{feff}", "# nothing\r\n", "[logging]\n[shutdown]\n"] {
        let settings = load(text).unwrap();
        assert_eq!(settings.name, "daemon");
        assert_eq!(settings.timeouts, Settings::DEFAULT.timeouts);
        assert_eq!(settings.worker_threads, None);
    }
}

#[test]
fn every_issue_is_reported_at_once_in_the_order_of_the_file() {
    refused(
        "name = 7\n\n[logging]\nlevel = 'inof'\n[shutdown]\ntimeout_ms = \"ten\"\n\
         kill_timeout_ms = 0\n\n[performance]\nworker_thread = 1\nworker_threads = 70_000\n",
        &[
            "daemon.toml:1:8: name = 7: expected text, not empty, without control characters",
            "daemon.toml:4:9: logging.level = 'inof': expected `trace`, `debug`, `info`, `warn`, \
             `error` or `off`; did you mean `info`?",
            "daemon.toml:6:14: shutdown.timeout_ms = \"ten\": expected a whole number of \
             milliseconds or \"30s\"",
            "daemon.toml:7:19: shutdown.kill_timeout_ms = 0: expected a whole number of \
             milliseconds above 0 or \"30s\"",
            "daemon.toml:10:1: unknown key `worker_thread` in [performance]; did you mean \
             `worker_threads`?",
            "daemon.toml:11:18: performance.worker_threads = 70_000: expected a whole number from \
             0 to 65535, where 0 is one per core",
        ],
    );
}

#[test]
fn a_number_out_of_range_says_what_would_do() {
    for found in ["-1", "1.5", "1e3", "true", "\"30\"", "\"-3s\""] {
        let line = format!(
            "daemon.toml:2:14: shutdown.timeout_ms = {found}: expected a whole number of \
             milliseconds or \"30s\""
        );
        refused(&format!("[shutdown]\ntimeout_ms = {found}\n"), &[&line]);
    }
    refused(
        "[shutdown]\ntimeout_ms = 9223372036854775807\nforce = '1000 years'",
        &[
            "daemon.toml:2:14: shutdown.timeout_ms = 9223372036854775807: expected at most 292 \
             years",
            "daemon.toml:3:9: shutdown.force = '1000 years': expected at most 292 years",
        ],
    );
}

#[test]
fn a_number_under_a_key_without_a_unit_is_refused() {
    refused(
        "[shutdown]\ntimeout = 30\n",
        &["daemon.toml:2:11: shutdown.timeout = 30: expected text such as \"30s\"; a number of \
           milliseconds goes under `timeout_ms`"],
    );
}

#[test]
fn two_spellings_of_one_key_are_refused_naming_both() {
    refused(
        "[shutdown]\ntimeout_ms = 1\ngraceful = 2\n",
        &["daemon.toml:3:1: `timeout_ms` and `graceful` in [shutdown] are one key: keep one"],
    );
    refused(
        "[shutdown]\nkill = '1s'\nkill_timeout_ms = 1\nkill_timeout = '1s'\n",
        &[
            "daemon.toml:4:1: `kill` and `kill_timeout_ms` and `kill_timeout` in [shutdown] are one \
           key: keep one",
        ],
    );
}

#[test]
fn timeouts_out_of_order_are_placed_at_the_one_that_is_too_long() {
    refused(
        "[shutdown]\nforce = '10s'\ngraceful = 30_000\n",
        &["daemon.toml:3:12: shutdown.graceful = 30_000: expected at most \
           shutdown.force_timeout_ms (10s)"],
    );
}

#[test]
fn a_key_in_the_wrong_place_says_where_it_belongs() {
    refused(
        "[shutdown]\n[logging]\nname = 'x'\nworker_threads = 1\n",
        &[
            "daemon.toml:3:1: `name` belongs above [shutdown], the first section",
            "daemon.toml:4:1: `worker_threads` belongs in [performance]",
        ],
    );
    refused("level = 'info'\n", &["daemon.toml:1:1: `level` belongs in [logging]"]);
    refused(
        "logging = { name = 'x' }",
        &["daemon.toml:1:13: `name` belongs above [logging], the first section"],
    );
}

#[test]
fn an_unknown_key_is_refused_and_an_unknown_table_waits() {
    refused("nmae = 'x'\n", &["daemon.toml:1:1: unknown key `nmae`; did you mean `name`?"]);
    refused("colour = true\n", &["daemon.toml:1:1: unknown key `colour`"]);
    refused("list = [1]\n", &["daemon.toml:1:1: unknown key `list`"]);
    refused("[logging.http]\nx = 1\n", &["daemon.toml:1:1: unknown key `http` in [logging]"]);
    load("http = { port = 1 }\n[smtp]\nname = 'x'\n[[peers]]\n").unwrap();
}

#[test]
fn a_section_has_to_be_a_table() {
    refused(
        "logging = 'debug'\n[[shutdown]]\n",
        &[
            "daemon.toml:1:11: logging = 'debug': expected a section, [logging]",
            "daemon.toml:2:1: shutdown = an array of tables: expected a section, [shutdown]",
        ],
    );
    refused(
        "[name]\n",
        &["daemon.toml:1:1: name = a table: expected text, not empty, without control characters"],
    );
}

#[test]
fn a_table_that_nobody_claims_is_unknown() {
    let text = "[logging]\n[htpp]\n[http]\nx = 1\n[http.tls]\n[smtp]\nhost = 'x'\n[smtp.out]\n\
                [smtp.uot]\n[[sections]]\n[a.b.c]\n[loging]\n";
    let layers = layers(text).unwrap();
    let lines = |claimed: &[&str]| ConfigError::invalid(unclaimed(&layers, claimed).0).to_string();
    assert_eq!(
        lines(&["http", "smtp.out", "smtp.host", "a.b.c.d"]),
        "daemon.toml:2:1: unknown section [htpp]; did you mean [http]?\n\
         daemon.toml:9:1: unknown section [smtp.uot]; did you mean [smtp.out]?\n\
         daemon.toml:10:1: unknown section [sections]\n\
         daemon.toml:12:1: unknown section [loging]; did you mean [logging]?"
    );
    assert_eq!(
        lines(&["htpp", "http", "http.tls", "smtp.out", "smtp.uot", "sections", "a", "loging"]),
        "daemon.toml:7:1: unknown key `host` in [smtp]"
    );
}

proptest! {
    #[test]
    fn no_text_makes_loading_panic_and_every_issue_is_one_line(text in "[a-z_ .=\\[\\]\"'\n\r0-9{}é]{0,80}") {
        if let Err(error) = load(&text) {
            prop_assert!(!error.issues().is_empty());
            prop_assert_eq!(error.to_string().lines().count(), error.issues().len());
        }
    }

    #[test]
    fn no_value_under_a_known_key_makes_loading_panic(
        key in proptest::sample::select(vec!["timeout_ms", "timeout", "kill", "lame_duck_ms", "force"]),
        value in prop_oneof![
            any::<i64>().prop_map(|n| n.to_string()),
            any::<f64>().prop_map(|n| format!("{n:?}")),
            "[0-9]{1,20} ?(ns|ms|s|h|years)".prop_map(|text| format!("'{text}'")),
        ],
    ) {
        let _ = load(&format!("[shutdown]\n{key} = {value}\n"));
    }
}
