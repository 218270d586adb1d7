//! What each row of a signal configuration does to a process.

use std::os::unix::process::ExitStatusExt;

use libtest_mimic::Trial;

use crate::support::process::{Exit, Signal};
use crate::{on_rows, rows, spawn};

pub(crate) fn trials() -> Vec<Trial> {
    [
        on_rows("a_signal_that_is_not_installed_has_its_default_action", rows::EACH, not_installed),
        on_rows("an_ignored_signal_is_swallowed", rows::EACH, ignored),
        on_rows("a_forcing_signal_ends_with_its_code", rows::EACH, forcing),
        on_rows("the_nginx_preset_stops_in_order_on_quit", rows::EACH, nginx),
        on_rows("a_custom_handler_runs_and_delays_no_signal", rows::EACH, handler),
        on_rows("a_custom_handler_is_called_again_for_a_later_signal", rows::EACH, handler_again),
        on_rows("hangup_and_user1_end_nothing", rows::EACH, hangup),
        on_rows("with_sighup_installs_the_reload_again", rows::EACH, sighup_again),
        on_rows("a_second_interrupt_forces_a_deaf_daemon", rows::EACH, second_interrupt),
        on_rows("what_follows_main_is_the_programs_own", rows::EACH, after_main),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Starts `scenario`, and sends `signal` when it is up.
fn after(scenario: &str, row: &str, signal: Signal) -> Exit {
    let process = spawn(scenario, row);
    process.stdout_line("up");
    process.signal(signal);
    process.wait()
}

fn not_installed(row: &'static str) {
    for (scenario, signal) in [
        ("no-sigint", Signal::INT),
        ("no-sigterm", Signal::TERM),
        ("only-term", Signal::INT),
        ("no-sighup", Signal::HUP),
        ("no-signals", Signal::TERM),
        ("idle", Signal::USR2),
    ] {
        let exit = after(scenario, row, signal);
        assert_eq!(exit.status.signal(), Some(signal.as_raw()), "{scenario}: {:?}", exit.status);
    }
    // Once `main` has returned, nobody listens: the default actions are back.
    let process = spawn("after-main", row);
    process.stdout_line("after main");
    process.signal(Signal::TERM);
    assert_eq!(process.wait().status.signal(), Some(Signal::TERM.as_raw()));
    after("no-sigint", row, Signal::TERM).expect_code(0);
    after("only-term", row, Signal::TERM).expect_code(0);
    after("no-sighup", row, Signal::TERM).expect_code(0);
}

fn ignored(row: &'static str) {
    let process = spawn("ignore", row);
    process.stdout_line("up");
    process.signal(Signal::TERM);
    process.signal(Signal::HUP);
    process.stderr_line("SIGHUP: nothing can be reloaded");
    process.signal(Signal::INT);
    let exit = process.wait().expect_code(0);
    assert!(!exit.stderr().contains("SIGTERM"), "{}", exit.stderr());
}

fn forcing(row: &'static str) {
    let exit = after("force", row, Signal::TERM).expect_code(128 + 15);
    exit.expect_stderr("SIGTERM forces the end");
}

fn nginx(row: &'static str) {
    after("nginx", row, Signal::QUIT).expect_code(0);
    after("nginx", row, Signal::INT).expect_code(130);
}

/// The handler is still busy with the first signal when the daemon is asked to end.
fn handler(row: &'static str) {
    let process = spawn("handler", row);
    process.stdout_line("up");
    process.signal(Signal::USR2);
    process.stdout_line("SIGUSR2 in signal:SIGUSR2");
    process.signal(Signal::USR2);
    process.signal(Signal::TERM);
    process.wait().expect_code(0);
}

/// The second signal is sent when the first call has written its line: it is a call of its own.
fn handler_again(row: &'static str) {
    let process = spawn("quick-handler", row);
    process.stdout_line("up");
    for calls in 1..=3 {
        process.signal(Signal::USR2);
        process.until(&format!("call {calls} of the handler"), |lines| {
            let handled = lines.iter().filter(|line| line.text == "SIGUSR2 handled").count();
            (handled >= calls).then_some(())
        });
    }
    process.signal(Signal::TERM);
    let text = process.wait().expect_code(0).stdout();
    assert_eq!(text.matches("SIGUSR2 handled").count(), 3, "{text}");
}

fn sighup_again(row: &'static str) {
    for scenario in ["sighup-reloads", "sighup-back"] {
        let process = spawn(scenario, row);
        process.stdout_line("up");
        process.signal(Signal::HUP);
        process.stderr_line("SIGHUP: nothing can be reloaded");
        process.signal(Signal::TERM);
        process.wait().expect_code(0);
    }
}

fn hangup(row: &'static str) {
    let process = spawn("idle", row);
    process.stdout_line("up");
    process.signal(Signal::HUP);
    process.stderr_line("SIGHUP: nothing can be reloaded; ignored");
    process.signal(Signal::USR1);
    process.stderr_line("SIGUSR1: no log file is open; ignored");
    process.signal(Signal::TERM);
    process.wait().expect_code(0);
}

fn second_interrupt(row: &'static str) {
    let process = spawn("deaf", row);
    process.stdout_line("up");
    process.signal(Signal::INT);
    process.stderr_line("shutting down: SIGINT");
    // The time between two key presses is what is tested here.
    std::thread::sleep(std::time::Duration::from_millis(350));
    process.signal(Signal::INT);
    let exit = process.wait().expect_code(130);
    exit.expect_stderr("SIGINT forces the end");
}

fn after_main(row: &'static str) {
    let process = spawn("main-code", row);
    let exit = process.wait().expect_code(0);
    assert_eq!(exit.stdout(), "after main\n");
}
