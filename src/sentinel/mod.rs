//! The sentinel: an OS thread with std time and its own view of signals.
//!
//! ```text
//!   signals --> Watch (pure) --> post early ones | dump | leave the process
//!                  ^
//!   arm ---------- + (a deadline)
//! ```
//!
//! A subsystem that blocks its worker must not be able to stop the clock that judges it: with every
//! worker blocked, this thread still ends the process when the budget is over.
//!
//! # Invariants
//!
//! 1. The handlers are in place when `start` returns.
//! 2. It leaves by `_exit`, so that no atexit handler can hold it up.
//! 3. It never writes to stderr itself: a third thread does, with 100 ms to finish. Stderr may be a full
//!    pipe, or its lock may be held by the code that is stuck.
//! 4. It sleeps without a timeout unless a deadline is set.

mod clock;
#[cfg(unix)]
mod defaults;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod thread;
mod voice;
mod watch;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon_runtime::{AnyRuntime, Instant, SignalSet};

use crate::signal::ActionTable;
use crate::subsystem::{Board, Report, dump, stuck};
use crate::supervisor::driver::Guard;
use crate::sync::Mailbox;
use thread::Thread;
pub(crate) use voice::say;
use watch::{Act, Watch};

/// A running sentinel. Dropping it ends the thread; the handlers stay.
pub(crate) struct Sentinel {
    thread: Thread,
    view: Arc<View>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "no handlers to retire"))]
    installed: SignalSet,
}

/// What the sentinel can see of the daemon.
struct View {
    mailbox: Arc<Mailbox<Report>>,
    board: Arc<Board>,
    runtime: OnceLock<AnyRuntime>,
    dumped: Mutex<bool>,
    /// What is read before anything starts.
    reading: Mutex<Option<String>>,
    staying: AtomicBool,
}

impl Sentinel {
    /// Installs handlers for the signals of `table` and starts the thread.
    ///
    /// `posts`: signals go to `mailbox` until [`listening`](Self::listening).
    pub(crate) fn start(
        table: ActionTable,
        posts: bool,
        mailbox: Arc<Mailbox<Report>>,
        board: Arc<Board>,
    ) -> io::Result<Self> {
        let view = Arc::new(View {
            mailbox,
            board,
            runtime: OnceLock::new(),
            dumped: Mutex::default(),
            reading: Mutex::default(),
            staying: AtomicBool::new(false),
        });
        let installed = table.installed();
        #[cfg(unix)]
        defaults::suspend();
        let thread = Thread::start(Watch::new(table, posts), installed, Arc::clone(&view))?;
        Ok(Self { thread, view, installed })
    }

    /// Tells by which clock the board is kept, and how long a shutdown may take.
    pub(crate) fn attach(&self, runtime: AnyRuntime, budget: Duration) {
        let _ = self.view.runtime.set(runtime);
        self.thread.with(|watch| watch.allow(budget));
    }

    /// What the configuration is read from, from now on; none: it has been read.
    pub(crate) fn reads(&self, what: Option<String>) {
        *self.view.reading.lock() = what;
    }

    /// How long a shutdown may take, from the next one on.
    pub(crate) fn allow(&self, budget: Duration) {
        self.thread.with(|watch| watch.allow(budget));
    }

    /// A shutdown has been asked for: the budget counts from now.
    pub(crate) fn arm(&self) {
        self.thread.arm();
    }

    /// The runtime's own source listens now: signals are no longer posted. Those that came before have been
    /// when this returns; it waits for that, 100 ms at most.
    pub(crate) fn listening(&self) {
        self.thread.hand_over();
    }

    /// Ends the watch for good: no deadline, and the signals' default actions apply again, until another
    /// sentinel starts. Handlers cannot be taken out, and without a listener they would swallow every signal.
    pub(crate) fn retire(&self) {
        self.disarm();
        #[cfg(unix)]
        defaults::apply(self.installed);
    }

    /// Keeps the thread and its deadline when this is dropped: something was left behind. Should it end
    /// by itself before the deadline, the process is left alone.
    pub(crate) fn stay(&self) {
        self.view.staying.store(true, Ordering::Relaxed);
        self.thread.stay();
    }

    /// Takes the deadline back.
    pub(crate) fn disarm(&self) {
        self.thread.with(Watch::disarm);
    }
}

impl Guard for Sentinel {
    fn dump(&self) {
        self.view.dump();
    }
}

impl View {
    fn now(&self) -> Instant {
        self.runtime.get().map_or(Instant::ZERO, AnyRuntime::now)
    }

    /// Writes the state of every subsystem, once: a dump is followed by the end.
    ///
    /// The engine aborts everything at the same signal, so the driver dumps first as well: whichever of
    /// the two comes first writes, and the other one waits for it.
    fn dump(&self) {
        let mut dumped = self.dumped.lock();
        if !*dumped {
            *dumped = true;
            say(dump(&self.board, self.now()));
        }
    }

    fn perform(&self, act: Act) {
        match act {
            Act::Post(signal) => self.mailbox.post(Report::Signal(signal)),
            Act::Dump => self.dump(),
            Act::Leave { .. }
                if self.staying.load(Ordering::Relaxed) && !self.board.anything_left() => {}
            Act::Leave { code, out_of_time } => {
                if out_of_time {
                    let mut stuck = stuck(&self.board, self.now());
                    if let Some(what) = &*self.reading.lock() {
                        stuck.push_str(&format!(
                            "  stuck: the configuration is being read: {what}\n"
                        ));
                    }
                    say(format!("the shutdown budget is over; leaving with {code}\n{stuck}"));
                }
                leave(code);
            }
        }
    }
}

/// Ends the process at once: no destructor, no atexit handler.
pub(crate) fn leave(code: u8) -> ! {
    signal_hook::low_level::exit(i32::from(code))
}
