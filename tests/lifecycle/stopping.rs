//! Being asked, announced, drained, aborted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use proc_daemon::runtime::OwnedRuntime;
use proc_daemon::{Config, Context, Daemon, EndKind, Result, ShutdownReason, task, task_with};

use crate::{Diary, Row};

crate::on_every_runtime!(
    everybody_hears_the_announcement_before_anybody_is_asked,
    each_way_of_waiting_ends_with_stopping,
    errors_that_say_stopping_are_requested_ends,
    a_grace_that_is_over_aborts_and_says_so,
    the_lame_duck_still_serves,
    time_remaining_is_the_grace,
    everything_ends_when_nothing_is_left_to_run,
    the_longest_grace_is_bounded_by_force_only,
);

/// A chain of ten, all told; the first to be asked looks at everybody's announcement.
fn everybody_hears_the_announcement_before_anybody_is_asked<B: OwnedRuntime>(row: &Row<B>) {
    let contexts: Arc<std::sync::Mutex<Vec<Context>>> = Arc::default();
    let deaf = Arc::new(AtomicBool::new(false));
    let mut daemon = Daemon::new();
    for unit in 0..10 {
        let state = (Arc::clone(&contexts), Arc::clone(&deaf));
        let spec = task_with(format!("u{unit}"), state, async |ctx: Context, (all, deaf)| {
            all.lock().unwrap().push(ctx.clone());
            if ctx.name() == "u9" {
                ctx.shutdown("all are up");
            }
            ctx.cancelled().await;
            let all = all.lock().unwrap();
            let heard = |ctx: &Context| block_on(poll_once(ctx.shutdown_announced())).is_some();
            if !all.iter().all(heard) || all.len() != 10 {
                deaf.store(true, Ordering::Relaxed);
            }
            Ok(())
        });
        daemon = daemon.with_subsystem(match unit {
            0 => spec,
            _ => spec.requires(format!("u{}", unit - 1)),
        });
    }
    let report = row.run(daemon);
    assert!(report.is_clean(), "{report}");
    assert!(!deaf.load(Ordering::Relaxed));
}

fn each_way_of_waiting_ends_with_stopping<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let report = row.run(Daemon::new().with_subsystem(task_with(
        "waiter",
        diary.clone(),
        |ctx: Context, diary: Diary| async move {
            let mut ticks = ctx.interval(Duration::from_secs(3600));
            ticks.tick().await?;
            ctx.shutdown("now");
            assert!(ctx.sleep(Duration::MAX).await.is_err());
            assert!(ticks.tick().await.is_err());
            let never = std::future::pending::<()>();
            assert!(ctx.run_until_cancelled(never).await.is_err());
            assert!(ctx.sleep(Duration::ZERO).await.is_err(), "a stop wins a tie");
            assert!(
                ctx.timeout(Duration::from_millis(1), std::future::pending::<()>()).await.is_err()
            );
            assert_eq!(ctx.timeout(Duration::MAX, async { 7 }).await, Ok(7));
            assert!(ctx.is_shutdown());
            assert_eq!(ctx.shutdown_reason(), Some(ShutdownReason::Requested("now".into())));
            diary.note("all");
            Ok(())
        },
    )));
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["all"]);
}

fn errors_that_say_stopping_are_requested_ends<B: OwnedRuntime>(row: &Row<B>) {
    async fn anyhow_sleep(ctx: &Context) -> anyhow::Result<()> {
        Ok(ctx.sleep(Duration::MAX).await?)
    }
    let report = row.run(
        Daemon::new()
            .with_task("bare", |ctx| async move { Ok(ctx.sleep(Duration::MAX).await?) })
            .with_task("any", |ctx| async move { Ok(anyhow_sleep(&ctx).await?) })
            .with_task("io", |ctx| async move {
                ctx.sleep(Duration::MAX).await.map_err(std::io::Error::other)?;
                Ok(())
            })
            .with_task("ender", |ctx| async move {
                ctx.shutdown("go");
                ctx.cancelled().await;
                Ok(())
            }),
    );
    assert!(report.is_clean(), "{report}");
    for name in ["bare", "any", "io"] {
        assert_eq!(
            report.end_of(name).map(proc_daemon::End::kind),
            Some(EndKind::Requested),
            "{name}"
        );
    }
}

