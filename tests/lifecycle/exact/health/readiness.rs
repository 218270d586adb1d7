//! Readiness: what the daemon shows, and who waits.

use proc_daemon::{
    Check, Daemon, Health, HealthState, Instant, SubsystemEvent, SubsystemState, task,
};

use super::{MS, SECOND, health, scripted};
use crate::exact::exactly;
use crate::{Diary, idle};

#[test]
fn readiness_turns_on_after_two_good_answers_off_after_three_bad_ones_and_on_again() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let check = scripted(&diary, "++---++").every(SECOND);
            let daemon = Daemon::new()
                .with_subsystem(task("a", idle).readiness(check))
                .with_subsystem(task("b", idle).requires("a"));
            sim.daemon(daemon).script(async |s| {
                use HealthState::{Down, Unknown, Up};
                let mut seen = Vec::new();
                s.advance(500 * MS).await;
                for _ in 0..7 {
                    let b = s.state("b") == SubsystemState::Running;
                    seen.push((health(&s, "a"), s.daemon().status().ready, b));
                    s.advance(SECOND).await;
                }
                let expected = [
                    (Some(Unknown), false, false),
                    (Some(Up), true, true),
                    (Some(Up), true, true),
                    (Some(Up), true, true),
                    (Some(Down), false, true),
                    (Some(Down), false, true),
                    (Some(Up), true, true),
                ];
                assert_eq!(seen, expected);
                assert_eq!((s.restarts("a"), s.restarts("b")), (0, 0), "a fall stops nobody");
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn rise_sets_how_many_good_answers_it_takes() {
    for (rise, at) in [(1, 0), (2, 1), (4, 3)] {
        exactly(
            |sim| {
                let check = scripted(&Diary::default(), "+").every(SECOND).rise(rise);
                let daemon = Daemon::new().with_subsystem(task("a", idle).readiness(check));
                sim.daemon(daemon).script(async move |s| {
                    s.until_ready().await;
                    assert_eq!(s.now().since(Instant::ZERO), at * SECOND);
                })
            },
            |report| assert!(report.is_clean(), "{report}"),
        );
    }
}

#[test]
fn the_status_shows_what_is_known() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let check = scripted(&diary, "+~~+").every(SECOND).rise(1);
            let daemon = Daemon::new()
                .with_subsystem(task("a", idle).readiness(check))
                .with_subsystem(task("none", idle))
                .with_subsystem(task("silent", idle).liveness(scripted(&diary, "0")));
            sim.daemon(daemon).script(async |s| {
                let mut seen = Vec::new();
                s.until_ready().await;
                s.advance(500 * MS).await;
                for _ in 0..4 {
                    seen.push(health(&s, "a").unwrap().to_string());
                    s.advance(SECOND).await;
                }
                assert_eq!(seen, ["up", "degraded", "degraded", "up"]);
                assert_eq!(health(&s, "none"), None);
                assert_eq!(health(&s, "silent"), Some(HealthState::Unknown));
                s.advance(SECOND).await;
                assert_eq!(health(&s, "silent"), None, "it has nothing to say");
                s.daemon().shutdown_with("seen");
                s.finish().await;
                assert_eq!(health(&s, "a"), Some(HealthState::Unknown), "nothing of it is alive");
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// The next start begins with nothing known, and its dependents wait again.
#[test]
fn a_restart_is_not_ready_before_its_answers_have_risen_again() {
    exactly(
        |sim| {
            let check = Check::new(|_| async { Ok(Health::Up) }).every(SECOND);
            let spec = task("a", |ctx: proc_daemon::Context| async move {
                if ctx.generation() == 1 {
                    ctx.sleep(5500 * MS).await?;
                    return Err("it broke".into());
                }
                idle(ctx).await
            });
            let spec = spec.restart_policy(super::again()).readiness(check);
            sim.daemon(Daemon::new().with_subsystem(spec)).script(async |s| {
                s.until_ready().await;
                s.advance(5000 * MS).await;
                assert_eq!((s.restarts("a"), s.daemon().status().ready), (1, false));
                assert_eq!(health(&s, "a"), Some(HealthState::Unknown));
                s.advance(1000 * MS).await;
                assert!(s.daemon().status().ready, "at 6.6 s, and this is 7 s");
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// One event for each change of each check's verdict, degraded and well again among them.
#[test]
fn subscribers_are_told_of_each_verdict() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let readiness = scripted(&diary, "+~~-~--+").every(SECOND).rise(1).fall(2);
            let spec = task("a", |ctx: proc_daemon::Context| async move {
                ctx.sleep(5500 * MS).await?;
                ctx.beat();
                idle(ctx).await
            });
            let policy = proc_daemon::RestartPolicy::never();
            let spec = spec.restart_policy(policy).readiness(readiness).heartbeat(6 * SECOND);
            sim.daemon(Daemon::new().with_subsystem(spec.optional())).script(async |s| {
                let mut events = s.daemon().subscribe_events();
                s.advance(20 * SECOND).await;
                let told =
                    crate::exact::events::rest(&mut events).into_iter().filter_map(|event| {
                        let about = matches!(event, SubsystemEvent::HealthChanged { .. });
                        let at = event.at().since(Instant::ZERO).as_secs();
                        about.then(|| format!("{at} {event}"))
                    });
                let expected = [
                    "0 `a`: readiness is up",
                    "1 `a`: readiness is degraded: slow disk",
                    "6 `a`: heartbeat is up",
                    "6 `a`: readiness is down: no progress",
                    "7 `a`: readiness is up",
                    "11 `a`: heartbeat is down: no sign of life within 6s",
                ];
                assert_eq!(told.collect::<Vec<_>>(), expected);
            })
        },
        |report| assert_eq!(report.code, 69, "{report}"),
    );
}
