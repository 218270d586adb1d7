//! Processes that are told to reload what cannot be used: they say why, go on, and take the next good edit.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use crate::child::{command, start};
use crate::edits::{put, write};
use crate::rows::on_each;
use crate::support::process::{Process, Signal};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = on_each("refused::a_hangup_does_not_take_what_is_not_there", by_hangup);
    trials.extend(on_each("refused::what_a_subsystem_cannot_take_is_taken_back", picky));
    trials.extend(on_each("refused::of_a_storm_of_hangups_the_last_edit_wins", storm));
    trials
}

pub(crate) fn text(n: u64) -> String {
    format!("[part]\nn = {n}\n")
}

/// It answers, with this number.
#[track_caller]
pub(crate) fn answers(process: &Process, count: u32, n: u64) {
    process.signal(Signal::USR2);
    process.stdout_line(&format!("talk {count}: n = {n}"));
}

fn by_hangup(row: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let (root, file) = (folder.path(), folder.path().join("daemon.toml"));
    put(root, text(1));
    let process = start(command("follows", row, &file));
    let cases = [
        ("is empty, and was not before", (|file| write(file, "")) as fn(&Path)),
        ("no such file", |file| fs::remove_file(file).unwrap()),
        ("unclosed table", |file| write(file, "[part\n")),
    ];
    for (count, (says, spoil)) in (1..).zip(cases) {
        let n = u64::from(count);
        spoil(&file);
        process.signal(Signal::HUP);
        let line = process.stderr_line(says);
        let path = file.display().to_string();
        assert!(line.text.contains("ERROR reload: ") && line.text.contains(&path), "{line:?}");
        process.stderr_line(&format!("reload: generation {n} of the configuration is in force"));
        answers(&process, count, n);
        put(root, text(n + 1));
        process.signal(Signal::HUP);
        process.stdout_line(&format!("n = {}", n + 1));
    }
    process.signal(Signal::TERM);
    process.wait().expect_code(0);
}

/// Restarted, refused, taken back, refused as a whole, restarted: each is told, and what runs has the last good one.
fn picky(row: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let own = |n: u32| format!("[part]\nn = {n}\n[own]\nn = {n}\n");
    put(root, own(1));
    let process = start(command("picky", row, &root.join("daemon.toml")));
    let mut count = 0;
    let mut reload = |text: String, says: &str| {
        put(root, text);
        process.signal(Signal::USR1);
        count += 1;
        process.stdout_line(&format!("reload {count}: {says}"));
    };
    reload(own(2), "generation 2: 1 live: part.n; 1 restarted: owner");
    process.stdout_line("start 2: 2");
    reload(own(13), "`owner` refused: 13 is no number for me");
    reload(own(14), "`owner` was not ready with it: there is no start with 14");
    process.stdout_line("start 4: 2");
    answers(&process, 1, 2);
    reload(format!("name = 'other'\n{}", own(3)), "only a new process can take a change of name");
    answers(&process, 2, 2);
    reload(own(5), "generation 5: 1 live: part.n; 1 restarted: owner");
    process.stdout_line("start 5: 5");
    process.signal(Signal::TERM);
    let exit = process.wait().expect_code(0);
    exit.expect_order(&[
        "reloaded: generation 2: ",
        "reload: `owner` refused: 13",
        "reload: generation 2 of the configuration is in force",
        "`owner` was not ready with the new configuration: going back to the one before",
        "reload: generation 4 of the configuration is in force",
        "reload: only a new process",
        "reloaded: generation 5: ",
    ]);
}

fn storm(row: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), text(1));
    let process = start(command("follows", row, &folder.path().join("daemon.toml")));
    for n in 2..=1000 {
        put(folder.path(), text(n));
        process.signal(Signal::HUP);
    }
    process.stdout_line("n = 1000");
    answers(&process, 1, 1000);
    process.signal(Signal::TERM);
    process.wait().expect_code(0);
}
