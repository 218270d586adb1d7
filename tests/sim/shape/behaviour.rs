//! What the subsystems of random daemons do with their lives.

use std::time::Duration;

use proc_daemon::sim::{Sim, reached};
use proc_daemon::{Context, Result, Spec, Subsystem, task};

use super::control;
use super::foreign::{self, Shared};
use super::restarts;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// From nothing to longer than a life.
const TIMES: [Duration; 7] = [
    Duration::ZERO,
    MS,
    Duration::from_millis(10),
    Duration::from_millis(100),
    SECOND,
    Duration::from_secs(3),
    Duration::MAX,
];

/// A subsystem of a random kind.
pub(super) fn any(sim: &Sim, name: String, shared: &Shared) -> Spec {
    let variant = sim.choose(6, "variant");
    let time = TIMES[sim.choose(7, "time") as usize];
    let spec = match sim.choose(15, "behaviours") {
        // One of them can be started once.
        1 => ends(sim, name, time, variant),
        2 | 4 => restarts::supervised(sim, foreign::any(sim, name, time, shared)),
        3 => restarts::supervised(sim, edges(sim, name, time, variant)),
        7 => restarts::supervised(sim, control::manages(name)),
        5 | 6 => restarts::supervised(sim, restarts::any(sim, name)),
        _ => restarts::supervised(sim, plain(sim, name)),
    };
    match sim.choose(32, "limits") {
        1 => spec.grace(Duration::ZERO),
        2 => spec.grace(time),
        3 => spec.start_timeout(Duration::from_nanos(1)),
        4 => spec.start_timeout(time.max(MS)),
        _ => spec,
    }
}

/// As they are in a program.
fn plain(sim: &Sim, name: String) -> Spec {
    match sim.choose(11, "behaviour") {
        1 => task(name, ticks),
        2 => task(name, worker),
        3 => task(name, drains),
        4 => task(name, job),
        5 => task(name, explicit).explicit_ready(),
        6 => task(name, explicit).explicit_ready().start_timeout(40 * MS),
        7 => task(name, blocker),
        10 => super::checks::beats(name),
        8 => task(name, stubborn).grace(100 * MS),
        9 => Spec::new(Service { name, fails: false }),
        _ => task(name, idle),
    }
}

pub(super) async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

async fn ticks(ctx: Context) -> Result {
    let mut ticks = ctx.interval(250 * MS);
    while ticks.tick().await.is_ok() {}
    Ok(())
}

async fn worker(ctx: Context) -> Result {
    let child = ctx.spawn({
        let ctx = ctx.clone();
        async move { while ctx.sleep(300 * MS).await.is_ok() {} }
    });
    ctx.cancelled().await;
    child.await?;
    Ok(())
}

async fn drains(ctx: Context) -> Result {
    loop {
        holds(&ctx, &ctx, 30 * MS);
        ctx.sleep(500 * MS).await?;
    }
}

async fn job(ctx: Context) -> Result {
    let _ = ctx.sleep(3000 * MS).await;
    Ok(())
}

async fn explicit(ctx: Context) -> Result {
    ctx.runtime().sleep(20 * MS).await;
    ctx.ready();
    ctx.cancelled().await;
    Ok(())
}

async fn blocker(ctx: Context) -> Result {
    loop {
        ctx.spawn_blocking(|| ()).await?;
        ctx.sleep(700 * MS).await?;
    }
}

/// Takes all of its grace but a little.
async fn stubborn(ctx: Context) -> Result {
    ctx.cancelled().await;
    ctx.runtime().sleep(ctx.time_remaining().unwrap_or_default().saturating_sub(10 * MS)).await;
    Ok(())
}

/// A child of `of` that holds work in flight of `whose` for some time.
pub(super) fn holds(of: &Context, whose: &Context, time: Duration) {
    let (work, runtime) = (whose.in_flight(), of.runtime().clone());
    let child = async move {
        runtime.sleep(time).await;
        drop(work);
    };
    of.spawn(child).detach();
}

/// A user's own type.
struct Service {
    name: String,
    fails: bool,
}

impl Subsystem for Service {
    fn name(&self) -> &str {
        &self.name
    }

    async fn run(&self, ctx: Context) -> Result {
        reached("a type of the user's ran");
        ctx.cancelled().await;
        if self.fails { Err("no".into()) } else { Ok(()) }
    }
}

/// Uses its context when it is dropped.
struct Leaves(Context);

impl Drop for Leaves {
    fn drop(&mut self) {
        drop(self.0.in_flight());
        self.0.ready();
    }
}

/// They come to an end by themselves: at once, later, with something left behind.
fn ends(sim: &Sim, name: String, time: Duration, variant: u32) -> Spec {
    match sim.choose(8, "end") {
        1 => task(name, |_| async { Err("at once".into()) }),
        2 => task(name, move |ctx: Context| async move {
            ctx.sleep(time).await?;
            Err("later".into())
        }),
        3 => task(name, move |ctx: Context| async move {
            holds(&ctx, &ctx, time);
            reached("an end with work in flight");
            Ok(())
        }),
        4 => task(name, move |ctx: Context| async move {
            let child = ctx.clone();
            ctx.spawn(async move { child.sleep(time).await }).detach();
            reached("an end with a child");
            if variant == 0 { Err("with a child".into()) } else { Ok(()) }
        }),
        5 => task(name, move |ctx: Context| async move {
            ctx.spawn_blocking(|| ()).detach();
            ctx.runtime().sleep(time.min(SECOND)).await;
            Ok(())
        }),
        6 => Spec::once(name, move |ctx: Context| async move {
            reached("a function that can be called once");
            Ok(ctx.sleep(time).await?)
        }),
        7 => Spec::factory(name, move || match variant {
            0 => {
                reached("a constructor failed");
                Err("the constructor".into())
            }
            fails => {
                let (name, fails) = (String::new(), fails == 1);
                Ok(Service { name, fails })
            }
        }),
        _ => task(name, |_| async { Ok(()) }),
    }
}

/// At the edges of what may be asked for.
fn edges(sim: &Sim, name: String, time: Duration, variant: u32) -> Spec {
    match sim.choose(8, "edge") {
        1 => task(name, idle).explicit_ready().start_timeout(time.max(MS)),
        2 => task(name, |ctx: Context| async move {
            ctx.daemon().stopped().await;
            Ok(())
        })
        .grace(time),
        3 => task(name, move |ctx: Context| async move {
            ctx.shutdown_announced().await;
            ctx.runtime().sleep(time).await;
            Ok(())
        }),
        4 => task(name, move |ctx: Context| async move {
            let _work = ctx.in_flight();
            ctx.cancelled().await;
            ctx.runtime().sleep(time).await;
            Ok(())
        })
        .grace(Duration::from_millis(50)),
        5 => task(name, move |ctx: Context| async move {
            let _leaves = Leaves(ctx.clone());
            ctx.sleep(time).await?;
            if variant == 0 {
                ctx.ready();
            };
            idle(ctx).await
        })
        .explicit_ready(),
        6 => task(name, move |ctx: Context| async move {
            let child = ctx.clone();
            let child = ctx.spawn(async move { child.sleep(time).await });
            child.abort();
            let _ = child.await;
            ctx.drained().await;
            idle(ctx).await
        }),
        7 => task(name, move |ctx: Context| async move {
            let _ = ctx.timeout(time, std::future::pending::<()>()).await;
            ctx.ready();
            idle(ctx).await
        })
        .explicit_ready()
        .start_timeout(200 * MS),
        _ => task(name, idle).grace(Duration::MAX),
    }
}
