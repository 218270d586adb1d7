//! The process that does one job and prints what it measured.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::bare::{AsyncStd, Backend, Bare, Smol, Tokio};
use crate::job::{Job, Row};
use crate::meter::Counter;
use crate::rows;

/// What a line of a sample starts with; other lines are somebody's logs.
pub(crate) const SAMPLE: &str = "sample\t";
/// What the line of a variant that did not work starts with.
pub(crate) const FAILED: &str = "failed\t";

/// Where the samples of one process go.
pub(crate) struct Lines;

impl Lines {
    pub(crate) fn sample(&self, variant: &str, metric: &str, value: f64) {
        self.line(format_args!("{SAMPLE}{variant}\t{metric}\t{value}\n"));
    }

    pub(crate) fn failed(&self, variant: &str, error: impl std::fmt::Display) {
        let text = error.to_string().replace('\n', "; ");
        self.line(format_args!("{FAILED}{variant}\t{text}\n"));
    }

    /// Flushed: the process may be killed at any time.
    fn line(&self, text: std::fmt::Arguments<'_>) {
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_fmt(text).and_then(|()| stdout.flush());
    }
}

/// Does the job that the arguments describe.
#[must_use]
pub fn main(counter: Option<Counter>) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = rows::exec::child(&args) {
        return code;
    }
    let Some(job) = Job::from_args(&args) else {
        eprintln!("this is started by the bench harness: cargo bench -p proc-daemon-bench");
        return ExitCode::from(64);
    };
    match on_backend(&job, counter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{job}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn on_backend(job: &Job, counter: Option<Counter>) -> io::Result<()> {
    match job.backend {
        Backend::Tokio => measure(&Tokio::<false>::start()?, job, counter),
        Backend::TokioCurrent => measure(&Tokio::<true>::start()?, job, counter),
        Backend::AsyncStd => measure(&AsyncStd, job, counter),
        Backend::Smol => measure(&Smol::start()?, job, counter),
        #[cfg(target_os = "linux")]
        Backend::Virtual if job.row == Row::ReadFile => rows::read_file::run(job, &Lines),
        Backend::Virtual => {
            rows::lives::run(job, &Lines);
            Ok(())
        }
    }
}

fn measure<B: Bare>(bare: &B, job: &Job, counter: Option<Counter>) -> io::Result<()> {
    let out = Lines;
    match job.row {
        Row::StartStop => rows::start_stop::run(bare, job, &out),
        Row::Restart => rows::restart::run(bare, job, &out),
        Row::Memory => rows::memory::run(bare, job, counter, &out),
        Row::Signal => rows::signal::run(bare, job, &out),
        Row::Exec => rows::exec::run(job, &out)?,
        Row::Idle => rows::idle::run(bare, job, &out),
        Row::Erased => rows::erased::run(bare, job, &out),
        Row::Snapshot => rows::snapshot::run(bare, job, counter, &out)?,
        Row::Reload => rows::reload::run(bare, job, &out)?,
        Row::ReadFile | Row::Lives | Row::LivesHour | Row::LivesHourSparse => {
            rows::lives::run(job, &out);
        }
    }
    Ok(())
}

/// The rounds of a job: each runs every variant once, in a new order.
pub(crate) fn rounds(job: &Job, mut one: impl FnMut(&str)) {
    let mut variants: Vec<&str> = job.variants.iter().map(String::as_str).collect();
    for round in 0..job.rounds {
        fastrand::shuffle(&mut variants);
        for variant in &variants {
            if round == 0 || *variant != rows::PEER {
                one(variant);
            }
        }
    }
}
