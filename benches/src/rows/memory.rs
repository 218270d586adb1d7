use std::process;
use std::time::Duration;

use proc_daemon::runtime::AnyRuntime;

use super::windows;
use crate::bare::Bare;
use crate::job::Job;
use crate::meter::{Counter, resident};
use crate::sampler::Lines;

/// How long the reports of the last start may take to be read.
const SETTLE: Duration = Duration::from_millis(100);

/// One variant a process: what an earlier one left in the allocator would count for the next.
pub(crate) fn run<B: Bare>(bare: &B, job: &Job, counter: Option<Counter>, out: &Lines) {
    let Some(variant) = job.variants.first() else {
        return;
    };
    let runtime = AnyRuntime::from(bare.handle());
    // The timer's own thread and buffers belong to the runtime.
    bare.block_on(runtime.sleep(Duration::from_millis(1)));
    let before = counter.map(|read| read());
    let resident_before = resident();
    let outcome = windows(bare, variant, job.n, async || {
        runtime.sleep(SETTLE.min(job.window)).await;
        match (before, counter.map(|read| read())) {
            (Some(before), Some(now)) => {
                out.sample(variant, "live", difference(now.bytes, before.bytes));
                out.sample(variant, "blocks", difference(now.blocks, before.blocks));
            }
            _ => print_resident(variant, resident_before, out),
        }
        // Nothing more is asked: the peer's stop of many takes seconds.
        process::exit(0);
    });
    if let Err(error) = outcome {
        out.failed(variant, error);
    }
}

fn print_resident(variant: &str, before: Option<u64>, out: &Lines) {
    if let (Some(before), Some(now)) = (before, resident()) {
        out.sample(variant, "resident", difference(now, before));
        out.sample(variant, "process", difference(now, 0));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure in a table")]
pub(super) fn difference(now: u64, before: u64) -> f64 {
    now as f64 - before as f64
}
