use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_lite::future::zip;
use proc_daemon::runtime::AnyRuntime;
use proc_daemon::{Config, Context, Daemon, Result};

use super::memory::difference;
use crate::bare::Bare;
use crate::floors::watch::watch;
use crate::gate::FIRST;
use crate::job::Job;
use crate::sampler::{Lines, rounds};

/// How long a file is left alone before it is read.
const DEBOUNCE: Duration = Duration::from_millis(250);
/// Between two edits: whatever the system tells of the last one has been told.
const SETTLE: Duration = Duration::from_millis(50);

/// One daemon a process, whose file is replaced by another one in each round, and beside it the same by hand on the bare
/// runtime. The value is the time from the call of `rename` to the moment at which a subsystem's `config_changed()`
/// resolves, or the task by hand has it, less the debounce.
pub(crate) fn run<B: Bare>(bare: &B, job: &Job, out: &Lines) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let (path, beside) = (folder.path().join("daemon.toml"), folder.path().join("next"));
    write(&path, 0)?;
    let by_hand = tempfile::tempdir()?;
    let other = by_hand.path().canonicalize()?.join("daemon.toml");
    let _watch = watch(bare, &other, DEBOUNCE).map_err(io::Error::other)?;
    let builder = Daemon::builder(Config::load_from_file(&path)).without_signals();
    let daemon = builder.with_task("reader", reader).build().map_err(io::Error::other)?;
    let runtime = AnyRuntime::from(bare.handle());
    let measured = async {
        daemon.ready().await;
        // The watcher is there when it has seen a first edit.
        let _ = edit(&path, &beside, 1).await;
        let mut edits = 1;
        let mut variants = Vec::new();
        rounds(job, |variant| variants.push(variant.to_owned()));
        for variant in variants {
            runtime.sleep(SETTLE).await;
            let took = match variant.as_str() {
                "sleep" => {
                    let since = Instant::now();
                    runtime.sleep(DEBOUNCE).await;
                    Ok(since.elapsed())
                }
                "bare" => {
                    edits += 1;
                    edit(&other, &by_hand.path().join("next"), edits).await
                }
                "daemon" => {
                    edits += 1;
                    edit(&path, &beside, edits).await
                }
                other => Err(io::Error::other(format!("there is no variant `{other}`"))),
            };
            match took {
                Ok(took) => out.sample(&variant, "seen", beyond(took)),
                Err(error) => out.failed(&variant, error),
            }
        }
        daemon.shutdown();
    };
    let ((), ended) = bare.block_on(zip(measured, daemon.clone().run_on(bare.handle())));
    ended.map_err(io::Error::other)
}

fn beyond(took: Duration) -> f64 {
    let whole = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    difference(whole(took), whole(DEBOUNCE))
}

async fn reader(ctx: Context) -> Result {
    loop {
        ctx.config_changed().await?;
        FIRST.arrive();
    }
}

fn write(path: &Path, edit: u32) -> io::Result<()> {
    let interval = 5000 + edit;
    fs::write(
        path,
        format!("hot_reload = true\n[monitoring]\nhealth_check_interval_ms = {interval}\n"),
    )
}

/// What is not seen leaves this process to be killed when its time is over.
async fn edit(path: &Path, beside: &Path, edit: u32) -> io::Result<Duration> {
    write(beside, edit)?;
    FIRST.expect(1);
    let since = Instant::now();
    fs::rename(beside, path)?;
    Ok(FIRST.all().await - since)
}
