//! What the subsystems of an obedient daemon do, with what each of them may expect meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proc_daemon::sim::Sim;
use proc_daemon::{Context, JoinError, Result, Spec, SubsystemState, task, task_with};

use crate::expectations::{expect, shown_as, touch, unready};

pub(crate) const MS: Duration = Duration::from_millis(1);
/// The grace of `stubborn`.
const GRACE: Duration = Duration::from_millis(100);

/// A subsystem of a random kind, and its name, which begins with the kind.
pub(crate) fn any(sim: &Sim, unit: u32) -> (String, Spec) {
    let some = sim.choose(20, "how long") * 20 * MS;
    let (kind, spec) = match sim.choose(13, "kind") {
        1 => ("ticks", task("", ticks)),
        2 => ("job", task_with("", some, job)),
        3 => ("asks", task_with("", some, asks)),
        4 => ("drains", task("", drains)),
        5 => ("leaver", task("", leaver)),
        6 => ("parent", task("", parent)),
        7 => ("mover", task("", mover)),
        8 => ("sleeper", task("", sleeper)),
        9 => ("explicit", task("", explicit).explicit_ready()),
        10 => ("quick", task("", quick).explicit_ready()),
        11 => ("stubborn", task("", stubborn).grace(GRACE)),
        12 => ("aborter", task("", aborter)),
        _ => ("idle", task("", idle)),
    };
    let name = format!("{kind}{unit}");
    (name.clone(), spec.named(name))
}

/// Whether a subsystem of this name may end by itself.
pub(crate) fn completes(name: &str) -> bool {
    ["job", "leaver", "quick"].into_iter().any(|kind| name.starts_with(kind))
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    unready(&ctx).await;
    Ok(())
}

async fn ticks(ctx: Context) -> Result {
    let mut ticks = ctx.interval(250 * MS);
    while ticks.tick().await.is_ok() {}
    Ok(())
}

/// Ends by itself, and does not listen.
async fn job(ctx: Context, some: Duration) -> Result {
    ctx.runtime().sleep(some).await;
    Ok(())
}

/// Asks the daemon to end, and again when that is under way.
async fn asks(ctx: Context, some: Duration) -> Result {
    if ctx.sleep(some + 200 * MS).await.is_ok() {
        ctx.shutdown("asked");
        ctx.cancelled().await;
    }
    ctx.shutdown("asked too late");
    Ok(())
}

/// Has two pieces of work in flight when it is asked; one ends while it drains, then the other.
async fn drains(ctx: Context) -> Result {
    let early = !ctx.is_shutdown();
    let (runtime, one, two) = (ctx.runtime().clone(), ctx.in_flight(), ctx.in_flight());
    ctx.cancelled().await;
    if early {
        shown_as(&ctx, SubsystemState::Draining);
    }
    runtime.sleep(20 * MS).await;
    drop(one);
    runtime.sleep(20 * MS).await;
    if early {
        shown_as(&ctx, SubsystemState::Draining);
    }
    let child = ctx.spawn(async move {
        runtime.sleep(20 * MS).await;
        drop(two);
    });
    child.detach();
    ctx.drained().await;
    ctx.runtime().sleep(MS).await;
    shown_as(&ctx, SubsystemState::Stopping);
    Ok(())
}

/// Returns on its own; a piece of work goes on, and a child that nobody waits for.
async fn leaver(ctx: Context) -> Result {
    // Ready first: the law `ready is true` takes a return at the first poll, with work left, for an end that
    // was asked for, and then does not count it as ready.
    ctx.runtime().sleep(MS).await;
    let (work, runtime) = (ctx.in_flight(), ctx.runtime().clone());
    ctx.spawn(async move {
        runtime.sleep(50 * MS).await;
        drop(work);
    })
    .detach();
    ctx.spawn(std::future::pending::<()>()).detach();
    Ok(())
}

/// Its children hear the stop; one of them has waited before and waits no more.
async fn parent(ctx: Context) -> Result {
    let (waits, sleeps) = (ctx.cancelled(), ctx.sleep(40 * MS));
    let child = ctx.spawn(async move {
        waits.await;
    });
    ctx.spawn(sleeps).detach();
    ctx.cancelled().await;
    child.await?;
    Ok(())
}

/// Waits in one task, then with the same future in another.
async fn mover(ctx: Context) -> Result {
    let mut waits = Box::pin(ctx.cancelled());
    touch(waits.as_mut()).await;
    ctx.spawn(waits).await?;
    Ok(())
}

/// Ends with the error that says that it was asked to stop.
async fn sleeper(ctx: Context) -> Result {
    loop {
        ctx.sleep(300 * MS).await?;
        expect(!ctx.is_shutdown(), "stop wins a tie", || "it slept on".to_owned());
    }
}

async fn explicit(ctx: Context) -> Result {
    ctx.runtime().sleep(20 * MS).await;
    if !ctx.is_shutdown() {
        shown_as(&ctx, SubsystemState::Starting);
    }
    ctx.ready();
    ctx.cancelled().await;
    Ok(())
}

/// Says that it is ready, and is done.
async fn quick(ctx: Context) -> Result {
    ctx.ready();
    Ok(())
}

/// Takes most of its grace, which is its own.
async fn stubborn(ctx: Context) -> Result {
    ctx.cancelled().await;
    let left = ctx.time_remaining();
    expect(left == Some(GRACE), "time remaining", || format!("{left:?}, not {GRACE:?}"));
    ctx.runtime().sleep(80 * MS).await;
    Ok(())
}

/// Aborts a child of its own and joins it.
async fn aborter(ctx: Context) -> Result {
    let child = ctx.spawn(std::future::pending::<()>());
    ctx.runtime().sleep(10 * MS).await;
    child.abort();
    let joined = child.await;
    expect(matches!(joined, Err(JoinError::Aborted)), "child is aborted", || format!("{joined:?}"));
    ctx.cancelled().await;
    Ok(())
}

/// How many children are alive.
pub(crate) type Alive = Arc<AtomicU32>;

/// One more, until it is dropped.
pub(crate) struct Guard(Alive);

impl Guard {
    pub(crate) fn new(alive: &Alive) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(alive))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
