//! What fails is started again, until it has failed too often: `cargo run --example restart`.
//!
//! Five subsystems fail, each in its own way. After 2 s the one that the daemon cannot do without is given up, and
//! the daemon ends with 69. stderr has the log, stdout what `watch` says of the events.

use std::process::ExitCode;
use std::time::Duration;

use proc_daemon::{
    Backoff, Context, Daemon, DaemonBuilder, RestartPolicy, Result, Strategy, SubsystemEvent, task,
};

const MS: Duration = Duration::from_millis(1);

/// Finds its disk at the third start. What requires it waits until then.
async fn store(ctx: Context) -> Result {
    if ctx.generation() < 3 {
        return Err("the disk is not there yet".into());
    }
    ctx.ready();
    ctx.cancelled().await;
    Ok(())
}

/// Has a bug that shows once. A panic is a failure like any other.
async fn fetch(ctx: Context) -> Result {
    if ctx.generation() == 1 {
        ctx.sleep(200 * MS).await?;
        panic!("index out of bounds, say");
    }
    ctx.cancelled().await;
    Ok(())
}

/// Works on what `fetch` brings: when that starts again, so does this.
async fn parse(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

/// Never reaches its collector.
async fn metrics(_: Context) -> Result {
    Err("no collector answers".into())
}

/// Loses its line again and again.
async fn uplink(ctx: Context) -> Result {
    ctx.sleep(500 * MS).await?;
    Err("the line broke".into())
}

/// Tells what happens. The others come after it, so it is there before them and stops last.
async fn watch(ctx: Context) -> Result {
    let daemon = ctx.daemon();
    let mut events = daemon.subscribe_events();
    while let Ok(Some(event)) = ctx.run_until_cancelled(events.next_event()).await {
        match &event {
            SubsystemEvent::Ended { name, end, .. } if end.is_failure() => {
                println!("{name} failed, start {}: {}", end.generation(), end.kind());
            }
            SubsystemEvent::RestartScheduled { name, due, at, .. } => {
                println!("{name} starts again in {} ms", due.since(*at).as_millis());
            }
            SubsystemEvent::GaveUp { name, .. } => {
                println!("{name} is given up");
            }
            SubsystemEvent::ReadyChanged { ready, .. } => println!("ready: {ready}"),
            _ => {}
        }
    }
    Ok(())
}

fn daemon() -> DaemonBuilder {
    // 50 ms, 100 ms, 200 ms and so on. Jitter is for machines; readers of an example like round numbers.
    let patient = RestartPolicy::on_failure()
        .backoff(Backoff::exponential(50 * MS, Duration::from_secs(5)).jitter(0.0));
    // The third failure within ten seconds is one too many.
    let impatient = RestartPolicy::on_failure()
        .backoff(Backoff::constant(100 * MS).jitter(0.0))
        .intensity(2, Duration::from_secs(10));

    Daemon::new()
        .with_task("watch", watch)
        .with_subsystem(
            task("store", store).restart_policy(patient.clone()).explicit_ready().after("watch"),
        )
        // Who of the group comes after the one that failed starts again with it.
        .with_group("pipeline", Strategy::RestForOne)
        .with_subsystem(
            task("fetch", fetch).restart_policy(patient).requires("store").group("pipeline"),
        )
        .with_subsystem(task("parse", parse).requires("fetch").group("pipeline"))
        // The daemon lives on without it, degraded.
        .with_subsystem(
            task("metrics", metrics).restart_policy(impatient.clone()).optional().after("watch"),
        )
        // Critical, as everything is that says nothing else: when it is given up, the daemon ends.
        .with_subsystem(task("uplink", uplink).restart_policy(impatient).requires("store"))
}

fn main() -> ExitCode {
    daemon().main()
}
