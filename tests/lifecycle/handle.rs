//! The control handle: shutdown from anywhere, waiting for the end, running twice.

use std::time::Duration;

use proc_daemon::runtime::{OwnedRuntime, Task};
use proc_daemon::{Context, Daemon, ErrorKind, Result, ShutdownReason, SubsystemState, task};

use crate::Row;

crate::on_every_runtime!(
    shutdown_from_outside_returns_and_stops,
    shutdown_from_inside_a_subsystem_a_child_and_a_drop,
    shutdown_before_the_run_starts_nothing,
    clones_share_and_a_second_run_is_refused,
    a_dropped_run_aborts_and_tells,
    the_status_shows_every_state,
    a_thousand_shutdowns_have_one_cause,
    nothing_is_alive_after_the_end,
    ready_resolves_when_everything_is_or_never_will_be,
);

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

fn shutdown_from_outside_returns_and_stops<B: OwnedRuntime>(row: &Row<B>) {
    let daemon = Daemon::new().without_signals().with_task("idle", idle).build().unwrap();
    let control = daemon.clone();
    assert!(!control.is_running());
    let mut runtime = B::build(&row.options).unwrap();
    let handle = runtime.handle();
    let report = runtime.block_on(async {
        let run = Task::spawn(&handle.clone(), "run".into(), daemon.run_on(handle));
        until_ready(&control).await;
        assert!(control.is_running());
        assert!(control.shutdown_with("from outside"));
        assert!(!control.shutdown());
        run.await.unwrap().unwrap();
        control.stopped().await
    });
    assert!(!control.is_running());
    assert_eq!(report.reason, Some(ShutdownReason::Requested("from outside".into())));
}

async fn until_ready(control: &Daemon) {
    assert!(control.ready().await);
    assert!(control.status().ready);
}

fn shutdown_from_inside_a_subsystem_a_child_and_a_drop<B: OwnedRuntime>(row: &Row<B>) {
    struct Ender(Context);
    impl Drop for Ender {
        fn drop(&mut self) {
            self.0.daemon().shutdown_with("from a drop");
        }
    }
    let inside = |ctx: Context| async move {
        ctx.daemon().shutdown_with("from inside");
        idle(ctx).await
    };
    let child = |ctx: Context| async move {
        let handle = ctx.shutdown_handle();
        ctx.spawn(async move { handle.initiate_shutdown("from a child") }).await?;
        idle(ctx).await
    };
    let dropping = |ctx: Context| async move {
        drop(Ender(ctx.clone()));
        idle(ctx).await
    };
    for (what, spec) in [
        ("from inside", task("s", inside)),
        ("from a child", task("s", child)),
        ("from a drop", task("s", dropping)),
    ] {
        let report = row.run(Daemon::new().with_subsystem(spec).with_task("idle", idle));
        assert!(report.is_clean(), "{report}");
        assert_eq!(report.reason, Some(ShutdownReason::Requested(what.into())));
    }
}

fn shutdown_before_the_run_starts_nothing<B: OwnedRuntime>(row: &Row<B>) {
    let daemon = Daemon::new()
        .without_signals()
        .with_task("never", |_| async { panic!("it started") })
        .build()
        .unwrap();
    assert!(daemon.shutdown());
    let mut runtime = B::build(&row.options).unwrap();
    let handle = runtime.handle();
    runtime.block_on(daemon.clone().run_on(handle)).unwrap();
    let report = runtime.block_on(daemon.stopped());
    assert!(report.end_of("never").is_none());
    assert_eq!(daemon.status().state_of("never"), Some(SubsystemState::Stopped));
}

fn clones_share_and_a_second_run_is_refused<B: OwnedRuntime>(row: &Row<B>) {
    let daemon =
        Daemon::new().without_signals().with_task("job", |_| async { Ok(()) }).build().unwrap();
    let mut runtime = B::build(&row.options).unwrap();
    let handle = runtime.handle();
    runtime.block_on(daemon.clone().run_on(handle.clone())).unwrap();
    let again = runtime.block_on(daemon.clone().run_on(handle)).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyRun);
    assert!(runtime.block_on(daemon.stopped()).is_clean(), "the first run's report stands");
}

