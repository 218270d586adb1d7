//! The timeouts of the configuration file, each by what it does.

use std::time::Duration;

use proc_daemon::{Config, ConfigSource, Daemon, EndKind, task};

use super::{MS, SECOND, exactly, go_after};

/// The grace by the file, the moment of abort by the file; what is not set follows from what is.
#[test]
fn each_timeout_of_the_file_is_obeyed() {
    for (text, grace, force) in [
        ("", 20_000, 22_000),
        ("timeout_ms = 40000", 40_000, 42_000),
        ("timeout = '40s'", 40_000, 42_000),
        ("force_timeout = '44s'", 40_000, 44_000),
        ("kill = 62500", 50_000, 55_000),
        ("timeout = '10s'\nforce = '1m'", 10_000, 60_000),
        ("timeout = '5s'\nkill = '10s'", 5_000, 7_000),
        ("lame_duck = '30s'", 50_000, 52_000),
        ("lame_duck = '30s'\nforce = '41s'", 40_000, 41_000),
        ("timeout_ms = 0\nforce_timeout_ms = 0", 0, 0),
    ] {
        exactly(
            |sim| {
                let patient = task("patient", |_| std::future::pending()).grace(Duration::MAX);
                let source = ConfigSource::text(format!("[shutdown]\n{text}\n"));
                let daemon = Daemon::builder(source)
                    .with_task("deaf", |_| std::future::pending())
                    .with_subsystem(patient);
                sim.daemon(daemon).script(go_after(10 * SECOND))
            },
            |report| {
                assert_eq!(report.code, 124, "{text}: {report}");
                let ran_for = |name| {
                    let end = report.end_of(name).unwrap();
                    assert_eq!(end.kind(), EndKind::Aborted);
                    end.ran_for() - 10 * SECOND
                };
                assert_eq!(
                    (ran_for("deaf"), ran_for("patient")),
                    (grace * MS, force * MS),
                    "{text}"
                );
                assert_eq!(report.stopped_in(), force * MS, "{text}");
            },
        );
    }
}

/// The configuration of a simulated life is handed over as text.
#[test]
fn a_text_takes_the_place_of_the_daemons_own_configuration() {
    exactly(
        |sim| {
            let config = Config::builder().shutdown_timeout(3 * SECOND).build().unwrap();
            let daemon = Daemon::builder(config).with_task("deaf", |_| std::future::pending());
            sim.daemon(daemon).config_text("[shutdown]\ntimeout = '90s'").script(go_after(SECOND))
        },
        |report| assert_eq!(report.stopped_in(), 90 * SECOND),
    );
}