fn a_grace_that_is_over_aborts_and_says_so<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let deaf = task_with("deaf", diary.clone(), |_, diary: Diary| async move {
        let _dropped = Dropped(diary);
        std::future::pending::<Result>().await
    });
    let report =
        row.run(Daemon::new().with_subsystem(deaf.grace(Duration::from_millis(30))).with_task(
            "ender",
            |ctx| async move {
                ctx.shutdown("go");
                ctx.cancelled().await;
                Ok(())
            },
        ));
    assert_eq!(report.code, 124, "{report}");
    assert!(report.to_string().contains("`deaf`: aborted"), "{report}");
    assert!(report.stopped_in() >= Duration::from_millis(30), "{:?}", report.stopped_in());
    assert!(report.stopped_in() < Duration::from_secs(10), "{:?}", report.stopped_in());
    assert_eq!(diary.lines(), ["dropped"]);
}

struct Dropped(Diary);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

fn the_lame_duck_still_serves<B: OwnedRuntime>(row: &Row<B>) {
    let config = Config::builder().lame_duck(Duration::from_millis(50)).build().unwrap();
    let report = row.run(Daemon::builder(config).with_task("server", |ctx| async move {
        ctx.shutdown("go");
        ctx.shutdown_announced().await;
        let announced = ctx.now();
        assert!(!ctx.is_shutdown());
        assert!(!ctx.daemon().status().ready);
        ctx.cancelled().await;
        assert!(ctx.now() - announced >= Duration::from_millis(45));
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn time_remaining_is_the_grace<B: OwnedRuntime>(row: &Row<B>) {
    let config = Config::builder().shutdown_timeout(Duration::from_secs(7)).build().unwrap();
    let check = |ctx: Context, seconds: u64| {
        let left = ctx.time_remaining().unwrap();
        assert!(left <= Duration::from_secs(seconds), "{left:?}");
        assert!(left > Duration::from_secs(seconds - 2), "{left:?}");
    };
    let own = task("own", move |ctx: Context| async move {
        ctx.cancelled().await;
        check(ctx, 3);
        Ok(())
    });
    let report = row.run(
        Daemon::builder(config)
            .with_task("general", move |ctx| async move {
                assert_eq!(ctx.time_remaining(), None);
                ctx.shutdown("go");
                ctx.cancelled().await;
                check(ctx, 7);
                Ok(())
            })
            .with_subsystem(own.grace(Duration::from_secs(3))),
    );
    assert!(report.is_clean(), "{report}");
}

fn everything_ends_when_nothing_is_left_to_run<B: OwnedRuntime>(row: &Row<B>) {
    let helper = task("helper", |ctx: Context| async move {
        ctx.cancelled().await;
        Ok(())
    });
    let report = row.run(
        Daemon::new().with_subsystem(helper.background()).with_task("job", |_| async { Ok(()) }),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.reason, Some(ShutdownReason::NothingToRun));
    let empty = row.run(Daemon::new());
    assert_eq!((empty.code, empty.reason), (0, Some(ShutdownReason::NothingToRun)));
}

/// Far beyond the general grace of 100 ms and far below the moment of force, it ends by itself; if it never
/// does, force aborts it.
fn the_longest_grace_is_bounded_by_force_only<B: OwnedRuntime>(row: &Row<B>) {
    for (force, ends, code) in [(10_000, true, 0), (400, false, 124)] {
        let force = Duration::from_millis(force);
        let config = Config::builder()
            .shutdown_timeout(Duration::from_millis(100))
            .force_shutdown_timeout(force)
            .build()
            .unwrap();
        let slow = task("slow", move |ctx: Context| async move {
            ctx.shutdown("go");
            ctx.cancelled().await;
            let left = ctx.time_remaining().unwrap();
            assert!(left <= force, "{left:?} of {force:?}");
            ctx.runtime().sleep(Duration::from_millis(200)).await;
            if ends { Ok(()) } else { std::future::pending().await }
        });
        let report = row.run(Daemon::builder(config).with_subsystem(slow.grace(Duration::MAX)));
        assert_eq!(report.code, code, "{report}");
        assert!(ends || report.stopped_in() >= force, "{report}");
        assert!(report.stopped_in() < Duration::from_secs(10), "{report}");
    }
}
