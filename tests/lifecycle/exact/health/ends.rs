//! What a fall of liveness, a missed heartbeat and a stop lead to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proc_daemon::{
    Check, Context, Daemon, EndKind, Health, HealthState, RestartPolicy, SubsystemState, task,
};

use super::{MS, SECOND, again, health, noting, scripted};
use crate::exact::{exactly, go_after, telling, text};
use crate::{Diary, OnDrop, idle};

#[derive(Debug, thiserror::Error)]
#[error("stuck")]
struct Stuck;

#[test]
fn an_unhealthy_end_is_a_failure_with_the_checks_error() {
    exactly(
        |sim| {
            let check = Check::new(|_| async { Err(Stuck.into()) }).every(SECOND);
            let spec = task("a", idle).restart_policy(RestartPolicy::never()).liveness(check);
            sim.daemon(Daemon::new().with_subsystem(spec)).run()
        },
        |report| {
            assert_eq!((report.code, report.ran_for()), (1, 3 * SECOND), "{report}");
            let end = report.end_of("a").unwrap();
            assert_eq!(end.kind(), EndKind::Unhealthy);
            assert!(end.find::<Stuck>().is_some());
            assert!(text(report).contains("stuck"), "{report}");
        },
    );
}

#[test]
fn a_policy_sees_the_checks_error() {
    exactly(
        |sim| {
            let check = Check::new(|_| async { Err(Stuck.into()) }).every(SECOND).fall(1);
            let policy = again().unless(|end| end.find::<Stuck>().is_some());
            let spec = task("a", idle).restart_policy(policy).liveness(check);
            sim.daemon(Daemon::new().with_subsystem(spec)).run()
        },
        |report| assert_eq!((report.code, report.ran_for()), (1, SECOND), "{report}"),
    );
}

/// As any other failure: the sixth within the window is one too many.
#[test]
fn falls_count_in_the_intensity() {
    exactly(
        |sim| {
            let check = scripted(&Diary::default(), "-").every(SECOND).fall(1);
            let spec = task("a", idle).restart_policy(again()).liveness(check);
            sim.daemon(Daemon::new().with_subsystem(spec)).run()
        },
        |report| assert_eq!((report.code, report.ran_for()), (69, 6500 * MS), "{report}"),
    );
}

/// It is asked to stop, and has its grace.
#[test]
fn an_unhealthy_subsystem_that_does_not_stop_is_aborted_and_starts_again() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let note = diary.clone();
            let spec = task("a", move |ctx: Context| {
                let note = note.clone();
                async move {
                    note.at(&ctx, "start");
                    std::future::pending().await
                }
            });
            let check = scripted(&diary, "-+").every(SECOND).fall(1);
            let spec = spec.restart_policy(again()).grace(2 * SECOND).liveness(check);
            let daemon = Daemon::new().with_subsystem(spec);
            let life = sim.daemon(daemon).script(async |s| {
                s.advance(2 * SECOND).await;
                assert_eq!(s.state("a"), SubsystemState::Stopping);
                assert_eq!(health(&s, "a"), Some(HealthState::Down));
                s.advance(1500 * MS).await;
            });
            telling(life, &diary, &["0ns start", "1s -", "3.1s start"])
        },
        // At the end it has to be aborted once more.
        |report| assert_eq!(report.code, 124, "{report}"),
    );
}

