//! Settings as subsystems see them, and what is refused before anything starts.

use super::{Core, core};
use crate::world::World;
use proc_daemon::{
    ConfigSource, Context, Daemon, ErrorKind, RestartPolicy, Result, Section, Spec, Subsystem, task,
};
use serde::Deserialize;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "CONFIG-01",
            a_subsystem_sees_its_own_section_first,
            "A subsystem has its own section of the configuration.",
            "Two subsystems with a section each."
        ),
        core!(
            "CONFIG-02",
            a_bad_section_is_refused_before_anything_starts,
            "A section that cannot be read ends the daemon with 78 before anything starts.",
            "A number that is a text."
        ),
        core!(
            "CONFIG-03",
            timeouts_that_contradict_each_other_are_refused,
            "Timeouts that cannot all hold are an error that names them.",
            "A grace longer than the budget."
        ),
        core!(
            "CONFIG-04",
            one_type_runs_twice_under_two_names,
            "One type of subsystem runs twice, with a section each.",
            "Two names, two sections."
        ),
        core!(
            "CONFIG-05",
            settings_that_nobody_registered_are_a_failure_that_names_them,
            "Asking for settings that nobody registered fails the subsystem in words.",
            "A type without a section."
        ),
    ]
}

#[derive(Deserialize)]
struct Http {
    port: u16,
}

const TEXT: &str = "name = 'web'\n[http]\nport = 1\n[admin]\nport = 2\n";

fn a_subsystem_sees_its_own_section_first<W: World>(world: &W) {
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
    let report = world.run(daemon);
    assert!(report.is_clean(), "{report}");
}

fn a_bad_section_is_refused_before_anything_starts<W: World>(world: &W) {
    let daemon = || {
        Daemon::builder(ConfigSource::text("[http]\nport = 'x'\n[htp]\n"))
            .with_task("never", |_| async { panic!("it started") })
    };
    let report = world.run(daemon().with_settings::<Http>("http"));
    assert_eq!(report.code, 78, "{report}");
    let text = report.to_string();
    assert!(text.contains(":2:8: http.port") && text.contains("did you mean"), "{text}");
    assert_eq!(report.error().unwrap().kind(), ErrorKind::Config);

    let checked = Section::<Http>::new("http").check(|http| match http.port {
        0..1024 => Err("a port below 1024 needs root"),
        _ => Ok(()),
    });
    let daemon = Daemon::builder(ConfigSource::text("[http]\nport = 80\n")).with_settings(checked);
    assert!(world.run(daemon).to_string().contains("a port below 1024 needs root"));
}

fn settings_that_nobody_registered_are_a_failure_that_names_them<W: World>(world: &W) {
    let daemon = Daemon::builder(ConfigSource::text(TEXT))
        .with_task("bad", |ctx| async move {
            let _ = ctx.settings::<String>();
            Ok(())
        })
        .with_settings::<Http>("http")
        .with_settings::<Http>("admin");
    let report = world.run_with_panics(daemon);
    assert_eq!(report.code, 70, "{report}");
    let text = report.to_string();
    assert!(
        text.contains("no settings of type `alloc::string::String` in subsystem `bad`"),
        "{text}"
    );
    assert!(text.contains("registered: [http] as `") && text.contains("[admin] as `"), "{text}");
}

/// A grace beyond the moment of abort.
fn timeouts_that_contradict_each_other_are_refused<W: World>(world: &W) {
    let text = "[shutdown]\ntimeout = '5s'\nforce = 40\n";
    let daemon = Daemon::builder(ConfigSource::text(text))
        .with_task("never", |_| async { panic!("it started") });
    let report = world.run(daemon);
    assert_eq!(report.code, 78, "{report}");
    assert!(report.to_string().contains("timeout"), "{report}");
}

fn one_type_runs_twice_under_two_names<W: World>(world: &W) {
    let factory =
        |name: &'static str| Spec::factory(name, || Ok(Named)).with_settings::<Http>(name);
    let report = world.run(
        Daemon::builder(ConfigSource::text(TEXT))
            .with_subsystem(factory("http"))
            .with_subsystem(Named.into_spec().named("admin").with_settings::<Http>("admin")),
    );
    assert!(report.is_clean(), "{report}");
    assert!(report.end_of("http").is_some() && report.end_of("admin").is_some());
    let refused = Spec::factory("bad", || Err::<Named, _>("no such device".into()));
    let refused = refused.restart_policy(RestartPolicy::never());
    let report = world.run(Daemon::new().with_subsystem(refused));
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
