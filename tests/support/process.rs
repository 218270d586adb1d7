//! A child process, its output line by line, and the signals sent to it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a real process lives in real time, and is watched by threads"
)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rustix::io::Errno;
pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process, waitid};

/// How long any one wait may take. Far more than anything takes, also on a machine that is busy: it is
/// reached only by a hang.
const LIMIT: Duration = Duration::from_secs(30);

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// A line that the process wrote, without its end.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) stream: Stream,
    pub(crate) text: String,
    /// When it was read.
    pub(crate) at: Instant,
}

/// A running process. Dropping it kills it, so that a failed test leaves nothing behind.
pub(crate) struct Process {
    child: Child,
    title: String,
    started: Instant,
    seen: Arc<Seen>,
}

/// What three threads see: one for each stream, one for the exit.
#[derive(Default)]
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<Line>,
    /// Streams that have come to their end.
    closed: usize,
    exited: Option<Instant>,
}

impl State {
    fn is_over(&self) -> bool {
        self.closed == 2 && self.exited.is_some()
    }
}

impl Process {
    /// Starts `command`, with an empty stdin.
    #[track_caller]
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut process = Self::start(command.stdin(Stdio::null()));
        read(process.child.stderr.take(), Stream::Err, &process.seen);
        process
    }

    /// As [`spawn`](Self::spawn), with a stdin that has no end until it is dropped.
    #[track_caller]
    pub(crate) fn spawn_with_stdin(command: &mut Command) -> (Self, ChildStdin) {
        let mut process = Self::start(command.stdin(Stdio::piped()));
        read(process.child.stderr.take(), Stream::Err, &process.seen);
        let stdin = process.child.stdin.take().expect("it is piped");
        (process, stdin)
    }

    /// As [`spawn`](Self::spawn), but nobody reads stderr: it is a pipe that fills up.
    #[track_caller]
    pub(crate) fn spawn_with_stderr_unread(command: &mut Command) -> Self {
        let process = Self::start(command.stdin(Stdio::null()));
        process.seen.change(|state| state.closed += 1);
        process
    }

    #[track_caller]
    fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let title = format!("{command:?}");
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{title}: {error}"));
        let seen = Arc::new(Seen::default());
        read(child.stdout.take(), Stream::Out, &seen);
        let process = Self { child, title, started, seen };
        process.watch_exit();
        process
    }

    /// Notes when the process ends, without reaping it: until `wait` does, its number is nobody else's,
    /// so a signal cannot hit a stranger.
    fn watch_exit(&self) {
        let (pid, seen) = (self.pid(), Arc::clone(&self.seen));
        std::thread::spawn(move || {
            let ends = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(pid), ends).err() == Some(Errno::INTR) {}
            seen.change(|state| state.exited = Some(Instant::now()));
        });
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends a signal and says when.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) -> Instant {
        let now = Instant::now();
        if let Err(error) = kill_process(self.pid(), signal) {
            panic!("{signal:?} cannot be sent: {error}\n{}", self.story());
        }
        now
    }

    /// Waits for a line of stdout that contains `part`, written before or after this call.
    #[track_caller]
    pub(crate) fn stdout_line(&self, part: &str) -> Line {
        self.line(Stream::Out, part)
    }

    /// Waits for a line of stderr that contains `part`, written before or after this call.
    #[track_caller]
    pub(crate) fn stderr_line(&self, part: &str) -> Line {
        self.line(Stream::Err, part)
    }

    #[track_caller]
    fn line(&self, stream: Stream, part: &str) -> Line {
        let matches = |line: &&Line| line.stream == stream && line.text.contains(part);
        self.until(&format!("a line with {part:?} on {stream:?}"), |lines| {
            lines.iter().find(matches).cloned()
        })
    }

    /// Waits until `find` finds what it looks for in what has been written so far.
    #[track_caller]
    pub(crate) fn until<T>(&self, what: &str, mut find: impl FnMut(&[Line]) -> Option<T>) -> T {
        let mut found = None;
        let ended = self.seen.wait(LIMIT, |state| {
            found = find(&state.lines);
            found.is_some() || state.is_over()
        });
        found.unwrap_or_else(|| match ended {
            true => panic!("the process ended without {what}\n{}", self.story()),
            false => panic!("{what} did not come within {LIMIT:?}\n{}", self.story()),
        })
    }

    /// Whether the process ends within `limit` from now.
    pub(crate) fn ends_within(&self, limit: Duration) -> bool {
        self.seen.wait(limit, |state| state.exited.is_some())
    }

    /// Waits for the end of the process and of what it writes.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Exit {
        if !self.seen.wait(LIMIT, State::is_over) {
            panic!("the process did not end within {LIMIT:?}\n{}", self.story());
        }
        let status = self.child.wait().expect("it has ended and nobody else has reaped it");
        let (lines, at) = {
            let state = self.seen.state.lock();
            (state.lines.clone(), state.exited.expect("it is over"))
        };
        let story = format!("{}  {status}\n", self.story());
        Exit { status, lines, at, story }
    }

    /// What was written so far, and when: the text of a failure.
    pub(crate) fn story(&self) -> String {
        let mut story = format!("  {}\n", self.title);
        for line in &self.seen.state.lock().lines {
            let ms = line.at.duration_since(self.started).as_millis();
            let _ = writeln!(story, "  {ms:>6} ms {:?}: {}", line.stream, line.text);
        }
        story
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail if it has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Seen {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.changed.notify_all();
    }

    /// False if the limit was reached first.
    fn wait(&self, limit: Duration, mut done: impl FnMut(&State) -> bool) -> bool {
        let limit = Instant::now() + limit;
        let mut state = self.state.lock();
        while !done(&state) {
            if self.changed.wait_until(&mut state, limit).timed_out() {
                return done(&state);
            }
        }
        true
    }
}

