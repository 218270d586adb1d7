//! Starting and stopping in dependency order.

use proc_daemon::{Context, Daemon, RestartPolicy, Spec, task, task_with};

use crate::{Diary, Row};

crate::on_every_row!(
    dependents_start_after_readiness_and_stop_before,
    after_orders_and_a_completed_dependency_counts,
    a_failed_start_stops_what_had_started,
);

fn noting(name: &'static str, diary: &Diary) -> Spec {
    task_with(name, diary.clone(), move |ctx: Context, diary| async move {
        diary.note(format!("+{name}"));
        ctx.ready();
        ctx.cancelled().await;
        diary.note(format!("-{name}"));
        Ok(())
    })
    .explicit_ready()
}

/// Ends the daemon once it and what it requires are up.
fn ender(requires: &'static str) -> Spec {
    task("ender", |ctx: Context| async move {
        ctx.shutdown("done");
        Ok(())
    })
    .requires(requires)
}

fn dependents_start_after_readiness_and_stop_before(row: &impl Row) {
    let diary = Diary::default();
    let report = row.run(
        Daemon::new()
            .with_subsystem(noting("janitor", &diary).after("http"))
            .with_subsystem(noting("http", &diary).requires("store"))
            .with_subsystem(noting("store", &diary))
            .with_subsystem(ender("janitor")),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["+store", "+http", "+janitor", "-janitor", "-http", "-store"]);
}

fn after_orders_and_a_completed_dependency_counts(row: &impl Row) {
    let diary = Diary::default();
    let migrate = task_with("migrate", diary.clone(), |_, diary: Diary| async move {
        diary.note("migrated");
        Ok(())
    });
    let report = row.run(
        Daemon::new()
            .with_subsystem(noting("http", &diary).after("migrate"))
            .with_subsystem(migrate)
            .with_subsystem(ender("http")),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["migrated", "+http", "-http"]);
}

fn a_failed_start_stops_what_had_started(row: &impl Row) {
    let diary = Diary::default();
    let bad = task("bad", |_| async { Err("no disk".into()) }).requires("b");
    let report = row.run(
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
