use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Deserialize;

use super::super::document::Document;
use super::super::layer::Layer;
use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by its Debug")]
struct Http {
    listen: SocketAddr,
    #[serde(default)]
    workers: u16,
    mode: Option<Mode>,
    tls: Option<Tls>,
    #[serde(default)]
    peers: Vec<Tls>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Slow,
}

#[derive(Debug, Deserialize)]
struct Tls {
    certificate: String,
}

fn layers(text: &str) -> Layers {
    Layers::new(vec![Layer::File(Box::new(
        Document::parse("daemon.toml", text.as_bytes()).unwrap(),
    ))])
}

fn read_from<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, ConfigError> {
    section(Some(&layers(text)), path).map(|(value, _)| value)
}

#[track_caller]
fn refused<T: DeserializeOwned + std::fmt::Debug>(path: &str, text: &str, line: &str) {
    assert_eq!(read_from::<T>(path, text).unwrap_err().to_string(), line);
}

#[test]
fn a_section_is_read_into_its_type() {
    let text = "[http]\nlisten = '127.0.0.1:80'\nmode = 'fast'\ntls.certificate = 'x'\n";
    let http: Http = read_from("http", text).unwrap();
    assert_eq!(http.listen.port(), 80);
    assert!(matches!(http.mode, Some(Mode::Fast)));
    assert_eq!(read_from::<Tls>("http.tls", text).unwrap().certificate, "x");
    assert_eq!(read_from::<String>("http.mode", text).unwrap(), "fast");
    let dates: BTreeMap<String, String> = read_from("d", "[d]\nat = 2024-05-01T10:00:00Z").unwrap();
    assert_eq!(dates["at"], "2024-05-01T10:00:00Z");
}

#[test]
fn an_absent_section_is_an_empty_table() {
    assert!(read_from::<BTreeMap<String, String>>("http", "").unwrap().is_empty());
    assert!(section::<BTreeMap<String, String>>(None, "http").unwrap().0.is_empty());
}

#[test]
fn a_wrong_value_is_placed_and_named_in_full() {
    for (line, expected) in [
        (
            "workers = 'x'",
            "daemon.toml:3:11: http.workers = 'x': expected a whole number from 0 to 65535",
        ),
        (
            "workers = 70000",
            "daemon.toml:3:11: http.workers = 70000: expected a whole number from 0 to 65535",
        ),
        (
            "workers = 1.5",
            "daemon.toml:3:11: http.workers = 1.5: expected a whole number from 0 to 65535",
        ),
        (
            "mode = 'fats'",
            "daemon.toml:3:8: http.mode = 'fats': expected `fast` or `slow`; did you mean `fast`?",
        ),
        ("tls = 1", "daemon.toml:3:7: http.tls: expected a table"),
        ("tls.certificate = 1", "daemon.toml:3:19: http.tls.certificate = 1: expected text"),
        (
            "peers = [{ certificate = 1 }]",
            "daemon.toml:3:26: http.peers.0.certificate = 1: expected text",
        ),
        ("peers = {}", "daemon.toml:3:9: http.peers: expected an array"),
        (
            "[[http.peers]]\ncertificate = 'x'\n[[http.peers]]\ncertificate = true",
            "daemon.toml:6:15: http.peers.1.certificate = true: expected text",
        ),
    ] {
        refused::<Http>("http", &format!("[http]\nlisten = '[::]:80'\n{line}\n"), expected);
    }
    refused::<Http>(
        "http",
        "[http]\nlisten = 'localhost'\n",
        "daemon.toml:2:10: http.listen = 'localhost': invalid socket address syntax",
    );
}

#[test]
fn a_missing_key_is_placed_at_its_section() {
    refused::<Http>("http", "\n[http]\n", "daemon.toml:2:1: missing key `http.listen`");
    refused::<Http>(
        "http",
        "[http]\nlisten = '[::]:80'\ntls = {}\n",
        "daemon.toml:3:7: missing key `http.tls.certificate`",
    );
    refused::<Http>(
        "http",
        "[smtp]\n",
        "daemon.toml: missing key `http.listen`: there is no section [http]",
    );
    assert_eq!(
        section::<Http>(None, "http").unwrap_err().to_string(),
        "missing key `http.listen`: there is no section [http]"
    );
}

#[test]
fn a_key_that_the_type_does_not_know_is_placed_at_the_key() {
    refused::<Http>(
        "http",
        "[http]\nlisten = '[::]:80'\n  worker = 1\n",
        "daemon.toml:3:3: unknown key `worker` in [http]; did you mean `workers`?",
    );
}

#[test]
fn a_section_that_is_something_else_is_refused() {
    refused::<Http>("http", "http = 1", "daemon.toml:1:8: http: expected a table");
    refused::<Tls>(
        "http.tls",
        "http = 1",
        "daemon.toml:1:8: `http` is a value: expected a section, [http]",
    );
    refused::<Vec<u8>>("list", "", "daemon.toml: list: expected an array");
    refused::<u8>("a..b", "", "`a..b` is no section: expected names joined by dots");
    refused::<u8>("", "", "`` is no section: expected names joined by dots");
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "BTreeMap<String, u8>")]
struct Even;

impl TryFrom<BTreeMap<String, u8>> for Even {
    type Error = &'static str;

    fn try_from(map: BTreeMap<String, u8>) -> Result<Self, Self::Error> {
        if map.values().sum::<u8>() % 2 == 0 { Ok(Self) } else { Err("the sum is odd") }
    }
}

#[test]
fn a_type_that_refuses_the_whole_section_is_placed_at_its_header() {
    refused::<Even>("n", "\n[n]\na = 1\n", "daemon.toml:2:1: [n]: the sum is odd");
    refused::<Even>("n", "n = { a = 1 }\n", "daemon.toml:1:5: n = a table: the sum is odd");
    read_from::<Even>("n", "[n]\na = 2\n").unwrap();
}

#[derive(Debug, Deserialize)]
#[serde(from = "BTreeMap<String, u8>")]
struct First;

impl From<BTreeMap<String, u8>> for First {
    fn from(map: BTreeMap<String, u8>) -> Self {
        assert_ne!(map["a"], 1, "a is one");
        Self
    }
}

#[test]
fn a_type_that_panics_is_an_issue_at_the_header() {
    let error = read_from::<First>("n.m", "\n[n.m]\na = 1\n").unwrap_err().to_string();
    assert!(error.starts_with("daemon.toml:2:1: [n.m]: panicked: "), "{error}");
    assert!(error.contains("a is one"), "{error}");
    let error = section::<First>(None, "n").unwrap_err().to_string();
    assert!(error.starts_with("[n]: panicked: "), "{error}");
    read_from::<First>("n", "[n]\na = 2\n").unwrap();
}
