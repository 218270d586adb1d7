//! Subsystems that come and go while the daemon runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proc_daemon::runtime::discard;
use proc_daemon::runtime::{AnyRuntime, Task};
use proc_daemon::{
    Backoff, Check, Context, ControlError, Daemon, EndKind, Health, RestartPolicy, Spec, Strategy,
    SubsystemEvent, SubsystemState, task,
};

use super::control::{kept, noted};
use super::{Core, Diary, core, idle, until};
use crate::world::World;

const MS: Duration = Duration::from_millis(1);

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "ADD-01",
            a_subsystem_is_added_and_removed,
            "A subsystem is added to a running daemon, and removed.",
            "Added, used, removed, added again."
        ),
        core!(
            "ADD-02",
            the_past_of_what_was_removed_is_over,
            "What was removed leaves nothing to a new subsystem of its name.",
            "Its failures are not counted for the new one."
        ),
        core!(
            "ADD-03",
            what_is_added_is_watched,
            "What is added is checked and restarted like the others.",
            "Added with a check that fails."
        ),
        core!(
            "ADD-04",
            what_is_added_to_something_over_is_refused,
            "What requires something that was stopped or has failed cannot be added; a job that has completed is no obstacle.",
            "Added on what is being stopped, was stopped, has failed, has completed."
        ),
        core!(
            "ADD-05",
            a_start_is_answered_when_its_readiness_check_has_risen,
            "A start by name is answered when the subsystem is ready.",
            "A readiness check that takes its time."
        ),
        core!(
            "ADD-06",
            a_panic_in_a_destructor_ends_nothing,
            "A destructor that panics when a removed subsystem is dropped ends nobody.",
            "Removed, with a factory that panics when dropped."
        ),
        core!(
            "ADD-07",
            a_call_that_comes_too_late_is_refused_by_name,
            "A call for what was removed meanwhile is refused by its name.",
            "Removed and started at once."
        )
        .open(),
    ]
}

