//! Being asked and announced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use parking_lot::Mutex;
use proc_daemon::{Config, Context, Daemon, EndKind, ShutdownReason, task, task_with};

use super::Diary;
use super::{Core, core, idle};
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "STOP-01",
            everybody_hears_the_announcement_before_anybody_is_asked,
            "A shutdown is announced to all before the first is asked to stop.",
            "A chain of ten; the first to be asked looks at everybody."
        ),
        core!(
            "STOP-02",
            each_way_of_waiting_ends_with_stopping,
            "Every wait of the context ends when its subsystem is asked to stop.",
            "Sleep, tick, timeout and a future that never ends."
        ),
        core!(
            "STOP-03",
            errors_that_say_stopping_are_requested_ends,
            "An error that says `stopping` is no failure, through `?` and other error types.",
            "Three subsystems return it in three ways."
        ),
        core!(
            "STOP-04",
            everything_ends_when_nothing_is_left_to_run,
            "A daemon whose jobs have completed ends, and its helpers with it.",
            "A job and a helper in the background; then no subsystem at all."
        ),
        core!(
            "STOP-05",
            who_is_asked_to_stop_is_woken,
            "Who waits to be asked to stop is woken by it, and does not look for it from time to time.",
            "A chain of 400 stops one after the other, with 5 s for all of them.",
        )
        .open(),
        core!(
            "STOP-06",
            the_whole_grace_is_given,
            "A subsystem has the grace that was set, its own or the daemon's.",
            "A daemon's of 30 s, an own one of 20 s; how much remains when they are asked.",
        ),
    ]
}

/// A chain of ten, all told; the first to be asked looks at everybody's announcement.
fn everybody_hears_the_announcement_before_anybody_is_asked<W: World>(world: &W) {
    let contexts: Arc<Mutex<Vec<Context>>> = Arc::default();
    let deaf = Arc::new(AtomicBool::new(false));
    let mut daemon = Daemon::new();
    for unit in 0..10 {
        let state = (Arc::clone(&contexts), Arc::clone(&deaf));
        let spec = task_with(format!("u{unit}"), state, async |ctx: Context, (all, deaf)| {
            all.lock().push(ctx.clone());
            if ctx.name() == "u9" {
                ctx.shutdown("all are up");
            }
            ctx.cancelled().await;
            let all = all.lock();
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
    let report = world.run(daemon);
    assert!(report.is_clean(), "{report}");
    assert!(!deaf.load(Ordering::Relaxed));
}

/// What looks every few milliseconds takes some of them at each link of the chain.
fn who_is_asked_to_stop_is_woken<W: World>(world: &W) {
    let config = Config::builder()
        .shutdown_timeout(Duration::from_secs(4))
        .force_shutdown_timeout(Duration::from_secs(5))
        .build()
        .expect("it is sound");
    let mut daemon = Daemon::builder(config);
    for unit in 0..400 {
        let link = task(format!("u{unit}"), idle);
        daemon = daemon.with_subsystem(match unit {
            0 => link,
            _ => link.requires(format!("u{}", unit - 1)),
        });
    }
    let report = world.script(daemon, async |daemon: Daemon| {
        assert!(daemon.ready().await, "it will not be ready:\n{}", daemon.status());
        daemon.shutdown();
    });
    assert!(report.is_clean(), "not all of them stopped in time: {report}");
}

fn the_whole_grace_is_given<W: World>(world: &W) {
    let config = Config::builder()
        .shutdown_timeout(Duration::from_secs(30))
        .force_shutdown_timeout(Duration::from_secs(40))
        .build()
        .expect("it is sound");
    let remaining: Arc<Mutex<Vec<Option<Duration>>>> = Arc::default();
    let asked = |name: &'static str| {
        task_with(name, Arc::clone(&remaining), |ctx: Context, remaining| async move {
            ctx.cancelled().await;
            remaining.lock().push(ctx.time_remaining());
            Ok(())
        })
    };
    let daemon = Daemon::builder(config)
        .with_subsystem(asked("usual"))
        .with_subsystem(asked("own").requires("usual").grace(Duration::from_secs(20)));
    let report = world.script(daemon, async |daemon: Daemon| {
        assert!(daemon.ready().await, "it will not be ready:\n{}", daemon.status());
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
    // The dependent is asked first.
    for (remains, grace) in remaining.lock().iter().zip([20, 30]) {
        let grace = Duration::from_secs(grace);
        let remains = remains.expect("it was asked to stop");
        let most = remains <= grace && remains > grace - Duration::from_secs(10);
        assert!(most, "{remains:?} remain of a grace of {grace:?}");
    }
    assert_eq!(remaining.lock().len(), 2);
}

fn each_way_of_waiting_ends_with_stopping<W: World>(world: &W) {
    let diary = Diary::default();
    let report = world.run(Daemon::new().with_subsystem(task_with(
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
            assert!(ctx.timeout(Duration::ZERO, std::future::pending::<()>()).await.is_err());
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

fn errors_that_say_stopping_are_requested_ends<W: World>(world: &W) {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    async fn boxed_sleep(ctx: &Context) -> Result<(), Boxed> {
        Ok(ctx.sleep(Duration::MAX).await?)
    }
    let report = world.run(
        Daemon::new()
            .with_task("bare", |ctx| async move { Ok(ctx.sleep(Duration::MAX).await?) })
            .with_task("boxed", |ctx| async move { boxed_sleep(&ctx).await })
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
    for name in ["bare", "boxed", "io"] {
        assert_eq!(
            report.end_of(name).map(proc_daemon::End::kind),
            Some(EndKind::Requested),
            "{name}"
        );
    }
}

fn everything_ends_when_nothing_is_left_to_run<W: World>(world: &W) {
    let helper = task("helper", |ctx: Context| async move {
        ctx.cancelled().await;
        Ok(())
    });
    let report = world.run(
        Daemon::new().with_subsystem(helper.background()).with_task("job", |_| async { Ok(()) }),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.reason, Some(ShutdownReason::NothingToRun));
    let empty = world.run(Daemon::new());
    assert_eq!((empty.code, empty.reason), (0, Some(ShutdownReason::NothingToRun)));
}
