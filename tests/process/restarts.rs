//! Restarts counted from outside: each start and each drop is a line in a file, and the exit code tells the rest.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::future::pending;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Trial;
use proc_daemon::{Backoff, Context, Daemon, Instant, RestartPolicy, Result, task_with};

use crate::support::process::{Exit, Process};
use crate::{child, on_rows, rows};

const MS: Duration = Duration::from_millis(1);

/// How many failures are put up with.
const LIMIT: u32 = 3;

/// What the policy says of the delays before the second, third and fourth start, jitter included.
const DELAYS: [(u64, u64); LIMIT as usize] = [(32, 48), (64, 96), (80, 100)];

pub(crate) fn trials() -> Vec<Trial> {
    on_rows("each_policy_starts_as_often_as_it_says", rows::ALL, each_policy)
}

fn policy(name: &str) -> RestartPolicy {
    let policy = match name {
        "never" => RestartPolicy::never(),
        "on failure" => RestartPolicy::on_failure(),
        "always" => RestartPolicy::always(),
        other => panic!("no policy named {other}"),
    };
    let backoff = Backoff::exponential(40 * MS, 100 * MS).jitter(0.2);
    policy.backoff(backoff).intensity(LIMIT, Duration::from_secs(3600))
}

/// The daemon of this file's scenario.
pub(crate) fn child_of(scenario: &str, row: &str) -> Option<ExitCode> {
    let env = |name: &str| std::env::var(name).expect("the test gives it");
    if scenario != "counted" {
        return None;
    }
    let does = env("DOES");
    let file = OpenOptions::new().append(true).create(true).open(env("FILE")).expect("a file");
    let counted = task_with("counted", (Arc::new(file), does), live);
    Some(rows::main_on(
        row,
        Daemon::new().with_subsystem(counted.restart_policy(policy(&env("POLICY")))),
    ))
}

/// One start: says so, leaves a child behind, and ends in its way.
async fn live(ctx: Context, (file, does): (Arc<File>, String)) -> Result {
    write(&file, &ctx, "start");
    let (own, of_child) = (Gone::new("own", &file, &ctx), Gone::new("child", &file, &ctx));
    ctx.spawn(async move {
        let _gone = of_child;
        pending::<()>().await;
    })
    .detach();
    ctx.sleep(5 * MS).await?;
    let _gone = own;
    match does.as_str() {
        "ok" => Ok(()),
        "error" => Err("as it was told".into()),
        _ => panic!("as it was told"),
    }
}

/// One line, in one write: lines of two threads are not mixed.
fn write(mut file: &File, ctx: &Context, what: impl fmt::Display) {
    let at = ctx.now().since(Instant::ZERO).as_nanos();
    file.write_all(format!("{what} {} {at}\n", ctx.generation()).as_bytes()).expect("it is open");
}

/// Writes a line when it is dropped.
struct Gone(&'static str, Arc<File>, Context);

impl Gone {
    fn new(what: &'static str, file: &Arc<File>, ctx: &Context) -> Self {
        Self(what, Arc::clone(file), ctx.clone())
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        write(&self.1, &self.2, self.0);
    }
}

fn each_policy(row: &'static str) {
    let again = LIMIT + 1;
    for (does, policy, starts, code) in [
        ("ok", "never", 1, 0),
        ("ok", "on failure", 1, 0),
        ("ok", "always", again, 69),
        ("error", "never", 1, 1),
        ("error", "on failure", again, 69),
        ("error", "always", again, 69),
        ("panic", "never", 1, 70),
        ("panic", "on failure", again, 70),
        ("panic", "always", again, 70),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lives");
        let mut command = child("counted", row);
        command.env("DOES", does).env("POLICY", policy).env("FILE", &path);
        let exit = Process::spawn(&mut command).wait().expect_code(code);
        let lives = Lives::read(&path);
        assert_eq!(lives.starts.len(), starts as usize, "{does}, {policy}: {lives:?}");
        lives.follow_each_other();
        let told = told_delays(&exit);
        assert_eq!(told.len(), starts as usize - 1, "{does}, {policy}: {told:?}");
        for ((told, taken), (least, most)) in told.iter().zip(lives.delays()).zip(DELAYS) {
            assert!((least..=most).contains(told), "{does}, {policy}: {told} ms");
            // How much later a busy machine makes it is not the policy's.
            assert!(taken >= Duration::from_millis(*told), "{does}, {policy}: {taken:?}");
        }
    }
}

/// The delays that the log speaks of, in ms.
fn told_delays(exit: &Exit) -> Vec<u64> {
    let stderr = exit.stderr();
    let delays = stderr.lines().filter_map(|line| line.split_once("`counted` starts again in "));
    delays.map(|(_, delay)| delay.trim_end_matches("ms").parse().expect("below a second")).collect()
}

/// What is in the file.
#[derive(Debug, Default)]
struct Lives {
    /// When each was started.
    starts: Vec<u64>,
    /// The drops of each, in order: its own, and that of its child.
    drops: Vec<Vec<u64>>,
}

impl Lives {
    /// Fails unless the lines are those of lives one after the other.
    #[track_caller]
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("it was written");
        let mut lives = Self::default();
        for line in text.lines() {
            let [what, generation, at] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line:?} in\n{text}");
            };
            let at = at.parse().expect("a number");
            if what == "start" {
                lives.starts.push(at);
                lives.drops.push(Vec::new());
            } else {
                lives.drops.last_mut().expect("it was started").push(at);
            }
            assert_eq!(generation, lives.starts.len().to_string(), "whose line is it in\n{text}");
        }
        lives
    }

    /// Fails if one was started before everything of the one before it was dropped.
    #[track_caller]
    fn follow_each_other(&self) {
        assert!(self.drops.iter().all(|drops| drops.len() == 2), "{self:?}");
        for (drops, next) in self.drops.iter().zip(&self.starts[1..]) {
            assert!(drops.iter().all(|drop| drop < next), "{self:?}");
        }
    }

    /// From the last drop of one to the start of the next.
    fn delays(&self) -> impl Iterator<Item = Duration> {
        let last = |drops: &Vec<u64>| drops.iter().copied().max().unwrap_or(0);
        let pairs = self.drops.iter().zip(&self.starts[1..]);
        pairs.map(move |(drops, next)| Duration::from_nanos(next - last(drops)))
    }
}
