//! A stop while a reload is under way: it is obeyed at once, or within the budget where code of the user's holds its
//! thread, and the exit code is as if there were no reload.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command as Program;
use std::time::Duration;

use libtest_mimic::Trial;

use crate::child::{command, start};
use crate::edits::put;
use crate::rows::{WORKERS, on_each};
use crate::support::process::{Exit, Process, Signal};

/// The budget is 2 s; the rest is for a machine that is busy with other things.
const BUDGET: u64 = 2000;
const AT_MOST: Duration = Duration::from_millis(3500);

pub(crate) fn trials() -> Vec<Trial> {
    [
        on_each("stages::a_stop_while_the_file_is_read_is_obeyed", reading),
        on_each("stages::a_named_pipe_is_refused_and_the_next_reload_is_done", refused),
        on_each("stages::a_stop_while_a_hook_is_asked_is_obeyed", asking),
        on_each("stages::a_stop_answers_who_has_asked_for_the_reload", called),
        on_each("stages::a_stop_while_a_hook_holds_a_worker_is_obeyed", holding),
        on_each("stages::a_stop_while_hooks_hold_every_worker_is_obeyed", holding_all),
        on_each("stages::a_stop_while_one_restarts_is_obeyed", settling),
        on_each("stages::a_stop_while_one_that_does_not_listen_restarts_is_obeyed", deaf),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn text(n: u64) -> String {
    format!("[shutdown]\nkill_timeout_ms = {BUDGET}\n[part]\nn = {n}\n[own]\nn = {n}\n")
}

/// A daemon that has been told to reload number 2.
fn reloading(scenario: &str, row: &str) -> (tempfile::TempDir, Process) {
    reloading_by(Signal::HUP, scenario, row)
}

fn reloading_by(signal: Signal, scenario: &str, row: &str) -> (tempfile::TempDir, Process) {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), text(1));
    let process = start(command(scenario, row, &folder.path().join("daemon.toml")));
    put(folder.path(), text(2));
    process.signal(signal);
    (folder, process)
}

/// Stops it: it is out in time, with this code.
#[track_caller]
fn stops(process: Process, code: i32, what: &str) -> Exit {
    let asked = process.signal(Signal::TERM);
    let exit = process.wait().expect_code(code);
    let took = exit.at - asked;
    eprintln!("{what}: out after {took:?}");
    assert!(took < AT_MOST, "{took:?}");
    exit
}

fn reading(row: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("daemon.toml");
    put(folder.path(), text(1).replace("[own]\nn = 1\n", ""));
    let mut command = command("follows", row, &file);
    let (process, _stdin) = Process::spawn_with_stdin(command.env("RUST_LOG", "debug"));
    process.stdout_line("up");
    // Whoever reads it waits for its end.
    fs::remove_file(&file).unwrap();
    symlink("/dev/stdin", &file).unwrap();
    process.signal(Signal::HUP);
    process.stderr_line("reading the configuration again");
    let exit = stops(process, 0, "reading");
    exit.expect_stderr("shutting down: SIGTERM");
    assert!(!exit.stdout().contains("n = 2"), "{}", exit.stdout());
}

/// Opening it would wait for somebody who writes to it, and no later reload would be done.
fn refused(row: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("daemon.toml");
    let text = |n| text(n).replace(&format!("[own]\nn = {n}\n"), "");
    put(folder.path(), text(1));
    let process = start(command("follows", row, &file));
    fs::remove_file(&file).unwrap();
    assert!(Program::new("mkfifo").arg(&file).status().unwrap().success());
    process.signal(Signal::HUP);
    process.stderr_line(&format!("reload: {}: is a named pipe, not a file", file.display()));
    put(folder.path(), text(2));
    process.signal(Signal::HUP);
    process.stdout_line("n = 2");
    stops(process, 0, "refused");
}

fn asking(row: &'static str) {
    let (_folder, process) = reloading("hook-hangs", row);
    process.stdout_line("asked");
    let exit = stops(process, 0, "asking");
    exit.expect_stderr("shutting down: SIGTERM");
    assert!(!exit.stdout().contains("n = 2"), "it was published: {}", exit.stdout());
}

/// Who waits for the reload is answered, or would be waited for itself.
fn called(row: &'static str) {
    let (_folder, process) = reloading_by(Signal::USR1, "hook-hangs", row);
    process.stdout_line("asked");
    let exit = stops(process, 0, "called");
    assert!(exit.stdout().contains("reload 1: the daemon is shutting down"), "{}", exit.stdout());
    assert!(!exit.stdout().contains("n = 2"), "it was published: {}", exit.stdout());
}

/// Whoever ends is not held up by a hook that holds its thread.
fn holding(row: &'static str) {
    let (_folder, process) = reloading("hook-blocks", row);
    process.stdout_line("asked");
    let exit = stops(process, 0, "holding");
    exit.expect_stderr("shutting down: SIGTERM");
    assert!(!exit.stdout().contains("n = 2"), "it was published: {}", exit.stdout());
}

/// With every worker held nobody can end: the budget counts.
fn holding_all(row: &'static str) {
    let (_folder, process) = reloading("hooks-block", row);
    process.until("a hook on each worker", |lines| {
        (lines.iter().filter(|line| line.text == "asked").count() >= WORKERS).then_some(())
    });
    let exit = stops(process, 124, "holding all");
    assert!(!exit.stdout().contains("n = 2"), "it was published: {}", exit.stdout());
}

/// It is published by then, and whoever starts with it is asked to stop as anybody else.
fn settling(row: &'static str) {
    let (_folder, process) = reloading("start-hangs", row);
    process.stdout_line("starting");
    process.stdout_line("n = 2");
    stops(process, 0, "settling").expect_stderr("shutting down: SIGTERM");
}

fn deaf(row: &'static str) {
    let (_folder, process) = reloading("start-is-deaf", row);
    process.stdout_line("starting");
    stops(process, 124, "deaf").expect_stderr("shutting down: SIGTERM");
}
