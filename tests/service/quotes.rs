//! The source of quotes goes away and comes back, as seen by its clients and by a probe.

use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use super::support::http::Client;
use super::support::process::{Process, Signal};
use super::support::service::{GOOD, Service, command_on, config};

/// A source that is listened to, on a socket in a folder of its own.
struct Source {
    path: PathBuf,
    folder: TempDir,
}

impl Source {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        Self { path: folder.path().join("quotes.sock"), folder }
    }

    fn listen(&self) -> UnixListener {
        UnixListener::bind(&self.path).expect("it is free")
    }

    /// Nobody listens any more, and nothing is left of it.
    fn vanish(&self, listener: UnixListener, line: UnixStream) {
        std::fs::remove_file(&self.path).expect("it was bound");
        drop((listener, line));
    }

    fn config(&self) -> String {
        format!("{GOOD}[quotes]\nsocket = {:?}\n", self.path.display().to_string())
    }
}

/// Waits until `count` lines of stderr have `part`.
#[track_caller]
fn lines(process: &Process, part: &str, count: usize) {
    process.until(&format!("{count} lines with {part:?}"), |lines| {
        (lines.iter().filter(|line| line.text.contains(part)).count() >= count).then_some(())
    });
}

#[track_caller]
fn answer(client: &mut Client, target: &str) -> (u16, String) {
    let answer = client.get(target);
    (answer.status, answer.body)
}

/// Asks until the answer is not from the moment of a start, of which there are few and short ones.
#[track_caller]
fn status_in_backoff(client: &mut Client) -> String {
    for _ in 0..10_000 {
        let (status, text) = answer(client, "/status");
        assert!(status == 503 && text.starts_with("not ready\n"), "{text}");
        if text.contains("quotes: backoff, ") && text.contains(" restarts, again in ") {
            return text;
        }
    }
    panic!("never in backoff");
}

/// Clients that ask for the greeting all the time, each on one connection, until they are told to stop.
#[expect(clippy::disallowed_methods, reason = "each client blocks on its own socket")]
fn load(service: &Service, clients: usize, stop: &Arc<AtomicBool>) -> Vec<thread::JoinHandle<u64>> {
    let client = |_| {
        let (mut client, stop) = (service.client(), Arc::clone(stop));
        thread::spawn(move || {
            let mut answers = 0;
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(answer(&mut client, "/"), (200, "hello\n".to_owned()));
                answers += 1;
            }
            answers
        })
    };
    (0..clients).map(client).collect()
}

/// Its source vanishes under load: it fails, is started again later each time, and recovers when the source is back.
pub(super) fn its_source_vanishes_and_comes_back(runtime: &str) {
    let source = Source::new();
    let listener = source.listen();
    let service = Service::start_with(runtime, &source.config());
    let (mut line, _) = listener.accept().expect("it connects");
    line.write_all(b"7.25\n").expect("it reads");
    service.process.stderr_line("quote \"7.25\"");
    let mut client = service.client();
    assert_eq!(answer(&mut client, "/quote"), (200, "7.25\n".to_owned()));
    let (status, text) = answer(&mut client, "/status");
    assert!(status == 200 && text.contains("quotes: running, 0 restarts\n"), "{text}");

    let stop = Arc::new(AtomicBool::new(false));
    let load = load(&service, 4, &stop);
    source.vanish(listener, line);
    // 100 ms, 200 ms and 400 ms, with jitter.
    lines(&service.process, "`quotes` starts again in ", 3);
    assert_eq!(answer(&mut client, "/quote"), (503, "no quote\n".to_owned()));
    let text = status_in_backoff(&mut client);
    assert!(text.contains("http: running, 0 restarts\n"), "{text}");
    let why = text.lines().find(|line| line.starts_with("quotes: ")).unwrap_or_default();
    assert!(
        why.contains(", last end: error after ") && why.contains("[quotes] socket = "),
        "{text}"
    );
    for _ in 0..100 {
        assert_eq!(answer(&mut client, "/"), (200, "hello\n".to_owned()));
    }

    let listener = source.listen();
    let (mut line, _) = listener.accept().expect("it connects again");
    line.write_all(b"7.5\n").expect("it reads");
    service.process.stderr_line("quote \"7.5\"");
    lines(&service.process, "INFO ready", 2);
    assert_eq!(answer(&mut client, "/quote"), (200, "7.5\n".to_owned()));
    let (status, text) = answer(&mut client, "/status");
    assert!(
        status == 200 && text.starts_with("ready\n") && text.contains("quotes: running"),
        "{text}"
    );
    stop.store(true, Ordering::Relaxed);
    let served: Vec<u64> =
        load.into_iter().map(|client| client.join().expect("each is 200")).collect();
    assert!(served.iter().all(|answers| *answers > 0), "{served:?}");
    println!("{runtime}: {served:?} answers meanwhile");

    let exit = service.end(Signal::TERM).expect_code(0);
    exit.expect_order(&[
        "`quotes` failed: [quotes] socket = ",
        "`quotes` starts again in ",
        "quotes stopped",
    ]);
    drop(source.folder);
}

/// No source at the start: it serves, and says `ready` once there is one.
pub(super) fn it_serves_before_its_source_is_there(runtime: &str) {
    let source = Source::new();
    let (_directory, path) = config(source.config());
    let process = Process::spawn(command_on(runtime, &path).env("RUST_LOG", "debug"));
    let address = process.stdout_line("listening on ").text;
    let mut client =
        Client::connect(address.trim_start_matches("listening on ").parse().expect("an address"));
    lines(&process, "`quotes` starts again in ", 2);
    assert_eq!(answer(&mut client, "/"), (200, "hello\n".to_owned()));
    assert_eq!(answer(&mut client, "/status").0, 503);
    let listener = source.listen();
    let (_line, _) = listener.accept().expect("it connects");
    process.stdout_line("ready");
    assert_eq!(answer(&mut client, "/status").0, 200);
    process.signal(Signal::TERM);
    process.wait().expect_code(0).expect_stderr("No such file or directory");
}

/// A stop while its source is away does not wait for it.
pub(super) fn a_stop_while_its_source_is_away_exits_0(runtime: &str) {
    let source = Source::new();
    let listener = source.listen();
    let service = Service::start_with(runtime, &source.config());
    let (line, _) = listener.accept().expect("it connects");
    source.vanish(listener, line);
    service.process.stderr_line("`quotes` starts again in ");
    service.end(Signal::TERM).expect_code(0);
}
