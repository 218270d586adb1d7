//! Children and work in flight.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_lite::future::{poll_once, yield_now};
use parking_lot::Mutex;
use proc_daemon::{
    Context, Daemon, EndKind, JoinError, RestartPolicy, Result, SubsystemState, task, task_with,
};

use super::{Core, Diary, OnDrop, core, until};
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
            "CHILD-09",
            a_child_spawned_after_the_end_is_aborted,
            "A child that is spawned when its parent is over does not run.",
            "Spawned from a context that was kept."
        ),
        core!(
            "CHILD-10",
            a_context_kept_beyond_the_end_admits_no_child,
            "A context that outlives its subsystem admits no child, at any moment of the end.",
            "Used when the subsystem has ended; then eight times by one that spawns while it ends."
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

fn a_child_spawned_after_the_end_is_aborted<W: World>(world: &W) {
    let diary = Diary::default();
    let inside = diary.clone();
    let report = world.run(Daemon::new().with_task("parent", move |ctx| {
        let (diary, late) = (inside.clone(), ctx.clone());
        async move {
            let _spawner = OnDrop(move || {
                let diary = diary.clone();
                late.spawn(async move {
                    pending::<()>().await;
                    diary.note("ran on");
                })
                .detach();
            });
            Ok(())
        }
    }));
    assert!(report.is_clean(), "{report}");
    assert!(diary.lines().is_empty());
}

type Kept = Arc<Mutex<Option<Context>>>;

/// What anybody could do with a context whose subsystem has ended.
async fn use_kept(
    ctx: &Context,
    kept: &Kept,
    diary: &Diary,
    (many, bound): (usize, Duration),
) -> Result {
    let kept = kept.lock().take().ok_or("`a` has kept none")?;
    let (late, spawned) = (diary.clone(), Arc::new(AtomicBool::new(false)));
    let gate = Arc::clone(&spawned);
    let child = kept.spawn(async move {
        while !gate.load(Ordering::SeqCst) {
            yield_now().await;
        }
        // The await point at which it ends, if it was polled at all: `spawn` has returned by now.
        yield_now().await;
        late.note("ran on");
    });
    spawned.store(true, Ordering::SeqCst);
    // The time is only there so that a child that nobody aborts is a failure and not a hang.
    let joined = ctx.timeout(bound, child).await?;
    assert!(matches!(joined, Err(JoinError::Aborted)), "{joined:?}");
    for _ in 0..many {
        drop(kept.in_flight());
    }
    kept.drained().await;
    diary.note("used");
    Ok(())
}

fn a_context_kept_beyond_the_end_admits_no_child<W: World>(world: &W) {
    let keep = |kept: &Kept, until_asked: bool| {
        task_with("a", Arc::clone(kept), move |ctx: Context, kept: Kept| async move {
            *kept.lock() = Some(ctx.clone());
            if until_asked {
                ctx.shutdown("go");
                ctx.cancelled().await;
            }
            Ok(())
        })
    };
    let bound = world.bound();
    let user = |kept: &Kept, diary: &Diary, until_asked: bool| {
        let state = (Arc::clone(kept), diary.clone());
        task_with("b", state, move |ctx: Context, (kept, diary): (Kept, Diary)| async move {
            // Either this starts when `a` has completed, or `a` requires this and ends before it is asked.
            if until_asked {
                ctx.cancelled().await;
            }
            let state = ctx.daemon().status().state_of("a");
            assert_eq!(state, Some(SubsystemState::Stopped));
            use_kept(&ctx, &kept, &diary, (W::MANY, bound)).await
        })
    };
    for until_asked in [false, true] {
        let (kept, diary) = (Kept::default(), Diary::default());
        let (a, b) = (keep(&kept, until_asked), user(&kept, &diary, until_asked));
        let (a, b) = if until_asked { (a.requires("b"), b) } else { (a, b.after("a")) };
        let report = world.run(Daemon::new().with_subsystem(a).with_subsystem(b));
        assert!(report.is_clean(), "{until_asked}: {report}");
        let kind = if until_asked { EndKind::Requested } else { EndKind::Completed };
        assert_eq!(report.end_of("a").unwrap().kind(), kind, "{report}");
        assert_eq!(diary.lines(), ["used"]);
    }
    for _ in 0..8 {
        spawned_while_it_ends(world);
    }
}

/// However far the end has come when a child is spawned, it is joined as aborted, and then what it owned is dropped.
fn spawned_while_it_ends<W: World>(world: &W) {
    let (kept, spawns) = (Kept::default(), Told::default());
    let state = (Arc::clone(&kept), spawns.clone());
    let ends = task_with("a", state, |ctx: Context, (kept, spawns): (Kept, Told)| async move {
        *kept.lock() = Some(ctx.clone());
        ctx.ready();
        spawns.once().await;
        Ok(())
    })
    .explicit_ready();
    let living = Arc::new(AtomicUsize::new(0));
    let (state, bound) = ((kept, spawns, Arc::clone(&living)), world.bound());
    let spawner = task_with("b", state, move |ctx: Context, (kept, spawns, living)| async move {
        let (kept, spawns, living): (Kept, Told, Arc<AtomicUsize>) = (kept, spawns, living);
        let kept = kept.lock().take().ok_or("`a` has kept none")?;
        let child = || {
            living.fetch_add(1, Ordering::SeqCst);
            let living = Arc::clone(&living);
            let gone = OnDrop(move || _ = living.fetch_sub(1, Ordering::SeqCst));
            kept.spawn(async move {
                let _gone = gone;
                pending::<()>().await;
            })
        };
        let mut children = vec![child()];
        // Else who is seen first, this one running or that one ended, is a matter of who is faster.
        until(&ctx.daemon(), "b", SubsystemState::Running).await;
        spawns.tell();
        for _ in 0..50 {
            children.push(child());
            yield_now().await;
        }
        until(&ctx.daemon(), "a", SubsystemState::Stopped).await;
        children.push(child());
        for child in children {
            let joined = ctx.timeout(bound, child).await?;
            assert!(matches!(joined, Err(JoinError::Aborted)), "{joined:?}");
        }
        assert_eq!(living.load(Ordering::SeqCst), 0, "children that were not dropped");
        Ok(())
    });
    let report = world.run(Daemon::new().with_subsystem(ends).with_subsystem(spawner.after("a")));
    assert!(report.is_clean(), "{report}");
}
