//! The ugly cases: a process that is stuck before it is asked, a configuration that never comes, a second
//! `main`, a `main` that fails, a `main` in the wrong place.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdin, ExitCode};
use std::time::Duration;

use libtest_mimic::Trial;
use proc_daemon::{Config, Context, Daemon, Result, task};

use crate::support::process::{Process, Signal};
use crate::{child, on_rows, rows, spawn};

/// A budget of 2 s and what a busy machine adds.
const AT_MOST: Duration = Duration::from_millis(3500);

pub(crate) fn trials() -> Vec<Trial> {
    [
        on_rows("stuck_before_it_is_asked_it_still_ends", rows::ALL, stuck_first),
        on_rows("stuck_after_it_asked_for_the_end_it_still_ends", rows::ALL, stuck_asking),
        on_rows("a_configuration_that_never_comes_holds_up_nothing", rows::EACH, no_config),
        on_rows("a_signal_while_the_configuration_is_read_starts_nothing", rows::EACH, early),
        on_rows("a_named_pipe_as_configuration_is_refused", rows::EACH, fifo),
        on_rows("a_second_main_hears_its_signals", rows::EACH, twice),
        on_rows("after_a_main_that_failed_signals_act_by_default", rows::EACH, failed),
        on_rows("a_main_inside_a_runtime_says_what_to_do", &["tokio-2"], nested),
        on_rows("a_line_logged_after_main_is_written", rows::EACH, log_after),
        on_rows("what_ends_by_itself_before_the_deadline_ends_nobody_else", &["tokio-2"], recovers),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The daemons of this file's scenarios.
pub(crate) fn child_of(scenario: &str, row: &str) -> Option<ExitCode> {
    Some(match scenario {
        "stuck-first" => rows::main_on(row, everybody(row, || block(60))),
        "stuck-asking" => rows::main_on(row, everybody(row, || block(60)).with_task("asks", asks)),
        "reads" => {
            let path = std::env::var("CONFIG").expect("the test gives a path");
            rows::main_on(row, Daemon::builder(Config::file(path)).with_task("idle", idle))
        }
        "twice" => {
            let _ = rows::main_on(row, Daemon::new().with_task("job", |_| async { Ok(()) }));
            rows::main_on(row, Daemon::new().with_task("idle", idle))
        }
        "failed" => {
            let code = rows::main_on(row, Daemon::builder(Config::file("/nowhere/daemon.toml")));
            println!("after main");
            block(60);
            code
        }
        "nested" => {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async { rows::main_on("tokio-2", Daemon::new()) })
        }
        "log-after" => {
            let code = rows::main_on(row, Daemon::new().with_task("job", |_| async { Ok(()) }));
            tracing::warn!("the last word");
            code
        }
        "recovers" => {
            let config = Config::builder().kill_timeout(Duration::from_secs(5)).build();
            let slow = task("slow", |ctx: Context| async move {
                println!("up");
                ctx.cancelled().await;
                // Beyond the abort and its 250 ms, within the budget.
                std::thread::sleep(Duration::from_millis(4750));
                Ok(())
            });
            let daemon = Daemon::builder(config).with_subsystem(slow).exit_when_stuck(true);
            println!("report {}", rows::adopted(row, daemon));
            block(2);
            ExitCode::from(7)
        }
        _ => return None,
    })
}

fn block(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

async fn idle(ctx: Context) -> Result {
    println!("up");
    ctx.cancelled().await;
    Ok(())
}

/// Once everybody is up, asks for the end.
async fn asks(ctx: Context) -> Result {
    ctx.shutdown("enough");
    block(60);
    Ok(())
}

/// One blocked subsystem more than there are workers, blocked from the first poll on.
fn everybody(row: &str, block: fn()) -> proc_daemon::DaemonBuilder {
    let config = Config::builder().kill_timeout(Duration::from_secs(2)).build();
    let blocked = (0..=rows::workers(row)).map(|n| {
        task(format!("blocked-{n}"), move |_: Context| async move {
            println!("up");
            block();
            Ok(())
        })
    });
    let early = task("early", |ctx: Context| async move {
        ctx.cancelled().await;
        Ok(())
    });
    Daemon::builder(config).with_subsystem(early).with_subsystems(blocked)
}

fn stuck_first(row: &'static str) {
    let process = spawn("stuck-first", row);
    process.stdout_line("up");
    let asked = process.signal(Signal::TERM);
    let exit = process.wait().expect_code(124);
    assert!(exit.at - asked < AT_MOST, "{:?}", exit.at - asked);
    exit.expect_stderr("`blocked-");
}

fn stuck_asking(row: &'static str) {
    // Whether it gets to ask is a matter of who is polled first: then the signal asks.
    let process = spawn("stuck-asking", row);
    process.stdout_line("up");
    let asked = process.signal(Signal::TERM);
    let exit = process.wait().expect_code(124);
    assert!(exit.at - asked < AT_MOST, "{:?}", exit.at - asked);
}

/// It reads its configuration from a stdin that does not end.
fn reading(row: &str) -> (Process, ChildStdin) {
    let mut command = child("reads", row);
    command.env("CONFIG", "/dev/stdin").env("RUST_LOG", "debug");
    let (process, stdin) = Process::spawn_with_stdin(&mut command);
    process.stderr_line("signal handlers are in place");
    (process, stdin)
}

fn no_config(row: &'static str) {
    let (process, _stdin) = reading(row);
    let asked = process.signal(Signal::TERM);
    let exit = process.wait().expect_code(124);
    assert!(exit.at - asked < AT_MOST, "{:?}", exit.at - asked);
    exit.expect_stderr("stuck: the configuration is being read: `/dev/stdin`");
}

fn early(row: &'static str) {
    let (process, mut stdin) = reading(row);
    process.signal(Signal::TERM);
    stdin.write_all(b"name = 'late'\n").unwrap();
    drop(stdin);
    let exit = process.wait().expect_code(0);
    exit.expect_stderr("shutting down: SIGTERM");
    assert_eq!(exit.stdout(), "", "nothing was started");
}

/// Opening it would wait for somebody who writes to it.
fn fifo(row: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daemon.toml");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let exit = Process::spawn(child("reads", row).env("CONFIG", &path)).wait().expect_code(78);
    exit.expect_stderr(&format!("{}: is a named pipe, not a file", path.display()));
}

fn twice(row: &'static str) {
    let process = spawn("twice", row);
    process.stdout_line("up");
    process.signal(Signal::TERM);
    process.wait().expect_code(0).expect_stderr("shutting down: SIGTERM");
}

fn failed(row: &'static str) {
    let process = spawn("failed", row);
    process.stdout_line("after main");
    process.signal(Signal::TERM);
    let exit = process.wait();
    assert_eq!(exit.status.signal(), Some(Signal::TERM.as_raw()), "{:?}", exit.status);
    exit.expect_stderr("/nowhere/daemon.toml");
}

fn nested(row: &'static str) {
    let exit = spawn("nested", row).wait().expect_code(71);
    exit.expect_stderr("use `.run().await` there");
}

fn log_after(row: &'static str) {
    spawn("log-after", row).wait().expect_code(0).expect_order(&["stopped", "the last word"]);
}

fn recovers(row: &'static str) {
    let process = spawn("recovers", row);
    process.stdout_line("up");
    process.signal(Signal::TERM);
    process.stdout_line("report 124");
    process.wait().expect_code(7);
}