fn a_dropped_run_aborts_and_tells<B: OwnedRuntime>(row: &Row<B>) {
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let daemon = Daemon::new()
        .without_signals()
        .with_subsystem(proc_daemon::task_with("deaf", tell, |_, tell| async move {
            let _held_until_dropped = tell;
            std::future::pending().await
        }))
        .build()
        .unwrap();
    let mut runtime = B::build(&row.options).unwrap();
    let handle = runtime.handle();
    let report = runtime.block_on(async {
        let control = daemon.clone();
        let run = async {
            let _ = daemon.run_on(handle).await;
        };
        futures_lite::future::or(run, until_ready(&control)).await;
        control.stopped().await
    });
    assert_eq!(report.code, 124, "{report}");
    assert!(report.to_string().contains("the run was dropped"), "{report}");
    let _ = runtime.shutdown(Duration::from_secs(5));
    assert!(told.recv_timeout(Duration::from_secs(5)).is_err(), "its future was dropped");
}

fn the_status_shows_every_state<B: OwnedRuntime>(row: &Row<B>) {
    let report = row.run(
        Daemon::new()
            .with_task("first", |ctx| async move {
                ctx.sleep(Duration::from_millis(20)).await?;
                let status = ctx.daemon().status();
                assert_eq!(status.state_of("first"), Some(SubsystemState::Running));
                assert_eq!(status.state_of("starting"), Some(SubsystemState::Starting));
                assert_eq!(status.state_of("waiting"), Some(SubsystemState::Waiting));
                assert_eq!(status.state_of("done"), Some(SubsystemState::Stopped));
                assert!(status.live && !status.ready);
                assert_eq!(ctx.daemon().get_stats().subsystems.len(), 4);
                ctx.shutdown("seen");
                idle(ctx).await
            })
            .with_subsystem(task("starting", idle).explicit_ready())
            .with_subsystem(task("waiting", idle).requires("starting"))
            .with_task("done", |_| async { Ok(()) }),
    );
    assert!(report.is_clean(), "{report}");
}

fn a_thousand_shutdowns_have_one_cause<B: OwnedRuntime>(row: &Row<B>) {
    let report = row.run(Daemon::new().with_task("storm", |ctx| async move {
        let causes = (0..1000).filter(|n| ctx.shutdown(format!("number {n}"))).count();
        assert_eq!(causes, 1);
        idle(ctx).await
    }));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.reason, Some(ShutdownReason::Requested("number 0".into())));
}

/// The daemon, its contexts and what the subsystems held form no cycle.
fn nothing_is_alive_after_the_end<B: OwnedRuntime>(row: &Row<B>) {
    let probe = std::sync::Arc::new(());
    let held = std::sync::Arc::clone(&probe);
    let keeper = proc_daemon::task_with("keeper", held, |ctx: Context, held| async move {
        let (own, inside) = (ctx.clone(), held.clone());
        ctx.spawn(async move {
            own.cancelled().await;
            drop(inside);
        })
        .await?;
        ctx.shutdown_announced().await;
        drop(held);
        Ok(())
    });
    let report =
        row.run(Daemon::new().with_subsystem(keeper).with_task("ender", |ctx| async move {
            ctx.shutdown("go");
            idle(ctx).await
        }));
    assert!(report.is_clean(), "{report}");
    assert_eq!(std::sync::Arc::strong_count(&probe), 1);
}

fn ready_resolves_when_everything_is_or_never_will_be<B: OwnedRuntime>(row: &Row<B>) {
    let wait = |ctx: Context| async move {
        let all = ctx.daemon().ready().await;
        ctx.shutdown(if all { "all ready" } else { "never" });
        idle(ctx).await
    };
    let late = task("late", |ctx: Context| async move {
        ctx.sleep(Duration::from_millis(10)).await?;
        ctx.ready();
        idle(ctx).await
    });
    let daemon = Daemon::new().with_task("wait", wait).with_subsystem(late.explicit_ready());
    assert_eq!(row.run(daemon).reason, Some(ShutdownReason::Requested("all ready".into())));

    let daemon = Daemon::new().with_task("wait", wait).with_subsystem(
        task("never", |ctx: Context| async move {
            ctx.shutdown("too early");
            idle(ctx).await
        })
        .explicit_ready(),
    );
    let report = row.run(daemon);
    assert_eq!(report.reason, Some(ShutdownReason::Requested("too early".into())));
}
