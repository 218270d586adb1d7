//! Starting and stopping in dependency order.

use proc_daemon::{Context, Daemon, RestartPolicy, Spec, task, task_with};

use super::{Core, Diary, core, noting};
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "ORDER-01",
            dependents_start_after_readiness_and_stop_before,
            "What is required is ready before its dependents start, and stops after them.",
            "Three in a chain note their start and their stop."
        ),
        core!(
            "ORDER-02",
            after_orders_and_a_completed_dependency_counts,
            "`after` orders starts, and a job that has completed holds up nobody.",
            "A job, and a server after it."
        ),
        core!(
            "ORDER-03",
            a_failed_start_stops_what_had_started,
            "A start that fails for good stops what had started, in reverse, and starts nothing more.",
            "The third of four ends before it is ready."
        ),
    ]
}

/// Ends the daemon once it and what it requires are up.
fn ender(requires: &'static str) -> Spec {
    task("ender", |ctx: Context| async move {
        ctx.shutdown("done");
        Ok(())
    })
    .requires(requires)
}

fn dependents_start_after_readiness_and_stop_before<W: World>(world: &W) {
    let diary = Diary::default();
    let report = world.run(
        Daemon::new()
            .with_subsystem(noting("janitor", &diary).after("http"))
            .with_subsystem(noting("http", &diary).requires("store"))
            .with_subsystem(noting("store", &diary))
            .with_subsystem(ender("janitor")),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["+store", "+http", "+janitor", "-janitor", "-http", "-store"]);
}

fn after_orders_and_a_completed_dependency_counts<W: World>(world: &W) {
    let diary = Diary::default();
    let migrate = task_with("migrate", diary.clone(), |_, diary: Diary| async move {
        diary.note("migrated");
        Ok(())
    });
    let report = world.run(
        Daemon::new()
            .with_subsystem(noting("http", &diary).after("migrate"))
            .with_subsystem(migrate)
            .with_subsystem(ender("http")),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["migrated", "+http", "-http"]);
}

fn a_failed_start_stops_what_had_started<W: World>(world: &W) {
    let diary = Diary::default();
    let bad = task("bad", |_| async { Err("no disk".into()) }).requires("b");
    let report = world.run(
        Daemon::new()
            .with_subsystem(noting("a", &diary))
            .with_subsystem(noting("b", &diary).requires("a"))
            .with_subsystem(bad.restart_policy(RestartPolicy::never()))
            .with_subsystem(noting("never", &diary).requires("bad")),
    );
    assert_eq!(report.code, 1, "{report}");
    assert!(report.to_string().contains("`bad`: error"), "{report}");
    assert!(report.to_string().contains("no disk"), "{report}");
    assert_eq!(diary.lines(), ["+a", "+b", "-b", "-a"]);
    assert!(report.end_of("never").is_none());
}
