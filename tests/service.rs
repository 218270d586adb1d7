//! The example `service` as a user runs it: a real process, real signals, real sockets, on each runtime
//! that this build has. The others are shown as ignored; `cargo test --all-features` runs them all.

#![cfg(unix)]

#[path = "service/configuration.rs"]
mod configuration;
#[path = "service/quotes.rs"]
mod quotes;
mod support;

use quotes::{
    a_stop_while_its_source_is_away_exits_0, it_serves_before_its_source_is_there,
    its_source_vanishes_and_comes_back,
};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use support::http::{Client, get};
use support::process::{Process, Signal};
use support::service::{GOOD, Service, command, command_on, config, in_this_build, runtimes};

/// Makes each of the tests one for each runtime.
macro_rules! on_each_runtime {
    ($($test:ident)*) => {
        on_each_runtime! { tokio, "tokio": $($test)* }
        on_each_runtime! { smol, "smol": $($test)* }
        on_each_runtime! { async_std, "async-std": $($test)* }
    };
    ($module:ident, $runtime:literal: $($test:ident)*) => {
        mod $module {
            $(
                #[test]
                #[cfg_attr(
                    not(all(feature = $runtime, feature = "logging")),
                    ignore = "this build lacks the runtime, or the logs that are looked at"
                )]
                fn $test() {
                    super::$test($runtime);
                }
            )*
        }
    };
}

on_each_runtime! {
    get_answers_the_greeting_and_a_mistake_gets_its_status
    a_request_in_flight_is_answered_after_term_and_the_stops_are_in_order
    term_with_nothing_in_flight_exits_0
    an_idle_connection_and_half_a_request_do_not_delay_the_end
    an_idle_connection_is_closed_while_another_one_drains
    hangup_and_user_1_do_not_end_it
    the_greeting_changes_under_load_and_no_request_is_dropped
    a_bad_edit_keeps_it_serving_and_is_told
    a_new_address_restarts_http_alone
    an_interrupt_exits_0
    a_second_interrupt_during_a_slow_drain_exits_130
    quit_dumps_the_state_and_exits_131
    a_used_address_is_named_and_nothing_is_announced
    an_address_that_becomes_free_is_served
    garbage_and_a_long_head_leave_it_serving
    two_clients_that_pipeline_get_their_answers_in_order
    term_at_each_line_of_the_start_exits_0
    the_count_outlives_the_process
    its_source_vanishes_and_comes_back
    it_serves_before_its_source_is_there
    a_stop_while_its_source_is_away_exits_0
}

fn get_answers_the_greeting_and_a_mistake_gets_its_status(runtime: &str) {
    let service = Service::start(runtime);
    service.process.stderr_line(&format!("starts on {runtime}"));
    let mut client = service.client();
    let answer = client.get("/");
    assert_eq!((answer.status, answer.body.as_str()), (200, "hello\n"));
    assert!(!answer.closes(), "{answer:?}");
    for (target, status) in [
        ("/?a=b", 200),
        ("http://test/", 200),
        ("/slow?ms=0", 200),
        ("/slow", 400),
        ("/slow?ms=-1", 400),
        ("/nowhere", 404),
    ] {
        assert_eq!(client.get(target).status, status, "{target}");
    }
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello");
    let answer = client.answer();
    assert_eq!(answer.status, 405);
    assert!(answer.closes(), "its body is not read, so nothing may follow: {answer:?}");
    assert_eq!(client.rest(), "");
    service.end(Signal::TERM).expect_code(0);
}

fn a_request_in_flight_is_answered_after_term_and_the_stops_are_in_order(runtime: &str) {
    let service = Service::start(runtime);
    let mut client = service.slow_client(700);
    service.process.signal(Signal::TERM);
    let answer = client.answer();
    assert_eq!((answer.status, answer.body.as_str()), (200, "waited 700 ms\n"));
    assert!(answer.closes(), "{answer:?}");
    drop(client);

    let exit = service.process.wait().expect_code(0);
    exit.expect_order(&[
        "shutting down: SIGTERM",
        "janitor stopped",
        "http stopped",
        "store stopped",
    ]);
    exit.expect_stderr("ticker stopped");
    exit.expect_stderr("store stopped: 1 requests served");
    assert_eq!(exit.stdout().lines().last(), Some("ready"));
}

