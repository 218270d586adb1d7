//! The same edits where the system watches nothing: in a process of a user namespace that has no inotify, so that the
//! files are looked at every 2 s.

use std::process::{Command, Stdio};

use libtest_mimic::Trial;

use crate::child::FALLBACK;
use crate::support::process::Process;
use crate::{bad, edits, good};

/// The watcher knows no runtime: one is enough.
const ROW: &str = "tokio";

/// Takes something away from its namespace, and becomes the rest of its arguments.
const WITHOUT: &str = r#"echo 0 > "/proc/sys/user/$0" && exec "$@""#;

/// What is taken away, and what is then said.
const LIMITS: [(&str, &str); 2] = [
    ("max_inotify_instances", "out of descriptors, or of fs.inotify.max_user_instances"),
    ("max_inotify_watches", "the system has no watches left (fs.inotify.max_user_watches)"),
];

pub(crate) fn trials() -> Vec<Trial> {
    // Some systems let nobody but root make a namespace. That is shown.
    let cannot = !can();
    let names = edits::EDITS.iter().map(|edit| edit.name);
    let names = names.chain(bad::BAD.iter().map(|bad| bad.name));
    let names = names.chain(good::BODIES.iter().map(|(name, _)| *name));
    let trial = |(at, name): (usize, &'static str)| {
        let (limit, says) = LIMITS[at % LIMITS.len()];
        let body = move || {
            lives(name, limit, says);
            Ok(())
        };
        Trial::test(format!("polling::{name}"), body)
            .with_kind("user namespace")
            .with_ignored_flag(cannot)
    };
    names.enumerate().map(trial).collect()
}

fn namespace(limit: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", WITHOUT, limit]);
    command
}

fn can() -> bool {
    let tries = |(limit, _): &(&str, &str)| {
        let mut command = namespace(limit);
        command.arg("true").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    LIMITS.iter().all(tries)
}

/// The test of that name in such a process: it goes as anywhere else, and what is the case is said once.
fn lives(name: &str, limit: &str, says: &str) {
    let mut command = namespace(limit);
    command.arg(std::env::current_exe().expect("this binary has a path"));
    command.args(["child", "polled", name]);
    let exit = Process::spawn(&mut command).wait().expect_code(0);
    let stderr = exit.stderr();
    let told: Vec<&str> = stderr.lines().filter(|line| line.contains(FALLBACK)).collect();
    assert_eq!(told.len(), 1, "{stderr}");
    assert!(told[0].contains(says) && told[0].contains("WARN"), "{told:?}");
    assert!(told[0].ends_with("; they are looked at every 2 s instead"), "{told:?}");
}

/// In that process.
pub(crate) fn live(name: &str) {
    if let Some(edit) = edits::EDITS.iter().find(|edit| edit.name == name) {
        good::several(ROW, edit);
    } else if let Some(bad) = bad::BAD.iter().find(|bad| bad.name == name) {
        bad::twice(ROW, bad);
    } else {
        let (_, body) = good::BODIES.iter().find(|(known, _)| *known == name).expect("a test");
        body(ROW);
    }
}
