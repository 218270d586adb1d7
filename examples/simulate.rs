//! The service's lifecycle in simulation, with a bug that a test with real time would hardly meet.
//!
//! The janitor compacts the store every ten seconds and takes a while. Whoever wrote it forgot to say that it
//! requires the store: at a stop both are asked at once, and a compaction that is under way then writes to a
//! store that has been closed.
//!
//! `cargo run --example simulate --features sim` finds it, shrinks it and prints it as a timeline; then it lives
//! the mended service through the same seeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proc_daemon::sim::{self, Faults, Life, Sim, any};
use proc_daemon::{Context, Daemon, DaemonBuilder, Result, Signal, Spec, task_with};

/// What the subsystems share. A real one would write to a file, behind a trait.
#[derive(Clone, Default)]
struct Store {
    closed: Arc<AtomicBool>,
}

impl Store {
    fn write(&self) {
        assert!(!self.closed.load(Ordering::Relaxed), "written to after it was closed");
    }
}

/// Opens the store, and closes it when nobody needs it any more.
async fn keep(ctx: Context, store: Store) -> Result {
    ctx.runtime().sleep(Duration::from_millis(300)).await;
    ctx.ready();
    ctx.cancelled().await;
    store.closed.store(true, Ordering::Relaxed);
    Ok(())
}

/// Answers requests; those in flight at a stop are finished.
async fn serve(ctx: Context, store: Store) -> Result {
    while ctx.sleep(Duration::from_millis(700)).await.is_ok() {
        let (request, runtime, store) = (ctx.in_flight(), ctx.runtime().clone(), store.clone());
        ctx.spawn(async move {
            runtime.sleep(Duration::from_millis(40)).await;
            store.write();
            drop(request);
        })
        .detach();
    }
    ctx.drained().await;
    Ok(())
}

/// Compacts the store now and then. A compaction is not interrupted.
async fn compact(ctx: Context, store: Store) -> Result {
    while ctx.sleep(Duration::from_secs(10)).await.is_ok() {
        ctx.runtime().sleep(Duration::from_millis(120)).await;
        store.write();
        sim::reached("compacted");
    }
    Ok(())
}

fn service(janitor: impl Fn(Spec) -> Spec) -> DaemonBuilder {
    let store = Store::default();
    Daemon::new()
        .with_subsystem(task_with("store", store.clone(), keep).explicit_ready())
        .with_subsystem(task_with("http", store.clone(), serve).requires("store"))
        .with_subsystem(janitor(task_with("janitor", store, compact)))
}

fn live(sim: Sim, janitor: impl Fn(Spec) -> Spec) -> Life {
    let faults = Faults::swarm()
        .slow_start(any(), ..Duration::from_secs(2))
        .spurious(any(), 0.2)
        .signal(Signal::Hangup, 1..5, Duration::from_secs(3))
        .signal(Signal::Terminate, 1..3, Duration::from_millis(500));
    sim.daemon(service(janitor)).faults(faults).lasting(Duration::from_secs(60)).run()
}

fn main() {
    let forgotten = |janitor| janitor;
    let mended = |janitor: Spec| janitor.requires("store");

    match sim::hunt(0..20_000, |sim| live(sim, forgotten)) {
        Ok(sweep) => println!("no life failed: {sweep}"),
        Err(failure) => println!("{}", sim::explain(&failure, |sim| live(sim, forgotten))),
    }
    let sweep = sim::check(0..20_000, |sim| live(sim, mended));
    sweep.expect_sometimes(&["compacted", "a stop during the start"]);
    println!("with `requires(\"store\")`: {sweep}");
}