fn term_with_nothing_in_flight_exits_0(runtime: &str) {
    let service = Service::start(runtime);
    let sent = service.process.signal(Signal::TERM);
    let exit = service.process.wait().expect_code(0);
    exit.expect_order(&["janitor stopped", "http stopped", "store stopped"]);
    println!("{runtime}: exit {:?} after TERM", exit.at - sent);
}

fn an_idle_connection_and_half_a_request_do_not_delay_the_end(runtime: &str) {
    let service = Service::start(runtime);
    let mut idle = service.client();
    assert_eq!(idle.get("/").status, 200);
    let mut half = service.client();
    half.send("GET / HT");
    let untouched = service.client();

    let sent = service.process.signal(Signal::TERM);
    let exit = service.process.wait().expect_code(0);
    // Below the times that the service has for silent clients (10 s and 60 s) and for its own end (20 s).
    let took = exit.at - sent;
    assert!(took.as_secs() < 5, "{took:?}");
    for mut client in [idle, half, untouched] {
        assert_eq!(client.rest(), "");
    }
}

fn an_idle_connection_is_closed_while_another_one_drains(runtime: &str) {
    let service = Service::start(runtime);
    let mut idle = service.client();
    assert_eq!(idle.get("/").status, 200);
    let _slow = service.slow_client(60_000);
    service.process.signal(Signal::TERM);
    assert_eq!(idle.rest(), "");
    service.process.stderr_line("draining subsystem=http");
    // Had it been closed with the other one, by the abort after 20 s, the code would be 124.
    service.end(Signal::QUIT).expect_code(131).expect_stderr("  http: draining for ");
}

fn hangup_and_user_1_do_not_end_it(runtime: &str) {
    let service = Service::start(runtime);
    service.process.signal(Signal::HUP);
    service.process.stderr_line("reloaded: generation 1: nothing has changed");
    service.process.signal(Signal::USR1);
    service.process.stderr_line("SIGUSR1: no log file is open");
    assert_eq!(service.client().get("/").status, 200);
    service.end(Signal::TERM).expect_code(0);
}

struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn the_greeting_changes_under_load_and_no_request_is_dropped(runtime: &str) {
    let service = Service::start(runtime);
    let (stop, address) = (AtomicBool::new(false), service.address);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect(address);
                    let mut seen = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let answer = client.get("/");
                        assert_eq!(answer.status, 200);
                        if seen.last() != Some(&answer.body) {
                            seen.push(answer.body);
                        }
                    }
                    seen
                })
            })
            .collect();
        // Also if this thread panics: the clients would go on for ever.
        let stopping = Stopping(&stop);
        let mut client = service.client();
        for n in 1..=20 {
            service.edit(&GOOD.replace("hello", &format!("hello {n}")));
            service.process.signal(Signal::HUP);
            service.process.stderr_line(&format!("reloaded: generation {}: 1 live", n + 1));
            assert_eq!(client.get("/").body, format!("hello {n}\n"));
        }
        drop(stopping);
        for client in clients {
            let seen = client.join().unwrap();
            let number =
                |body: &String| body.trim_start_matches("hello").trim().parse().unwrap_or(0);
            assert!(seen.iter().map(number).is_sorted(), "{seen:?}");
        }
    });
    service.end(Signal::TERM).expect_code(0);
}

fn a_bad_edit_keeps_it_serving_and_is_told(runtime: &str) {
    let service = Service::start(runtime);
    let mut client = service.client();
    for (bad, says) in [
        ("[http", "daemon.toml:1:"),
        ("", "is empty"),
        ("[http]\nlisten = '127.0.0.1:0'\ngreeting = ''\n", "`greeting` cannot be empty"),
        ("name = 'x'\n[http]\nlisten = '127.0.0.1:0'\ngreeting = 'hello'\n", "only a new process"),
    ] {
        service.edit(bad);
        service.process.signal(Signal::HUP);
        service.process.stderr_line(says);
        service.process.stderr_line("reload: generation 1 of the configuration is in force");
        assert_eq!(client.get("/").body, "hello\n");
    }
    service.edit(&GOOD.replace("hello", "good again"));
    service.process.signal(Signal::HUP);
    service.process.stderr_line("reloaded: generation 2");
    assert_eq!(client.get("/").body, "good again\n");
    service.end(Signal::TERM).expect_code(0);
}

