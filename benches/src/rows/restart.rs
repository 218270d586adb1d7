use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_lite::future::{or, zip};
use proc_daemon::{Backoff, Context, Daemon, RestartPolicy, Result, task};

use super::start_stop::nanos;
use crate::bare::Bare;
use crate::flag::Flag;
use crate::gate::FIRST;
use crate::job::Job;
use crate::sampler::{Lines, rounds};

/// All n fail at once; the value is from there to when the last one runs again.
pub(crate) fn run<B: Bare>(bare: &B, job: &Job, out: &Lines) {
    let one = |variant: &str| match variant {
        "respawn" => Ok(bare.block_on(respawn(bare, job.n))),
        "daemon" => bare.block_on(daemon(bare, job.n)).map_err(|error| error.to_string()),
        other => Err(format!("there is no variant `{other}`")),
    };
    // The first run of a process pays for pages and threads that no variant should be charged with.
    let _ = one("respawn");
    rounds(job, |variant| match one(variant) {
        Ok(time) => out.sample(variant, "running", nanos(time)),
        Err(error) => out.failed(variant, error),
    });
}

/// Has everybody fail, and waits until all n are there again.
async fn fail(fails: &Flag, n: usize) -> Duration {
    FIRST.all().await;
    FIRST.expect(n);
    let since = Instant::now();
    fails.set();
    FIRST.all().await - since
}

/// Each task's last act is to spawn the next.
async fn respawn<B: Bare>(bare: &B, n: usize) -> Duration {
    let (fails, over) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
    FIRST.expect(n);
    for _ in 0..n {
        let (next, fails, over) = (bare.clone(), Arc::clone(&fails), Arc::clone(&over));
        bare.spawn(async move {
            FIRST.arrive();
            fails.wait().await;
            next.spawn(async move {
                FIRST.arrive();
                over.wait().await;
                FIRST.arrive();
            });
        });
    }
    let took = fail(&fails, n).await;
    FIRST.expect(n);
    over.set();
    FIRST.all().await;
    took
}

/// Under the default policy without its delay and its limit, and without the storm guard.
async fn daemon<B: Bare>(bare: &B, n: usize) -> Result<Duration> {
    let fails = Arc::new(Flag::default());
    let specs = (0..n).map(|index| {
        let fails = Arc::clone(&fails);
        let policy = RestartPolicy::on_failure().backoff(Backoff::none()).unlimited();
        task(format!("s{index}"), move |ctx| once(ctx, Arc::clone(&fails))).restart_policy(policy)
    });
    FIRST.expect(n);
    let builder = Daemon::new().without_signals().restarts_per_second(0);
    let daemon = builder.with_subsystems(specs).build()?;
    let controlled = async {
        let took = fail(&fails, n).await;
        daemon.shutdown();
        took
    };
    let (took, report) = zip(controlled, daemon.clone().run_on(bare.handle())).await;
    report?;
    Ok(took)
}

async fn once(ctx: Context, fails: Arc<Flag>) -> Result {
    FIRST.arrive();
    if ctx.generation() == 1 {
        or(fails.wait(), ctx.cancelled()).await;
        return Err("it broke".into());
    }
    ctx.cancelled().await;
    Ok(())
}
