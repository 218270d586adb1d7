//! What a status says: why a subsystem is not ready, since when, and as text and JSON.

use std::sync::{Arc, OnceLock};

use proc_daemon::sim::Stage;
use proc_daemon::{
    Backoff, Check, ControlError, Daemon, Instant, RestartPolicy, SubsystemState, SubsystemStatus,
    task,
};

use super::health::{again, scripted};
use super::{MS, SECOND};
use crate::exact::exactly;
use crate::{Diary, idle};

fn of(s: &Stage, name: &str) -> SubsystemStatus {
    s.daemon().subsystems().status(name).expect("it is there")
}

#[test]
fn who_waits_says_for_whom() {
    exactly(
        |sim| {
            let slow = |name: &'static str, after: u32| {
                let start = move |ctx: proc_daemon::Context| async move {
                    ctx.sleep(after * SECOND).await?;
                    ctx.ready();
                    idle(ctx).await
                };
                task(name, start).explicit_ready()
            };
            let daemon = Daemon::new()
                .with_subsystem(slow("db", 2))
                .with_subsystem(slow("cache", 4))
                .with_subsystem(task("web", idle).requires("db").after("cache"));
            sim.daemon(daemon).script(async move |s| {
                s.advance(SECOND).await;
                assert_eq!(of(&s, "web").waits_for, ["db", "cache"]);
                assert_eq!(of(&s, "db").waits_for, [""; 0], "it starts, and waits for nobody");
                let added = task("more", idle).requires("web").after("db");
                s.daemon().subsystems().add(added).await.expect("it is sound");
                assert_eq!(of(&s, "more").waits_for, ["db", "web"]);
                s.advance(2 * SECOND).await;
                assert_eq!(of(&s, "web").waits_for, ["cache"]);
                assert_eq!(of(&s, "more").waits_for, ["web"]);
                let ready = ["db", "cache", "web", "more"].map(|name| of(&s, name).ready);
                assert_eq!(ready, [true, false, false, false]);
                s.until_ready().await;
                assert_eq!(of(&s, "web").waits_for, [""; 0]);
                assert!(["db", "cache", "web", "more"].iter().all(|name| of(&s, name).ready));
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn the_daemon_is_ready_while_an_optional_one_starts_again_and_degraded_once_it_is_given_up() {
    exactly(
        |sim| {
            let backoff = Backoff::constant(10 * SECOND).jitter(0.0);
            let policy = RestartPolicy::on_failure().backoff(backoff).intensity(1, 60 * SECOND);
            let breaks = |ctx: proc_daemon::Context| async move {
                ctx.sleep(SECOND).await?;
                Err("no line".into())
            };
            let uplink = task("uplink", breaks).restart_policy(policy).optional();
            let daemon = Daemon::new().with_task("web", idle).with_subsystem(uplink);
            sim.daemon(daemon).script(async move |s| {
                let seen = |s: &Stage| {
                    let status = s.daemon().status();
                    (s.state("uplink"), status.ready, status.degraded)
                };
                s.advance(2 * SECOND).await;
                assert_eq!(seen(&s), (SubsystemState::Backoff, true, false));
                s.advance(20 * SECOND).await;
                assert_eq!(seen(&s), (SubsystemState::Failed, true, true));
                s.raise(proc_daemon::Signal::Terminate);
                s.finish().await;
            })
        },
        |report| assert_eq!(report.code, 69, "{report}"),
    );
}

/// What merely comes after it does not wait for one that is over, and what requires it is told to be over as well.
#[test]
fn one_that_is_stopped_by_name_is_not_ready_and_nobody_waits_for_it() {
    exactly(
        |sim| {
            let daemon = Daemon::new()
                .with_subsystem(task("db", idle))
                .with_subsystem(task("done", |_| async { Ok(()) }))
                .with_subsystem(task("keeper", idle));
            sim.daemon(daemon).script(async |s| {
                s.until_ready().await;
                s.advance(MS).await;
                assert!(of(&s, "done").ready && of(&s, "db").ready, "it has completed");
                s.daemon().subsystems().stop("db").await.expect("it runs");
                assert!(!of(&s, "db").ready && s.daemon().status().ready);
                let late = task("late", idle).after("db").requires("done");
                s.daemon().subsystems().add(late).await.expect("it is sound");
                s.advance(MS).await;
                assert_eq!(s.state("late"), SubsystemState::Running);
                s.daemon().shutdown();
                s.finish().await;
                let all = s.daemon().status();
                assert!(all.subsystems.iter().all(|one| !one.ready), "{all}");
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn the_reason_is_there_as_long_as_an_answer_is_not_good() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let check = scripted(&diary, "+~-?--+").every(SECOND).timeout(100 * MS).rise(1).fall(3);
            let daemon = Daemon::new().with_subsystem(task("a", idle).readiness(check));
            sim.daemon(daemon).script(async |s| {
                let mut seen = Vec::new();
                s.advance(500 * MS).await;
                for _ in 0..7 {
                    let a = of(&s, "a");
                    let reason = a.reason.as_deref().unwrap_or("none").to_owned();
                    seen.push(format!("{} {} {reason}", a.health.expect("known"), a.ready));
                    s.advance(SECOND).await;
                }
                let expected = [
                    "up true none",
                    "degraded true slow disk",
                    "degraded true no progress",
                    "degraded true no answer within 100ms",
                    "down false no progress",
                    "down false no progress",
                    "up true none",
                ];
                assert_eq!(seen, expected);
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// Two bad answers of three are none of a verdict, and are seen; a new start begins with nothing.
#[test]
fn a_reason_is_cut_and_ends_with_its_start() {
    exactly(
        |sim| {
            let check = Check::new(|ctx: proc_daemon::Context| async move {
                if ctx.generation() > 1 {
                    return Ok(proc_daemon::Health::Up);
                }
                Err(format!("é\n{}", "x".repeat(1000)).into())
            });
            let spec = task("a", idle).restart_policy(again()).liveness(check.every(SECOND));
            sim.daemon(Daemon::new().with_subsystem(spec)).script(async |s| {
                s.until_ready().await;
                s.advance(1500 * MS).await;
                let reason = of(&s, "a").reason.expect("it was asked");
                assert_eq!(reason.chars().count(), 200);
                assert!(reason.starts_with("é x") && reason.ends_with("x…"), "{reason}");
                s.advance(4 * SECOND).await;
                let a = of(&s, "a");
                assert_eq!((a.generation, a.reason.as_deref()), (2, None));
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn moments_are_told_from_the_present() {
    exactly(
        |sim| {
            let backoff = Backoff::constant(3 * SECOND).jitter(0.0);
            let policy = RestartPolicy::on_failure().backoff(backoff).unlimited();
            let broken = |_| async { Err("no line".into()) };
            let daemon = Daemon::new()
                .with_subsystem(task("uplink", broken).restart_policy(policy))
                .with_subsystem(task("web", idle).requires("uplink").explicit_ready())
                .with_subsystem(task("keeper", idle));
            sim.daemon(daemon).script(async |s| {
                let daemon = s.daemon();
                s.advance(SECOND).await;
                assert_eq!(daemon.now(), s.now());
                let uplink = of(&s, "uplink");
                assert_eq!((uplink.at, uplink.state_for()), (s.now(), SECOND));
                assert_eq!(uplink.restart_in(), Some(2 * SECOND));
                assert_eq!(of(&s, "keeper").restart_in(), None);
                daemon.shutdown();
                let end = s.finish().await;
                s.advance(SECOND).await;
                assert_eq!(daemon.now(), Instant::ZERO + end.ran_for(), "its clock has stopped");
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
    assert_eq!(Daemon::new().with_task("a", idle).build().unwrap().now(), Instant::ZERO);
}

#[test]
fn it_prints_a_line_for_each_and_is_json() {
    exactly(
        |sim| {
            let backoff = Backoff::constant(3 * SECOND).jitter(0.0);
            let policy = RestartPolicy::on_failure().backoff(backoff).unlimited();
            let broken = |_| async { Err("no\nline".into()) };
            let check = scripted(&Diary::default(), "~").rise(1);
            let daemon = Daemon::new()
                .with_subsystem(task("uplink", broken).restart_policy(policy))
                .with_subsystem(task("web", idle).requires("uplink"))
                .with_subsystem(task("db", idle).readiness(check));
            sim.daemon(daemon).script(async |s| {
                s.advance(SECOND).await;
                let status = s.daemon().status();
                let expected = [
                    "not ready",
                    "  uplink  backoff for 1s, again in 2s, start 1, last end: error after 0s: no line",
                    "  web     waiting for 1s, waits for uplink",
                    "  db      running for 1s, start 1, health degraded: slow disk",
                ];
                assert_eq!(status.to_string(), expected.join("\n"));
                assert_eq!(
                    status.subsystems[1].to_string(),
                    "web: waiting for 1s, waits for uplink"
                );
                let end = status.subsystems[0].last_end.clone().expect("it failed");
                assert_eq!(end.to_string(), "error after 0s: no line");
                let json: serde_json::Value = serde_json::from_str(&status.to_json()).unwrap();
                let expected = serde_json::json!({
                    "ready": false, "degraded": false, "live": true,
                    "config_generation": 1, "last_reload": null, "config_files": [],
                    "subsystems": [
                        { "id": 0, "name": "uplink", "state": "backoff", "ready": false,
                          "waits_for": [], "generation": 1, "restarts": 0, "state_for_ms": 1000,
                          "restart_in_ms": 2000, "health": null, "reason": null,
                          "last_end": { "end": "error", "generation": 1, "ran_for_ms": 0,
                                        "error": "no\nline" } },
                        { "id": 1, "name": "web", "state": "waiting", "ready": false,
                          "waits_for": ["uplink"], "generation": 0, "restarts": 0,
                          "state_for_ms": 1000, "restart_in_ms": null, "health": null,
                          "reason": null, "last_end": null },
                        { "id": 2, "name": "db", "state": "running", "ready": true,
                          "waits_for": [], "generation": 1, "restarts": 0, "state_for_ms": 1000,
                          "restart_in_ms": null, "health": "degraded", "reason": "slow disk",
                          "last_end": null },
                    ],
                });
                assert_eq!(json, expected);
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn a_refusal_says_what_it_waits_for() {
    exactly(
        |sim| {
            let stubborn = |ctx: proc_daemon::Context| async move {
                ctx.cancelled().await;
                ctx.runtime().sleep(2 * SECOND).await;
                Ok(())
            };
            let broken = |_| async { Err("no line".into()) };
            let daemon = Daemon::new()
                .with_subsystem(task("db", stubborn))
                .with_subsystem(task("keeper", idle));
            sim.daemon(daemon).script(async move |s| {
                s.until_ready().await;
                let subsystems = s.daemon().subsystems();
                let stop = subsystems.stop("db");
                s.advance(SECOND).await;
                let refused = subsystems.start("db").await.unwrap_err();
                assert!(matches!(refused, ControlError::StillStopping { left_behind: false, .. }));
                let text = "`db` is still stopping: await its `stop`, and call again";
                assert_eq!(refused.to_string(), text);
                stop.await.expect("it ends");
                let spec = task("uplink", broken).explicit_ready().optional();
                let uplink = spec.restart_policy(RestartPolicy::never());
                subsystems.add(uplink).await.expect("it is sound");
                let failed = subsystems.restart("uplink").await.unwrap_err();
                let text = "`uplink` failed before it was ready: error after 0s: no line";
                assert_eq!(failed.to_string(), text);
                let source = std::error::Error::source(&failed).expect("it has an error");
                assert_eq!(source.to_string(), "no line");
                s.daemon().shutdown();
                let gone = subsystems.start("db").await.unwrap_err();
                let text =
                    "the daemon is shutting down: nothing is started or stopped by name any more";
                assert_eq!(gone.to_string(), text);
            })
        },
        |report| assert_eq!(report.code, 1, "{report}"),
    );
}

/// Code of the user's that is asked what becomes of the daemon looks at the status itself.
#[test]
fn what_has_failed_is_not_ready_while_code_decides() {
    exactly(
        |sim| {
            let (seen, handle) = (Diary::default(), Arc::new(OnceLock::<Daemon>::new()));
            let (told, daemon) = (seen.clone(), Arc::clone(&handle));
            let broken = |ctx: proc_daemon::Context| async move {
                ctx.sleep(SECOND).await?;
                Err("no line".into())
            };
            let spec = task("uplink", broken).restart_policy(RestartPolicy::never());
            let spec = spec.on_give_up(move |_| {
                let status = daemon.get().and_then(|daemon| daemon.subsystems().status("uplink"));
                let status = status.expect("it is there");
                told.note(format!("{} {}", status.state, status.ready));
                proc_daemon::Exit::DoNotRestart
            });
            let builder = Daemon::new().with_subsystem(spec).with_task("keeper", idle);
            sim.daemon(builder).script(async move |s| {
                handle.set(s.daemon()).expect("it is set once");
                s.until_ready().await;
                assert!(of(&s, "uplink").ready);
                s.advance(2 * SECOND).await;
                assert_eq!(seen.lines(), ["failed false"]);
            })
        },
        |report| assert_eq!(report.code, 1, "{report}"),
    );
}
