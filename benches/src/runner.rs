//! Runs jobs, each in a process of its own, one after the other, in a shuffled order.

use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use crate::job::Job;
use crate::madsim;
use crate::results::Results;
use crate::sampler::{FAILED, SAMPLE};

/// The programs that do the jobs.
#[derive(Clone, Debug)]
pub struct Samplers {
    /// With the system's allocator.
    pub plain: PathBuf,
    /// With one that counts.
    pub counted: PathBuf,
    /// The program in `benches/madsim`, if it is built.
    pub madsim: Option<PathBuf>,
}

/// Runs each job in as many processes as it says. Says on stderr where it is, if `verbose`.
#[must_use]
pub fn run(jobs: &[Job], samplers: &Samplers, verbose: bool) -> Results {
    let times = |job: &'_ Job| std::iter::repeat_n((), job.processes as usize);
    let mut order: Vec<&Job> = jobs.iter().flat_map(|job| times(job).map(move |()| job)).collect();
    fastrand::shuffle(&mut order);
    let mut results = Results::default();
    for (process, job) in (0..).zip(&order) {
        if verbose {
            eprintln!("{:>4}/{} {job}", process + 1, order.len());
        }
        if let Err(error) = one(job, process, samplers, &mut results) {
            results.failed(job.to_string(), error.to_string());
        }
    }
    results
}

fn one(job: &Job, process: u32, samplers: &Samplers, results: &mut Results) -> io::Result<()> {
    let program = if job.counted { &samplers.counted } else { &samplers.plain };
    let madsim = samplers.madsim.iter().map(|path| (madsim::PROGRAM, path));
    let mut child = Command::new(program)
        .args(job.to_args())
        .envs(madsim)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = lines(&mut child)?;
    let deadline = Instant::now() + job.timeout;
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => take_in(&line, job, process, results),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.kill()?;
                child.wait()?;
                let text = format!("did not stop in {} s", job.timeout.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
        }
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}

/// The lines of its stdout as they come; disconnected at its end.
fn lines(child: &mut Child) -> io::Result<Receiver<String>> {
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (send, receive) = channel();
    thread::Builder::new().name("lines".into()).spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(receive)
}

/// A line that is neither is a log of somebody's.
fn take_in(line: &str, job: &Job, process: u32, results: &mut Results) {
    if let Some(rest) = line.strip_prefix(SAMPLE) {
        let mut parts = rest.splitn(3, '\t');
        if let (Some(variant), Some(metric), Some(Ok(value))) =
            (parts.next(), parts.next(), parts.next().map(str::parse))
        {
            results.sample(job, process, variant, metric, value);
        }
    } else if let Some((variant, error)) =
        line.strip_prefix(FAILED).and_then(|rest| rest.split_once('\t'))
    {
        results.failed(format!("{job}: {variant}"), error);
    }
}
