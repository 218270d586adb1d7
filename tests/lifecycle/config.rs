//! Settings as subsystems see them, and options that an adopted runtime cannot honour.

use std::time::Duration;

use proc_daemon::runtime::OwnedRuntime;
use proc_daemon::{
    ConfigSource, Context, Daemon, ErrorKind, Result, Section, Spec, Subsystem, task,
};
use serde::Deserialize;

use crate::Row;

crate::on_every_runtime!(
    a_subsystem_sees_its_own_section_first,
    a_bad_section_is_refused_before_anything_starts,
    each_timeout_of_the_file_is_obeyed,
    a_path_replaces_the_configuration_and_is_read_by_the_run,
    one_type_runs_twice_under_two_names,
    settings_that_nobody_registered_are_a_failure_that_names_them,
);

#[derive(Deserialize)]
struct Http {
    port: u16,
}

const TEXT: &str = "name = 'web'\n[http]\nport = 1\n[admin]\nport = 2\n";

fn a_subsystem_sees_its_own_section_first<B: OwnedRuntime>(row: &Row<B>) {
    let port = |ctx: Context| async move {
        let expected = if ctx.name() == "admin" { 2 } else { 1 };
        assert_eq!(ctx.settings::<Http>().port, expected);
        assert_eq!(ctx.settings_at::<Http>("admin").unwrap().port, 2);
        assert!(ctx.try_settings::<String>().is_none());
        assert_eq!(ctx.with_config(|config| config.name().to_owned()), "web");
        assert_eq!(ctx.config().name(), "web");
        Ok(())
    };
    let daemon = Daemon::builder(ConfigSource::text(TEXT))
        .with_subsystem(task("http", port).with_settings::<Http>("http"))
        .with_subsystem(task("admin", port).with_settings::<Http>("admin"))
        .with_subsystem(task("other", port));
    let report = row.run(daemon);
    assert!(report.is_clean(), "{report}");
}

fn a_bad_section_is_refused_before_anything_starts<B: OwnedRuntime>(row: &Row<B>) {
    let daemon = || {
        Daemon::builder(ConfigSource::text("[http]\nport = 'x'\n[htp]\n"))
            .with_task("never", |_| async { panic!("it started") })
    };
    let report = row.run(daemon().with_settings::<Http>("http"));
    assert_eq!(report.code, 78, "{report}");
    let text = report.to_string();
    assert!(text.contains(":2:8: http.port") && text.contains("did you mean"), "{text}");
    assert_eq!(report.error().unwrap().kind(), ErrorKind::Config);

    let checked = Section::<Http>::new("http").check(|http| match http.port {
        0..1024 => Err("a port below 1024 needs root"),
        _ => Ok(()),
    });
    let daemon = Daemon::builder(ConfigSource::text("[http]\nport = 80\n")).with_settings(checked);
    assert!(row.run(daemon).to_string().contains("a port below 1024 needs root"));
}

/// The grace by the file, the moment of abort by the file.
fn each_timeout_of_the_file_is_obeyed<B: OwnedRuntime>(row: &Row<B>) {
    for text in
        ["timeout_ms = 40", "force_timeout = '44ms'", "kill = 62", "timeout = '5s'\nforce = 40"]
    {
        // The last is refused: a grace beyond the moment of abort is a contradiction.
        let contradiction = text.contains("5s");
        let daemon = Daemon::builder(ConfigSource::text(format!("[shutdown]\n{text}\n")))
            .with_task("deaf", |ctx| async move {
                ctx.shutdown("go");
                std::future::pending::<Result>().await
            });
        let report = row.run(daemon);
        if contradiction {
            assert_eq!(report.code, 78, "{text}: {report}");
            continue;
        }
        assert_eq!(report.code, 124, "{text}: {report}");
        let took = report.stopped_in();
        assert!(
            took >= Duration::from_millis(38) && took < Duration::from_secs(5),
            "{text}: {took:?}"
        );
    }
}

fn settings_that_nobody_registered_are_a_failure_that_names_them<B: OwnedRuntime>(row: &Row<B>) {
    let daemon = Daemon::builder(ConfigSource::text(TEXT))
        .with_task("bad", |ctx| async move {
            let _ = ctx.settings::<String>();
            Ok(())
        })
        .with_settings::<Http>("http")
        .with_settings::<Http>("admin");
    let report = row.run(daemon);
    assert_eq!(report.code, 70, "{report}");
    let text = report.to_string();
    assert!(
        text.contains("no settings of type `alloc::string::String` in subsystem `bad`"),
        "{text}"
    );
    assert!(text.contains("registered: [http] as `") && text.contains("[admin] as `"), "{text}");
}

fn a_path_replaces_the_configuration_and_is_read_by_the_run<B: OwnedRuntime>(row: &Row<B>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daemon.toml");
    let daemon = Daemon::new().with_config_path(&path).with_task("look", |ctx| async move {
        assert_eq!(ctx.daemon().config().name(), "from the file");
        assert_eq!(ctx.daemon().config_snapshot().name(), "from the file");
        assert!(ctx.daemon().settings::<Http>().is_none());
        Ok(())
    });
    std::fs::write(&path, "name = 'from the file'").unwrap();
    let report = row.run(daemon);
    assert!(report.is_clean(), "{report}");
    assert_eq!(row.run(Daemon::new().with_config_path(folder.path().join("none"))).code, 78);
}

fn one_type_runs_twice_under_two_names<B: OwnedRuntime>(row: &Row<B>) {
    let factory =
        |name: &'static str| Spec::factory(name, || Ok(Named)).with_settings::<Http>(name);
    let report = row.run(
        Daemon::builder(ConfigSource::text(TEXT))
            .with_subsystem(factory("http"))
            .with_subsystem(Named.into_spec().named("admin").with_settings::<Http>("admin")),
    );
    assert!(report.is_clean(), "{report}");
    assert!(report.end_of("http").is_some() && report.end_of("admin").is_some());
    let refused = Spec::factory("bad", || Err::<Named, _>("no such device".into()));
    let report = row.run(Daemon::new().with_subsystem(refused));
    assert_eq!(report.code, 1, "{report}");
    assert!(report.to_string().contains("no such device"), "{report}");
}

struct Named;

impl Subsystem for Named {
    fn name(&self) -> &str {
        "named"
    }
    async fn run(&self, ctx: Context) -> Result {
        let port = if ctx.name() == "http" { 1 } else { 2 };
        assert_eq!(ctx.settings::<Http>().port, port);
        Ok(())
    }
}