fn a_new_address_restarts_http_alone(runtime: &str) {
    let service = Service::start(runtime);
    service.edit(&GOOD.replace("127.0.0.1:0", "127.0.0.2:0"));
    service.process.signal(Signal::HUP);
    let line = service.process.stdout_line("listening on 127.0.0.2:").text;
    service.process.stderr_line("1 restarted: http");
    let address = line.trim_start_matches("listening on ").parse().unwrap();
    assert_eq!(Client::connect(address).get("/").body, "hello\n");
    let exit = service.end(Signal::TERM).expect_code(0);
    assert!(!exit.stderr().contains("restarted: store"), "{}", exit.stderr());
}

fn an_interrupt_exits_0(runtime: &str) {
    let exit = Service::start(runtime).end(Signal::INT).expect_code(0);
    exit.expect_order(&[
        "shutting down: SIGINT",
        "janitor stopped",
        "http stopped",
        "store stopped",
    ]);
}

fn a_second_interrupt_during_a_slow_drain_exits_130(runtime: &str) {
    let service = Service::start(runtime);
    let mut client = service.slow_client(60_000);
    service.process.signal(Signal::INT);
    service.process.stderr_line("shutting down: SIGINT");
    service.process.stderr_line("janitor stopped");
    pause_between_two_key_presses();
    service.process.signal(Signal::INT);
    let exit = service.process.wait().expect_code(130);
    exit.expect_stderr("SIGINT forces the end");
    exit.expect_stderr("`http`: aborted");
    assert_eq!(client.rest(), "");
}

/// Sooner than 300 ms after the first, an interrupt is the same key press. The time itself is what is
/// tested here, so nothing else can be waited for.
#[expect(clippy::disallowed_methods, reason = "the pause is the subject of the test")]
fn pause_between_two_key_presses() {
    std::thread::sleep(std::time::Duration::from_millis(350));
}

fn quit_dumps_the_state_and_exits_131(runtime: &str) {
    let service = Service::start(runtime);
    let _client = service.slow_client(60_000);
    let exit = service.end(Signal::QUIT).expect_code(131);
    exit.expect_stderr("state of 5 subsystems:");
    for name in ["store", "http", "ticker", "janitor"] {
        exit.expect_stderr(&format!("  {name}: running for "));
    }
    exit.expect_stderr("from examples/service/main.rs:");
}

fn a_used_address_is_named_and_nothing_is_announced(runtime: &str) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let (_directory, path) = config(GOOD.replace("127.0.0.1:0", &address.to_string()));
    let exit = Process::spawn(&mut command_on(runtime, &path)).wait().expect_code(69);
    exit.expect_stderr(&format!("[http] listen = \"{address}\": Address already in use"));
    exit.expect_order(&["`http` failed", "store stopped", "subsystem `http` failed to start"]);
    assert_eq!(exit.stdout(), "");
}

fn an_address_that_becomes_free_is_served(runtime: &str) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let (_directory, path) = config(GOOD.replace("127.0.0.1:0", &address.to_string()));
    let process = Process::spawn(&mut command_on(runtime, &path));
    process.stderr_line("`http` starts again in ");
    drop(taken);
    process.stdout_line("ready");
    process.signal(Signal::TERM);
    process.wait().expect_code(0);
}

