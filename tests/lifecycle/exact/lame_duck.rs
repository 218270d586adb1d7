//! The lame duck: announced and not ready, and nobody is asked to stop yet.

use std::future::pending;

use proc_daemon::sim::Stage;
use proc_daemon::{
    Config, Context, Daemon, DaemonBuilder, RestartPolicy, Result, SubsystemState, task, task_with,
};

use super::{SECOND, exactly, go_after, telling, text, to_the_end};
use crate::{Diary, idle};

/// A lame duck of 10 s.
fn duck() -> DaemonBuilder {
    Daemon::builder(Config::builder().lame_duck(10 * SECOND).build().unwrap())
}

async fn notes(ctx: Context, diary: Diary) -> Result {
    ctx.shutdown_announced().await;
    diary.at(&ctx, "announced");
    ctx.cancelled().await;
    diary.at(&ctx, "asked");
    Ok(())
}

#[test]
fn the_lame_duck_still_serves() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let server = task_with("server", diary.clone(), notes);
            let life = sim.daemon(duck().with_subsystem(server)).script(async |s: Stage| {
                s.advance(60 * SECOND).await;
                assert!(s.daemon().status().ready);
                s.daemon().shutdown_with("go");
                s.advance(9 * SECOND).await;
                let status = s.daemon().status();
                assert!(status.live && !status.ready);
                assert_eq!(s.state("server"), SubsystemState::Running);
                s.finish().await;
            });
            telling(life, &diary, &["60s announced", "70s asked"])
        },
        |report| {
            assert_eq!(text(report), "exit 0: requested: go\n  ended well: 1; stopped in 10s");
            assert_eq!(report.ran_for(), 70 * SECOND);
        },
    );
}

/// With the lame duck the moments of abort are later by as much: the grace is whole.
#[test]
fn the_grace_begins_after_the_lame_duck() {
    exactly(
        |sim| {
            let daemon = duck().with_task("deaf", |_| pending()).with_task("idle", idle);
            sim.daemon(daemon).script(go_after(SECOND))
        },
        |report| {
            let expected = "exit 124: requested: go\n  \
                `deaf`: aborted, ran for 31s\n  \
                ended well: 1; stopped in 30s";
            assert_eq!(text(report), expected);
        },
    );
}

/// Everybody ends at the announcement: there is nothing left to serve.
#[test]
fn the_lame_duck_is_over_when_nothing_is_left() {
    exactly(
        |sim| {
            let quits = |ctx: Context| async move {
                ctx.shutdown_announced().await;
                ctx.runtime().sleep(3 * SECOND).await;
                Ok(())
            };
            sim.daemon(duck().with_task("a", quits).with_task("b", quits)).script(go_after(SECOND))
        },
        |report| {
            assert_eq!(text(report), "exit 0: requested: go\n  ended well: 2; stopped in 3s");
        },
    );
}

/// With nothing alive there is nobody to serve from the beginning.
#[test]
fn with_nothing_alive_there_is_no_lame_duck() {
    exactly(
        |sim| {
            let job = |ctx: Context| async move {
                ctx.runtime().sleep(SECOND).await;
                Ok(())
            };
            sim.daemon(duck().with_task("job", job)).script(to_the_end)
        },
        |report| {
            assert_eq!(text(report), "exit 0: nothing left to run\n  ended well: 1; stopped in 0s");
            assert_eq!(report.ran_for(), SECOND);
        },
    );
    exactly(
        |sim| sim.daemon(duck()).script(to_the_end),
        |report| {
            assert_eq!(text(report), "exit 0: nothing left to run\n  ended well: 0; stopped in 0s");
        },
    );
}

/// A failure in it does not shorten it for the others, and is reported.
#[test]
fn a_failure_in_the_lame_duck_is_not_lost() {
    exactly(
        |sim| {
            let breaks = |ctx: Context| async move {
                ctx.shutdown_announced().await;
                ctx.runtime().sleep(3 * SECOND).await;
                Err("disk full".into())
            };
            let daemon = duck().with_task("breaks", breaks).with_task("idle", idle);
            sim.daemon(daemon).script(go_after(SECOND))
        },
        |report| {
            let expected = "exit 1: requested: go\n  \
                `breaks`: error, ran for 4s: disk full\n  \
                ended well: 1; stopped in 10s";
            assert_eq!(text(report), expected);
        },
    );
}

/// A failure and an end for want of work have a lame duck as well.
#[test]
fn every_cause_has_a_lame_duck() {
    for fails in [false, true] {
        exactly(
            |sim| {
                let diary = Diary::default();
                let job = move |ctx: Context| async move {
                    ctx.sleep(SECOND).await?;
                    if fails { Err("broken".into()) } else { Ok(()) }
                };
                let helper = task_with("helper", diary.clone(), notes).background();
                let job = task("job", job).restart_policy(RestartPolicy::never());
                let daemon = duck().with_subsystem(helper).with_subsystem(job);
                let life = sim.daemon(daemon).script(to_the_end);
                telling(life, &diary, &["1s announced", "11s asked"])
            },
            |report| {
                let expected = if fails {
                    "exit 1: subsystem `job` failed\n  \
                     `job`: error, ran for 1s: broken\n  \
                     ended well: 1; stopped in 10s"
                } else {
                    "exit 0: nothing left to run\n  ended well: 2; stopped in 10s"
                };
                assert_eq!(text(report), expected);
            },
        );
    }
}
