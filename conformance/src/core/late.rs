//! Children that are spawned when their subsystem is over, or about to be.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_lite::future::yield_now;
use parking_lot::Mutex;
use proc_daemon::{Context, Daemon, EndKind, JoinError, Result, SubsystemState, task_with};

use super::{Core, Diary, OnDrop, core, until};
use crate::told::Told;
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
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
    ]
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
