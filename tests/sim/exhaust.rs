//! A signal at every step of a life, and every pair of signals.

use std::time::Duration;

use proc_daemon::sim::{exhaust_pairs, exhaust_points};
use proc_daemon::{Context, Daemon, DaemonBuilder, Result, Signal, task};

/// Six subsystems, three deep: one says when it is ready, one drains, one has a child, one ticks.
fn six() -> DaemonBuilder {
    Daemon::new()
        .with_subsystem(task("store", explicit).explicit_ready())
        .with_subsystem(task("cache", idle).requires("store"))
        .with_subsystem(task("queue", drains).requires("store"))
        .with_subsystem(task("http", with_child).requires("cache").requires("queue"))
        .with_subsystem(task("mail", idle).after("queue"))
        .with_subsystem(task("ticker", ticks).background())
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

async fn explicit(ctx: Context) -> Result {
    ctx.runtime().sleep(Duration::from_millis(20)).await;
    ctx.ready();
    ctx.cancelled().await;
    Ok(())
}

async fn drains(ctx: Context) -> Result {
    let work = ctx.in_flight();
    let runtime = ctx.runtime().clone();
    ctx.spawn(async move {
        runtime.sleep(Duration::from_secs(4)).await;
        drop(work);
    })
    .detach();
    ctx.cancelled().await;
    Ok(())
}

async fn with_child(ctx: Context) -> Result {
    let own = ctx.clone();
    let child = ctx.spawn(async move { own.sleep(Duration::MAX).await });
    ctx.cancelled().await;
    let _ = child.await?;
    Ok(())
}

async fn ticks(ctx: Context) -> Result {
    let mut ticks = ctx.interval(Duration::from_secs(10));
    while ticks.tick().await.is_ok() {}
    Ok(())
}

const SIGNALS: [Signal; 7] = Signal::ALL;

#[test]
fn every_signal_at_every_step() {
    for signal in SIGNALS {
        // SIGUSR2 has no row: its default action ends the process, from the moment handlers are in place.
        if matches!(signal, Signal::User2 | Signal::WindowChange) {
            continue;
        }
        for seed in 0..8 {
            let lives = exhaust_points(seed, signal, six);
            assert!(lives > 25, "{signal}: {lives} steps");
        }
    }
}

#[test]
fn term_and_term_at_every_pair_of_steps() {
    pairs(Signal::Terminate);
}

#[test]
fn term_and_int_at_every_pair_of_steps() {
    pairs(Signal::Interrupt);
}

/// Each of the first seeds has its own order of tasks, cost of polls and lateness of timers.
fn pairs(second: Signal) {
    for seed in 0..8 {
        let lives = exhaust_pairs(seed, Signal::Terminate, second, six);
        assert!(lives > 200, "{lives} pairs");
    }
}
