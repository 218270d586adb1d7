//! Small daemons that lose a part for good while other parts start again.

use std::time::Duration;

use proc_daemon::sim::{Faults, Life, Sim};
use proc_daemon::{Backoff, Config, Context, Daemon, RestartPolicy, Result, Spec, task, task_with};

use crate::kinds::MS;
use crate::obedient::exact;

/// More than the driver starts in one poll.
const HERD: u32 = 600;

pub(crate) fn life(sim: Sim) -> Life {
    let kind = sim.choose(16, "loss");
    let sim = exact(sim);
    match kind {
        0 => herd(sim),
        1..6 => left_behind(sim),
        _ => chain(sim),
    }
}

fn some(sim: &Sim, site: &str) -> Duration {
    sim.choose(12, site) * 25 * MS
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

async fn breaks(ctx: Context, after: Duration) -> Result {
    ctx.sleep(after).await?;
    Err("it broke".into())
}

fn constant(delay: Duration) -> RestartPolicy {
    RestartPolicy::on_failure().backoff(Backoff::constant(delay).jitter(0.0)).unlimited()
}

/// Critical, or not.
fn weighed(sim: &Sim, spec: Spec) -> Spec {
    if sim.choose(2, "critical") == 1 { spec.critical() } else { spec.optional() }
}

/// The first breaks for good; what requires it breaks and starts again, and is required itself.
fn chain(sim: Sim) -> Life {
    let first = task_with("first", some(&sim, "first breaks"), breaks);
    let second = task_with("second", some(&sim, "second breaks"), breaks).requires("first");
    let second = second.restart_policy(constant(some(&sim, "backoff")));
    let third = task("third", idle).requires("second").after("first");
    let daemon = Daemon::new()
        .with_subsystem(first.restart_policy(RestartPolicy::never()).optional())
        .with_subsystem(weighed(&sim, second))
        .with_subsystem(weighed(&sim, third))
        .with_task("companion", idle);
    sim.daemon(daemon).lasting(1000 * MS).run()
}

/// The first is left behind in blocking work at the moment at which what requires it is to start again.
fn left_behind(sim: Sim) -> Life {
    let grace = 100 * MS;
    let first = task("first", |ctx: Context| async move {
        let work = ctx.in_flight();
        let child = ctx.spawn_blocking(|| ());
        ctx.spawn(async move {
            let _ = child.await;
            drop(work);
        })
        .detach();
        ctx.sleep(MS).await?;
        Ok(())
    });
    let breaks_after = some(&sim, "second breaks") + MS;
    let left_at = grace + 251 * MS;
    let second = task_with("second", breaks_after, breaks).requires("first");
    let second = second.restart_policy(constant(left_at.saturating_sub(breaks_after)));
    let config = Config::builder().shutdown_timeout(grace).build().expect("a grace alone is fine");
    let daemon = Daemon::builder(config)
        .with_subsystem(first.optional())
        .with_subsystem(weighed(&sim, second))
        .with_task("companion", idle);
    let faults = Faults::none().stuck_blocking(1.0);
    sim.daemon(daemon).faults(faults).lasting(1000 * MS).run()
}

/// All break at once and start again at once; one of them asks for the end.
fn herd(sim: Sim) -> Life {
    let asks = sim.choose(HERD, "who asks");
    let mut daemon = Daemon::new().restarts_per_second(0);
    for unit in 0..HERD {
        let one = task_with(format!("h{unit}"), unit == asks, |ctx: Context, asks| async move {
            if ctx.generation() == 1 {
                return Err("it broke".into());
            }
            if asks {
                ctx.shutdown("asked");
            }
            idle(ctx).await
        });
        daemon = daemon.with_subsystem(one.restart_policy(constant(50 * MS)));
    }
    sim.daemon(daemon).lasting(200 * MS).run()
}
