//! Children and work in flight.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_lite::future::poll_once;
use proc_daemon::{Context, Daemon, EndKind, JoinError, RestartPolicy, Result, task};

use super::{Core, Diary, OnDrop, core};
use crate::told::Told;
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "CHILD-01",
            no_child_outlives_its_subsystem,
            "When a subsystem has ended, its children have.",
            "Children that wait for ever note their destructors."
        ),
        core!(
            "CHILD-02",
            children_in_flight_are_drained_when_run_returns,
            "Children with work in flight are waited for.",
            "A child in flight ends when its parent has returned."
        ),
        core!(
            "CHILD-03",
            a_childs_panic_goes_to_who_joins_it,
            "A child that panics is joined as panicked, and its parent goes on.",
            "The parent awaits it."
        ),
        core!(
            "CHILD-04",
            a_childs_panic_that_nobody_joins_fails_the_subsystem,
            "A panic that nobody awaits is the failure of the parent.",
            "The handle is dropped."
        ),
        core!(
            "CHILD-05",
            a_child_that_panics_as_it_is_ended_fails_the_subsystem,
            "A destructor of a child that panics is the failure of the parent.",
            "The parent returns, its child is ended."
        ),
        core!(
            "CHILD-06",
            an_aborted_child_is_joined_as_aborted,
            "A child that its parent aborts is joined as aborted.",
            "Aborted and awaited."
        ),
        core!(
            "CHILD-07",
            blocking_work_is_a_child_too,
            "Blocking work of a subsystem gives its value to who awaits it.",
            "A value, a panic."
        ),
        core!(
            "CHILD-08",
            drained_resolves_when_nothing_is_in_flight,
            "`drained` resolves when the last guard is dropped.",
            "Guards come and go."
        ),
        core!(
            "CHILD-11",
            of_two_panics_of_a_child_the_first_is_told,
            "A child that panics, and whose destructor then panics, fails by the first panic.",
            "Joined by its parent, and joined by nobody."
        ),
    ]
}

fn no_child_outlives_its_subsystem<W: World>(world: &W) {
    let diary = Diary::default();
    let inside = diary.clone();
    let report = world.run(Daemon::new().with_task("parent", move |ctx| {
        let diary = inside.clone();
        async move {
            ctx.ready();
            for _ in 0..10 {
                let (diary, lives) = (diary.clone(), Told::default());
                let tells = lives.clone();
                ctx.spawn(async move {
                    let _gone = OnDrop(|| diary.note("child gone"));
                    tells.tell();
                    pending::<()>().await;
                })
                .detach();
                lives.once().await;
            }
            Ok(())
        }
    }));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.end_of("parent").unwrap().kind(), EndKind::Completed);
    assert_eq!(diary.lines(), ["child gone"; 10], "before the end was told");
}

fn children_in_flight_are_drained_when_run_returns<W: World>(world: &W) {
    let diary = Diary::default();
    let inside = diary.clone();
    let server = task("server", move |ctx: Context| {
        let diary = inside.clone();
        async move {
            let (busy, over) = (ctx.in_flight(), Told::default());
            let (done, is_over) = (diary.clone(), over.clone());
            ctx.spawn(async move {
                let _busy = busy;
                is_over.once().await;
                done.note("answered");
            })
            .detach();
            let _opens_when_this_is_over = OnDrop(move || over.tell());
            ctx.shutdown("go");
            ctx.cancelled().await;
            diary.note("returned");
            Ok(())
        }
    });
    let report = world.run(Daemon::new().with_subsystem(server));
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["returned", "answered"]);
}

