//! The daemon whose lives are lived, and what goes wrong in them.

use std::time::Duration;

use proc_daemon::sim::{Faults, Sim, any};
use proc_daemon::{Config, Context, Daemon, DaemonBuilder, Result, Signal, Spec, task};

use super::program::periods;

const MS: Duration = Duration::from_millis(1);

/// One life, with every law held against it. How many polls it took.
pub(super) fn life(
    seed: u64,
    length: Duration,
    stretched: u32,
    faults: Faults,
) -> Result<u64, String> {
    let life = Sim::new(seed).daemon(daemon(stretched)?).faults(faults).lasting(length).run();
    if life.verdict().is_clean() {
        Ok(life.polls())
    } else {
        Err(format!("seed {seed}: {}", life.verdict()))
    }
}

/// Six subsystems, each ticking as a task of the program written by hand does.
fn daemon(stretched: u32) -> Result<DaemonBuilder, String> {
    let config = Config::builder().build().map_err(|error| error.to_string())?;
    let [store, cache, queue, worker, front, report] = periods(stretched);
    Ok(Daemon::builder(config)
        .with_subsystem(interval("store", store))
        .with_subsystem(sleeps("cache", cache).requires("store"))
        .with_subsystem(interval("queue", queue).requires("store"))
        .with_subsystem(sleeps("worker", worker).requires("queue").requires("cache"))
        .with_subsystem(interval("front", front).requires("cache").after("worker"))
        .with_subsystem(sleeps("report", report)))
}

fn interval(name: &'static str, period: Duration) -> Spec {
    task(name, move |ctx: Context| async move {
        let mut ticks = ctx.interval(period);
        while ticks.tick().await.is_ok() {}
        Ok(())
    })
}

fn sleeps(name: &'static str, period: Duration) -> Spec {
    task(name, move |ctx: Context| async move {
        while ctx.sleep(period).await.is_ok() {}
        Ok(())
    })
}

/// Of these, each life has a part.
pub(super) fn faults() -> Faults {
    Faults::swarm()
        .panic(any(), 0.02)
        .error(any(), 0.02)
        .slow_start(any(), Duration::ZERO..100 * MS)
        .slow_stop(any(), Duration::ZERO..1000 * MS)
        .deaf(any(), 0.05)
        .silence(any(), 0.05)
        .stall(any(), 0.1, 2000 * MS)
        .spurious(any(), 0.3)
        .signal(Signal::Terminate, 0..3, 20 * MS)
        .signal(Signal::Hangup, 1..6, 20 * MS)
        .wall_clock_jumps(2)
}
