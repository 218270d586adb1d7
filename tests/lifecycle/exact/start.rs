//! Starting: in dependency order, each at the moment at which what it needs is ready.

use std::time::Duration;

use proc_daemon::{Context, Daemon, EndKind, RestartPolicy, ShutdownReason, Spec, task, task_with};

use super::{MS, SECOND, exactly, go_after, telling, text, to_the_end};
use crate::{Diary, idle};

/// Is ready after `time`.
fn slow(name: &str, time: Duration, diary: &Diary) -> Spec {
    let state = (time, diary.clone());
    let run = |ctx: Context, (time, diary): (Duration, Diary)| async move {
        ctx.sleep(time).await?;
        diary.at(&ctx, ctx.name());
        ctx.ready();
        idle(ctx).await
    };
    task_with(name.to_owned(), state, run).explicit_ready()
}

/// Ends the daemon as soon as it starts.
fn ender() -> Spec {
    task("ender", |ctx: Context| async move {
        ctx.shutdown("all are up");
        Ok(())
    })
}

#[test]
fn a_dependency_is_ready_when_it_says_so_and_not_before() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let user = task_with("user", diary.clone(), |ctx: Context, diary: Diary| async move {
                diary.at(&ctx, "user");
                idle(ctx).await
            });
            let daemon = Daemon::new()
                .with_subsystem(user.requires("slow"))
                .with_subsystem(slow("slow", 20 * SECOND, &diary))
                .with_subsystem(ender().requires("user"));
            let life = sim.daemon(daemon).script(to_the_end);
            telling(life, &diary, &["20s slow", "20s user"])
        },
        |report| {
            assert_eq!(
                text(report),
                "exit 0: requested: all are up\n  ended well: 3; stopped in 0s"
            );
            assert_eq!(report.ran_for(), 20 * SECOND);
        },
    );
}

#[test]
fn what_may_start_in_parallel_does() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let mut daemon = Daemon::new();
            let mut last = ender();
            for n in 1..=10 {
                let name = format!("n{n}");
                daemon = daemon.with_subsystem(slow(&name, n * SECOND, &diary));
                last = last.requires(name);
            }
            let life = sim.daemon(daemon.with_subsystem(last)).script(to_the_end);
            let expected: Vec<String> = (1..=10).map(|n| format!("{n}s n{n}")).collect();
            telling(life, &diary, &expected)
        },
        |report| assert_eq!(report.ran_for(), 10 * SECOND),
    );
}

#[test]
fn a_chain_starts_one_after_the_other() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let mut daemon = Daemon::new();
            for n in (1..=10).rev() {
                let spec = slow(&format!("n{n}"), n * SECOND, &diary);
                let spec = if n == 1 { spec } else { spec.requires(format!("n{}", n - 1)) };
                daemon = daemon.with_subsystem(spec);
            }
            let daemon = daemon.with_subsystem(ender().requires("n10"));
            let life = sim.daemon(daemon).script(to_the_end);
            let moments = (1..=10).map(|n| format!("{}s n{n}", n * (n + 1) / 2));
            telling(life, &diary, &moments.collect::<Vec<_>>())
        },
        |report| assert_eq!(report.ran_for(), 55 * SECOND),
    );
}

/// A start that hangs, with its own timeout or the default one.
fn hangs(timeout: Option<Duration>) {
    let limit = timeout.unwrap_or(30 * SECOND);
    exactly(
        |sim| {
            let hung = task("hung", |_| std::future::pending()).explicit_ready().requires("store");
            let hung = match timeout {
                Some(timeout) => hung.start_timeout(timeout),
                None => hung,
            };
            let hung = hung.restart_policy(RestartPolicy::never());
            let store = slow("store", 3 * SECOND, &Diary::default());
            let daemon = Daemon::new()
                .with_subsystem(store)
                .with_subsystem(hung)
                .with_subsystem(task("user", idle).requires("hung"));
            sim.daemon(daemon).script(to_the_end)
        },
        |report| {
            let text = text(report);
            let expected = format!(
                "exit 75: subsystem `hung` failed to start\n  \
                 `hung`: start timeout, ran for {limit:?}: \
                 it was not ready in time; does it call `ctx.ready()`?\n  \
                 ended well: 1, never started: 1; stopped in 0s"
            );
            assert_eq!(text, expected);
            assert_eq!(report.reason, Some(ShutdownReason::StartFailed("hung".into())));
            assert_eq!(report.end_of("store").unwrap().kind(), EndKind::Requested);
            assert_eq!(report.ran_for(), 3 * SECOND + limit);
        },
    );
}

#[test]
fn a_start_that_hangs_is_dropped_after_its_timeout() {
    hangs(Some(40 * SECOND));
    hangs(Some(10 * MS));
    hangs(None);
}

/// Readiness and the end of the time for it at one moment.
#[test]
fn readiness_at_the_moment_of_the_timeout_is_too_late() {
    exactly(
        |sim| {
            let tie = slow("tie", 30 * SECOND, &Diary::default());
            let tie = tie.restart_policy(RestartPolicy::never());
            sim.daemon(Daemon::new().with_subsystem(tie)).script(to_the_end)
        },
        |report| {
            assert_eq!((report.code, report.ran_for()), (75, 30 * SECOND), "{report}");
        },
    );
    exactly(
        |sim| {
            let just = slow("just", 30 * SECOND - MS, &Diary::default());
            sim.daemon(Daemon::new().with_subsystem(just)).script(go_after(31 * SECOND))
        },
        |report| assert_eq!((report.code, report.ran_for()), (0, 31 * SECOND), "{report}"),
    );
}

#[test]
fn no_start_timeout_is_the_longest_one() {
    exactly(
        |sim| {
            let patient = slow("slow", 3600 * SECOND, &Diary::default());
            let daemon = Daemon::new()
                .with_subsystem(patient.start_timeout(Duration::MAX))
                .with_subsystem(ender().requires("slow"));
            sim.daemon(daemon).script(to_the_end)
        },
        |report| {
            assert!(report.is_clean(), "{report}");
            assert_eq!(report.ran_for(), 3600 * SECOND);
        },
    );
}

/// In the middle of a start: who has started is stopped, who waits never starts.
#[test]
fn a_shutdown_during_the_start_starts_nothing_more() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let daemon = Daemon::new()
                .with_subsystem(slow("a", SECOND, &diary))
                .with_subsystem(slow("b", SECOND, &diary).requires("a"))
                .with_subsystem(slow("c", SECOND, &diary).requires("b"));
            let life = sim.daemon(daemon).script(go_after(1500 * MS));
            telling(life, &diary, &["1s a"])
        },
        |report| {
            let expected =
                "exit 0: requested: go\n  ended well: 2, never started: 1; stopped in 0s";
            assert_eq!(text(report), expected);
            assert_eq!(report.ran_for(), 1500 * MS);
        },
    );
}
