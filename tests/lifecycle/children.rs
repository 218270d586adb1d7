//! Children and work in flight.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_lite::future::yield_now;
use parking_lot::Mutex;
use proc_daemon::runtime::OwnedRuntime;
use proc_daemon::{
    Context, Daemon, EndKind, JoinError, Result, Spec, SubsystemState, task, task_with,
};

use crate::{Diary, Row};

crate::on_every_runtime!(
    no_child_outlives_its_subsystem,
    children_in_flight_are_drained_when_run_returns,
    work_in_flight_beyond_the_grace_is_aborted,
    a_childs_panic_goes_to_who_joins_it,
    a_childs_panic_that_nobody_joins_fails_the_subsystem,
    an_aborted_child_is_joined_as_aborted,
    blocking_work_is_a_child_too,
    drained_resolves_when_nothing_is_in_flight,
    a_child_spawned_after_the_end_is_aborted,
    a_context_kept_beyond_the_end_admits_no_child,
    a_failure_is_not_held_back_by_what_is_in_flight,
);

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn no_child_outlives_its_subsystem<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let inside = diary.clone();
    let report = row.run(Daemon::new().with_task("parent", move |ctx| {
        let diary = inside.clone();
        async move {
            for _ in 0..10 {
                let diary = diary.clone();
                ctx.spawn(async move {
                    let _gone = OnDrop(|| diary.note("child gone"));
                    pending::<()>().await;
                })
                .detach();
            }
            Ok(())
        }
    }));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.end_of("parent").unwrap().kind(), EndKind::Completed);
    // Those that had been polled were dropped before the end was reported; the others never ran.
    assert!(diary.lines().iter().all(|line| line == "child gone"));
    assert!(diary.lines().len() <= 10);
}

fn children_in_flight_are_drained_when_run_returns<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let inside = diary.clone();
    let server = task("server", move |ctx: Context| {
        let diary = inside.clone();
        async move {
            let (busy, own) = (ctx.in_flight(), ctx.clone());
            let done = diary.clone();
            ctx.spawn(async move {
                let _busy = busy;
                own.runtime().sleep(Duration::from_millis(40)).await;
                done.note("answered");
            })
            .detach();
            ctx.shutdown("go");
            ctx.cancelled().await;
            diary.note("returned");
            Ok(())
        }
    });
    let report = row.run(Daemon::new().with_subsystem(server));
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["returned", "answered"]);
}

fn work_in_flight_beyond_the_grace_is_aborted<B: OwnedRuntime>(row: &Row<B>) {
    let server = task("server", |ctx: Context| async move {
        let busy = ctx.in_flight();
        ctx.spawn(async move {
            let _busy = busy;
            pending::<()>().await;
        })
        .detach();
        ctx.shutdown("go");
        ctx.cancelled().await;
        Ok(())
    });
    let report = row.run(Daemon::new().with_subsystem(server.grace(Duration::from_millis(30))));
    assert_eq!(report.code, 124, "{report}");
    assert_eq!(report.end_of("server").unwrap().kind(), EndKind::Aborted);
}

