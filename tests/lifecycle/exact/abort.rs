//! What outlasts its abort: left behind and named, and the end comes within the budget.

use std::future::pending;
use std::time::Duration;

use proc_daemon::sim::{Faults, Stage};
use proc_daemon::{
    Context, ControlError, Daemon, EndKind, RestartPolicy, Result, SubsystemState, task,
};

use super::{MS, SECOND, exactly, text, to_the_end};
use crate::idle;

/// Waits for blocking work, which never returns here.
async fn stuck(ctx: Context) -> Result {
    ctx.spawn_blocking(|| ()).await?;
    Ok(())
}

fn never_returns() -> Faults {
    Faults::none().stuck_blocking(1.0)
}

async fn go(s: Stage) {
    s.advance(10 * SECOND).await;
    s.daemon().shutdown_with("go");
    s.finish().await;
}

#[test]
fn what_outlasts_its_abort_by_250_ms_is_left_behind_and_named() {
    exactly(
        |sim| {
            let daemon = Daemon::new().with_task("stuck", stuck).with_task("idle", idle);
            sim.daemon(daemon).faults(never_returns()).script(go)
        },
        |report| {
            let expected = "exit 124: requested: go\n  \
                `stuck`: zombie, ran for 30s 250ms, last sign of life 250ms ago\n  \
                ended well: 1; stopped in 20s 250ms";
            assert_eq!(text(report), expected);
            let stuck = &report.subsystems()[0];
            assert_eq!(stuck.state, SubsystemState::Zombie);
            assert_eq!(stuck.silent_for, Some(250 * MS));
        },
    );
}

#[test]
fn what_is_left_behind_on_its_removal_keeps_its_name() {
    exactly(
        |sim| {
            let daemon = Daemon::new()
                .with_task("keeper", idle)
                .with_subsystem(task("stuck", stuck).grace(2 * SECOND));
            sim.daemon(daemon).faults(never_returns()).script(async |s| {
                s.advance(SECOND).await;
                let (daemon, subsystems) = (s.daemon(), s.daemon().subsystems());
                assert!(!daemon.status().degraded);
                for _ in 0..2 {
                    let refused = subsystems.remove("stuck").await;
                    assert!(
                        matches!(refused, Err(ControlError::StillStopping { .. })),
                        "{refused:?}"
                    );
                }
                assert_eq!(s.state("stuck"), SubsystemState::Zombie);
                assert!(daemon.status().degraded);
                let refused = subsystems.add(task("stuck", idle)).await;
                assert!(matches!(refused, Err(ControlError::StillStopping { .. })), "{refused:?}");
                let refused = subsystems.start("stuck").await;
                assert!(matches!(refused, Err(ControlError::StillStopping { .. })), "{refused:?}");
                daemon.shutdown_with("go");
                s.finish().await;
            })
        },
        |report| {
            assert_eq!((report.code, report.subsystems().len()), (124, 2), "{report}");
        },
    );
}

#[test]
fn what_is_left_behind_holds_up_nobody() {
    exactly(
        |sim| {
            let daemon = Daemon::new()
                .with_task("store", idle)
                .with_subsystem(task("stuck", stuck).requires("store").grace(2 * SECOND));
            sim.daemon(daemon).faults(never_returns()).script(async |s| {
                s.advance(10 * SECOND).await;
                s.daemon().shutdown_with("go");
                s.advance(2249 * MS).await;
                assert_eq!(s.state("stuck"), SubsystemState::Aborting);
                assert_eq!(s.state("store"), SubsystemState::Running);
                s.finish().await;
            })
        },
        |report| {
            let expected = "exit 124: requested: go\n  \
                `stuck`: zombie, ran for 12s 250ms, last sign of life 250ms ago\n  \
                ended well: 1; stopped in 2s 250ms";
            assert_eq!(text(report), expected);
        },
    );
}

/// A start that hangs in blocking work is left behind as well.
#[test]
fn a_start_that_outlasts_its_abort_is_left_behind() {
    exactly(
        |sim| {
            let hung = task("hung", stuck).explicit_ready().start_timeout(5 * SECOND);
            let hung = hung.restart_policy(RestartPolicy::never());
            let daemon = Daemon::new().with_subsystem(hung).with_task("idle", idle);
            sim.daemon(daemon).faults(never_returns()).script(to_the_end)
        },
        |report| {
            let expected = "exit 124: subsystem `hung` failed to start\n  \
                `hung`: zombie, ran for 5s 250ms, last sign of life 250ms ago\n  \
                ended well: 1; stopped in 250ms";
            assert_eq!(text(report), expected);
        },
    );
}

/// At 22 s everything is aborted at once, whoever waits for whom.
#[test]
fn at_the_moment_of_force_everything_is_aborted() {
    exactly(
        |sim| {
            let deaf = |name| task(name, |_| pending()).grace(Duration::MAX);
            let daemon = Daemon::new()
                .with_subsystem(deaf("a"))
                .with_subsystem(deaf("b").requires("a"))
                .with_subsystem(deaf("c").requires("b"));
            sim.daemon(daemon).script(go)
        },
        |report| {
            let expected = "exit 124: requested: go\n  \
                `a`: aborted, ran for 32s\n  \
                `b`: aborted, ran for 32s\n  \
                `c`: aborted, ran for 32s\n  \
                ended well: 0; stopped in 22s";
            assert_eq!(text(report), expected);
        },
    );
}

/// Three in a chain, each stuck: each is left behind in its turn, the last of them by the moment of force.
#[test]
fn a_chain_that_is_stuck_ends_within_the_budget() {
    exactly(
        |sim| {
            let daemon = Daemon::new()
                .with_subsystem(task("a", stuck).grace(SECOND))
                .with_subsystem(task("b", stuck).grace(SECOND).requires("a"))
                .with_subsystem(task("c", stuck).requires("b"));
            sim.daemon(daemon).faults(never_returns()).script(go)
        },
        |report| {
            let ends = ["c", "b", "a"].map(|name| report.end_of(name).unwrap());
            assert!(ends.iter().all(|end| end.kind() == EndKind::Zombie), "{report}");
            let ran_for = ends.map(proc_daemon::End::ran_for);
            let left = [30_250, 31_500, 32_250].map(|ms| ms * MS);
            assert_eq!((ran_for, report.stopped_in()), (left, 22_250 * MS));
        },
    );
}

#[test]
fn a_call_about_what_is_left_behind_says_so() {
    exactly(
        |sim| {
            let daemon = Daemon::new()
                .with_subsystem(task("stuck", stuck).grace(SECOND).optional())
                .with_task("idle", idle);
            sim.daemon(daemon).faults(never_returns()).script(async |s| {
                s.advance(SECOND).await;
                let subsystems = s.daemon().subsystems();
                let refused = subsystems.stop("stuck").await.unwrap_err();
                let text = "`stuck` did not end after its abort and was left behind: \
                            only a new process is rid of it";
                assert_eq!(refused.to_string(), text);
                assert!(matches!(refused, ControlError::StillStopping { left_behind: true, .. }));
            })
        },
        |report| assert_eq!(report.code, 124, "{report}"),
    );
}
