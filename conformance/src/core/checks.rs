//! Checks where threads are real: what they do to a worker, and what becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::{Backoff, Check, Context, Daemon, Health, RestartPolicy, Spec, task};

use super::{Core, OnDrop, core, idle};
use crate::told::Told;
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!("HEALTH-01", a_check_that_panics_has_failed, "A check that panics is a failed check.", "The subsystem is started again."),
        core!("HEALTH-02", a_check_that_hangs_has_failed, "A check that hangs is a failed check.", "The subsystem is started again."),
        core!("HEALTH-03", a_run_that_is_dropped_takes_its_checks_along, "Dropping the run drops a check that is being asked.", "Dropped while a check is pending."),
        core!("HEALTH-04", a_check_that_blocks_its_thread_has_failed_while_it_does, "A check that blocks its thread has failed, and the subsystem is started again meanwhile.", "It blocks until the second start.").workers().alone(),
        core!("HEALTH-05", a_check_that_blocks_its_thread_holds_up_no_end, "A check that blocks its thread holds up no end.", "It blocks until the daemon has ended.").workers().alone(),
        core!("HEALTH-06", a_check_that_blocks_its_thread_is_not_asked_again_meanwhile, "However many starts there are, a check that blocks holds one thread.", "Five starts.").workers().alone(),
    ]
}

const MS: Duration = Duration::from_millis(1);

/// Its second start asks for the end.
fn twice(check: Check) -> Spec {
    let spec = task("twice", |ctx: Context| async move {
        if ctx.generation() == 2 {
            ctx.shutdown("it was started again");
        }
        idle(ctx).await
    });
    let policy = RestartPolicy::on_failure().backoff(Backoff::none());
    spec.restart_policy(policy).liveness(check.every(10 * MS).fall(1))
}

fn a_check_that_panics_has_failed<W: World>(world: &W) {
    let check = Check::new(|ctx| async move {
        if ctx.generation() == 1 {
            crate::lab::panic_on_purpose("in the check");
        }
        Ok(Health::Up)
    });
    let report = world.run_with_panics(Daemon::new().with_subsystem(twice(check)));
    assert!(report.is_clean(), "{report}");
}

fn a_check_that_hangs_has_failed<W: World>(world: &W) {
    let check = Check::new(|ctx| async move {
        if ctx.generation() == 1 {
            std::future::pending::<()>().await;
        }
        Ok(Health::Up)
    });
    let check = check.timeout(20 * MS);
    let report = world.run(Daemon::new().with_subsystem(twice(check)));
    assert!(report.is_clean(), "{report}");
}

fn a_run_that_is_dropped_takes_its_checks_along<W: World>(world: &W) {
    let (asked, dropped) = (Told::default(), Told::default());
    let (open, gone) = (asked.clone(), dropped.clone());
    let check = Check::new(move |_| {
        let guard = OnDrop({
            let gone = gone.clone();
            move || gone.tell()
        });
        let open = open.clone();
        async move {
            let _guard = guard;
            open.tell();
            std::future::pending().await
        }
    });
    let spec = task("a", idle).readiness(check.timeout(3600 * 1000 * MS));
    let daemon = world.daemon(Daemon::new().with_subsystem(spec));
    world.block_on(async |runtime| {
        let run = async {
            let _ = daemon.run_on(runtime).await;
        };
        futures_lite::future::or(run, asked.once()).await;
        dropped.once().await;
    });
}

/// It goes on blocking until the subsystem has been started again because of it.
fn a_check_that_blocks_its_thread_has_failed_while_it_does<W: World>(world: &W) {
    let (go, gone): (Sender<()>, Receiver<()>) = mpsc::channel();
    let gone = Mutex::new(gone);
    let check = Check::new(move |ctx| {
        if ctx.generation() == 1 {
            gone.lock().recv().expect("the second start lets it go");
        }
        async { Ok(Health::Up) }
    });
    let spec = task("a", move |ctx: Context| {
        let go = go.clone();
        async move {
            if ctx.generation() == 2 {
                go.send(())?;
                ctx.shutdown("it was started again");
            }
            idle(ctx).await
        }
    });
    let policy = RestartPolicy::on_failure().backoff(Backoff::none());
    let check = check.every(10 * MS).timeout(20 * MS);
    let spec = spec.restart_policy(policy).liveness(check);
    let report = world.run(Daemon::new().with_subsystem(spec));
    assert!(report.is_clean(), "{report}");
}

/// It goes on blocking until the daemon has ended.
fn a_check_that_blocks_its_thread_holds_up_no_end<W: World>(world: &W) {
    let (go, gone): (Sender<()>, Receiver<()>) = mpsc::channel();
    let (gone, asked) = (Mutex::new(gone), Told::default());
    let open = asked.clone();
    let check = Check::new(move |_| {
        open.tell();
        gone.lock().recv().expect("the end of the daemon lets it go");
        async { Ok(Health::Up) }
    });
    let daemon = Daemon::new().with_subsystem(task("a", idle).readiness(check));
    let report = world.script(daemon, async move |control: Daemon| {
        asked.once().await;
        control.shutdown();
        control.stopped().await;
        go.send(()).expect("it is being waited for");
    });
    assert!(report.is_clean(), "{report}");
}

/// However often the subsystem is started again because of it: one thread is held, not one for each start.
fn a_check_that_blocks_its_thread_is_not_asked_again_meanwhile<W: World>(world: &W) {
    let (go, gone): (Sender<()>, Receiver<()>) = mpsc::channel();
    let gone = Mutex::new(gone);
    let (inside, fifth) = (Arc::new(AtomicUsize::new(0)), Told::default());
    let (count, open, late) = (Arc::clone(&inside), fifth.clone(), fifth.clone());
    // What is wrong fails, and does not hang.
    let bound = world.bound();
    let check = Check::new(move |_| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        if first && gone.lock().recv_timeout(bound) == Err(RecvTimeoutError::Timeout) {
            count.store(usize::MAX, Ordering::SeqCst);
            late.tell();
        }
        // Asked beside the first, it fails as well, and the starts go on to the fifth.
        async move { if first { Ok(Health::Up) } else { Err("asked again".into()) } }
    });
    let spec = task("a", move |ctx: Context| {
        if ctx.generation() == 5 {
            open.tell();
        }
        idle(ctx)
    });
    let policy = RestartPolicy::on_failure().backoff(Backoff::none()).unlimited();
    let check = check.every(10 * MS).timeout(20 * MS).fall(1);
    let spec = spec.restart_policy(policy).liveness(check);
    let report = world.script(Daemon::new().with_subsystem(spec), async move |control: Daemon| {
        fifth.once().await;
        let asked = inside.load(Ordering::SeqCst);
        assert_ne!(asked, usize::MAX, "it has not been started five times within {bound:?}");
        assert_eq!(asked, 1, "it was asked on one more thread");
        drop(go);
        control.shutdown();
    });
    assert!(!report.subsystems().is_empty(), "{report}");
}
