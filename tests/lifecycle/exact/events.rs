//! The stream of events, each at its moment.

use std::time::Duration;

use proc_daemon::sim::{Faults, Stage};
use proc_daemon::{
    Backoff, Context, Daemon, EndKind, Events, Instant, RestartPolicy, Result, Spec, Strategy,
    SubsystemEvent, task,
};

use super::{MS, SECOND, exactly};
use crate::idle;

/// What is queued, to be read without waiting.
pub(super) fn rest(events: &mut Events) -> Vec<SubsystemEvent> {
    std::iter::from_fn(|| events.try_next_event()).collect()
}

/// Each event, and when.
fn lines(events: &[SubsystemEvent]) -> Vec<String> {
    let line = |event: &SubsystemEvent| format!("{:?} {event}", event.at().since(Instant::ZERO));
    events.iter().map(line).collect()
}

/// Subscribes, asks the daemon to end after `time`, and gives what was told, to the last event.
async fn told(s: &Stage, time: Duration) -> Vec<SubsystemEvent> {
    let mut events = s.daemon().subscribe_events();
    s.advance(time).await;
    s.daemon().shutdown_with("go");
    s.finish().await;
    assert_eq!(events.missed(), 0);
    rest(&mut events)
}

fn again_after(delay: Duration) -> RestartPolicy {
    RestartPolicy::on_failure().backoff(Backoff::constant(delay).jitter(0.0))
}

/// Takes 2 s to start and fails after 10 s, the first time.
fn store() -> Spec {
    let store = |ctx: Context| async move {
        ctx.sleep(2 * SECOND).await?;
        ctx.ready();
        if ctx.generation() == 1 {
            ctx.sleep(8 * SECOND).await?;
            return Err("disk full".into());
        }
        idle(ctx).await
    };
    task("store", store).explicit_ready().restart_policy(again_after(500 * MS))
}

