//! Control by name and number at run time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_lite::future::poll_once;
use proc_daemon::runtime::{AnyRuntime, Task, discard};
use proc_daemon::{
    Backoff, Check, Context, ControlError, Daemon, DaemonBuilder, EndKind, Health, RestartPolicy,
    Result, Spec, Strategy, SubsystemEvent, SubsystemState, Target, task, task_with,
};

use super::{Core, core};
use super::{Diary, Gate, OnDrop, idle};
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    let mut lives = vec![
        core!(
            "CONTROL-01",
            what_is_stopped_by_name_starts_by_name,
            "A subsystem is stopped and started by its name.",
            "Stopped, looked at, started."
        ),
        core!(
            "CONTROL-02",
            a_restart_is_the_next_generation,
            "A restart is a stop and a start with the next number.",
            "Restarted; the old start is over before."
        ),
        core!(
            "CONTROL-03",
            what_cannot_be_without_it_is_stopped_before_it,
            "Stopping a dependency stops its dependents first.",
            "The order is noted."
        ),
        core!(
            "CONTROL-04",
            a_subsystem_is_added_and_removed,
            "A subsystem is added to a running daemon, and removed.",
            "Added, used, removed, added again."
        ),
        core!(
            "CONTROL-05",
            the_past_of_what_was_removed_is_over,
            "What was removed leaves nothing to a new subsystem of its name.",
            "Its failures are not counted for the new one."
        ),
        core!(
            "CONTROL-06",
            nonsense_is_refused_in_words,
            "A call that makes no sense is an error that says why.",
            "Unknown names, wrong states, cycles."
        ),
        core!(
            "CONTROL-07",
            a_subsystem_cannot_wait_for_its_own_stop,
            "A subsystem that stops itself is refused.",
            "It calls for itself, and for what requires it."
        ),
        core!(
            "CONTROL-08",
            calls_before_the_run_are_done_when_it_has_begun,
            "A call made before the run is answered by it.",
            "A stop before the run."
        ),
    ];
    lives.extend(added());
    lives
}

fn added<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "CONTROL-09",
            calls_after_the_end_are_refused,
            "A call after the end is an error.",
            "Every call."
        ),
        core!(
            "CONTROL-10",
            a_call_whose_answer_nobody_awaits_is_done,
            "A call is done whether or not its answer is awaited.",
            "The future is dropped."
        )
        .open(),
        core!(
            "CONTROL-11",
            many_callers_never_make_two_live_generations,
            "However many call, one start of a subsystem lives at a time.",
            "64 tasks start, stop and restart one name."
        )
        .open(),
        core!(
            "CONTROL-12",
            what_is_added_is_watched,
            "What is added is checked and restarted like the others.",
            "Added with a check that fails."
        ),
        core!(
            "CONTROL-13",
            what_is_added_to_something_over_is_refused,
            "What requires something that is over cannot be added.",
            "Added on a job that has completed, failed, was stopped."
        ),
        core!(
            "CONTROL-14",
            a_start_is_answered_when_its_readiness_check_has_risen,
            "A start by name is answered when the subsystem is ready.",
            "A readiness check that takes its time."
        ),
        core!(
            "CONTROL-15",
            a_panic_in_a_destructor_ends_nothing,
            "A destructor that panics when a removed subsystem is dropped ends nobody.",
            "Removed, with a factory that panics when dropped."
        ),
    ]
}

const MS: Duration = Duration::from_millis(1);

/// Says in the diary when it starts and when it is gone.
fn noted(name: &'static str, diary: &Diary) -> Spec {
    task_with(name, diary.clone(), move |ctx: Context, diary: Diary| async move {
        diary.note(format!("{name} {}", ctx.generation()));
        let _gone = OnDrop(|| diary.note(format!("{name} gone")));
        ctx.cancelled().await;
        Ok(())
    })
}

/// With something that keeps it alive.
fn kept() -> DaemonBuilder {
    Daemon::new().with_task("keeper", idle)
}

