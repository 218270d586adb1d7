//! Control by name and number at run time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_lite::future::poll_once;
use proc_daemon::runtime::{AnyRuntime, Task};
use proc_daemon::{
    Context, ControlError, Daemon, DaemonBuilder, EndKind, RestartPolicy, Result, Spec,
    SubsystemState, Target, task, task_with,
};

use super::{Core, Diary, OnDrop, core, idle};
use crate::told::Told;
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
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
            nonsense_is_refused_in_words,
            "A call that makes no sense is an error that says why.",
            "Unknown names, wrong states, cycles."
        ),
        core!(
            "CONTROL-05",
            a_subsystem_cannot_wait_for_its_own_stop,
            "A subsystem that stops itself is refused.",
            "It calls for itself, and for what requires it."
        ),
        core!(
            "CONTROL-06",
            calls_before_the_run_are_done_when_it_has_begun,
            "A call made before the run is answered by it.",
            "Before the run: a stop; a stop and a start of another one, in this order."
        ),
        core!(
            "CONTROL-07",
            calls_after_the_end_are_refused,
            "A call after the end is an error.",
            "Every call."
        ),
        core!(
            "CONTROL-08",
            a_call_whose_answer_nobody_awaits_is_done,
            "A call is done whether or not its answer is awaited.",
            "The future is dropped."
        )
        .open(),
        core!(
            "CONTROL-09",
            many_callers_never_make_two_live_generations,
            "However many call, one start of a subsystem lives at a time.",
            "64 tasks start, stop and restart one name."
        )
        .open(),
    ]
}

/// Says in the diary when it starts and when it is gone.
pub(super) fn noted(name: &'static str, diary: &Diary) -> Spec {
    task_with(name, diary.clone(), move |ctx: Context, diary: Diary| async move {
        diary.note(format!("{name} {}", ctx.generation()));
        let _gone = OnDrop(|| diary.note(format!("{name} gone")));
        ctx.cancelled().await;
        Ok(())
    })
}

/// With something that keeps it alive.
pub(super) fn kept() -> DaemonBuilder {
    Daemon::new().with_task("keeper", idle)
}

fn what_is_stopped_by_name_starts_by_name<W: World>(world: &W) {
    let (diary, end) = (Diary::default(), Told::default());
    let state = (diary.clone(), end.clone());
    let db = task_with("db", state, |ctx: Context, (diary, end): (Diary, Told)| async move {
        diary.note(format!("db {}", ctx.generation()));
        let _gone = OnDrop(|| diary.note("db gone"));
        ctx.cancelled().await;
        end.once().await;
        Ok(())
    });
    let report = world.script(kept().with_subsystem(db), async move |daemon: Daemon| {
        assert!(daemon.ready().await);
        let subsystems = daemon.subsystems();
        // Two callers, one end: it ends when both have asked.
        let mut both = [(); 2].map(|()| subsystems.stop("db"));
        subsystems.start("keeper").await.unwrap_err();
        // That one was answered after those were taken in.
        assert!(poll_once(&mut both[0]).await.is_none(), "it is not over");
        end.tell();
        for stopped in both {
            let first = stopped.await.unwrap();
            assert_eq!((first.kind(), first.generation()), (EndKind::Requested, 1));
        }
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
        assert_eq!(subsystems.stop("db").await.unwrap().generation(), 2);
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
    let daemon = world.daemon(daemon.with_task("later", idle));
    let end = world.block_on(async |runtime: AnyRuntime| {
        let subsystems = daemon.subsystems();
        let stop = subsystems.stop("unwanted");
        let (not_yet, later) = (subsystems.stop("later"), subsystems.start("later"));
        let run = daemon.clone().run_on(runtime.clone());
        let run = Task::spawn_on(&runtime, "run".into(), run);
        let end = stop.await;
        assert_eq!(not_yet.await.unwrap().kind(), EndKind::Requested);
        assert_eq!(later.await.unwrap(), 1, "in the order of the calls");
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
