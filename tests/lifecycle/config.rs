//! Settings as subsystems see them, and what is refused before anything starts.

use proc_daemon::{
    ConfigSource, Context, Daemon, ErrorKind, RestartPolicy, Result, Section, Spec, Subsystem, task,
};
use serde::Deserialize;

use crate::Row;

crate::on_every_row!(
    a_subsystem_sees_its_own_section_first,
    a_bad_section_is_refused_before_anything_starts,
    timeouts_that_contradict_each_other_are_refused,
    one_type_runs_twice_under_two_names,
    settings_that_nobody_registered_are_a_failure_that_names_them,
);

#[derive(Deserialize)]
struct Http {
    port: u16,
}

const TEXT: &str = "name = 'web'\n[http]\nport = 1\n[admin]\nport = 2\n";

fn a_subsystem_sees_its_own_section_first(row: &impl Row) {
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

fn a_bad_section_is_refused_before_anything_starts(row: &impl Row) {
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

fn settings_that_nobody_registered_are_a_failure_that_names_them(row: &impl Row) {
    let daemon = Daemon::builder(ConfigSource::text(TEXT))
        .with_task("bad", |ctx| async move {
            let _ = ctx.settings::<String>();
            Ok(())
        })
        .with_settings::<Http>("http")
        .with_settings::<Http>("admin");
    let report = row.run_with_panics(daemon);
    assert_eq!(report.code, 70, "{report}");
    let text = report.to_string();
    assert!(
        text.contains("no settings of type `alloc::string::String` in subsystem `bad`"),
        "{text}"
    );
    assert!(text.contains("registered: [http] as `") && text.contains("[admin] as `"), "{text}");
}

/// A grace beyond the moment of abort.
fn timeouts_that_contradict_each_other_are_refused(row: &impl Row) {
    let text = "[shutdown]\ntimeout = '5s'\nforce = 40\n";
    let daemon = Daemon::builder(ConfigSource::text(text))
        .with_task("never", |_| async { panic!("it started") });
    let report = row.run(daemon);
    assert_eq!(report.code, 78, "{report}");
    assert!(report.to_string().contains("timeout"), "{report}");
}

fn one_type_runs_twice_under_two_names(row: &impl Row) {
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
    let refused = refused.restart_policy(RestartPolicy::never());
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