fn read(source: Option<impl Read + Send + 'static>, stream: Stream, seen: &Arc<Seen>) {
    let (source, seen) = (source.expect("it is piped"), Arc::clone(seen));
    std::thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut bytes = Vec::new();
        while source.read_until(b'\n', &mut bytes).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned();
            seen.change(|state| state.lines.push(Line { stream, text, at: Instant::now() }));
            bytes.clear();
        }
        seen.change(|state| state.closed += 1);
    });
}

/// A process that has ended, and all it wrote.
pub(crate) struct Exit {
    pub(crate) status: ExitStatus,
    pub(crate) lines: Vec<Line>,
    /// When it ended.
    pub(crate) at: Instant,
    story: String,
}

impl Exit {
    /// Fails unless the process exited by itself with `code`.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert!(self.status.code() == Some(code), "expected exit code {code}\n{}", self.story);
        self
    }

    /// Fails unless each part is in a line of stderr, each after the one before it.
    #[track_caller]
    pub(crate) fn expect_order(&self, parts: &[&str]) {
        let mut lines = self.lines.iter().filter(|line| line.stream == Stream::Err);
        for part in parts {
            let found = lines.any(|line| line.text.contains(part));
            assert!(found, "{part:?} is missing, or before another of {parts:?}\n{}", self.story);
        }
    }

    /// Fails unless stderr has `part`.
    #[track_caller]
    pub(crate) fn expect_stderr(&self, part: &str) {
        assert!(self.stderr().contains(part), "{part:?} is not on stderr\n{}", self.story);
    }

    pub(crate) fn stdout(&self) -> String {
        self.text(Stream::Out)
    }

    pub(crate) fn stderr(&self) -> String {
        self.text(Stream::Err)
    }

    fn text(&self, stream: Stream) -> String {
        let lines = self.lines.iter().filter(|line| line.stream == stream);
        lines.map(|line| format!("{}\n", line.text)).collect()
    }
}
