use std::process;
use std::time::{Duration, Instant};

use proc_daemon::runtime::AnyRuntime;

use super::windows;
use crate::bare::Bare;
use crate::job::Job;
use crate::meter::cpu_time;
use crate::sampler::Lines;

/// How long after the last first poll the idle phase begins.
const SETTLE: Duration = Duration::from_millis(500);

/// One variant a process: processor time is the process's.
pub(crate) fn run<B: Bare>(bare: &B, job: &Job, out: &Lines) {
    let Some(variant) = job.variants.first() else {
        return;
    };
    let runtime = AnyRuntime::from(bare.handle());
    let outcome = windows(bare, variant, job.n, async || {
        runtime.sleep(SETTLE.min(job.window)).await;
        let (used, since) = (cpu_time(), Instant::now());
        runtime.sleep(job.window).await;
        let share = (cpu_time() - used).as_secs_f64() / since.elapsed().as_secs_f64();
        out.sample(variant, "cpu", share * 100.0);
        process::exit(0);
    });
    if let Err(error) = outcome {
        out.failed(variant, error);
    }
}
