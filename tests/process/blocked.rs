//! Subsystems that block their thread when they are asked to stop: the process still ends.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::support::process::{Process, Signal};
use crate::{child, on_rows, rows, spawn};

/// The budget is 2 s, and the promise is 2.2 s: that is the figure to look at, and every run prints its own.
/// The rest is for a machine that is busy with other things.
const AT_MOST: Duration = Duration::from_millis(3500);

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = on_rows("a_thread_that_sleeps_is_left_within_the_budget", rows::ALL, sleeps);
    trials.extend(on_rows("a_thread_that_spins_is_left_within_the_budget", rows::ALL, spins));
    trials.extend(on_rows("a_full_stderr_holds_up_nothing", rows::ALL, fills_stderr));
    trials.extend(on_rows("a_third_interrupt_leaves_at_once", rows::ALL, third_interrupt));
    trials.extend(on_rows(
        "a_second_interrupt_leaves_within_two_seconds",
        rows::EACH,
        second_interrupt,
    ));
    trials.extend(on_rows("quit_dumps_with_every_worker_blocked", rows::EACH, quit));
    trials
}

fn sleeps(row: &'static str) {
    leaves_in_time("sleeps", row);
}

fn spins(row: &'static str) {
    leaves_in_time("spins", row);
}

fn leaves_in_time(scenario: &str, row: &str) {
    let process = spawn(scenario, row);
    process.stdout_line("up");
    let asked = process.signal(Signal::TERM);
    let exit = process.wait().expect_code(124);
    let took = exit.at - asked;
    eprintln!("{scenario} on {row}: out after {took:?}");
    assert!(took < AT_MOST, "{took:?}");
    // By the deadman with every worker blocked, else by the report.
    let text = exit.stderr();
    assert!(text.contains("`blocked-1`"), "{text}");
    assert!(text.contains("tests/process/child.rs:"), "where it was spawned: {text}");
    assert!(text.contains("last sign of life"), "{text}");
}

/// Stderr is a pipe that nobody reads, and its lock is held.
fn fills_stderr(row: &'static str) {
    let process = Process::spawn_with_stderr_unread(&mut child("fills-stderr", row));
    process.stdout_line("up");
    let asked = process.signal(Signal::TERM);
    let took = process.wait().expect_code(124).at - asked;
    eprintln!("fills-stderr on {row}: out after {took:?}");
    assert!(took < AT_MOST, "{took:?}");
}

/// Presses Ctrl-C when the daemon is up, and again 300 ms after the sentinel saw the first.
fn press_twice(process: &Process) -> Instant {
    process.stdout_line("up");
    process.signal(Signal::INT);
    process.stderr_line("shutting down: SIGINT");
    // The time between two key presses is what is tested here.
    std::thread::sleep(Duration::from_millis(400));
    process.signal(Signal::INT)
}

fn third_interrupt(row: &'static str) {
    let process = spawn("blocked-long", row);
    let second = press_twice(&process);
    // Somebody impatient: two presses that are close may arrive as one signal, so one more is not enough.
    while !process.ends_within(Duration::from_millis(50)) && second.elapsed() < AT_MOST {
        process.signal(Signal::INT);
    }
    let took = process.wait().expect_code(130).at - second;
    eprintln!("third interrupt on {row}: out {took:?} after the second");
    // Without the third it takes 2 s.
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

fn second_interrupt(row: &'static str) {
    let process = spawn("blocked-long", row);
    let second = press_twice(&process);
    let took = process.wait().expect_code(130).at - second;
    eprintln!("second interrupt on {row}: out after {took:?}");
    assert!(took < AT_MOST, "{took:?}");
}

fn quit(row: &'static str) {
    let process = spawn("blocked-long", row);
    process.stdout_line("up");
    process.signal(Signal::TERM);
    process.stderr_line("shutting down: SIGTERM");
    let asked = process.signal(Signal::QUIT);
    process.stderr_line("state of");
    let exit = process.wait().expect_code(131);
    let took = exit.at - asked;
    eprintln!("quit on {row}: out after {took:?}");
    assert!(took < AT_MOST, "{took:?}");
    exit.expect_stderr("  blocked-0: ");
}
