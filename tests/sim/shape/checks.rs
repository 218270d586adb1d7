//! Subsystems that are asked how they are.

use std::future::pending;
use std::time::Duration;

use proc_daemon::sim::{Sim, Stage};
use proc_daemon::{Check, Context, Health, Result, Spec, task};

use super::behaviour::idle;

const MS: Duration = Duration::from_millis(1);

/// Beats often, and then no more.
pub(super) fn beats(name: String) -> Spec {
    async fn beats(ctx: Context) -> Result {
        for _ in 0..8 {
            ctx.beat();
            ctx.sleep(90 * MS).await?;
        }
        idle(ctx).await
    }
    task(name, beats).heartbeat(100 * MS)
}

/// A check whose answers change with the time.
fn check(sim: &Sim) -> Check {
    let slow = [0, 30, 400][sim.choose(3, "slow check") as usize] * MS;
    let moody = Check::new(move |ctx| async move {
        let now = ctx.now();
        ctx.runtime().sleep(slow).await;
        match now.as_nanos() / 300_000_000 % 4 {
            0 => Ok(Health::Up),
            1 => Ok(Health::Degraded("so so".into())),
            2 => Err("not now".into()),
            _ => Ok(Health::Up),
        }
    });
    let moody = moody.every([120, 50, 333][sim.choose(3, "every") as usize] * MS).timeout(100 * MS);
    match sim.choose(3, "fall") {
        1 => moody.fall(1).rise(1),
        2 => moody.fall(2).rise(3),
        _ => moody,
    }
}

/// A check that asks as often as the configuration says, or as it says itself, and gives a sign of life.
fn paced_check(sim: &Sim) -> Check {
    let slow = [0, 30, 400][sim.choose(3, "slow check") as usize] * MS;
    let hangs = sim.choose(3, "hangs") == 1;
    let moody = Check::new(move |ctx| async move {
        let now = ctx.now();
        ctx.beat();
        ctx.runtime().sleep(slow).await;
        match now.as_nanos() / 5_000_000_000 % 4 {
            1 => Ok(Health::Degraded("so so".into())),
            2 if hangs => pending().await,
            2 => Err("not now".into()),
            _ => Ok(Health::Up),
        }
    });
    let moody = if sim.choose(4, "own period") == 1 { moody.every(900 * MS) } else { moody };
    if sim.choose(2, "fall") == 1 { moody.fall(1).rise(1) } else { moody }
}

/// As `watched`, of daemons whose configuration is edited.
pub(crate) fn paced(sim: &Sim, spec: Spec) -> Spec {
    match sim.choose(8, "paced") {
        1 => spec.readiness(paced_check(sim)),
        2 => spec.liveness(paced_check(sim)),
        3 => spec.readiness(paced_check(sim)).liveness(paced_check(sim)),
        4 => spec.liveness(paced_check(sim)).heartbeat(8000 * MS),
        5 => spec.startup(paced_check(sim)).readiness(paced_check(sim)),
        _ => spec,
    }
}

/// One that is added to a daemon: asked as often as the configuration says by then.
pub(crate) fn added(name: String) -> Spec {
    let check = Check::new(|_| async { Ok(Health::Up) });
    task(name, idle).optional().liveness(check)
}

/// What a configuration says of checks.
pub(crate) fn monitoring(stage: &Stage) -> String {
    let every = [5000, 700, 2000, 7000, 20_000, 60_000][stage.choose(6, "every") as usize];
    let asked = stage.choose(4, "asked") != 1;
    format!("[monitoring]\nhealth_checks = {asked}\nhealth_check_interval_ms = {every}\n")
}

/// How it is watched, if it is.
pub(super) fn watched(sim: &Sim, spec: Spec) -> Spec {
    match sim.choose(12, "watched") {
        1 => spec.startup(check(sim)),
        2 => spec.readiness(check(sim)),
        3 => spec.liveness(check(sim)),
        4 => spec.readiness(check(sim)).liveness(check(sim)),
        5 => spec.heartbeat(200 * MS).startup(check(sim)),
        6 => spec.liveness(Check::new(|_| async { Ok(Health::Unmonitored) }).every(100 * MS)),
        _ => spec,
    }
}
