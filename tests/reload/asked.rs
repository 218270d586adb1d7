//! Reloads that are asked for by a call: what is said of a file that is being written, emptied, or gone.

use std::path::Path;

use libtest_mimic::Trial;
use proc_daemon::ReloadErrorKind;

#[cfg(target_os = "linux")]
use crate::edits::being_written;
use crate::edits::{put, write};
use crate::rows::on_each;
use crate::world::{World, wait};

pub(crate) fn trials() -> Vec<Trial> {
    on_each("asked::what_is_written_emptied_or_gone_is_not_taken", not_taken)
}

/// Not watched.
fn text(n: u64) -> String {
    format!("[part]\nn = {n}\n")
}

fn unwatched(root: &Path) {
    put(root, text(1));
}

const EMPTY: &str = ": is empty, and was not before: for the defaults, leave a comment in it";

/// What is then said, and what is done to it.
type Case = (&'static str, fn(&Path));

const CASES: &[Case] = &[
    (EMPTY, empty),
    (": no such file", missing),
    (EMPTY, blank),
    #[cfg(target_os = "linux")]
    (": is being written: it has changed each of the 9 times it was read", being_written),
];

fn not_taken(row: &'static str) {
    let mut world = World::start(row, unwatched);
    for (n, (says, spoil)) in (2..).zip(CASES.iter().chain(CASES)) {
        let before = world.daemon.config_snapshot();
        spoil(world.root());
        let error = wait("the reload", world.daemon.reload()).expect_err(says);
        assert_eq!(error.kind(), ReloadErrorKind::Invalid);
        assert!(error.to_string().contains(says), "{error}");
        world.refused(&before, says);
        put(world.root(), text(n));
        let report = wait("the reload", world.daemon.reload()).expect("it is good");
        assert_eq!((report.generation, &*report.live), (n, &["part.n".to_owned()][..]));
        world.applied(n);
    }
    world.end();
}

fn empty(root: &Path) {
    write(&root.join("daemon.toml"), "");
}

fn blank(root: &Path) {
    write(&root.join("daemon.toml"), "\n \n\t\n");
}

fn missing(root: &Path) {
    std::fs::remove_file(root.join("daemon.toml")).unwrap();
}