fn a_childs_panic_goes_to_who_joins_it<B: OwnedRuntime>(row: &Row<B>) {
    let report = row.run(Daemon::new().with_task("parent", |ctx| async move {
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

fn a_childs_panic_that_nobody_joins_fails_the_subsystem<B: OwnedRuntime>(row: &Row<B>) {
    for keep in [false, true] {
        let report = row.run(Daemon::new().with_task("parent", move |ctx| async move {
            if keep {
                let child = ctx.spawn_named("keeper", async { panic!("in the child") });
                while !child.is_finished() {
                    ctx.sleep(Duration::from_millis(1)).await?;
                }
                drop(child);
            } else {
                ctx.spawn(async { panic!("in the child") }).detach();
            }
            pending::<Result>().await
        }));
        assert_eq!(report.code, 70, "{report}");
        let who = if keep { "child `keeper`" } else { "a child" };
        let text = report.to_string();
        assert!(text.contains(&format!("{who} panicked: in the child")), "{text}");
    }
}

fn an_aborted_child_is_joined_as_aborted<B: OwnedRuntime>(row: &Row<B>) {
    let report = row.run(Daemon::new().with_task("parent", |ctx| async move {
        let dropped = Arc::new(AtomicBool::new(false));
        let inside = Arc::clone(&dropped);
        let child = ctx.spawn_named("napper", async move {
            let _mark = OnDrop(|| inside.store(true, Ordering::SeqCst));
            pending::<()>().await;
        });
        ctx.sleep(Duration::from_millis(5)).await?;
        child.abort();
        assert!(matches!(child.await, Err(JoinError::Aborted)));
        assert!(dropped.load(Ordering::SeqCst), "destructors have run before the join");
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn blocking_work_is_a_child_too<B: OwnedRuntime>(row: &Row<B>) {
    let report = row.run(Daemon::new().with_task("parent", |ctx| async move {
        assert_eq!(ctx.spawn_blocking(|| 7).await?, 7);
        let panicked = ctx.spawn_blocking(|| panic!("blocking")).await;
        assert!(matches!(panicked, Err::<(), _>(JoinError::Panicked(_))));
        let done = Arc::new(AtomicBool::new(false));
        let (inside, busy) = (Arc::clone(&done), ctx.in_flight());
        ctx.spawn_blocking(move || {
            let _busy = busy;
            std::thread::sleep(Duration::from_millis(30));
            inside.store(true, Ordering::SeqCst);
        })
        .detach();
        ctx.drained().await;
        assert!(done.load(Ordering::SeqCst));
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn drained_resolves_when_nothing_is_in_flight<B: OwnedRuntime>(row: &Row<B>) {
    let report = row.run(Daemon::new().with_task("parent", |ctx| async move {
        ctx.drained().await;
        for _ in 0..3 {
            let guards = [ctx.in_flight(), ctx.in_flight()];
            let waiter = ctx.clone();
            let first = ctx.spawn(async move { waiter.drained().await });
            let waiter = ctx.clone();
            let second = ctx.spawn(async move { waiter.drained().await });
            ctx.sleep(Duration::from_millis(2)).await?;
            assert!(!first.is_finished() && !second.is_finished());
            drop(guards);
            first.await?;
            second.await?;
        }
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn a_child_spawned_after_the_end_is_aborted<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let inside = diary.clone();
    let report = row.run(Daemon::new().with_task("parent", move |ctx| {
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
async fn use_kept(ctx: &Context, kept: &Kept, diary: &Diary) -> Result {
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
    let joined = ctx.timeout(Duration::from_secs(10), child).await?;
    assert!(matches!(joined, Err(JoinError::Aborted)), "{joined:?}");
    for _ in 0..1_000_000 {
        drop(kept.in_flight());
    }
    kept.drained().await;
    diary.note("used");
    Ok(())
}

fn a_context_kept_beyond_the_end_admits_no_child<B: OwnedRuntime>(row: &Row<B>) {
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
    let user = |kept: &Kept, diary: &Diary, until_asked: bool| {
        let state = (Arc::clone(kept), diary.clone());
        task_with("b", state, move |ctx: Context, (kept, diary): (Kept, Diary)| async move {
            if until_asked {
                // `a` requires this: it has ended when this is asked.
                ctx.cancelled().await;
            }
            while ctx.daemon().status().state_of("a") != Some(SubsystemState::Stopped) {
                ctx.runtime().sleep(Duration::from_millis(1)).await;
            }
            use_kept(&ctx, &kept, &diary).await
        })
    };
    for until_asked in [false, true] {
        let (kept, diary) = (Kept::default(), Diary::default());
        let (a, b) = (keep(&kept, until_asked), user(&kept, &diary, until_asked));
        let a = if until_asked { a.requires("b") } else { a };
        let report = row.run(Daemon::new().with_subsystem(a).with_subsystem(b));
        assert!(report.is_clean(), "{until_asked}: {report}");
        let kind = if until_asked { EndKind::Requested } else { EndKind::Completed };
        assert_eq!(report.end_of("a").unwrap().kind(), kind, "{report}");
        assert_eq!(diary.lines(), ["used"]);
    }
}

/// Fails with a child in flight that never ends, after it was ready.
fn fails_in_flight(panics: bool) -> Spec {
    task("bad", move |ctx: Context| async move {
        let busy = ctx.in_flight();
        ctx.spawn(async move {
            let _busy = busy;
            pending::<()>().await;
        })
        .detach();
        ctx.sleep(Duration::from_millis(1)).await?;
        if panics {
            panic!("boom");
        }
        Err("boom".into())
    })
    .grace(Duration::from_millis(50))
}

/// The general grace is 20 s: the other subsystem hears of the failure long before.
fn a_failure_is_not_held_back_by_what_is_in_flight<B: OwnedRuntime>(row: &Row<B>) {
    for (panics, code, requires) in
        [(false, 1, false), (false, 1, true), (true, 70, false), (true, 70, true)]
    {
        let diary = Diary::default();
        let other = task_with("other", diary.clone(), |ctx: Context, diary: Diary| async move {
            match ctx.timeout(Duration::from_secs(10), ctx.cancelled()).await {
                Ok(()) => diary.note("asked"),
                // Ends a run that would not end by itself.
                Err(_) => drop(ctx.shutdown("nobody was asked")),
            }
            Ok(())
        });
        let bad = fails_in_flight(panics);
        let bad = if requires { bad.requires("other") } else { bad };
        let report = row.run(Daemon::new().with_subsystem(other).with_subsystem(bad));
        let what = format!("panics: {panics}, requires: {requires}: {report}");
        assert_eq!(report.code, code, "{what}");
        assert!(report.to_string().contains("boom"), "{what}");
        assert_eq!(diary.lines(), ["asked"], "{what}");
        assert!(report.stopped_in() < Duration::from_secs(10), "{what}");
    }
}
