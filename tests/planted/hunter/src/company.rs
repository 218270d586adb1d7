//! Small daemons of groups and bound dependencies, with one among them that calls others by name at any moment.

use std::time::Duration;

use proc_daemon::sim::{Faults, Life, Sim};
use proc_daemon::{
    Backoff, Config, Context, Daemon, Exit, RestartPolicy, Result, Spec, Strategy, task, task_with,
};

use crate::kinds::MS;
use crate::obedient::exact;

/// A call: how long after the last one, which, and of whom.
type Calls = Vec<(Duration, u32, u32)>;

pub(crate) fn life(sim: Sim) -> Life {
    let sim = exact(sim);
    match sim.choose(12, "company") {
        1 => link(sim),
        2 => left(sim),
        3 => without(sim),
        4 => echo(sim),
        5 => tie(sim),
        6 => waits(sim),
        7 => later(sim),
        _ => groups(sim),
    }
}

/// What is bound to one is removed while its group starts again; then that one does.
fn link(sim: Sim) -> Life {
    let calls = vec![
        (some(&sim, "pause") + MS, 0, 1),
        (some(&sim, "pause"), 3, 3),
        (some(&sim, "pause"), 0, 0),
    ];
    let daemon = Daemon::new()
        .with_group("first", Strategy::OneForAll)
        .with_subsystem(again(task("m0", idle)))
        .with_subsystem(again(task("m1", idle)).group("first"))
        .with_subsystem(again(task_with("m2", 90 * MS, lingers)).group("first"))
        .with_subsystem(again(task("m3", idle)).group("first").binds("m0"))
        .with_subsystem(task_with("m4", calls, caller));
    sim.daemon(daemon).lasting(1000 * MS).run()
}

/// One of a group is left behind when the group starts again.
fn left(sim: Sim) -> Life {
    let grace = 100 * MS;
    let config = Config::builder().shutdown_timeout(grace).build().expect("a grace alone is fine");
    let temporary = sim.choose(2, "temporary") == 1;
    let blocks = task("m1", blocks).optional().group("first");
    let blocks =
        if temporary { blocks.restart_policy(RestartPolicy::never()) } else { again(blocks) };
    let daemon = Daemon::builder(config)
        .with_group("first", Strategy::RestForOne)
        .with_subsystem(again(task_with("m0", some(&sim, "breaks"), breaks)).group("first"))
        .with_subsystem(blocks)
        .with_subsystem(again(task("m2", idle)).group("first").optional())
        .with_task("companion", idle);
    let faults = Faults::none().stuck_blocking(1.0);
    sim.daemon(daemon).faults(faults).lasting(1500 * MS).run()
}

/// One has completed, what it requires is stopped, and its group starts again.
fn without(sim: Sim) -> Life {
    let calls = vec![(some(&sim, "pause"), 1, 0)];
    let daemon = Daemon::new()
        .with_group("first", Strategy::OneForAll)
        .with_subsystem(again(task("m0", idle)))
        .with_subsystem(
            again(task_with("m1", some(&sim, "completes"), completes))
                .requires("m0")
                .group("first"),
        )
        .with_subsystem(again(task_with("m2", some(&sim, "breaks"), breaks)).group("first"))
        .with_subsystem(task_with("m3", calls, caller));
    sim.daemon(daemon).lasting(1000 * MS).run()
}

/// Somebody has the context of a start that is over, and says that it is ready.
fn echo(sim: Sim) -> Life {
    let one = task_with("m0", some(&sim, "breaks"), |ctx: Context, after| async move {
        let old = ctx.clone();
        let says = async move {
            old.runtime().sleep(120 * MS).await;
            old.ready();
        };
        ctx.runtime().spawn("echo".into(), Box::pin(says));
        if ctx.generation() == 1 {
            return breaks(ctx, after).await;
        }
        late(ctx, 200 * MS).await
    });
    let daemon = Daemon::new()
        .with_subsystem(again(one).explicit_ready())
        .with_subsystem(task("m1", idle).requires("m0"));
    sim.daemon(daemon).lasting(1000 * MS).run()
}

/// One is about to start again at the moment at which another one takes it along.
fn tie(sim: Sim) -> Life {
    let daemon = Daemon::new()
        .with_group("first", Strategy::RestForOne)
        .with_subsystem(
            again(task_with("m0", some(&sim, "time"), quiet)).heartbeat(50 * MS).group("first"),
        )
        .with_subsystem(again(task_with("m1", some(&sim, "breaks"), breaks)).group("first"))
        .with_task("companion", idle);
    sim.daemon(daemon).lasting(500 * MS).run()
}

/// What one waits for becomes ready while its group starts again.
fn waits(sim: Sim) -> Life {
    let late = task_with("m0", some(&sim, "ready"), late).explicit_ready();
    let daemon = Daemon::new()
        .with_group("first", Strategy::OneForAll)
        .with_subsystem(again(late))
        .with_subsystem(again(task("m1", idle)).requires("m0").group("first"))
        .with_subsystem(again(task_with("m2", 90 * MS, lingers)).group("first"))
        .with_subsystem(again(task_with("m3", some(&sim, "breaks"), breaks)).group("first"));
    sim.daemon(daemon).lasting(500 * MS).run()
}

/// One is started again by name while its group waits for a backoff.
fn later(sim: Sim) -> Life {
    let calls = vec![(some(&sim, "pause"), 0, 2)];
    let policy = RestartPolicy::on_failure().backoff(Backoff::constant(400 * MS).jitter(0.0));
    let daemon = Daemon::new()
        .with_group("first", Strategy::OneForAll)
        .with_subsystem(
            task_with("m0", some(&sim, "breaks"), breaks).restart_policy(policy).group("first"),
        )
        .with_subsystem(again(task("m1", idle)).group("first"))
        .with_subsystem(again(task_with("m2", 90 * MS, lingers)).group("first"))
        .with_subsystem(task_with("m3", calls, caller));
    sim.daemon(daemon).lasting(1000 * MS).run()
}

