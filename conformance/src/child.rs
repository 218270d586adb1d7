//! Scenarios in a process of their own: this program again, with the trial's path in a variable.
//!
//! The child says what came of it in one line on its standard output and ends with 0, or with the code that the
//! scenario is about. A child that says nothing was ended by something else, which is a failure.

use std::env;
use std::io::Read;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::outcome::{Failure, Outcome};
use crate::run;
use crate::scenario::Need;
use crate::trial::Trial;

/// Names the trial that this process is to run.
const VARIABLE: &str = "PROC_DAEMON_CONFORMANCE_CHILD";
/// When it hangs, in nanoseconds.
const LIMIT: &str = "PROC_DAEMON_CONFORMANCE_LIMIT";
/// Begins the line that the child says.
const SAYS: &str = "conformance: ";

#[derive(Serialize, Deserialize)]
enum Said {
    Pass,
    Fail(Failure),
    Absent(String),
}

/// This process was started for a trial that it has not: another suite's, or none.
#[derive(Debug, thiserror::Error)]
#[error("this program knows no scenario {0}")]
pub(crate) struct Unknown(String);

/// Runs the trial that this process was started for, if it was, and ends it. What it is to be found among is made for
/// its path: `ROW::ID::NAME`.
pub(crate) fn run_if_asked(trials: impl FnOnce(&str) -> Vec<Trial>) -> Result<(), Unknown> {
    let Some(path) = env::var_os(VARIABLE) else { return Ok(()) };
    let path = path.to_string_lossy().into_owned();
    let Some(trial) = trials(&path).into_iter().find(|trial| trial.path() == path) else {
        return Err(Unknown(path));
    };
    crate::panics::install(false);
    let limit = env::var(LIMIT).ok().and_then(|nanos| nanos.parse().ok());
    let limit = limit.map_or(trial.limit, Duration::from_nanos);
    let (outcome, code) = run::on_a_thread(&trial.limit(limit));
    say(&match outcome {
        Outcome::Pass => Said::Pass,
        Outcome::Fail(failure) => Said::Fail(failure),
        Outcome::Absent(need) => Said::Absent(need.as_str().to_owned()),
    });
    // An `ExitCode` tells its number to nobody, but it can be compared.
    let number = |code: ExitCode| (0..=u8::MAX).find(|number| ExitCode::from(*number) == code);
    std::process::exit(code.and_then(number).map_or(0, i32::from))
}

fn say(said: &Said) {
    let text = serde_json::to_string(said).expect("it is plain text");
    println!("\n{SAYS}{text}");
}

/// Runs `trial` in a child.
pub(crate) fn in_a_process(trial: &Trial, code: Option<u8>) -> Outcome {
    match spawn(trial) {
        Ok(child) => judge(child, code, trial.limit),
        Err(error) => Outcome::Fail(Failure::new(format!("no process for it: {error}"))),
    }
}

fn spawn(trial: &Trial) -> std::io::Result<Child> {
    Command::new(env::current_exe()?)
        .env(VARIABLE, trial.path())
        .env(LIMIT, u64::try_from(trial.limit.as_nanos()).unwrap_or(u64::MAX).to_string())
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

fn judge(mut child: Child, code: Option<u8>, limit: Duration) -> Outcome {
    let (output, errors) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let status = match wait(&mut child, limit) {
        Ok(status) => status,
        Err(failure) => return Outcome::Fail(failure),
    };
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    let (output, errors) = (text(output), text(errors));
    let line = output.lines().rev().find_map(|line| line.strip_prefix(SAYS));
    let said = line.and_then(|line| serde_json::from_str::<Said>(line).ok());
    let wanted = i32::from(code.unwrap_or(0));
    match said {
        Some(Said::Fail(failure)) => Outcome::Fail(failure),
        Some(Said::Absent(name)) => absent(&name),
        None => {
            Outcome::Fail(Failure::new(format!("the process ended, {status}{}", tail(&errors))))
        }
        _ if status.code() == Some(wanted) => Outcome::Pass,
        _ => {
            let text = format!("the process ended, {status}, not with {wanted}{}", tail(&errors));
            Outcome::Fail(Failure::new(text))
        }
    }
}

fn absent(name: &str) -> Outcome {
    match Need::ALL.into_iter().find(|need| need.as_str() == name) {
        Some(need) => Outcome::Absent(need),
        None => Outcome::Fail(Failure::new(format!("the child declares `{name}` absent"))),
    }
}

/// The child's own watchdog is earlier than this one, and knows more.
fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus, Failure> {
    let limit = limit.saturating_add(Duration::from_secs(10));
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if began.elapsed() > limit => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(Failure::hang(format!("its process is not over after {limit:?}")));
            }
            // The standard library has no wait with a limit.
            Ok(None) => thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(Failure::new(format!("its process is lost: {error}"))),
        }
    }
}

fn reader(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The end of what it said on its standard error.
fn tail(errors: &str) -> String {
    let lines: Vec<&str> = errors.lines().collect();
    let last = &lines[lines.len().saturating_sub(12)..];
    last.iter().map(|line| format!("\n  {line}")).collect()
}
