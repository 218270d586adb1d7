//! Daemons of random shape: every number in them is a choice of the seed, 0 the dull one, so a failing daemon
//! shrinks to a small one.

use std::time::Duration;

use proc_daemon::sim::{Faults, Sim, any};
use proc_daemon::{
    Backoff, Config, Context, Daemon, DaemonBuilder, Exit, RestartPolicy, Result, Signal, Spec,
    task,
};

const MS: Duration = Duration::from_millis(1);

/// What a subsystem does with its life.
fn behaviour(sim: &Sim, name: String) -> Spec {
    match sim.choose(11, "behaviour") {
        1 => task(name, ticks),
        2 => task(name, worker),
        3 => task(name, drains),
        4 => task(name, job),
        5 => task(name, explicit).explicit_ready(),
        6 => task(name, explicit).explicit_ready().start_timeout(40 * MS),
        7 => task(name, blocker),
        8 => task(name, stubborn).grace(100 * MS),
        9 => task(name, decides),
        10 => task(name, flaps),
        _ => task(name, idle),
    }
}

async fn idle(ctx: Context) -> Result {
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
        let work = ctx.in_flight();
        let runtime = ctx.runtime().clone();
        ctx.spawn(async move {
            runtime.sleep(30 * MS).await;
            drop(work);
        })
        .detach();
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

/// Says itself what is to become of it, now and then with work in flight; each of its starts another thing.
async fn decides(ctx: Context) -> Result {
    let exit = [Exit::Default, Exit::DoNotRestart, Exit::ShutdownDaemon(7)];
    let exit = exit[usize::try_from(ctx.generation() + ctx.id().as_u64()).unwrap_or(0) % 3];
    let (work, runtime) = (ctx.in_flight(), ctx.runtime().clone());
    if ctx.id().as_u64().is_multiple_of(2) {
        ctx.spawn(async move {
            runtime.sleep(40 * MS).await;
            drop(work);
        })
        .detach();
    }
    ctx.sleep(900 * MS).await?;
    ctx.end(exit)?;
    if ctx.generation().is_multiple_of(2) { Ok(()) } else { Err("it broke".into()) }
}

/// Runs for a while and breaks; every third start breaks before it is ready.
async fn flaps(ctx: Context) -> Result {
    if !ctx.generation().is_multiple_of(3) {
        ctx.sleep(150 * MS).await?;
    }
    Err("it broke".into())
}

/// Whether, how soon and how often it starts again.
fn policy(sim: &Sim) -> RestartPolicy {
    let policy = match sim.choose(5, "policy") {
        1 => RestartPolicy::on_failure(),
        2 => RestartPolicy::always(),
        3 => RestartPolicy::on_failure().intensity(2, Duration::from_secs(60)),
        4 => RestartPolicy::on_failure().intensity(2, Duration::from_millis(700)),
        _ => RestartPolicy::never(),
    };
    match sim.choose(3, "backoff") {
        1 => policy.backoff(Backoff::none()),
        2 => policy.backoff(Backoff::exponential(10 * MS, 50 * MS).reset_after(200 * MS)),
        _ => policy,
    }
}

/// Up to 8 subsystems, each with up to two dependencies.
pub(crate) fn daemon(sim: &Sim) -> DaemonBuilder {
    let mut config = Config::builder();
    config = match sim.choose(4, "timeouts") {
        1 => config.shutdown_timeout(200 * MS),
        2 => config.shutdown_timeout(500 * MS).lame_duck(300 * MS),
        3 => config.shutdown_timeout(400 * MS).force_shutdown_timeout(450 * MS),
        _ => config,
    };
    let mut daemon = Daemon::builder(config.build().expect("these go together"));
    if sim.choose(4, "restarts a second") == 1 {
        daemon = daemon.restarts_per_second(1);
    }
    for unit in 0..1 + sim.choose(8, "subsystems") {
        let mut spec = behaviour(sim, format!("s{unit}"));
        for _ in 0..sim.choose(3, "dependencies") {
            if unit > 0 {
                let on = format!("s{}", sim.choose(unit, "dependency"));
                spec = if sim.choose(2, "kind") == 0 { spec.requires(on) } else { spec.after(on) };
            }
        }
        spec = spec.restart_policy(policy(sim));
        if sim.choose(3, "optional") == 1 {
            spec = spec.optional();
        }
        spec = match sim.choose(8, "given up") {
            1 => spec.on_give_up(|_| Exit::Default),
            2 => spec.on_give_up(|_| Exit::DoNotRestart),
            3 => spec.on_give_up(|_| Exit::ShutdownDaemon(9)),
            _ => spec,
        };
        if sim.choose(6, "background") == 1 {
            spec = spec.background();
        }
        daemon = daemon.with_subsystem(spec);
    }
    daemon
}

/// Everything that can go wrong.
pub(crate) fn faults() -> Faults {
    Faults::swarm()
        .panic(any(), 0.1)
        .error(any(), 0.1)
        .slow_start(any(), Duration::ZERO..100 * MS)
        .slow_stop(any(), Duration::ZERO..1000 * MS)
        .deaf(any(), 0.05)
        .silence(any(), 0.05)
        .stall(any(), 0.1, 2000 * MS)
        .spurious(any(), 0.3)
        .signal(Signal::Terminate, 1..4, 20 * MS)
        .signal(Signal::Interrupt, 1..4, 400 * MS)
        .signal(Signal::Hangup, 1..6, 20 * MS)
        .signal(Signal::Quit, 1..2, 20 * MS)
        .signal(Signal::User1, 1..3, 20 * MS)
        .stuck_blocking(0.02)
        .wall_clock_jumps(2)
}
