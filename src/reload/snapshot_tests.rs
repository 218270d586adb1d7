use serde::Deserialize;

use super::*;
use crate::config::{ConfigSource, Section};

#[derive(Debug, Deserialize)]
struct Http {
    port: u16,
}

#[derive(Debug, Deserialize)]
struct Tls {
    certificate: String,
}

fn config(text: &str) -> Arc<Config> {
    Arc::new(ConfigSource::text(text).load().unwrap())
}

fn refused(text: &str, sections: &[ErasedSection]) -> Vec<String> {
    let error = Snapshot::build(config(text), sections).unwrap_err();
    error.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn a_snapshot_holds_every_registered_section() {
    let sections = [
        Section::<Http>::new("http").into(),
        Section::<Tls>::new("http.tls").into(),
        Section::<Http>::new("admin").into(),
    ];
    let config = config("[http]\nport = 1\ntls.certificate = 'x'\n[admin]\nport = 2\n");
    let snapshot = Snapshot::build(Arc::clone(&config), &sections).unwrap();
    assert!(Arc::ptr_eq(snapshot.config(), &config));
    assert_eq!(snapshot.get::<Http>().unwrap().port, 1);
    assert_eq!(snapshot.get_at::<Http>("admin").unwrap().port, 2);
    assert_eq!(snapshot.get::<Tls>().unwrap().certificate, "x");
    assert!(snapshot.get_at::<Tls>("admin").is_none());
    assert!(snapshot.get::<u8>().is_none());
    let described = snapshot.describe_sections();
    assert!(described.starts_with("[http] as `"), "{described}");
    assert!(described.contains("Http`, [http.tls] as `"), "{described}");
}

#[test]
fn reading_a_section_twice_gives_the_same_value() {
    let sections = [Section::<Http>::new("http").into()];
    let snapshot = Snapshot::build(config("[http]\nport = 1\n"), &sections).unwrap();
    let (one, two) = (snapshot.get::<Http>().unwrap(), snapshot.get::<Http>().unwrap());
    assert!(Arc::ptr_eq(&one, &two));
}

#[test]
fn all_issues_of_all_sections_come_together() {
    let sections = [
        Section::<Tls>::new("tls").into(),
        Section::<Http>::new("http").into(),
        Section::<Http>::new("http").into(),
    ];
    assert_eq!(
        refused("[http]\nport = 'x'\n[htpp]\n[tls]\n", &sections),
        [
            "<text>:2:8: http.port = 'x': expected a whole number from 0 to 65535",
            "<text>:3:1: unknown section [htpp]; did you mean [http]?",
            "<text>:4:1: missing key `tls.certificate`",
        ]
    );
}

#[test]
fn a_failed_check_is_placed_at_the_header_with_its_cause() {
    let even = |http: &Http| {
        if http.port.is_multiple_of(2) { Ok(()) } else { Err("the port is odd") }
    };
    let high = |http: &Http| {
        let small = u8::try_from(http.port).map(|_| ());
        if small.is_ok() { Err(std::io::Error::other("the port is\ntoo low")) } else { Ok(()) }
    };
    let section = || Section::<Http>::from("http").check(even).check(high);
    assert_eq!(
        refused("\n[http]\nport = 81\n", &[section().into()]),
        ["<text>:2:1: [http]: the port is odd", "<text>:2:1: [http]: the port is\\ntoo low"]
    );
    Snapshot::build(config("[http]\nport = 8080\n"), &[section().into()]).unwrap();
}

#[test]
fn a_configuration_without_a_file_gives_empty_sections() {
    #[derive(Deserialize)]
    struct Optional {
        port: Option<u16>,
    }
    let sections = [Section::<Optional>::new("http").into()];
    let snapshot = Snapshot::build(Arc::new(Config::default()), &sections).unwrap();
    assert_eq!(snapshot.get::<Optional>().unwrap().port, None);
    let sections = [Section::<Http>::new("http").into()];
    assert_eq!(
        refused("", &sections),
        ["<text>: missing key `http.port`: there is no section [http]"]
    );
}

#[test]
fn issues_in_the_daemons_keys_and_in_sections_come_together_from_a_source() {
    let source = ConfigSource::text(
        "loose = 1\nadmin = 'hunter2'\n[logging]\nlevel = 'inof'\n[http]\nport = 'x'\n[htpp]\n",
    );
    let sections = [
        Section::<Http>::new("http").into(),
        Section::<Tls>::new("tls").into(),
        Section::<Http>::new("admin").into(),
        Section::<Tls>::new("admin.tls").into(),
    ];
    let error = Snapshot::load(&source, &sections).unwrap_err();
    assert_eq!(
        error.to_string().lines().collect::<Vec<_>>(),
        [
            "<text>: missing key `tls.certificate`: there is no section [tls]",
            "<text>:1:1: unknown key `loose`",
            "<text>:2:9: `admin` is a value: expected a section, [admin]",
            "<text>:4:9: logging.level = 'inof': expected `trace`, `debug`, `info`, `warn`, `error` or \
             `off`; did you mean `info`?",
            "<text>:6:8: http.port = 'x': expected a whole number from 0 to 65535",
            "<text>:7:1: unknown section [htpp]; did you mean [http]?",
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_hides_no_issue_but_those_of_what_may_be_in_it() {
    let source = ConfigSource::text("[http")
        .env_from([("DAEMON_SHUTDOWN_TIMEOUT_MS", "5000")])
        .set("shutdown.kill_timeout_ms", "1s")
        .set("logging.colour", true);
    let sections = [Section::<Http>::new("http").into()];
    let error = Snapshot::load(&source, &sections).unwrap_err();
    assert_eq!(
        error.to_string().lines().collect::<Vec<_>>(),
        [
            "<text>:1:6: unclosed table, expected `]`",
            "set in code: unknown key `colour` in [logging]",
        ]
    );
}

#[test]
fn what_only_the_environment_has_is_a_warning() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        port: u16,
    }
    let source = ConfigSource::text("[http]\nport = 1\n").env_from([
        ("DAEMON_COLOUR", "hunter2"),
        ("DAEMON_HTTP__PROT", "hunter2"),
        ("DAEMON_HTPP__PORT", "hunter2"),
    ]);
    let sections = [Section::<Strict>::new("http").into()];
    let loaded = Snapshot::load(&source, &sections).unwrap();
    let built = Snapshot::build(Arc::new(source.load().unwrap()), &sections).unwrap();
    for snapshot in [loaded, built] {
        assert_eq!(snapshot.get::<Strict>().unwrap().port, 1);
        let warnings: Vec<String> = snapshot.warnings().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                "DAEMON_COLOUR (environment variable): `DAEMON_COLOUR` is no key of the configuration",
                "DAEMON_HTPP__PORT (environment variable): unknown section [htpp]; did you mean \
                 [http]?",
                "DAEMON_HTTP__PROT (environment variable): unknown key `prot` in [http]; did you mean \
                 `port`?",
            ]
        );
    }
}