fn a_subsystem_is_added_and_removed<W: World>(world: &W) {
    let diary = Diary::default();
    let daemon = kept().with_group("pair", Strategy::OneForAll);
    let inside = diary.clone();
    let report = world.script(daemon, async move |daemon: Daemon| {
        assert!(daemon.ready().await);
        let subsystems = daemon.subsystems();
        let first = subsystems.add(noted("one", &inside).group("pair")).await.unwrap();
        let added = noted("two", &inside).requires("one").group("pair");
        let second = subsystems.add(added).await.unwrap();
        assert!(second > first);
        while daemon.status().state_of("two") != Some(SubsystemState::Running) {
            // The answer is there once it is ready, whoever has started it.
            let _ = subsystems.restart("two").await;
        }
        let refused = subsystems.remove("one").await.unwrap_err();
        assert_eq!(refused.to_string(), "`two` depends on `one`: remove that first");
        subsystems.remove(second).await.unwrap();
        assert_eq!(subsystems.remove("one").await.unwrap().kind(), EndKind::Requested);
        assert!(subsystems.status("one").is_none() && subsystems.status(second).is_none());
        assert!(matches!(subsystems.start(first).await, Err(ControlError::Unknown { .. })));
        assert_eq!(subsystems.all().len(), 1);
        let again = subsystems.add(noted("one", &inside)).await.unwrap();
        assert!(again > second, "a number is not used again");
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

fn a_call_that_comes_too_late_is_refused_by_name<W: World>(world: &W) {
    let report = world.script(kept(), async |daemon: Daemon| {
        let subsystems = daemon.subsystems();
        subsystems.add(task("x", idle)).await.unwrap();
        subsystems.stop("x").await.unwrap();
        // Both are asked for before the first is done.
        let (removed, started) = (subsystems.remove("x"), subsystems.start("x"));
        removed.await.unwrap();
        let refused = started.await.unwrap_err();
        let by_name = matches!(&refused, ControlError::Unknown { name, .. } if name == "x");
        assert!(by_name, "by its name: {refused:?}");
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");

    let daemon = world.daemon(kept().with_task("x", idle));
    world.block_on(async |runtime: AnyRuntime| {
        let subsystems = daemon.subsystems();
        // Taken in at one moment, when the run begins.
        let (removed, started) = (subsystems.remove("x"), subsystems.start("x"));
        let run = daemon.clone().run_on(runtime.clone());
        let run = Task::spawn_on(&runtime, "run".into(), run);
        removed.await.unwrap();
        let refused = started.await.unwrap_err().to_string();
        assert!(refused.contains("`x`"), "by its name: {refused}");
        daemon.shutdown();
        assert!(run.await.is_ok_and(|ran| ran.is_ok()));
    });
}

fn the_past_of_what_was_removed_is_over<W: World>(world: &W) {
    fn deaf() -> Spec {
        task("deaf", |_| std::future::pending()).grace(10 * MS)
    }
    let daemon = kept().with_subsystem(deaf()).with_task("other", idle);
    let report = world.script(daemon, async |daemon: Daemon| {
        assert!(daemon.ready().await);
        let subsystems = daemon.subsystems();
        let ends = [subsystems.remove("deaf").await, {
            subsystems.add(deaf()).await.unwrap();
            subsystems.remove("deaf").await
        }];
        for end in ends {
            assert_eq!(end.unwrap().kind(), EndKind::Aborted);
        }
        let last = subsystems.add(task("deaf", idle)).await.unwrap();
        while daemon.status().state_of("deaf") != Some(SubsystemState::Running) {
            let _ = subsystems.restart(last).await;
        }
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
    let told: Vec<&str> = report.subsystems().iter().map(|told| &*told.name).collect();
    assert_eq!(told, ["keeper", "other", "deaf"]);
    assert!(report.end_of("deaf").is_some_and(|end| end.kind() == EndKind::Requested));
}

fn what_is_added_is_watched<W: World>(world: &W) {
    let report = world.script(kept(), async |daemon: Daemon| {
        assert!(daemon.ready().await);
        let (subsystems, mut events) = (daemon.subsystems(), daemon.subscribe_events());
        let bad = Check::new(|_| async { Err("no progress".into()) }).every(MS).fall(1);
        let spec = task("x", idle).restart_policy(RestartPolicy::never()).optional().liveness(bad);
        subsystems.add(spec).await.unwrap();
        while subsystems.status("x").unwrap().state != SubsystemState::Failed {
            events.next_event().await.unwrap();
        }
        let end = subsystems.status("x").unwrap().last_end.unwrap();
        assert_eq!(end.kind(), EndKind::Unhealthy);
        subsystems.remove("x").await.unwrap();
        daemon.shutdown();
    });
    assert!(!report.subsystems().is_empty(), "{report}");
}

fn what_is_added_to_something_over_is_refused<W: World>(world: &W) {
    let daemon = kept().with_task("db", idle);
    let report = world.script(daemon, async |daemon: Daemon| {
        assert!(daemon.ready().await);
        let subsystems = daemon.subsystems();
        // At one moment: whichever comes first, nothing runs without what it requires.
        let (stopped, added) =
            (subsystems.stop("db"), subsystems.add(task("x", idle).requires("db")));
        stopped.await.unwrap();
        let refused = added.await.unwrap_err().to_string();
        assert!(refused.contains("`db`"), "{refused}");
        let again = subsystems.add(task("x", idle).requires("db")).await;
        assert!(matches!(again, Err(ControlError::Invalid(_))), "{again:?}");
        subsystems.add(task("y", idle).after("db")).await.unwrap();
        let fails = task("broken", |_| async { Err("no disk".into()) });
        subsystems.add(fails.restart_policy(RestartPolicy::never()).optional()).await.unwrap();
        until(&daemon, "broken", SubsystemState::Failed).await;
        let refused = subsystems.add(task("x", idle).requires("broken")).await;
        assert!(matches!(refused, Err(ControlError::Invalid(_))), "it has failed: {refused:?}");
        subsystems.add(task("job", |_| async { Ok(()) })).await.unwrap();
        until(&daemon, "job", SubsystemState::Stopped).await;
        subsystems.add(task("z", idle).requires("job")).await.unwrap();
        until(&daemon, "z", SubsystemState::Running).await;
        daemon.shutdown();
    });
    let ended = report.end_of("broken").map(proc_daemon::End::kind);
    assert_eq!((report.code, ended), (1, Some(EndKind::Error)), "{report}");
}

fn a_start_is_answered_when_its_readiness_check_has_risen<W: World>(world: &W) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let check = Check::new(move |ctx| {
        // Of the first start at once, of the second at its fifth question.
        let good = ctx.generation() == 1 || count.fetch_add(1, Ordering::SeqCst) >= 4;
        async move { if good { Ok(Health::Up) } else { Err("warming up".into()) } }
    });
    let spec = task("db", idle).readiness(check.every(MS).rise(1).fall(100));
    let report = world.script(kept().with_subsystem(spec), async |daemon: Daemon| {
        assert!(daemon.ready().await);
        assert_eq!(daemon.subsystems().restart("db").await.unwrap(), 2);
        assert!(daemon.status().ready);
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
    assert!(asked.load(Ordering::SeqCst) >= 5);
}

/// Looks at the daemon, and panics.
struct Ugly(Option<Daemon>);

impl Drop for Ugly {
    fn drop(&mut self) {
        if let Some(daemon) = &self.0 {
            assert!(daemon.subsystems().status("x").is_none_or(|status| status.name == "x"));
        }
        if !std::thread::panicking() {
            std::panic::resume_unwind(Box::new("in a destructor"));
        }
    }
}

impl std::fmt::Debug for Ugly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ugly")
    }
}

impl std::fmt::Display for Ugly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ugly")
    }
}

impl std::error::Error for Ugly {}

fn a_panic_in_a_destructor_ends_nothing<W: World>(world: &W) {
    let fails = |ctx: Context| async move {
        if ctx.generation() > 3 {
            return idle(ctx).await;
        }
        Err(Box::new(Ugly(Some(ctx.daemon()))).into())
    };
    let policy = RestartPolicy::on_failure().backoff(Backoff::none());
    let daemon = kept().with_subsystem(task("x", fails).restart_policy(policy));
    let report = world.script(daemon, async |daemon: Daemon| {
        let (subsystems, mut events) = (daemon.subsystems(), daemon.subscribe_events());
        let fourth = |event: &SubsystemEvent| {
            let state = SubsystemState::Running;
            matches!(event, SubsystemEvent::StateChanged { generation: 4, state: is, .. } if *is == state)
        };
        // It may have come that far before anybody listened.
        let status = daemon.status();
        let mut over = status.subsystems.iter().any(|shown| {
            (&*shown.name, shown.generation, shown.state) == ("x", 4, SubsystemState::Running)
        });
        // This, and each event, may be the last that has the error.
        discard(status);
        while !over && let Some(event) = events.next_event().await {
            over = fourth(&event);
            discard(event);
        }
        discard(events);
        let ugly = || {
            let ugly = Ugly(None);
            move |ctx: Context| {
                let _captured = &ugly;
                idle(ctx)
            }
        };
        assert!(matches!(subsystems.add(task("x", ugly())).await, Err(ControlError::Duplicate(_))));
        subsystems.add(task("y", ugly())).await.unwrap();
        subsystems.remove("y").await.unwrap();
        // A clean end takes the place of the last error.
        discard(subsystems.stop("x").await);
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}
