//! Subsystems that start again: whether, how soon, how often, and what they say about it themselves.

use std::time::Duration;

use proc_daemon::sim::Sim;
use proc_daemon::{Backoff, Context, Exit, RestartPolicy, Result, Spec, task};

use super::checks;

const MS: Duration = Duration::from_millis(1);

/// One that ends again and again.
pub(super) fn any(sim: &Sim, name: String) -> Spec {
    match sim.choose(2, "restarts") {
        1 => task(name, decides),
        _ => task(name, flaps),
    }
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

/// How it is supervised.
pub(super) fn supervised(sim: &Sim, spec: Spec) -> Spec {
    let mut spec = checks::watched(sim, spec.restart_policy(policy(sim)));
    if sim.choose(3, "optional") == 1 {
        spec = spec.optional();
    }
    match sim.choose(8, "given up") {
        1 => spec.on_give_up(|_| Exit::Default),
        2 => spec.on_give_up(|_| Exit::DoNotRestart),
        3 => spec.on_give_up(|_| Exit::ShutdownDaemon(9)),
        _ => spec,
    }
}

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