fn what_is_stopped_by_name_starts_by_name<W: World>(world: &W) {
    let (diary, end) = (Diary::default(), Gate::default());
    let state = (diary.clone(), end.clone());
    let db = task_with("db", state, |ctx: Context, (diary, end): (Diary, Gate)| async move {
        diary.note(format!("db {}", ctx.generation()));
        let _gone = OnDrop(|| diary.note("db gone"));
        ctx.cancelled().await;
        if ctx.generation() == 2 {
            end.opened().await;
        }
        Ok(())
    });
    let report = world.script(kept().with_subsystem(db), async move |daemon: Daemon| {
        assert!(daemon.ready().await);
        let subsystems = daemon.subsystems();
        let end_of_first = subsystems.stop("db").await.unwrap();
        assert_eq!((end_of_first.kind(), end_of_first.generation()), (EndKind::Requested, 1));
        let status = subsystems.status("db").unwrap();
        assert_eq!((status.state, status.generation), (SubsystemState::Stopped, 1));
        assert_eq!(status.last_end.unwrap().kind(), EndKind::Requested);
        assert!(daemon.status().ready, "it is meant to be so");
        assert!(matches!(subsystems.stop("db").await, Err(ControlError::NotRunning { .. })));
        assert_eq!(subsystems.start(&"db".to_owned()).await.unwrap(), 2);
        assert!(matches!(
            subsystems.start(status.id).await,
            Err(ControlError::AlreadyRunning { .. })
        ));
        // Two callers, one end: it ends when both have asked.
        let both = [(); 2].map(|()| subsystems.stop("db"));
        end.open();
        for stopped in both {
            stopped.await.unwrap();
        }
        let over = subsystems.stop("db").await.unwrap_err().to_string();
        assert_eq!(over, "`db` is not running: `start` starts one that is over");
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["db 1", "db gone", "db 2", "db gone"]);
}

fn a_restart_is_the_next_generation<W: World>(world: &W) {
    let diary = Diary::default();
    let never = noted("db", &diary).restart_policy(RestartPolicy::never());
    let daemon = kept().with_subsystem(never);
    let report = world.script(daemon, async |daemon: Daemon| {
        assert!(daemon.ready().await);
        let subsystems = daemon.subsystems();
        for generation in 2..5 {
            assert_eq!(subsystems.restart("db").await.unwrap(), generation);
        }
        let status = subsystems.status("db").unwrap();
        assert_eq!((status.restarts, status.state), (3, SubsystemState::Running));
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines().len(), 8);
}

fn what_cannot_be_without_it_is_stopped_before_it<W: World>(world: &W) {
    let diary = Diary::default();
    let daemon = kept()
        .with_subsystem(noted("db", &diary))
        .with_subsystem(noted("http", &diary).requires("db"))
        .with_subsystem(noted("log", &diary).after("db"));
    let report = world.script(daemon, async |daemon: Daemon| {
        assert!(daemon.ready().await);
        let subsystems = daemon.subsystems();
        let states = || ["db", "http", "log"].map(|name| daemon.status().state_of(name).unwrap());
        subsystems.stop("db").await.unwrap();
        use SubsystemState::{Running, Stopped};
        assert_eq!(states(), [Stopped, Stopped, Running]);
        let refused = subsystems.start("http").await.unwrap_err();
        assert!(
            refused.to_string().contains("`db`, which `http` requires, is over: start that first"),
            "{refused}"
        );
        let (db, http) = (subsystems.start("db"), subsystems.start("http"));
        assert_eq!((http.await.unwrap(), db.await.unwrap()), (2, 2));
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
    let lines = diary.lines();
    let gone = |name: &str| lines.iter().position(|line| line == name).unwrap();
    assert!(gone("http gone") < gone("db gone"), "{lines:?}");
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

fn nonsense_is_refused_in_words<W: World>(world: &W) {
    let report = world.script(kept(), async |daemon: Daemon| {
        assert!(daemon.ready().await);
        let subsystems = daemon.subsystems();
        let refused = async |spec: Spec| subsystems.add(spec).await.unwrap_err().to_string();
        let twice = refused(task("keeper", idle)).await;
        assert_eq!(
            twice,
            "there is a subsystem `keeper` already: `remove` it first, or use `Spec::named`"
        );
        let typo = refused(task("x", idle).after("keper")).await;
        assert_eq!(typo, "there is no subsystem `keper`; did you mean `keeper`?");
        assert_eq!(refused(task("x", idle).after("y")).await, "there is no subsystem `y`");
        let own = refused(task("x", idle).requires("x")).await;
        assert_eq!(own, "a cycle of dependencies: x -> x");
        assert_eq!(refused(task(" ", idle)).await, "a subsystem without a name");
        let grouped = refused(task("x", idle).group("g")).await;
        assert_eq!(grouped, "the group `g` is not declared: `DaemonBuilder::with_group` does that");
        // Everything that is wrong, a line each.
        let policy = RestartPolicy::on_failure().intensity(1, std::time::Duration::ZERO);
        let spec = Spec::once("x", idle).restart_policy(policy);
        let nonsense = refused(spec).await;
        assert!(nonsense.lines().count() > 1, "{nonsense}");
        assert!(nonsense.lines().all(|line| line.contains("control.rs:")), "{nonsense}");
        assert!(nonsense.contains("`Spec::once`") && nonsense.contains("intensity"), "{nonsense}");
        let hasty = refused(task("x", idle).start_timeout(std::time::Duration::ZERO)).await;
        assert!(hasty.contains("`x`: its start timeout is 0s"), "{hasty}");
        let mut never = subsystems.stop("nobody");
        assert!((&mut never).await.is_err(), "refused at once");
        assert!(poll_once(&mut never).await.is_none(), "it has resolved");
        let mut answered = subsystems.start("keeper");
        assert!((&mut answered).await.is_err(), "it runs");
        assert!(poll_once(&mut answered).await.is_none(), "it has resolved");
        let nobody = subsystems.stop("nobody").await.unwrap_err();
        assert_eq!(nobody.to_string(), "there is no subsystem `nobody`");
        let typo = subsystems.stop("kepeer").await.unwrap_err();
        assert_eq!(typo.to_string(), "there is no subsystem `kepeer`; did you mean `keeper`?");
        let running = subsystems.start("keeper").await.unwrap_err();
        assert_eq!(
            running.to_string(),
            "`keeper` is running, or about to: `restart` starts it anew"
        );
        assert_eq!(Target::from("nobody").to_string(), "nobody");
        assert!(subsystems.status("nobody").is_none());
        let once = Spec::once("once", idle);
        subsystems.add(once).await.unwrap();
        let again = subsystems.restart("once").await.unwrap_err();
        assert!(again.to_string().contains("Spec::once"), "{again}");
        assert_eq!(daemon.status().subsystems.len(), 2, "nothing of it is left");
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

fn a_subsystem_cannot_wait_for_its_own_stop<W: World>(world: &W) {
    let selfish = task("selfish", |ctx: Context| async move {
        let own = ctx.subsystems();
        for refused in [own.stop("selfish").await, own.remove("selfish").await] {
            assert!(matches!(refused, Err(ControlError::OwnStop { .. })), "{refused:?}");
            let text = refused.unwrap_err().to_string();
            assert!(text.starts_with("stopping `selfish` would stop the subsystem that"), "{text}");
        }
        assert!(matches!(own.stop("db").await, Err(ControlError::OwnStop { .. })));
        assert!(matches!(own.restart("selfish").await, Err(ControlError::OwnStop { .. })));
        assert_eq!(own.restart("other").await?, 2);
        ctx.shutdown("seen");
        Ok(())
    });
    let daemon = Daemon::new()
        .with_task("db", idle)
        .with_task("other", idle)
        .with_subsystem(selfish.requires("db").after("other"));
    let report = world.run(daemon);
    assert!(report.is_clean(), "{report}");
}

fn calls_before_the_run_are_done_when_it_has_begun<W: World>(world: &W) {
    let daemon = kept().with_task("unwanted", |_| async { panic!("it was stopped before") });
    let daemon = daemon.without_signals().build().expect("it is well-formed");
    let end = world.block_on(async |runtime: AnyRuntime| {
        let stop = daemon.subsystems().stop("unwanted");
        let run = daemon.clone().run_on(runtime.clone());
        let run = Task::spawn_on(&runtime, "run".into(), run);
        let end = stop.await;
        daemon.shutdown();
        assert!(run.await.is_ok_and(|ran| ran.is_ok()));
        end.unwrap()
    });
    assert_eq!((end.kind(), end.generation()), (EndKind::Requested, 0));
}

fn calls_after_the_end_are_refused<W: World>(world: &W) {
    let diary = Diary::default();
    let inside = diary.clone();
    let report = world.script(kept(), async move |daemon: Daemon| {
        assert!(daemon.ready().await);
        daemon.shutdown();
        let going = daemon.subsystems().restart("keeper");
        daemon.stopped().await;
        assert!(matches!(going.await, Err(ControlError::ShuttingDown)));
        let gone = daemon.subsystems().start("keeper").await;
        assert!(matches!(gone, Err(ControlError::ShuttingDown)), "{gone:?}");
        inside.note("refused");
    });
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["refused"]);
}

fn a_call_whose_answer_nobody_awaits_is_done<W: World>(world: &W) {
    let diary = Diary::default();
    let daemon = kept().with_subsystem(noted("db", &diary));
    let report = world.script(daemon, async |daemon: Daemon| {
        assert!(daemon.ready().await);
        drop(daemon.subsystems().stop("db"));
        // Calls are taken in their order, so this one comes after it.
        daemon.subsystems().add(task("next", idle)).await.unwrap();
        assert_ne!(daemon.status().state_of("db"), Some(SubsystemState::Running));
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

const CALLERS: u32 = 64;
const CALLS: u32 = 30;

fn many_callers_never_make_two_live_generations<W: World>(world: &W) {
    let (live, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let state = (Arc::clone(&live), Arc::clone(&most));
    let contested = task_with("contested", state, async |ctx: Context, (live, most)| {
        let (live, most): (Arc<AtomicU32>, Arc<AtomicU32>) = (live, most);
        most.fetch_max(live.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let _gone = OnDrop(|| _ = live.fetch_sub(1, Ordering::SeqCst));
        ctx.cancelled().await;
        Ok(())
    });
    let callers = task("callers", |ctx: Context| async move {
        let calls = (0..CALLERS).map(|caller| {
            let subsystems = ctx.subsystems();
            ctx.spawn(async move {
                for call in 0..CALLS {
                    // Refusals are part of it.
                    match (caller + call) % 3 {
                        0 => drop(subsystems.start("contested").await),
                        1 => drop(subsystems.stop("contested").await),
                        _ => drop(subsystems.restart("contested").await),
                    }
                }
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await?;
        }
        ctx.shutdown("all have called");
        Result::Ok(())
    });
    let report = world.run(Daemon::new().with_subsystem(contested).with_subsystem(callers));
    assert!(report.is_clean(), "{report}");
    assert_eq!((live.load(Ordering::SeqCst), most.load(Ordering::SeqCst)), (0, 1));
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
        daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
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
        while let Some(event) = events.next_event().await {
            let over = fourth(&event);
            // This may be the last that has the error.
            discard(event);
            if over {
                break;
            }
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
