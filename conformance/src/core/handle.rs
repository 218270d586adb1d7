//! The control handle: shutdown from anywhere, waiting for the end, running twice.

use std::future::pending;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};

use futures_lite::future::{or, poll_once};
use proc_daemon::runtime::AnyRuntime;
use proc_daemon::{Context, Daemon, ErrorKind, ShutdownReason, SubsystemState, task, task_with};

use super::idle;
use super::{Core, core};
use crate::told::Told;
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "HANDLE-01",
            shutdown_from_outside_returns_and_stops,
            "A shutdown from outside returns at once, and the daemon ends.",
            "Asked for twice: the first is the cause."
        ),
        core!(
            "HANDLE-02",
            shutdown_from_inside_a_subsystem_a_child_and_a_drop,
            "A shutdown can be asked for from anywhere.",
            "From a subsystem, a child, a destructor."
        )
        .open(),
        core!(
            "HANDLE-03",
            shutdown_before_the_run_starts_nothing,
            "A shutdown before the run starts nothing.",
            "Asked for, then run."
        ),
        core!(
            "HANDLE-04",
            clones_share_and_a_second_run_is_refused,
            "Handles of a daemon are one daemon, which runs once.",
            "Run twice."
        ),
        core!(
            "HANDLE-05",
            a_dropped_run_aborts_and_tells,
            "Dropping the run aborts everything, and the report says so.",
            "Dropped when ready."
        ),
        core!(
            "HANDLE-06",
            a_thousand_shutdowns_have_one_cause,
            "Of many requests the first is the cause.",
            "A thousand."
        ),
        core!(
            "HANDLE-07",
            nothing_is_alive_after_the_end,
            "After the end nothing of the daemon is alive.",
            "A count of what a subsystem held."
        ),
        core!(
            "HANDLE-08",
            ready_resolves_when_everything_is_or_never_will_be,
            "`ready` resolves when all are ready, or never will be.",
            "Waited for from inside, both ways."
        )
        .open(),
    ]
}

fn shutdown_from_outside_returns_and_stops<W: World>(world: &W) {
    let daemon = Daemon::new().with_task("idle", idle);
    let report = world.script(daemon, async |control: Daemon| {
        assert!(control.ready().await);
        assert!(control.status().ready && control.is_running());
        assert!(control.shutdown_with("from outside"));
        assert!(!control.shutdown());
        control.stopped().await;
        assert!(!control.is_running());
    });
    assert_eq!(report.reason, Some(ShutdownReason::Requested("from outside".into())));
}

fn shutdown_from_inside_a_subsystem_a_child_and_a_drop<W: World>(world: &W) {
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
        let report = world.run(Daemon::new().with_subsystem(spec).with_task("idle", idle));
        assert!(report.is_clean(), "{report}");
        assert_eq!(report.reason, Some(ShutdownReason::Requested(what.into())));
    }
}

fn shutdown_before_the_run_starts_nothing<W: World>(world: &W) {
    let never = Daemon::new().with_task("never", |_| async { panic!("it started") });
    let daemon = world.daemon(never);
    assert!(!daemon.is_running());
    assert!(daemon.shutdown());
    let run = async |runtime: AnyRuntime| {
        daemon.clone().run_on(runtime).await.unwrap();
        daemon.stopped().await
    };
    let report = world.block_on(run);
    assert!(report.end_of("never").is_none());
    assert_eq!(daemon.status().state_of("never"), Some(SubsystemState::Stopped));
}

fn clones_share_and_a_second_run_is_refused<W: World>(world: &W) {
    let daemon = world.daemon(Daemon::new().with_task("job", |_| async { Ok(()) }));
    let runs = async |runtime: AnyRuntime| {
        daemon.clone().run_on(runtime.clone()).await.unwrap();
        let again = daemon.clone().run_on(runtime).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyRun);
        daemon.stopped().await
    };
    assert!(world.block_on(runs).is_clean(), "the first run's report stands");
}

fn a_dropped_run_aborts_and_tells<W: World>(world: &W) {
    let (tell, told) = channel::<()>();
    let deaf = task_with("deaf", tell, |_, tell| async move {
        let _held_until_dropped = tell;
        pending().await
    });
    let daemon = world.daemon(Daemon::new().with_subsystem(deaf));
    let report = world.block_on(async |runtime: AnyRuntime| {
        let run = async {
            let _ = daemon.clone().run_on(runtime).await;
        };
        let ready = async { assert!(daemon.ready().await) };
        or(run, ready).await;
        daemon.stopped().await
    });
    drop(daemon);
    assert_eq!(report.code, 124, "{report}");
    assert!(report.to_string().contains("the run was dropped"), "{report}");
    // The world has ended with `block_on`; a thread of it may be about to drop the future.
    let dropped = told.recv_timeout(world.bound());
    assert_eq!(dropped, Err(RecvTimeoutError::Disconnected), "its future was dropped");
}

fn a_thousand_shutdowns_have_one_cause<W: World>(world: &W) {
    let report = world.run(Daemon::new().with_task("storm", |ctx| async move {
        let causes = (0..1000).filter(|n| ctx.shutdown(format!("number {n}"))).count();
        assert_eq!(causes, 1);
        idle(ctx).await
    }));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.reason, Some(ShutdownReason::Requested("number 0".into())));
}

/// The daemon, its contexts and what the subsystems held form no cycle.
fn nothing_is_alive_after_the_end<W: World>(world: &W) {
    let probe = Arc::new(());
    let held = Arc::clone(&probe);
    let keeper = task_with("keeper", held, |ctx: Context, held| async move {
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
        world.run(Daemon::new().with_subsystem(keeper).with_task("ender", |ctx| async move {
            ctx.shutdown("go");
            idle(ctx).await
        }));
    assert!(report.is_clean(), "{report}");
    assert_eq!(Arc::strong_count(&probe), 1);
}

fn ready_resolves_when_everything_is_or_never_will_be<W: World>(world: &W) {
    let waits = Told::default();
    let wait = |waits: &Told| {
        task_with("wait", waits.clone(), |ctx: Context, waits: Told| async move {
            let mut all = Box::pin(ctx.daemon().ready());
            assert_eq!(poll_once(&mut all).await, None);
            waits.tell();
            ctx.shutdown(if all.await { "all ready" } else { "never" });
            idle(ctx).await
        })
    };
    let late = task_with("late", waits.clone(), |ctx: Context, waits: Told| async move {
        waits.once().await;
        ctx.ready();
        idle(ctx).await
    });
    let daemon = Daemon::new().with_subsystem(wait(&waits)).with_subsystem(late.explicit_ready());
    assert_eq!(world.run(daemon).reason, Some(ShutdownReason::Requested("all ready".into())));

    let waits = Told::default();
    let never = task_with("never", waits.clone(), |ctx: Context, waits: Told| async move {
        waits.once().await;
        ctx.shutdown("too early");
        idle(ctx).await
    });
    let daemon = Daemon::new().with_subsystem(wait(&waits)).with_subsystem(never.explicit_ready());
    let report = world.run(daemon);
    assert_eq!(report.reason, Some(ShutdownReason::Requested("too early".into())));
    assert_eq!(report.later_reasons(), [ShutdownReason::Requested("never".into())]);
}
