//! Work in flight: waited for, for as long as the grace.

use std::future::pending;
use std::time::Duration;

use proc_daemon::{
    Config, Context, Daemon, RestartPolicy, Result, Spec, SubsystemState, task, task_with,
};

use super::{SECOND, exactly, go_after, telling, text, to_the_end};
use crate::{Diary, idle};

/// Leaves one request in flight, which takes `time`, and returns when it is asked to stop.
fn server(time: Duration) -> Spec {
    task("server", move |ctx: Context| async move {
        let (busy, runtime) = (ctx.in_flight(), ctx.runtime().clone());
        ctx.spawn(async move {
            runtime.sleep(time).await;
            drop(busy);
        })
        .detach();
        idle(ctx).await
    })
}

#[test]
fn what_is_in_flight_is_waited_for() {
    exactly(
        |sim| {
            let daemon = Daemon::new().with_subsystem(server(16 * SECOND));
            sim.daemon(daemon).script(async |s| {
                s.advance(10 * SECOND).await;
                s.daemon().shutdown_with("go");
                s.until("server", SubsystemState::Draining).await;
                s.advance(5 * SECOND).await;
                assert_eq!(s.state("server"), SubsystemState::Draining);
                s.finish().await;
            })
        },
        |report| {
            assert_eq!(text(report), "exit 0: requested: go\n  ended well: 1; stopped in 6s");
        },
    );
}

#[test]
fn work_in_flight_beyond_the_grace_is_aborted() {
    exactly(
        |sim| {
            let daemon = Daemon::new().with_subsystem(server(Duration::MAX));
            sim.daemon(daemon).script(go_after(10 * SECOND))
        },
        |report| {
            let expected = "exit 124: requested: go\n  \
                `server`: aborted, ran for 30s\n  \
                ended well: 0; stopped in 20s";
            assert_eq!(text(report), expected);
        },
    );
}

/// It still has an answer to write when its last request is done: stopping, and within the same grace.
#[test]
fn when_nothing_is_in_flight_any_more_it_is_stopping() {
    exactly(
        |sim| {
            let server = task("server", |ctx: Context| async move {
                let busy = ctx.in_flight();
                ctx.cancelled().await;
                ctx.runtime().sleep(4 * SECOND).await;
                drop(busy);
                ctx.drained().await;
                assert_eq!(ctx.time_remaining(), Some(16 * SECOND));
                ctx.runtime().sleep(3 * SECOND).await;
                Ok(())
            });
            sim.daemon(Daemon::new().with_subsystem(server)).script(async |s| {
                s.until_ready().await;
                s.daemon().shutdown_with("go");
                assert_eq!(s.until("server", SubsystemState::Draining).await, Duration::ZERO);
                assert_eq!(s.until("server", SubsystemState::Stopping).await, 4 * SECOND);
                assert_eq!(s.until("server", SubsystemState::Stopped).await, 3 * SECOND);
            })
        },
        |report| {
            assert_eq!(text(report), "exit 0: requested: go\n  ended well: 1; stopped in 7s");
        },
    );
}

/// A subsystem that has returned on its own drains too; its grace runs from then, and nobody else is asked.
#[test]
fn what_a_completed_subsystem_left_in_flight_has_the_grace() {
    exactly(
        |sim| {
            let job = task("job", |ctx: Context| async move {
                let (busy, runtime) = (ctx.in_flight(), ctx.runtime().clone());
                ctx.spawn(async move {
                    let _busy = busy;
                    runtime.sleep(12 * SECOND).await;
                })
                .detach();
                ctx.sleep(SECOND).await?;
                Ok(())
            });
            let daemon = Daemon::new().with_subsystem(job).with_task("idle", idle);
            sim.daemon(daemon).script(async |s| {
                s.advance(2 * SECOND).await;
                assert_eq!(s.state("job"), SubsystemState::Draining);
                assert_eq!(s.state("idle"), SubsystemState::Running);
                assert_eq!(s.until("job", SubsystemState::Stopped).await, 10 * SECOND);
                assert_eq!(s.state("idle"), SubsystemState::Running);
                s.daemon().shutdown_with("go");
            })
        },
        |report| {
            assert_eq!(text(report), "exit 0: requested: go\n  ended well: 2; stopped in 0s");
            let end = report.end_of("job").unwrap();
            assert_eq!(end.kind(), proc_daemon::EndKind::Completed);
            assert_eq!(end.ran_for(), 12 * SECOND);
        },
    );
}

/// Fails after 1 s with a child in flight that never ends.
fn fails_in_flight(panics: bool) -> Spec {
    task("bad", move |ctx: Context| async move {
        let busy = ctx.in_flight();
        ctx.spawn(async move {
            let _busy = busy;
            pending::<()>().await;
        })
        .detach();
        ctx.sleep(SECOND).await?;
        if panics {
            panic!("boom");
        }
        Err("boom".into())
    })
    .grace(5 * SECOND)
    .restart_policy(RestartPolicy::never())
}

async fn asked(ctx: Context, diary: Diary) -> Result {
    ctx.shutdown_announced().await;
    diary.at(&ctx, "announced");
    ctx.cancelled().await;
    diary.at(&ctx, "asked");
    Ok(())
}

/// The shutdown begins at the failure; what it left in flight has its own grace, which only what it requires
/// waits for.
#[test]
fn a_failure_is_not_held_back_by_what_is_in_flight() {
    for (panics, code, requires, heard) in [
        (false, 1, false, "1s asked"),
        (false, 1, true, "6s asked"),
        (true, 70, false, "1s asked"),
        (true, 70, true, "6s asked"),
    ] {
        exactly(
            |sim| {
                let diary = Diary::default();
                let bad = fails_in_flight(panics);
                let bad = if requires { bad.requires("other") } else { bad };
                let config = Config::builder().shutdown_timeout(20 * SECOND).build().unwrap();
                let daemon = Daemon::builder(config)
                    .with_subsystem(task_with("other", diary.clone(), asked))
                    .with_subsystem(bad);
                let sim = sim.daemon(daemon).allow_panics();
                let life = sim.script(to_the_end);
                telling(life, &diary, &["1s announced", heard])
            },
            |report| {
                let kind = if panics { "panic" } else { "error" };
                let boom = if panics { "panicked: boom" } else { "boom" };
                let expected = format!(
                    "exit {code}: subsystem `bad` failed\n  \
                     `bad`: {kind}, ran for 6s: {boom}\n  \
                     ended well: 1; stopped in 5s"
                );
                assert_eq!(text(report), expected);
            },
        );
    }
}