#[test]
fn start_failure_restart_and_stop() {
    exactly(
        |sim| {
            let daemon = Daemon::new()
                .with_subsystem(store())
                .with_subsystem(task("http", idle).requires("store"));
            sim.daemon(daemon).script(async |s| {
                let expected = [
                    "0ns `store` is starting (start 1)",
                    "0ns `http` is waiting (start 0)",
                    "2s `store` is running (start 1)",
                    "2s `http` is starting (start 1)",
                    "2s `http` is running (start 1)",
                    "2s ready",
                    "10s `store` ended after 10s: error: disk full",
                    "10s `store` is backoff (start 1)",
                    "10s `store` starts again in 500ms",
                    "10s not ready",
                    "10.5s `store` is starting (start 2)",
                    "12.5s `store` is running (start 2)",
                    "12.5s ready",
                    "20s shutting down: requested: go",
                    "20s not ready",
                    "20s `http` is stopping (start 1)",
                    "20s `http` ended after 18s: requested",
                    "20s `http` is stopped (start 1)",
                    "20s `store` is stopping (start 2)",
                    "20s `store` ended after 9s 500ms: requested",
                    "20s `store` is stopped (start 2)",
                    "20s stopped with code 0",
                ];
                assert_eq!(lines(&told(&s, 20 * SECOND).await), expected);
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// What the fields hold that the line does not say.
#[test]
fn the_fields_hold_the_end_and_the_count() {
    exactly(
        |sim| {
            sim.daemon(Daemon::new().with_subsystem(store())).script(async |s| {
                let told = told(&s, 20 * SECOND).await;
                let end = told.iter().find_map(|event| match event {
                    SubsystemEvent::Ended { end, .. } => Some(end),
                    _ => None,
                });
                let end = end.expect("it ended");
                assert_eq!((end.kind(), end.generation()), (EndKind::Error, 1));
                assert_eq!(end.error().unwrap().to_string(), "disk full");
                let due = told.iter().find_map(|event| match event {
                    SubsystemEvent::RestartScheduled { due, restarts, .. } => {
                        Some((*due, *restarts))
                    }
                    _ => None,
                });
                assert_eq!(due, Some((Instant::from_epoch(10_500 * MS), 0)));
                assert!(told.iter().all(|event| event.id().is_none_or(|id| id.as_u64() == 0)));
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn a_reader_that_waits_is_told_at_that_moment() {
    exactly(
        |sim| {
            sim.daemon(Daemon::new().with_subsystem(store())).script(async |s| {
                let mut events = s.daemon().subscribe_events();
                while let Some(event) = events.next_event().await {
                    assert_eq!(event.at(), s.now(), "{event}");
                    if matches!(event, SubsystemEvent::StateChanged { generation: 2, .. }) {
                        s.daemon().shutdown();
                    }
                }
                assert_eq!(s.now().since(Instant::ZERO), 10_500 * MS);
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// The third failure is one too many: the daemon lives on without it, and is ready.
#[test]
fn an_optional_subsystem_is_given_up() {
    exactly(
        |sim| {
            let fails = |ctx: Context| async move {
                ctx.sleep(SECOND).await?;
                Err("no route".into())
            };
            let policy = again_after(SECOND).intensity(2, 60 * SECOND);
            let fails = task("mirror", fails).optional().restart_policy(policy);
            let daemon = Daemon::new().with_task("idle", idle).with_subsystem(fails);
            sim.daemon(daemon).script(async |s| {
                let told = told(&s, 10 * SECOND).await;
                let of_it = told.iter().filter(|event| event.name() != Some("idle"));
                let expected = [
                    "0ns `mirror` is starting (start 1)",
                    "0ns `mirror` is running (start 1)",
                    "0ns ready",
                    "1s `mirror` ended after 1s: error: no route",
                    "1s `mirror` is backoff (start 1)",
                    "1s `mirror` starts again in 1s",
                    "2s `mirror` is starting (start 2)",
                    "2s `mirror` is running (start 2)",
                    "3s `mirror` ended after 1s: error: no route",
                    "3s `mirror` is backoff (start 2)",
                    "3s `mirror` starts again in 1s",
                    "4s `mirror` is starting (start 3)",
                    "4s `mirror` is running (start 3)",
                    "5s `mirror` ended after 1s: error: no route",
                    "5s `mirror` is failed (start 3)",
                    "5s `mirror` is not started again",
                    "10s shutting down: requested: go",
                    "10s not ready",
                    "10s stopped with code 69",
                ];
                assert_eq!(lines(&of_it.cloned().collect::<Vec<_>>()), expected);
            })
        },
        |report| assert_eq!(report.code, 69),
    );
}

/// A start that takes too long ends as such, whatever the start before it ended with.
#[test]
fn each_end_has_its_own_error() {
    exactly(
        |sim| {
            let flaky = |ctx: Context| async move {
                if ctx.generation() == 1 {
                    return Err("disk full".into());
                }
                std::future::pending().await
            };
            let flaky = task("flaky", flaky).explicit_ready().start_timeout(SECOND).optional();
            let flaky = flaky.restart_policy(again_after(SECOND).intensity(1, 60 * SECOND));
            let daemon = Daemon::new().with_task("idle", idle).with_subsystem(flaky);
            sim.daemon(daemon).script(async |s| {
                let told = told(&s, 10 * SECOND).await;
                let ends = told.iter().filter(|event| {
                    matches!(event, SubsystemEvent::Ended { .. }) && event.name() == Some("flaky")
                });
                let expected = [
                    "0ns `flaky` ended after 0s: error: disk full",
                    "2s `flaky` ended after 1s: start timeout: it was not ready in time; does it \
                     call `ctx.ready()`?",
                ];
                assert_eq!(lines(&ends.cloned().collect::<Vec<_>>()), expected);
            })
        },
        |_| {},
    );
}

/// What is left behind has ended when it was; its late end only changes its state.
#[test]
fn what_is_left_behind_ends_once() {
    exactly(
        |sim| {
            let stuck = |ctx: Context| async move {
                ctx.spawn_blocking(|| ()).await?;
                Ok(())
            };
            let daemon = Daemon::new().with_subsystem(task("stuck", stuck).grace(SECOND));
            let sim = sim.daemon(daemon).faults(Faults::none().stuck_blocking(1.0));
            sim.script(async |s| {
                let expected = [
                    "0ns `stuck` is starting (start 1)",
                    "0ns `stuck` is running (start 1)",
                    "0ns ready",
                    "10s shutting down: requested: go",
                    "10s not ready",
                    "10s `stuck` is stopping (start 1)",
                    "11s `stuck` is aborting (start 1)",
                    "11.25s `stuck` ended after 11s 250ms: zombie",
                    "11.25s `stuck` is zombie (start 1)",
                    "11.25s stopped with code 124",
                ];
                assert_eq!(lines(&told(&s, 10 * SECOND).await), expected);
            })
        },
        |report| assert_eq!(report.code, 124),
    );
}

/// Three restarts at once where one a second is allowed: the others are told again when they are put off.
#[test]
fn a_restart_that_is_put_off_is_told_again() {
    async fn once(ctx: Context) -> Result {
        if ctx.generation() == 1 {
            return Err("again".into());
        }
        idle(ctx).await
    }
    exactly(
        |sim| {
            let mut daemon = Daemon::new().restarts_per_second(1);
            for name in ["a", "b", "c"] {
                daemon = daemon.with_subsystem(task(name, once).restart_policy(again_after(MS)));
            }
            sim.daemon(daemon).script(async |s| {
                let told = told(&s, 10 * SECOND).await;
                let mut dues: Vec<_> = told
                    .iter()
                    .filter_map(|event| match event {
                        SubsystemEvent::RestartScheduled { due, at, .. } => {
                            Some((at.since(Instant::ZERO), due.since(Instant::ZERO)))
                        }
                        _ => None,
                    })
                    .collect();
                dues.sort_unstable();
                let (first, second, third) = (MS, SECOND + MS, 2 * SECOND + MS);
                let zero = Duration::ZERO;
                let expected =
                    [(zero, first), (zero, first), (zero, first), (first, second), (first, third)];
                assert_eq!(dues, expected);
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// The shutdown begins before anything does.
/// Everybody who starts again together is told of once.
#[test]
fn a_group_that_starts_again_is_told_once() {
    exactly(
        |sim| {
            let fails = |ctx: Context| async move {
                if ctx.generation() == 1 {
                    ctx.sleep(SECOND).await?;
                    return Err("disk full".into());
                }
                idle(ctx).await
            };
            let fails = task("a", fails).restart_policy(again_after(500 * MS));
            let daemon = Daemon::new()
                .with_group("all", Strategy::OneForAll)
                .with_subsystem(fails.group("all"))
                .with_subsystem(task("b", idle).requires("a").group("all"))
                .with_subsystem(task("c", idle).group("all"));
            sim.daemon(daemon).script(async |s| {
                let told = told(&s, 10 * SECOND).await;
                let mut again: Vec<_> = lines(&told);
                again.retain(|line| line.contains("starts again"));
                again.sort();
                assert_eq!(
                    again,
                    ["a", "b", "c"].map(|name| format!("1s `{name}` starts again in 500ms"))
                );
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn a_shutdown_before_the_start() {
    exactly(
        |sim| {
            sim.daemon(Daemon::new().with_task("never", idle)).script(async |s| {
                let expected = [
                    "0ns shutting down: requested: go",
                    "0ns `never` is stopped (start 0)",
                    "0ns stopped with code 0",
                ];
                let mut events = s.daemon().subscribe_events();
                s.daemon().shutdown_with("go");
                s.finish().await;
                assert_eq!(lines(&rest(&mut events)), expected);
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}