fn again(spec: Spec) -> Spec {
    spec.restart_policy(RestartPolicy::on_failure().backoff(Backoff::constant(50 * MS).jitter(0.0)))
}

fn groups(sim: Sim) -> Life {
    let grace = 100 * MS;
    let config = Config::builder().shutdown_timeout(grace).build().expect("a grace alone is fine");
    let mut daemon = Daemon::builder(config);
    if sim.choose(4, "restarts a second") == 1 {
        daemon = daemon.restarts_per_second(1);
    }
    for name in ["first", "second"] {
        let strategies = [Strategy::OneForAll, Strategy::RestForOne, Strategy::OneForOne];
        daemon = daemon.with_group(name, strategies[sim.choose(3, "strategy") as usize]);
    }
    let members = 2 + sim.choose(4, "members");
    for unit in 0..members {
        daemon = daemon.with_subsystem(grouped(&sim, member(&sim, unit)));
    }
    let calls: Calls = (0..sim.choose(7, "calls"))
        .map(|_| (some(&sim, "pause"), sim.choose(6, "call"), sim.choose(members + 2, "whom")))
        .collect();
    let caller = task_with(format!("m{members}"), calls, caller).optional();
    daemon = daemon.with_subsystem(grouped(&sim, caller)).with_task("companion", idle);
    let stuck = f64::from(sim.choose(2, "stuck"));
    let faults = Faults::none().stuck_blocking(stuck);
    sim.daemon(daemon).faults(faults).lasting(1500 * MS).run()
}

/// Often nothing, so that things fall together.
fn some(sim: &Sim, site: &str) -> Duration {
    sim.choose(10, site).saturating_sub(3) * 25 * MS
}

fn member(sim: &Sim, unit: u32) -> Spec {
    let name = format!("m{unit}");
    let time = some(sim, "time");
    let spec = match sim.choose(10, "kind") {
        1 | 7 => task_with(name, time, breaks),
        2 | 8 => task_with(name, time, completes),
        9 => task_with(name, time, last_words),
        3 => task_with(name, time, lingers),
        4 => task_with(name, time, late).explicit_ready(),
        5 => task(name, blocks),
        6 => task_with(name, time, quiet).heartbeat(50 * MS),
        _ => task(name, idle),
    };
    let policy = match sim.choose(4, "policy") {
        1 => RestartPolicy::always(),
        2 => RestartPolicy::never(),
        3 => RestartPolicy::on_failure().intensity(2, Duration::from_secs(1)),
        _ => RestartPolicy::on_failure(),
    };
    let spec =
        spec.restart_policy(policy.backoff(Backoff::constant(some(sim, "backoff")).jitter(0.0)));
    let spec = match sim.choose(3, "dependency") {
        _ if unit == 0 => spec,
        0 => spec,
        kind => {
            let on = format!("m{}", sim.choose(unit, "on"));
            if kind == 1 { spec.binds(on) } else { spec.requires(on) }
        }
    };
    if sim.choose(4, "critical") == 1 { spec } else { spec.optional() }
}

fn grouped(sim: &Sim, spec: Spec) -> Spec {
    match sim.choose(4, "group") {
        0 => spec,
        1 => spec.group("second"),
        _ => spec.group("first"),
    }
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

async fn breaks(ctx: Context, after: Duration) -> Result {
    ctx.sleep(after).await?;
    Err("it broke".into())
}

async fn completes(ctx: Context, after: Duration) -> Result {
    ctx.sleep(after).await?;
    Ok(())
}

/// Is done for good.
async fn last_words(ctx: Context, after: Duration) -> Result {
    ctx.sleep(after).await?;
    ctx.end(Exit::DoNotRestart)
}

/// Takes some time to end.
async fn lingers(ctx: Context, time: Duration) -> Result {
    ctx.cancelled().await;
    ctx.runtime().sleep(time.min(90 * MS)).await;
    Ok(())
}

async fn late(ctx: Context, time: Duration) -> Result {
    ctx.sleep(time).await?;
    ctx.ready();
    idle(ctx).await
}

/// What it has on another thread may never come back.
async fn blocks(ctx: Context) -> Result {
    let work = ctx.in_flight();
    let child = ctx.spawn_blocking(|| ());
    ctx.spawn(async move {
        let _ = child.await;
        drop(work);
    })
    .detach();
    idle(ctx).await
}

/// Gives signs of life for some time.
async fn quiet(ctx: Context, time: Duration) -> Result {
    let until = ctx.now() + time;
    while ctx.now() < until {
        ctx.beat();
        ctx.sleep(25 * MS).await?;
    }
    idle(ctx).await
}

/// Waits for no answer.
async fn caller(ctx: Context, calls: Calls) -> Result {
    let subsystems = ctx.subsystems();
    for (pause, call, whom) in calls {
        ctx.sleep(pause).await?;
        let whom = format!("m{whom}");
        match call {
            0 => drop(subsystems.restart(&whom)),
            1 => drop(subsystems.stop(&whom)),
            2 => drop(subsystems.start(&whom)),
            3 => drop(subsystems.remove(&whom)),
            4 => drop(subsystems.add(task(whom, idle).group("first").optional())),
            _ => drop(subsystems.add(task(format!("added to {whom}"), idle).binds(whom))),
        }
    }
    idle(ctx).await
}
