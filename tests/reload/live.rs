//! What the daemon itself obeys as soon as it is reloaded: its level, its timeouts, its checks.
//!
//! Each begins with a setting under which the test could not come to its end.

use std::path::Path;

use libtest_mimic::Trial;

use crate::child::{command, start};
use crate::edits::put;
use crate::rows::on_each;
use crate::support::process::{Exit, Line, Process, Signal, Stream};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = on_each("live::the_level_of_the_log", level);
    trials.extend(on_each("live::the_time_until_an_abort", shorter));
    trials.extend(on_each("live::more_time_until_an_abort", longer));
    trials.extend(on_each("live::the_daemons_moment_of_abort", force));
    trials.extend(on_each("live::the_deadmans_budget", kill));
    trials.extend(on_each("live::the_lame_duck", lame_duck));
    trials.extend(on_each("live::whether_checks_are_asked", checks));
    trials.extend(on_each("live::how_often_checks_are_asked", interval));
    trials.extend(on_each("live::how_long_a_file_may_be", limit));
    trials
}

/// A daemon whose file can be edited.
struct Daemon {
    process: Process,
    folder: tempfile::TempDir,
    reloads: u32,
    refused: u32,
}

impl Daemon {
    fn start(scenario: &str, row: &str, own: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        edit(folder.path(), own);
        let process = start(command(scenario, row, &folder.path().join("daemon.toml")));
        Self { process, folder, reloads: 0, refused: 0 }
    }

    /// Has it read this; `live` are the keys that are then in force.
    #[track_caller]
    fn reload(&mut self, own: &str, live: &str) {
        edit(self.folder.path(), own);
        self.process.signal(Signal::USR1);
        self.reloads += 1;
        let generation = self.reloads - self.refused + 1;
        let line = self.process.stdout_line(&format!("reload {}: ", self.reloads));
        let expected = format!(": generation {generation}: {live}; 0 restarted");
        assert!(line.text.ends_with(&expected), "{line:?}");
    }

    /// Has it read what it cannot use.
    #[track_caller]
    fn refuse(&mut self, own: &str, why: &str) {
        edit(self.folder.path(), own);
        self.process.signal(Signal::USR1);
        (self.reloads, self.refused) = (self.reloads + 1, self.refused + 1);
        let line = self.process.stdout_line(&format!("reload {}: ", self.reloads));
        assert!(line.text.contains(why), "{line:?}");
    }

    /// Has it log a line on each level.
    fn talk(&self, count: u32) {
        self.process.signal(Signal::USR2);
        self.process.stdout_line(&format!("talk {count}: "));
    }

    fn stop(self) -> Exit {
        self.process.signal(Signal::TERM);
        self.process.wait()
    }
}

fn edit(root: &Path, own: &str) {
    put(root, format!("{own}\n[part]\nn = 1\n"));
}

fn level(row: &'static str) {
    let mut daemon = Daemon::start("follows", row, "[logging]\nlevel = 'warn'");
    daemon.talk(1);
    daemon.reload("[logging]\nlevel = 'debug'", "1 live: logging.level");
    daemon.talk(2);
    daemon.reload("[logging]\nlevel = 'error'", "1 live: logging.level");
    daemon.talk(3);
    let stderr = daemon.stop().expect_code(0).stderr();
    let said: Vec<&str> = stderr
        .lines()
        .filter_map(|line| {
            let words = ["a debug line", "an info line", "a warn line", "an error line"];
            words.iter().find_map(|word| line.find(word).map(|at| &line[at..]))
        })
        .collect();
    let expected = [
        "a warn line 1",
        "an error line 1",
        "a debug line 2",
        "an info line 2",
        "a warn line 2",
        "an error line 2",
        "an error line 3",
    ];
    assert_eq!(said, expected, "{stderr}");
}

/// What is not set follows from what is.
const DERIVED: &str =
    "3 live: shutdown.timeout_ms, shutdown.force_timeout_ms, shutdown.kill_timeout_ms";

fn shorter(row: &'static str) {
    let mut daemon = Daemon::start("deaf", row, "[shutdown]\ntimeout_ms = 600000");
    daemon.reload("[shutdown]\ntimeout_ms = 100", DERIVED);
    daemon.stop().expect_code(124);
}

