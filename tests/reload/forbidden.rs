//! A watched file that may not be read any more. Root may read everything: its daemon is somebody else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::child::{command, start};
use crate::edits::put;
use crate::refused::{answers, text};
use crate::rows::on_each;
use crate::support::process::Signal;

/// Nobody's number, nearly everywhere.
const NOBODY: u32 = 65534;

pub(crate) fn trials() -> Vec<Trial> {
    let copy = rustix::process::geteuid().is_root().then(|| Arc::new(program()));
    on_each("refused::a_file_that_may_not_be_read_changes_nothing", move |row| {
        forbidden(row, copy.as_deref().map(|folder| folder.path().join("program")));
    })
}

/// A copy of this binary: where it is, others may not be allowed to look. Made before any test begins: a process that is
/// started while it is written would hold it open, and what is open for writing cannot be run.
fn program() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    for path in [folder.path(), &copy] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn forbidden(row: &'static str, copy: Option<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let (root, file) = (folder.path(), folder.path().join("daemon.toml"));
    let watched = |n: u64| format!("hot_reload = true\n{}", text(n));
    let made = |n: u64| {
        put(root, watched(n));
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    };
    made(1);
    let mut command = command("follows", row, &file);
    if let Some(copy) = copy {
        fs::set_permissions(root, Permissions::from_mode(0o755)).unwrap();
        let mut other = Command::new(copy);
        other.args(command.get_args());
        other.env("FILE", &file).env_remove("RUST_LOG").env("RUST_BACKTRACE", "0");
        other.uid(NOBODY).gid(NOBODY).current_dir("/");
        command = other;
    }
    let process = start(command);
    for count in [1, 2] {
        let n = u64::from(count);
        fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
        let says = "daemon.toml: cannot be opened: Permission denied";
        process.until("a refusal", |lines| {
            (lines.iter().filter(|line| line.text.contains(says)).count() as u64 == n).then_some(())
        });
        answers(&process, count, n);
        // Allowed again, it is as it was: then it is another one.
        made(n + 1);
        process.stdout_line(&format!("n = {}", n + 1));
    }
    process.signal(Signal::TERM);
    process.wait().expect_code(0);
}
