use std::io::{self, BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use proc_daemon::{Context, Daemon};
use rustix::process::{Pid, Signal, kill_process};

use super::start_stop::nanos;
use crate::bare::{AsyncStd, Backend, Bare, Smol, Tokio};
use crate::job::Job;
use crate::sampler::{Lines, rounds};

/// The first argument of the process that is timed.
const CHILD: &str = "exec-child";
/// What the core logs when its handlers are in place.
const IN_PLACE: &str = "signal handlers are in place";
/// What the child prints when it runs.
const RUNS: &str = "it runs";

pub(crate) fn run(job: &Job, out: &Lines) -> io::Result<()> {
    let program = std::env::current_exe()?;
    rounds(job, |variant| match time(&program, job.backend, variant) {
        Ok((handlers, exit)) => {
            out.sample(variant, "handlers", nanos(handlers));
            out.sample(variant, "exit", nanos(exit));
        }
        Err(error) => out.failed(variant, error),
    });
    Ok(())
}

fn time(
    program: &std::path::Path,
    backend: Backend,
    variant: &str,
) -> io::Result<(Duration, Duration)> {
    let started = Instant::now();
    let mut child = Command::new(program)
        .args([CHILD, backend.name(), variant])
        .env("RUST_LOG", "debug")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut stderr = BufReader::new(stderr);
    let said = both(&mut stderr);
    if said.is_err() {
        child.kill()?;
    }
    // What it does after that line is not what is timed.
    sleep(Duration::from_millis(5));
    let asked = Instant::now();
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        kill_process(pid, Signal::TERM)?;
    }
    child.wait()?;
    Ok((said? - started, asked.elapsed()))
}

/// When it said that its handlers are in place, once it has also said that it runs. Logs are written by
/// a thread of their own: the two may come in either order.
fn both(stderr: &mut impl BufRead) -> io::Result<Instant> {
    let (mut in_place, mut runs) = (None, false);
    for line in stderr.lines() {
        let line = line?;
        if line.contains(IN_PLACE) {
            in_place = Some(Instant::now());
        }
        runs |= line.contains(RUNS);
        if let (Some(at), true) = (in_place, runs) {
            return Ok(at);
        }
    }
    Err(io::Error::other(format!("it ended without saying `{IN_PLACE}` and `{RUNS}`")))
}

/// The process that is timed, if the arguments say that this is one.
pub(crate) fn child(args: &[String]) -> Option<ExitCode> {
    let [first, backend, variant] = args else {
        return None;
    };
    if first != CHILD {
        return None;
    }
    // Nobody else would end it if the sampler were killed.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    if variant == "empty" {
        eprintln!("{IN_PLACE}: none\n{RUNS}");
        loop {
            sleep(Duration::from_secs(60));
        }
    }
    match Backend::from_name(backend)? {
        Backend::Tokio => Some(daemon::<Tokio<false>>()),
        Backend::TokioCurrent => Some(daemon::<Tokio<true>>()),
        Backend::AsyncStd => Some(daemon::<AsyncStd>()),
        Backend::Smol => Some(daemon::<Smol>()),
        Backend::Virtual => None,
    }
}

fn daemon<B: Bare>() -> ExitCode {
    let wait = |ctx: Context| async move {
        eprintln!("{RUNS}");
        ctx.cancelled().await;
        Ok(())
    };
    Daemon::new().runtime_options(B::OPTIONS).with_task("wait", wait).main_on::<B::Owned>()
}
