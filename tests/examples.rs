//! The small examples as a user runs them. `tests/service.rs` has the large one.

#![cfg(all(unix, feature = "tokio"))]
mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use support::process::{Process, Signal};

/// Cargo puts examples beside the tests.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().expect("a test has a path");
    let profile: PathBuf = test.ancestors().nth(2).expect("it is in target/PROFILE/deps").into();
    let mut command = Command::new(profile.join("examples").join(name));
    command.env_remove("RUST_LOG");
    command
}

#[test]
fn hello_runs_until_it_is_interrupted_and_says_so() {
    let process = Process::spawn(&mut example("hello"));
    process.stdout_line("running; Ctrl-C ends it");
    process.stdout_line("beat");
    process.signal(Signal::INT);
    let exit = process.wait().expect_code(0);
    assert!(exit.stdout().ends_with("good bye\n"), "{}", exit.stdout());
    exit.expect_stderr("shutting down: SIGINT");
}

/// The program of the design: it compiles, and its second task fails for good.
#[test]
fn the_first_program_gives_up_with_69_and_names_the_reader() {
    // Which error it is depends on whether the machine has an /etc/hostname.
    let exit = Process::spawn(&mut example("many-errors")).wait().expect_code(69);
    exit.expect_stderr("`reader` starts again in ");
    exit.expect_stderr(
        "it failed 6 times within 1m (5 are allowed); the daemon shuts down with 69",
    );
    exit.expect_stderr("`reader`: error");
    exit.expect_stderr("(from tests/programs/hello.rs:");
}

#[test]
fn axum_serves_the_greeting_and_stops_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daemon.toml");
    std::fs::write(&path, "[http]\nlisten = '127.0.0.1:0'\ngreeting = 'good morning'\n").unwrap();
    let process =
        Process::spawn(example("axum").arg("--config").arg(&path).env("RUST_LOG", "debug"));
    let line = process.stdout_line("listening on ");
    let mut stream = TcpStream::connect(line.text.trim_start_matches("listening on ")).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("good morning"), "{answer}");
    process.stderr_line("INFO ready");
    process.signal(Signal::TERM);
    let exit = process.wait().expect_code(0);
    let stopped = |name: &str| format!("stopped subsystem={name}");
    exit.expect_order(&[&stopped("janitor"), &stopped("http"), &stopped("store")]);
    exit.expect_order(&[&stopped("echo"), &stopped("store")]);
}

#[test]
fn health_notices_that_its_worker_is_stuck() {
    let exit = Process::spawn(&mut example("health")).wait().expect_code(0);
    let told = exit.stdout();
    let (first, second) = told.split_once("start 2").expect("it is started again");
    assert!(first.contains("stuck") && first.contains("health: no progress"), "{first}");
    assert!(second.contains("health: up") && !second.contains("stuck"), "{second}");
}

/// What `told` says of `name`, in order.
fn lines_of<'a>(told: &'a str, name: &str) -> Vec<&'a str> {
    let of = |line: &&str| line.split(' ').next() == Some(name);
    told.lines().filter(of).collect()
}

#[test]
fn restart_tells_who_starts_again_and_ends_with_69() {
    let exit = Process::spawn(&mut example("restart")).wait().expect_code(69);
    let told = exit.stdout();
    let expected: [(&str, &[&str]); 4] = [
        (
            "store",
            &[
                "store failed, start 1: error",
                "store starts again in 50 ms",
                "store failed, start 2: error",
                "store starts again in 100 ms",
            ],
        ),
        ("fetch", &["fetch failed, start 1: panic", "fetch starts again in 50 ms"]),
        (
            "metrics",
            &[
                "metrics failed, start 1: error",
                "metrics starts again in 100 ms",
                "metrics failed, start 2: error",
                "metrics starts again in 100 ms",
                "metrics failed, start 3: error",
                "metrics is given up",
            ],
        ),
        (
            "uplink",
            &[
                "uplink failed, start 1: error",
                "uplink starts again in 100 ms",
                "uplink failed, start 2: error",
                "uplink starts again in 100 ms",
                "uplink failed, start 3: error",
                "uplink is given up",
            ],
        ),
    ];
    for (name, lines) in expected {
        assert_eq!(lines_of(&told, name), lines, "{told}");
    }
    // It ended because `fetch` did, and waits for the rest of its backoff.
    assert_eq!(lines_of(&told, "parse").len(), 1, "{told}");
    exit.expect_order(&[
        "`fetch` failed: panicked: index out of bounds, say",
        "`fetch` takes along: parse",
        "`uplink` is not started again: it failed 3 times within 10s (2 are allowed); the daemon shuts down with 69",
        "shutting down: subsystem `uplink` failed",
        "exit 69: subsystem `uplink` failed",
    ]);
}

/// The next connection; fails if none comes for 30 s.
#[expect(clippy::disallowed_methods, reason = "std's accept has no limit of its own")]
fn accept(server: &TcpListener) -> TcpStream {
    let (sender, accepted) = std::sync::mpsc::channel();
    let server = server.try_clone().unwrap();
    std::thread::spawn(move || sender.send(server.accept()));
    let accepted = accepted.recv_timeout(Duration::from_secs(30));
    let (stream, _) = accepted.expect("nobody has connected within 30 s").unwrap();
    stream
}

#[test]
#[cfg(feature = "config-watch")]
fn hot_reload_obeys_each_good_edit_of_its_file_and_says_why_it_does_not_obey_a_bad_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hot.toml");
    let text = |text: &str, every_ms: u32, port: u32| {
        format!(
            "hot_reload = true\n[greeter]\ntext = '{text}'\nevery_ms = {every_ms}\n[server]\nport = {port}\n"
        )
    };
    // As editors do: beside it, and then in its place.
    let edit = |text: String| {
        std::fs::write(folder.path().join("new"), text).unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
    };
    edit(text("hello", 10, 80));
    let process = Process::spawn(example("hot_reload").arg(&path));
    process.stdout_line("serving on port 80, start 1");
    process.stdout_line("hello (generation 1)");
    edit(text("good morning", 10, 80));
    process.stdout_line("good morning (generation 2)");
    edit(text("good evening", 0, 80));
    process.stderr_line("`greeter` refused: greeter.every_ms = 0 would never rest");
    edit("[greeter".to_owned());
    process.stderr_line("hot.toml:1:");
    edit(text("good night", 10, 81));
    process.stdout_line("serving on port 81, start 2");
    process.stdout_line("good night (generation 3)");
    process.signal(Signal::TERM);
    let exit = process.wait().expect_code(0);
    assert!(!exit.stdout().contains("good evening"), "{}", exit.stdout());
}

#[test]
fn flaky_comes_back_to_a_server_that_hung_up() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let process = Process::spawn(example("flaky").arg(address));
    let first = accept(&server);
    process.stderr_line("INFO ready");
    drop(first);
    process.stderr_line("`client` starts again in ");
    let mut second = accept(&server);
    second.write_all(b"bye").unwrap();
    let exit = process.wait().expect_code(0);
    exit.expect_order(&["the server has hung up", "`client` starts again in ", "stopped"]);
}
