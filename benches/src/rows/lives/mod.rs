//! A daemon's life in simulation, beside the same ticks written by hand on runtimes with virtual time.
//!
//! Everything runs on one thread. The time is that of the processor, so that a machine which others use too
//! does not change it much. Each life of a batch has a seed of its own; the batches of all rounds and
//! processes have the same seeds, so the polls are exact.

mod daemon;
mod other;
pub(crate) mod program;
mod worlds;

use proc_daemon::sim::Faults;

use crate::job::{Job, Row};
use crate::madsim::VARIANT as MADSIM;
use crate::meter::cpu_time;
use crate::sampler::{Lines, rounds};

/// A tick about every 30 s, as the housekeeping of a service has it.
const SPARSE: u32 = 30;

/// What one life of a batch came to, in the mean.
struct Batch {
    nanos: f64,
    polls: f64,
}

/// `job.window` is the length of a life in virtual time, `job.batch` the number of lives.
pub(crate) fn run(job: &Job, out: &Lines) {
    // The first lives of a process pay for its pages.
    for variant in &job.variants {
        let _ = batch(variant, job, job.batch.div_ceil(10));
    }
    rounds(job, |variant| match batch(variant, job, job.batch) {
        Ok(batch) => print(variant, job.row, &batch, out),
        Err(error) => out.failed(variant, error),
    });
}

fn print(variant: &str, row: Row, batch: &Batch, out: &Lines) {
    let rate = if row == Row::Lives { "lives" } else { "hours" };
    out.sample(variant, "life", batch.nanos);
    out.sample(variant, rate, 1e9 / batch.nanos);
    out.sample(variant, "polls", batch.polls);
    out.sample(variant, "poll", batch.nanos / batch.polls);
}

fn batch(variant: &str, job: &Job, lives: u32) -> Result<Batch, String> {
    let length = job.window;
    let stretched = if job.row == Row::LivesHourSparse { SPARSE } else { 1 };
    match variant {
        "bare" => by_hand(lives, |seed| worlds::bare(seed, length, stretched)),
        "paused" => {
            by_hand(lives, |_| worlds::paused(length, stretched).map_err(|error| error.to_string()))
        }
        MADSIM => other::madsim(lives, length, stretched).map_err(|error| error.to_string()),
        "daemon" => timed(lives, |seed| daemon::life(seed, length, stretched, Faults::none())),
        "faults" => timed(lives, |seed| daemon::life(seed, length, stretched, daemon::faults())),
        other => Err(format!("there is no variant `{other}`")),
    }
}

/// Lives of the program written by hand, which counts its polls itself.
fn by_hand(lives: u32, one: impl Fn(u64) -> Result<(), String>) -> Result<Batch, String> {
    timed(lives, |seed| {
        one(seed)?;
        Ok(program::polls())
    })
}

#[expect(clippy::cast_precision_loss, reason = "a figure in a table")]
fn timed(lives: u32, one: impl Fn(u64) -> Result<u64, String>) -> Result<Batch, String> {
    let since = cpu_time();
    let mut polls = 0;
    for seed in 0..lives.into() {
        polls += one(seed)?;
    }
    let nanos = (cpu_time() - since).as_nanos() as f64;
    Ok(Batch { nanos: nanos / f64::from(lives), polls: polls as f64 / f64::from(lives) })
}
