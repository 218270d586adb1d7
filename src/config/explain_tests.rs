use std::time::Duration;

use crate::config::{Config, ConfigSource, Origin};

fn explain(config: &Config, key: &str) -> String {
    config.explain(key).map_or_else(|| "nothing".to_owned(), |found| found.to_string())
}

#[test]
fn a_value_has_its_place_and_those_it_won_over() {
    let config = ConfigSource::text("[shutdown]\ngraceful = 1000\n[http]\nport = 1\ntls.x = 1")
        .env_from([("DAEMON_SHUTDOWN_TIMEOUT", "2s"), ("DAEMON_HTTP__PORT", "2")])
        .set("shutdown.timeout_ms", 3000)
        .set("http.port", 3)
        .load()
        .unwrap();
    let expected = "shutdown.timeout_ms = 3s: set in code, over DAEMON_SHUTDOWN_TIMEOUT (environment \
                    variable), over <text>:2:1, over the default";
    for key in ["shutdown.timeout_ms", "shutdown.timeout", "shutdown.graceful"] {
        assert_eq!(explain(&config, key), expected);
    }
    assert_eq!(
        explain(&config, "http.port"),
        "http.port: set in code, over DAEMON_HTTP__PORT (environment variable), over <text>:4:1"
    );
    assert_eq!(explain(&config, "http.tls.x"), "http.tls.x: <text>:5:5");
    assert_eq!(
        explain(&config, "shutdown.kill"),
        "shutdown.kill_timeout_ms = 8s: follows from the other timeouts"
    );
    assert_eq!(explain(&config, "name"), "name = daemon: the default");
    for key in ["http", "http.tls", "http.host", "http.port.x", "shutdown.colour", "shutdown", ""] {
        assert_eq!(explain(&config, key), "nothing", "{key}");
    }
    let found = config.explain("shutdown.graceful").unwrap();
    assert_eq!((found.key(), found.value()), ("shutdown.timeout_ms", Some("3s")));
    assert!(matches!(found.origin(), Origin::Set(at) if at.is_code()));
    assert_eq!((found.lost().len(), &found.lost()[2]), (3, &Origin::Default));
}

#[test]
fn a_layer_that_was_cut_off_is_among_the_losers() {
    let config = ConfigSource::text("[a]\nb = 1").set("a.b.c", 2).load().unwrap();
    assert_eq!(explain(&config, "a.b.c"), "a.b.c: set in code");
    let config = ConfigSource::text("[a.b]\nc = 1").set("a.b", 2).load().unwrap();
    assert_eq!(explain(&config, "a.b"), "a.b: set in code, over <text>:1:1");
    assert_eq!(explain(&config, "a.b.c"), "nothing");
}

#[test]
fn what_a_builder_set_is_set_in_code_also_to_the_default() {
    let config =
        Config::builder().kill_timeout(Duration::from_secs(25)).worker_threads(2).build().unwrap();
    assert_eq!(
        explain(&config, "shutdown.kill"),
        "shutdown.kill_timeout_ms = 25s: set in code, over the default"
    );
    assert_eq!(
        explain(&config, "performance.worker_threads"),
        "performance.worker_threads = 2: set in code, over the default"
    );
    assert_eq!(explain(&Config::default(), "hot_reload"), "hot_reload = false: the default");
}