#[test]
fn a_heartbeat_is_missed_at_its_deadline_and_not_earlier() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let note = diary.clone();
            let spec = task("a", move |ctx: Context| {
                let note = note.clone();
                async move {
                    note.at(&ctx, "start");
                    ctx.sleep(2 * SECOND).await?;
                    ctx.beat();
                    ctx.sleep(2500 * MS).await?;
                    ctx.beat();
                    ctx.cancelled().await;
                    note.at(&ctx, "asked");
                    Ok(())
                }
            });
            let spec = spec.restart_policy(again()).heartbeat(3 * SECOND);
            let life = sim.daemon(Daemon::new().with_subsystem(spec)).script(async |s| {
                s.advance(2500 * MS).await;
                assert_eq!(health(&s, "a"), Some(HealthState::Unknown));
                s.advance(SECOND).await;
                assert_eq!(health(&s, "a"), Some(HealthState::Up));
                s.advance(5 * SECOND).await;
                s.daemon().shutdown_with("seen");
            });
            telling(life, &diary, &["0ns start", "7.5s asked", "7.6s start"])
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn who_never_beats_has_the_deadline_from_when_it_runs() {
    exactly(
        |sim| {
            let spec = task("a", |ctx: Context| async move {
                ctx.beat();
                ctx.sleep(4 * SECOND).await?;
                ctx.ready();
                idle(ctx).await
            });
            let spec = spec.explicit_ready().restart_policy(RestartPolicy::never());
            sim.daemon(Daemon::new().with_subsystem(spec.heartbeat(3 * SECOND))).run()
        },
        |report| {
            assert_eq!((report.code, report.ran_for()), (1, 7 * SECOND), "{report}");
            assert!(text(report).contains("no sign of life within 3s"), "{report}");
        },
    );
}

/// And an open question is dropped at the request.
#[test]
fn nobody_is_asked_while_it_stops_or_waits_to_start_again() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let note = diary.clone();
            let check = Check::new(move |ctx| {
                let (note, told) = (note.clone(), ctx.clone());
                note.at(&ctx, "question");
                let gone = OnDrop({
                    let note = note.clone();
                    move || note.at(&told, "dropped")
                });
                async move {
                    let _gone = gone;
                    ctx.runtime().sleep(800 * MS).await;
                    Ok(Health::Up)
                }
            });
            let slow = task("a", |ctx: Context| async move {
                ctx.cancelled().await;
                ctx.runtime().sleep(10 * SECOND).await;
                Ok(())
            });
            let daemon = Daemon::new().with_subsystem(slow.liveness(check.every(SECOND)));
            let life = sim.daemon(daemon).script(go_after(2500 * MS));
            let lines = ["1s question", "1.8s dropped", "2s question", "2.5s dropped"];
            telling(life, &diary, &lines)
        },
        |report| assert_eq!(report.ran_for(), 12_500 * MS, "{report}"),
    );
}

#[test]
fn a_check_may_ask_for_the_end_of_the_daemon() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let check = Check::new(|ctx| async move {
                assert!(ctx.shutdown("the check says so"));
                ctx.daemon().stopped().await;
                unreachable!("it is dropped before that")
            });
            let daemon = Daemon::new()
                .with_subsystem(task("a", noting(&diary)).liveness(check))
                .with_task("b", noting(&diary));
            sim.daemon(daemon).run()
        },
        |report| {
            assert!(report.is_clean(), "{report}");
            assert_eq!(report.ran_for(), 5 * SECOND);
            assert!(text(report).contains("the check says so"), "{report}");
        },
    );
}

/// What is asked is the start that is alive.
#[test]
fn the_context_is_that_of_the_live_start() {
    exactly(
        |sim| {
            let seen = Arc::new(AtomicU64::new(0));
            let sees = Arc::clone(&seen);
            let check = Check::new(move |ctx| {
                let before = sees.fetch_max(ctx.generation(), Ordering::SeqCst);
                assert_eq!(ctx.name(), "a");
                async move { if before < ctx.generation() { Err("new".into()) } else { Ok(Health::Up) } }
            });
            let check = check.every(SECOND).fall(1);
            let spec = task("a", idle).restart_policy(again().intensity(9, 60 * SECOND));
            let daemon = Daemon::new().with_subsystem(spec.liveness(check));
            sim.daemon(daemon).script(async move |s| {
                s.advance(3500 * MS).await;
                assert_eq!((s.restarts("a"), seen.load(Ordering::SeqCst)), (3, 3));
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}
