//! A signal at every step of a life, and every pair of signals.

use std::time::Duration;

use proc_daemon::sim::{self, Faults, Kind, Life, Sim, any, exhaust_pairs, exhaust_points};
use proc_daemon::{Config, Context, Daemon, Result, Signal, task};

use crate::told;

/// Six subsystems, three deep: one says when it is ready, one drains, one has a child, one ticks.
fn six(sim: Sim) -> Life {
    let daemon = Daemon::new()
        .with_subsystem(task("store", explicit).explicit_ready())
        .with_subsystem(task("cache", idle).requires("store"))
        .with_subsystem(task("queue", drains).requires("store"))
        .with_subsystem(task("http", with_child).requires("cache").requires("queue"))
        .with_subsystem(task("mail", idle).after("queue"))
        .with_subsystem(task("ticker", ticks).background());
    sim.daemon(daemon).run()
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

/// At the instant of a sleep, the signal is heard first, or second.
#[test]
fn a_signal_comes_at_the_instant_of_a_sleep_before_and_after_it_fires() {
    let one = |sim: Sim| sim.daemon(Daemon::new().with_task("ticker", ticks)).run();
    let steps = one(Sim::new(3)).steps();
    let (mut before, mut after) = (false, false);
    for step in 1..=steps {
        let life = one(Sim::new(3).raise_at_step(step, Signal::Hangup));
        let records = life.trace().records();
        let signal = records.iter().position(|record| record.kind == Kind::Signal);
        let signal = signal.expect("every step is a place for a signal");
        let at = records[signal].at();
        let due = |record: &&sim::Record| record.kind == Kind::Due && record.at() == at;
        before |= records[signal..].iter().any(|record| due(&record));
        after |= records[..signal].iter().rev().take(2).any(|record| due(&record));
    }
    assert!(before && after, "before: {before}, after: {after}");
}

/// Its stop takes longer than its life: no place of a signal is later than the life without one.
#[test]
fn a_life_is_as_many_lives_as_it_has_steps() {
    let job = |sim: Sim| {
        let daemon = Daemon::new().with_task("job", |ctx: Context| async move {
            let _ = ctx.sleep(Duration::from_secs(1)).await;
            for _ in 0..if ctx.is_shutdown() { 50 } else { 0 } {
                ctx.runtime().sleep(Duration::from_millis(1)).await;
            }
            Ok(())
        });
        sim.daemon(daemon).run()
    };
    let steps = job(Sim::new(1)).steps();
    assert_eq!(exhaust_points(1, Signal::Terminate, job), steps);
}

#[test]
fn configuration_faults_and_script_are_part_of_the_life_that_is_exhausted() {
    let lives = exhaust_points(1, Signal::Terminate, |sim| {
        let daemon = Daemon::builder(Config::file("never-read.toml")).with_task("idle", idle);
        let faults =
            Faults::none().slow_stop(any(), Duration::from_secs(1)..Duration::from_secs(2));
        let sim = sim.config_text("shutdown.timeout_ms = 9_000").faults(faults);
        let life = sim.daemon(daemon).script(|s| async move {
            s.advance(Duration::from_secs(60)).await;
        });
        assert!(life.lasted() >= Duration::from_secs(1), "the fault struck");
        life
    });
    assert!(lives > 5, "{lives}");
}

/// Loses what it holds if it is asked to stop while it writes.
async fn careless(ctx: Context) -> Result {
    ctx.sleep(Duration::from_secs(3)).await?;
    let writes = ctx.sleep(Duration::from_secs(1)).await;
    assert!(writes.is_ok(), "half a record");
    ctx.cancelled().await;
    Ok(())
}

#[test]
fn what_exhaustion_finds_is_shrunk_and_told_with_its_signals() {
    let life = |sim: Sim| sim.daemon(Daemon::new().with_task("writer", careless)).run();
    let text = told(|| {
        exhaust_points(5, Signal::Terminate, life);
    });
    for part in [
        "SIGTERM before step ",
        "this life again: Sim::new(5).raise_at_step(",
        ", Signal::Terminate)",
        "verdict: panic in `writer`: half a record",
        "are needed:",
        "the end of the timeline:",
        "the short one: ",
        "-5-exhausted.tape",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn a_life_too_long_to_be_exhausted_is_refused() {
    let busy = |ctx: Context| async move {
        let mut ticks = ctx.interval(Duration::from_millis(1));
        while ticks.tick().await.is_ok() {}
        Ok(())
    };
    let life = |sim: Sim| {
        let sim = sim.lasting(Duration::from_secs(4)).poll_cost(Duration::ZERO);
        sim.daemon(Daemon::new().with_task("busy", busy)).run()
    };
    let text = told(|| {
        exhaust_pairs(0, Signal::Terminate, Signal::Terminate, life);
    });
    assert!(text.contains("steps") && text.contains("`Sim::lasting`"), "{text}");
}