fn a_childs_panic_goes_to_who_joins_it<W: World>(world: &W) {
    let report = world.run(Daemon::new().with_task("parent", |ctx| async move {
        ctx.ready();
        let child = ctx.spawn(async { panic!("in the child") });
        let Err::<(), _>(JoinError::Panicked(payload)) = child.await else {
            return Err("not a panic".into());
        };
        assert_eq!(payload.message().as_deref(), Some("in the child"));
        assert_eq!(ctx.spawn(async { 7 }).await?, 7);
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn a_childs_panic_that_nobody_joins_fails_the_subsystem<W: World>(world: &W) {
    for keep in [false, true] {
        let parent = task("parent", move |ctx: Context| async move {
            if keep {
                let busy = ctx.in_flight();
                let child = ctx.spawn_named("keeper", async move {
                    let _busy = busy;
                    panic!("in the child")
                });
                ctx.drained().await;
                drop::<proc_daemon::Child<()>>(child);
            } else {
                ctx.spawn(async { panic!("in the child") }).detach();
            }
            pending::<Result>().await
        });
        let parent = parent.restart_policy(RestartPolicy::never());
        let report = world.run_with_panics(Daemon::new().with_subsystem(parent));
        assert_eq!(report.code, 70, "{report}");
        let who = if keep { "child `keeper`" } else { "a child" };
        let text = report.to_string();
        assert!(text.contains(&format!("{who} panicked: in the child")), "{text}");
    }
}

fn of_two_panics_of_a_child_the_first_is_told<W: World>(world: &W) {
    for joined in [true, false] {
        let parent = task("parent", move |ctx: Context| async move {
            let last = OnDrop(|| panic!("the second"));
            let child = ctx.spawn(poll_fn(move |_| -> Poll<()> {
                let _last = &last;
                panic!("the first")
            }));
            ctx.ready();
            if !joined {
                child.detach();
                return pending::<Result>().await;
            }
            let Err(JoinError::Panicked(payload)) = child.await else {
                return Err("not a panic".into());
            };
            assert_eq!(payload.message().as_deref(), Some("the first"));
            Ok(())
        });
        let parent = parent.restart_policy(RestartPolicy::never());
        let report = world.run_with_panics(Daemon::new().with_subsystem(parent));
        let fails = report.to_string().contains("a child panicked: the first");
        assert_eq!((report.code, fails), if joined { (0, false) } else { (70, true) }, "{report}");
    }
}

/// It is dropped because its parent is over: that one has returned, or was aborted.
fn a_child_that_panics_as_it_is_ended_fails_the_subsystem<W: World>(world: &W) {
    for returns in [true, false] {
        let started = Told::default();
        let inside = started.clone();
        let parent = task("parent", move |ctx| {
            let started = inside.clone();
            async move {
                let starts = started.clone();
                // It may be over at its first poll, where its child runs on another thread.
                ctx.ready();
                ctx.spawn(async move {
                    let _last = OnDrop(|| panic!("in a destructor"));
                    starts.tell();
                    pending::<()>().await;
                })
                .detach();
                started.once().await;
                if !returns {
                    ctx.shutdown("go");
                    pending::<()>().await;
                }
                Ok(())
            }
        });
        let parent = parent.grace(Duration::from_millis(20)).restart_policy(RestartPolicy::never());
        let report = world.run_with_panics(Daemon::new().with_subsystem(parent));
        let end = report.end_of("parent").unwrap();
        assert_eq!(end.kind(), EndKind::Panic, "returns: {returns}: {report}");
        assert!(report.to_string().contains("a child panicked: in a destructor"), "{report}");
    }
}

fn an_aborted_child_is_joined_as_aborted<W: World>(world: &W) {
    let report = world.run(Daemon::new().with_task("parent", |ctx| async move {
        ctx.ready();
        let dropped = Arc::new(AtomicBool::new(false));
        let (inside, started) = (Arc::clone(&dropped), Told::default());
        let starts = started.clone();
        let child = ctx.spawn_named("napper", async move {
            let _mark = OnDrop(|| inside.store(true, Ordering::SeqCst));
            starts.tell();
            pending::<()>().await;
        });
        started.once().await;
        child.abort();
        assert!(matches!(child.await, Err(JoinError::Aborted)));
        assert!(dropped.load(Ordering::SeqCst), "destructors have run before the join");
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn blocking_work_is_a_child_too<W: World>(world: &W) {
    let report = world.run(Daemon::new().with_task("parent", |ctx| async move {
        ctx.ready();
        assert_eq!(ctx.spawn_blocking(|| 7).await?, 7);
        let panicked = ctx.spawn_blocking(|| panic!("blocking")).await;
        assert!(matches!(panicked, Err::<(), _>(JoinError::Panicked(_))));
        let done = Arc::new(AtomicBool::new(false));
        let (inside, busy) = (Arc::clone(&done), ctx.in_flight());
        ctx.spawn_blocking(move || {
            let _busy = busy;
            inside.store(true, Ordering::SeqCst);
        })
        .detach();
        ctx.drained().await;
        assert!(done.load(Ordering::SeqCst));
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn drained_resolves_when_nothing_is_in_flight<W: World>(world: &W) {
    let report = world.run(Daemon::new().with_task("parent", |ctx| async move {
        ctx.ready();
        ctx.drained().await;
        for _ in 0..3 {
            let guards = [ctx.in_flight(), ctx.in_flight()];
            let waiter = || {
                let (own, waits) = (ctx.clone(), Told::default());
                let is_waiting = waits.once();
                let child = ctx.spawn(async move {
                    let mut drained = Box::pin(own.drained());
                    assert!(poll_once(&mut drained).await.is_none());
                    waits.tell();
                    drained.await;
                });
                (child, is_waiting)
            };
            let [(first, one), (second, two)] = [waiter(), waiter()];
            one.await;
            two.await;
            assert!(!first.is_finished() && !second.is_finished());
            drop(guards);
            first.await?;
            second.await?;
        }
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}
