//! Every state, as the status shows it.

use std::future::pending;

use proc_daemon::sim::{Faults, Stage};
use proc_daemon::{Config, Context, Daemon, Instant, SubsystemState, task};

use super::{MS, SECOND, exactly};
use crate::idle;

#[track_caller]
fn states(s: &Stage, expected: &[(&str, SubsystemState)]) {
    let status = s.daemon().status();
    let shown: Vec<_> =
        status.subsystems.iter().map(|shown| (shown.name.as_str(), shown.state)).collect();
    assert_eq!(shown, expected, "at {:?}", s.now());
}

#[test]
fn the_status_shows_every_state_of_a_start() {
    use SubsystemState::{Registered, Running, Starting, Stopped, Waiting};
    exactly(
        |sim| {
            let store = task("store", |ctx: Context| async move {
                ctx.sleep(5 * SECOND).await?;
                ctx.ready();
                idle(ctx).await
            });
            let daemon = Daemon::new()
                .with_task("first", idle)
                .with_subsystem(store.explicit_ready())
                .with_subsystem(task("http", idle).requires("store"))
                .with_task("done", |_| async { Ok(()) });
            sim.daemon(daemon).script(async |s| {
                states(&s, &["first", "store", "http", "done"].map(|name| (name, Registered)));
                s.advance(SECOND).await;
                let expected =
                    [("first", Running), ("store", Starting), ("http", Waiting), ("done", Stopped)];
                states(&s, &expected);
                let status = s.daemon().status();
                assert!(status.live && !status.ready);
                assert_eq!(s.daemon().get_stats().subsystems.len(), 4);
                s.until_ready().await;
                let expected =
                    [("first", Running), ("store", Running), ("http", Running), ("done", Stopped)];
                states(&s, &expected);
                let status = s.daemon().status();
                assert!(status.live && status.ready);
                let since = status.subsystems.iter().map(|row| row.since.since(Instant::ZERO));
                assert_eq!(since.collect::<Vec<_>>(), [0, 5, 5, 0].map(|at| at * SECOND));
                let generations = status.subsystems.iter().map(|row| row.generation);
                assert_eq!(generations.collect::<Vec<_>>(), [1, 1, 1, 1]);
                s.daemon().shutdown_with("seen");
                s.finish().await;
                let status = s.daemon().status();
                assert!(!status.live && !status.ready);
                assert!(status.subsystems.iter().all(|row| row.state == Stopped));
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn the_status_shows_every_state_of_a_stop() {
    use SubsystemState::{Aborting, Draining, Failed, Running, Stopped, Stopping, Zombie};
    exactly(
        |sim| {
            let slow = task("slow", |ctx: Context| async move {
                let busy = ctx.in_flight();
                ctx.cancelled().await;
                ctx.runtime().sleep(2 * SECOND).await;
                drop(busy);
                ctx.runtime().sleep(2 * SECOND).await;
                Ok(())
            });
            let fails = task("fails", |ctx: Context| async move {
                ctx.cancelled().await;
                Err("disk full".into())
            });
            let stuck = task("stuck", |ctx: Context| async move {
                ctx.spawn_blocking(|| ()).await?;
                pending().await
            });
            let config = Config::builder().lame_duck(SECOND).build().unwrap();
            let daemon = Daemon::builder(config)
                .with_task("last", idle)
                .with_subsystem(slow.requires("last"))
                .with_subsystem(fails)
                .with_subsystem(stuck.grace(2 * SECOND));
            let sim = sim.daemon(daemon).faults(Faults::none().stuck_blocking(1.0));
            sim.script(async |s| {
                let at = |last, slow, fails, stuck| {
                    states(
                        &s,
                        &[("last", last), ("slow", slow), ("fails", fails), ("stuck", stuck)],
                    );
                };
                s.advance(SECOND).await;
                at(Running, Running, Running, Running);
                s.daemon().shutdown_with("go");
                s.advance(999 * MS).await;
                at(Running, Running, Running, Running);
                s.advance(2 * MS).await;
                at(Running, Draining, Failed, Stopping);
                s.advance(2 * SECOND).await;
                at(Running, Stopping, Failed, Aborting);
                s.advance(250 * MS).await;
                at(Running, Stopping, Failed, Zombie);
                s.finish().await;
                at(Stopped, Stopped, Failed, Zombie);
            })
        },
        |report| assert_eq!((report.code, report.stopped_in()), (124, 5 * SECOND)),
    );
}
