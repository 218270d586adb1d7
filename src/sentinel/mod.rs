//! The sentinel: an OS thread with std time and its own view of signals (layer 5).
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
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod thread;
mod voice;
mod watch;

use std::io;
#[cfg(unix)]
use std::sync::atomic::AtomicBool;
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
}

/// What the sentinel can see of the daemon.
struct View {
    mailbox: Arc<Mailbox<Report>>,
    board: Arc<Board>,
    runtime: OnceLock<AnyRuntime>,
    dumped: Mutex<bool>,
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
        let view =
            Arc::new(View { mailbox, board, runtime: OnceLock::new(), dumped: Mutex::default() });
        let thread = Thread::start(Watch::new(table, posts), table.installed(), Arc::clone(&view))?;
        Ok(Self { thread, view })
    }

    /// Tells by which clock the board is kept.
    pub(crate) fn attach(&self, runtime: AnyRuntime) {
        let _ = self.view.runtime.set(runtime);
    }

    /// The runtime's own source listens now: signals are no longer posted.
    pub(crate) fn listening(&self) {
        self.thread.with(Watch::hand_over);
    }

    /// Ends the watch for good: no deadline, and the signals' default actions apply again. Handlers cannot
    /// be taken out, and without a listener they would swallow every signal.
    pub(crate) fn retire(&self, installed: SignalSet) {
        self.disarm();
        #[cfg(unix)]
        for signal in installed.iter() {
            let always = Arc::new(AtomicBool::new(true));
            let _ = signal_hook::flag::register_conditional_default(signal.number(), always);
        }
        #[cfg(not(unix))]
        let _ = installed;
    }

    /// Keeps the thread and its deadline when this is dropped.
    pub(crate) fn stay(&self) {
        self.thread.stay();
    }

    /// Takes the deadline back.
    pub(crate) fn disarm(&self) {
        self.thread.with(Watch::disarm);
    }
}

impl Guard for Sentinel {
    fn arm(&self, at: Instant, now: Instant) {
        let delay: Duration = at.since(now);
        self.thread.arm(delay);
    }

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
            Act::Leave { code, out_of_time } => {
                if out_of_time {
                    let stuck = stuck(&self.board, self.now());
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
