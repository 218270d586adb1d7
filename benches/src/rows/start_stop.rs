use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Waker};
use std::time::{Duration, Instant};

use futures_lite::future::zip;
use proc_daemon::{Context, Daemon, Result, Spec, task};

use super::windows;
use crate::bare::Bare;
use crate::clock::{Stamp, Stopwatch, Windows};
use crate::gate::FIRST;
use crate::job::Job;
use crate::sampler::{Lines, rounds};

/// Layers of the layered graph.
const LAYERS: usize = 10;

pub(crate) fn run<B: Bare>(bare: &B, job: &Job, out: &Lines) {
    // The first run of a process pays for pages and threads that no variant should be charged with.
    let _ = windows(bare, "shared", job.n, async || {});
    rounds(job, |variant| match windows(bare, variant, job.n, async || {}) {
        Ok(windows) => print(variant, windows, out),
        Err(error) => out.failed(variant, error),
    });
}

fn print(variant: &str, windows: Windows, out: &Lines) {
    let Windows { build, start, stop, free } = windows;
    let work = start + stop + free;
    for (metric, time) in
        [("build", build), ("start", start), ("stop", stop), ("free", free), ("work", work)]
    {
        out.sample(variant, metric, nanos(time));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure in a table")]
pub(super) fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}

async fn idle(ctx: Context) -> Result<()> {
    FIRST.arrive();
    ctx.cancelled().await;
    Ok(())
}

/// n subsystems that nothing depends on.
pub(super) fn flat(n: usize) -> impl Iterator<Item = Spec> {
    (0..n).map(|index| task(format!("s{index}"), idle))
}

/// n subsystems in ten layers, each requiring two of the layer below.
pub(super) fn layered(n: usize) -> impl Iterator<Item = Spec> {
    let width = n.div_ceil(LAYERS).max(1);
    (0..n).map(move |index| {
        let spec = task(format!("s{index}"), idle);
        let Some(below) = index.checked_sub(width) else {
            return spec;
        };
        let layer = below / width * width;
        let second = layer + (below + 1 - layer) % width;
        let spec = spec.requires(format!("s{below}"));
        if second == below { spec } else { spec.requires(format!("s{second}")) }
    })
}

/// A daemon of `specs`, built, run, asked to stop and dropped.
pub(super) async fn daemon<B: Bare>(
    bare: &B,
    specs: impl Iterator<Item = Spec>,
    n: usize,
    hold: impl AsyncFnOnce(),
) -> Result<Windows, String> {
    let runtime = bare.handle();
    let mut watch = Stopwatch::begin();
    let built = Daemon::new().without_signals().with_subsystems(specs).build();
    let daemon = built.map_err(|error| error.to_string())?;
    FIRST.expect(n);
    let stamp = Arc::new(Stamp::default());
    let mut stopped = Box::pin(daemon.stopped());
    let waker = Waker::from(Arc::clone(&stamp));
    if pin!(&mut stopped).poll(&mut TaskContext::from_waker(&waker)).is_ready() {
        return Err("it stopped before it ran".into());
    }
    watch.built();
    let controlled = async {
        watch.started(FIRST.all().await);
        hold().await;
        watch.requested();
        daemon.shutdown();
    };
    let ((), outcome) = zip(controlled, daemon.clone().run_on(runtime)).await;
    watch.stopped(stamp.at().unwrap_or_else(Instant::now));
    outcome.map_err(|error| error.to_string())?;
    drop(stopped);
    drop(daemon);
    Ok(watch.freed())
}
