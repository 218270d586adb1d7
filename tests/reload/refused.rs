//! Processes that are told to reload what cannot be used: they say why, go on, and take the next good edit.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use crate::child::{command, start};
use crate::edits::{put, write};
use crate::rows::on_each;
use crate::support::process::{Process, Signal};

pub(crate) fn trials() -> Vec<Trial> {
    on_each("refused::a_hangup_does_not_take_what_is_not_there", by_hangup)
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
