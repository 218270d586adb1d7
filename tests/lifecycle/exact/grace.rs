//! The grace: from the request to each, to its end, never beyond the moment at which everything is aborted.

use std::future::pending;
use std::time::Duration;

use proc_daemon::{Config, Context, Daemon, EndKind, Result, Spec, task, task_with};

use super::{LIVES, MS, SECOND, exactly, go_after, telling, text};
use crate::{Diary, OnDrop, idle};

/// Takes `time` to end once it is asked to.
fn slow(name: &'static str, time: Duration) -> Spec {
    task(name, move |ctx: Context| async move {
        ctx.cancelled().await;
        ctx.runtime().sleep(time).await;
        Ok(())
    })
}

#[test]
fn a_grace_that_is_over_aborts_and_says_so() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let deaf = task_with("deaf", diary.clone(), |ctx: Context, diary: Diary| async move {
                let _dropped = OnDrop(move || diary.at(&ctx, "dropped"));
                pending::<Result>().await
            });
            let daemon = Daemon::new().with_subsystem(deaf).with_task("idle", idle);
            let life = sim.daemon(daemon).script(go_after(10 * SECOND));
            telling(life, &diary, &["30s dropped"])
        },
        |report| {
            let expected = "exit 124: requested: go\n  \
                `deaf`: aborted, ran for 30s\n  \
                ended well: 1; stopped in 20s";
            assert_eq!(text(report), expected);
        },
    );
}

#[test]
fn each_has_a_grace_of_its_own() {
    exactly(
        |sim| {
            let config = Config::builder().shutdown_timeout(7 * SECOND).build().unwrap();
            let daemon = Daemon::builder(config)
                .with_task("general", |_| pending())
                .with_subsystem(task("own", |_| pending()).grace(3 * SECOND))
                .with_subsystem(task("none", |_| pending()).grace(Duration::ZERO));
            sim.daemon(daemon).script(go_after(SECOND))
        },
        |report| {
            let expected = "exit 124: requested: go\n  \
                `general`: aborted, ran for 8s\n  \
                `own`: aborted, ran for 4s\n  \
                `none`: aborted, ran for 1s\n  \
                ended well: 0; stopped in 7s";
            assert_eq!(text(report), expected);
        },
    );
}

#[test]
fn who_ends_within_the_grace_is_not_aborted() {
    exactly(
        |sim| {
            let daemon = Daemon::new().with_subsystem(slow("slow", 20 * SECOND - MS));
            sim.daemon(daemon).script(go_after(SECOND))
        },
        |report| {
            let expected = "exit 0: requested: go\n  ended well: 1; stopped in 19s 999ms";
            assert_eq!(text(report), expected);
            assert_eq!(report.stopped_in(), 20 * SECOND - MS);
        },
    );
}

/// Its end and the end of its grace at one moment: either may be the first.
#[test]
fn an_end_at_the_moment_of_the_abort_is_one_of_the_two() {
    let sweep = exactly(
        |sim| {
            let daemon = Daemon::new().with_subsystem(slow("tie", 20 * SECOND));
            sim.daemon(daemon).script(go_after(SECOND))
        },
        |report| {
            let end = report.end_of("tie").unwrap();
            let expected = match end.kind() {
                EndKind::Requested => 0,
                _ => 124,
            };
            assert_eq!((report.code, report.stopped_in()), (expected, 20 * SECOND));
            assert_eq!(end.ran_for(), 21 * SECOND);
        },
    );
    assert!(sweep.lives < LIVES || sweep.codes.len() == 2, "both are met: {sweep}");
}

/// 20 s from its own request, but at most until 22 s after the shutdown began.
#[test]
fn a_grace_counts_from_the_request_to_each() {
    let dependent_takes = |time: Duration, stopped_in: Duration| {
        exactly(
            |sim| {
                let daemon = Daemon::new()
                    .with_task("store", |_| pending())
                    .with_subsystem(slow("http", time).requires("store"));
                sim.daemon(daemon).script(async |s| {
                    s.until_ready().await;
                    s.daemon().shutdown_with("go");
                })
            },
            |report| {
                assert_eq!(report.end_of("http").unwrap().kind(), EndKind::Requested);
                assert_eq!(report.end_of("store").unwrap().kind(), EndKind::Aborted);
                assert_eq!(report.stopped_in(), stopped_in, "{report}");
            },
        );
    };
    dependent_takes(SECOND, 21 * SECOND);
    dependent_takes(2 * SECOND, 22 * SECOND);
    dependent_takes(15 * SECOND, 22 * SECOND);
}

#[test]
fn time_remaining_is_the_grace() {
    async fn looks(ctx: Context) -> Result {
        let grace = if ctx.name() == "own" { 3 } else { 7 } * SECOND;
        assert_eq!(ctx.time_remaining(), None);
        ctx.cancelled().await;
        assert_eq!(ctx.time_remaining(), Some(grace));
        ctx.runtime().sleep(1250 * MS).await;
        assert_eq!(ctx.time_remaining(), Some(grace - 1250 * MS));
        Ok(())
    }
    exactly(
        |sim| {
            let config = Config::builder().shutdown_timeout(7 * SECOND).build().unwrap();
            let daemon = Daemon::builder(config)
                .with_task("general", looks)
                .with_subsystem(task("own", looks).grace(3 * SECOND));
            sim.daemon(daemon).script(go_after(SECOND))
        },
        |report| {
            let expected = "exit 0: requested: go\n  ended well: 2; stopped in 1s 250ms";
            assert_eq!(text(report), expected);
        },
    );
}

/// Far beyond the general grace of 10 s; it ends by itself, or force aborts it.
#[test]
fn the_longest_grace_is_bounded_by_force_only() {
    for (takes, code, stopped_in) in [(50, 0, 50), (59, 0, 59), (61, 124, 60), (10_000, 124, 60)] {
        exactly(
            |sim| {
                let config = Config::builder()
                    .shutdown_timeout(10 * SECOND)
                    .force_shutdown_timeout(60 * SECOND)
                    .build()
                    .unwrap();
                let slow = task("slow", move |ctx: Context| async move {
                    ctx.cancelled().await;
                    assert_eq!(ctx.time_remaining(), Some(60 * SECOND));
                    ctx.runtime().sleep(takes * SECOND).await;
                    Ok(())
                });
                let daemon = Daemon::builder(config).with_subsystem(slow.grace(Duration::MAX));
                sim.daemon(daemon).script(go_after(SECOND))
            },
            |report| {
                assert_eq!((report.code, report.stopped_in()), (code, stopped_in * SECOND));
            },
        );
    }
}