/// What takes a second would be aborted after a tenth of one.
fn longer(row: &'static str) {
    let mut daemon = Daemon::start("slow", row, "[shutdown]\ntimeout_ms = 100");
    daemon.reload("[shutdown]\ntimeout_ms = 600000", DERIVED);
    daemon.stop().expect_code(0);
}

/// It has an hour of its own.
fn force(row: &'static str) {
    let timeouts =
        |ms: u32| format!("[shutdown]\ntimeout_ms = 100\nforce_timeout_ms = {ms}\nkill = '1h'");
    let mut daemon = Daemon::start("patient", row, &timeouts(600_000));
    daemon.reload(&timeouts(200), "1 live: shutdown.force_timeout_ms");
    daemon.stop().expect_code(124);
}

/// Every worker is held: nobody but the deadman can end it.
fn kill(row: &'static str) {
    let timeouts = |ms: u32| {
        format!("[shutdown]\ntimeout_ms = 100\nforce_timeout_ms = 200\nkill_timeout_ms = {ms}")
    };
    let mut daemon = Daemon::start("blocked", row, &timeouts(600_000));
    daemon.reload(&timeouts(500), "1 live: shutdown.kill_timeout_ms");
    daemon.stop().expect_code(124);
}

fn lame_duck(row: &'static str) {
    let timeouts = |ms: u32| {
        let rest = "timeout_ms = 100\nforce_timeout_ms = 3600000\nkill_timeout_ms = 3600000";
        format!("[shutdown]\nlame_duck_ms = {ms}\n{rest}")
    };
    let mut daemon = Daemon::start("follows", row, &timeouts(600_000));
    daemon.reload(&timeouts(0), "1 live: shutdown.lame_duck_ms");
    daemon.stop().expect_code(0);
}

/// How many lines of stdout begin so.
fn count(process: &Process, what: &str) -> usize {
    let is = |line: &&Line| line.stream == Stream::Out && line.text.starts_with(what);
    process.until("nothing", |lines| Some(lines.iter().filter(is).count()))
}

fn checks(row: &'static str) {
    let of =
        |on: bool| format!("[monitoring]\nhealth_checks = {on}\nhealth_check_interval_ms = 10");
    let key = "1 live: monitoring.health_checks";
    let mut daemon = Daemon::start("checked", row, &of(false));
    daemon.process.stdout_line("tick 20");
    assert_eq!(count(&daemon.process, "asked "), 0);
    daemon.reload(&of(true), key);
    daemon.process.stdout_line("asked 5");
    daemon.reload(&of(false), key);
    let (before, ticks) = (count(&daemon.process, "asked "), count(&daemon.process, "tick "));
    daemon.process.stdout_line(&format!("tick {}", ticks + 20));
    let after = count(&daemon.process, "asked ");
    // One that was asked before may be heard of after that.
    assert!(after <= before + 1, "asked {before} times, then {after} times");
    daemon.reload(&of(true), key);
    daemon.process.stdout_line(&format!("asked {}", after + 2));
    daemon.stop().expect_code(0);
}

fn interval(row: &'static str) {
    let of = |ms: u32| format!("[monitoring]\nhealth_check_interval_ms = {ms}");
    let mut daemon = Daemon::start("checked", row, &of(3_600_000));
    daemon.reload(&of(10), "1 live: monitoring.health_check_interval_ms");
    daemon.process.stdout_line("asked 5");
    daemon.stop().expect_code(0);
}

/// The limit in force holds for the file that is read, not the one in it.
fn limit(row: &'static str) {
    let of =
        |limit: &str, length| format!("[limits]\nconfig_file = '{limit}'\n#{}", " ".repeat(length));
    let key = "1 live: limits.config_file";
    let mut daemon = Daemon::start("follows", row, &of("2MiB", 300));
    daemon.reload(&of("3MiB", (1 << 20) + 1), key);
    daemon.reload(&of("200B", 300), key);
    daemon.refuse(&of("3MiB", 300), "is longer than 200 bytes (200B), the most that is read");
    daemon.reload(&of("400B", 10), key);
    daemon.reload(&of("3MiB", 300), key);
    daemon.stop().expect_code(0);
}