fn garbage_and_a_long_head_leave_it_serving(runtime: &str) {
    let service = Service::start(runtime);
    let mut half = service.client();
    half.send("GET / HT");
    let long = format!("GET / HTTP/1.1\r\nHost: test\r\nLong: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\nHost: test\r\n{}\r\n", "A: b\r\n".repeat(100));
    let twice = "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
    let mixed =
        "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (bytes, status) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), 400),
        (b"\0\xff\xfe\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (twice.as_bytes(), 400),
        (mixed.as_bytes(), 400),
        (many.as_bytes(), 431),
        (long.as_bytes(), 431),
    ] {
        let mut client = service.client();
        client.send(bytes);
        let answer = client.answer();
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
        assert!(answer.status == status && answer.closes(), "{start:?}: {answer:?}");
        assert_eq!(client.rest(), "", "{start:?}");
    }
    // Half a request becomes a whole one.
    half.send("TP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(half.answer().status, 200);
    assert_eq!(service.client().get("/").status, 200);
    service.end(Signal::TERM).expect_code(0);
}

fn two_clients_that_pipeline_get_their_answers_in_order(runtime: &str) {
    const ROUNDS: usize = 20;
    let service = Service::start(runtime);
    let requests = [get("/"), get("/slow?ms=2"), get("/nowhere")].concat().repeat(ROUNDS);
    let mut clients = [service.client(), service.client()];
    for client in &mut clients {
        client.send(&requests);
    }
    for round in 0..ROUNDS {
        for client in &mut clients {
            let mut answers = || {
                let answer = client.answer();
                (answer.status, answer.body)
            };
            assert_eq!(answers(), (200, "hello\n".into()), "{round}");
            assert_eq!(answers(), (200, "waited 2 ms\n".into()), "{round}");
            assert_eq!(answers(), (404, "Not Found\n".into()), "{round}");
        }
    }
    service.end(Signal::TERM).expect_code(0);
}

fn term_at_each_line_of_the_start_exits_0(runtime: &str) {
    let (_directory, path) = config(GOOD);
    let start = || Process::spawn(command_on(runtime, &path).env("RUST_LOG", "debug"));
    // The first line says that the handlers are in place; the last one that everything is ready.
    let ready = |line: &str| line.ends_with("INFO ready");
    let whole = start();
    whole.stderr_line("INFO ready");
    whole.signal(Signal::TERM);
    let lines = whole.wait().expect_code(0).stderr();
    assert!(
        lines.lines().next().is_some_and(|line| line.ends_with("signal handlers are in place"))
    );
    let count = lines.lines().position(ready).expect("it was waited for") + 1;
    assert!(count > 8, "the start is told in {count} lines only");
    for n in 1..=count {
        let process = start();
        process.until(&format!("line {n} of the start"), |lines| {
            let is_ready = lines.iter().any(|line| ready(&line.text));
            let told = lines.iter().filter(|line| line.text.contains("DEBUG")).count();
            (told >= n || is_ready).then_some(())
        });
        process.signal(Signal::TERM);
        process.wait().expect_code(0).expect_stderr("shutting down: SIGTERM");
    }
}

fn the_count_outlives_the_process(runtime: &str) {
    let (directory, _) = config(GOOD);
    let file = directory.path().join("served");
    let text = format!("{GOOD}[store]\npath = {:?}\n", file.display().to_string());
    for count in ["1", "2"] {
        let service = Service::start_with(runtime, &text);
        assert_eq!(service.client().get("/").status, 200);
        service.end(Signal::TERM).expect_code(0);
        assert_eq!(std::fs::read_to_string(&file).expect("it is written").trim(), count);
    }
    std::fs::write(&file, "many").expect("a writable directory");
    let (_directory, path) = config(&text);
    let exit = Process::spawn(&mut command_on(runtime, &path)).wait().expect_code(1);
    exit.expect_stderr(&format!("[store] path = {}: is not a count", file.display()));
}

#[test]
fn help_names_the_runtimes_that_these_tests_run_on() {
    let exit = Process::spawn(command().arg("--help")).wait().expect_code(0);
    let expected = in_this_build();
    assert!(exit.stdout().lines().any(|line| line == expected), "{}", exit.stdout());
    assert_eq!(exit.stderr(), "");
}

#[test]
fn a_runtime_that_is_not_compiled_in_is_a_usage_error_that_names_the_flag() {
    let missing = runtimes().1;
    println!("not compiled in: {missing:?}");
    for name in missing {
        // The command line is judged before the configuration is looked for.
        let arguments = ["--runtime", name, "--config", "none.toml"];
        let exit = Process::spawn(command().args(arguments)).wait().expect_code(64);
        let flag = format!("cargo run --example service --features {name} -- --runtime {name}");
        exit.expect_stderr(&flag);
        assert_eq!(exit.stdout(), "");
    }
}

#[test]
fn a_bad_command_line_is_a_usage_error() {
    for arguments in [["--runtime", "monoio"], ["--confg", "x"], ["--config", ""], ["run", "it"]] {
        let exit = Process::spawn(command().args(arguments)).wait().expect_code(64);
        assert_eq!(exit.stdout(), "", "{arguments:?}");
        assert!(exit.stderr().starts_with("error: "), "{arguments:?}: {}", exit.stderr());
    }
}
