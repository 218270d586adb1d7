//! Logs of `main`: level by file and environment, plain on a pipe, complete at the end.

use libtest_mimic::Trial;

use crate::support::process::{Exit, Process};
use crate::{child, on_rows, rows, spawn};

pub(crate) fn trials() -> Vec<Trial> {
    [
        on_rows("the_files_level_is_obeyed_and_rust_log_beats_it", rows::EACH, level),
        on_rows("the_files_name_and_workers_are_obeyed", &["tokio-2"], name_and_workers),
        on_rows("a_pipe_gets_no_colour_and_the_last_line_is_written", rows::EACH, plain),
        on_rows("a_program_with_its_own_subscriber_keeps_it", rows::EACH, own),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn with_env(scenario: &str, row: &str, level: &str) -> Exit {
    Process::spawn(child(scenario, row).env("RUST_LOG", level)).wait().expect_code(0)
}

fn level(row: &'static str) {
    let quiet = spawn("quiet-file", row).wait().expect_code(0).stderr();
    assert!(quiet.contains("a warn line") && !quiet.contains("an info line"), "{quiet}");
    let loud = with_env("quiet-file", row, "debug").stderr();
    assert!(loud.contains("a debug line"), "{loud}");
    let usual = spawn("talker", row).wait().expect_code(0).stderr();
    assert!(usual.contains("an info line") && !usual.contains("a debug line"), "{usual}");
}

fn name_and_workers(_: &'static str) {
    let exit = spawn("workers", "tokio-2").wait().expect_code(0);
    exit.expect_stderr("`web` starts on tokio");
    assert_eq!(exit.stdout(), "3 workers\n");
}

fn plain(row: &'static str) {
    let exit = spawn("talker", row).wait().expect_code(0);
    let text = exit.stderr();
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.trim_end().ends_with("stopped"), "{text}");
    exit.expect_order(&["`daemon` starts on", "a warn line", "nothing left to run", "stopped"]);
}

fn own(row: &'static str) {
    let exit = spawn("own-subscriber", row).wait().expect_code(0);
    assert!(exit.stderr().is_empty(), "{}", exit.stderr());
    assert!(exit.stdout().contains("an info line"), "{}", exit.stdout());
}
