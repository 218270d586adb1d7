//! proc-daemon's simulator: a runtime on virtual time, one schedule for each seed.
//!
//! ```text
//!   seed or tape -> oracle --choose--> scheduler (policy.rs), lateness, faults
//!                                          |
//!   Simulator (owned.rs) -> World: tasks, timers, listeners, trace  <- SimHandle, SimSleep, SimStream
//!                                          |
//!                           executor: pick, poll, let time pass     -> Verdict
//! ```
//!
//! It implements the contract of [`proc_daemon_runtime`]; what needs the daemon (faults, laws, shrinking)
//! is `proc_daemon::sim`. Only std and the contract; one thread; no clock, no randomness but the
//! seed's. Real time is measured to tell of a poll that blocks its thread (watchdog.rs), and nothing reads it.
//!
//! ```
//! use std::time::Duration;
//! use proc_daemon_runtime::{OwnedRuntime, Runtime, Timer};
//! use proc_daemon_sim::{SimOptions, Simulator};
//!
//! let mut sim = Simulator::seeded(7, &SimOptions::default());
//! let timer = sim.handle().timer().clone();
//! sim.block_on(timer.sleep(Duration::from_secs(3600)));   // returns at once
//! assert!(timer.now().as_nanos() >= 3_600_000_000_000);
//! ```
//!
//! | law | here |
//! |---|---|
//! | L1, L2 | a task lives in the world's table; a panic is caught around its poll and noted |
//! | L5 to L9 | one sorted list of deadlines; a sleep needs no context and no thread |
//! | L10 | time moves forward only: when nothing is ready, and by the cost of a poll |
//! | L11 to L14 | scripted signals; one that nobody listens to and whose default ends a process is a verdict |
//! | L15 | workers, thread names and blocking threads are refused |
//!
//! Blocking work runs whole, on this thread, as a step of its own after a chosen delay.
//!
//! # Invariants
//!
//! 1. Everything that is left open is answered by the oracle, by name; the answer 0 is dull. So a seed
//!    is a life, a tape is the same life, and a tape with fewer choices is a simpler one.
//! 2. The trace holds no pointer and no source location: it is equal in every build of the same program.
//! 3. Waking a task that is in the queue already changes nothing; a sleep that is dropped is forgotten.
//! 4. It explores await points. Races between threads are for loom and for the real runtimes.

mod clock;
mod executor;
mod handle;
mod listeners;
mod options;
mod oracle;
mod owned;
mod policy;
mod rng;
mod signals;
mod sites;
mod tape;
mod tasks;
mod timer;
mod timers;
mod trace;
mod turn;
mod verdict;
mod watchdog;
mod world;

pub use handle::SimHandle;
pub use options::SimOptions;
pub use owned::Simulator;
pub use policy::Policy;
pub use signals::{SimSignals, SimStream};
pub use tape::{Choice, Tape, TapeError};
pub use timer::{SimSleep, SimTimer};
pub use trace::{Kind, Record, Trace, name_hash};
pub use verdict::{Orphan, TaskDump, Verdict};

/// Notes that a situation was reached, if this code runs in a simulation; otherwise nothing.
pub fn reached(situation: &'static str) {
    use proc_daemon_runtime::Ambient;
    if let Ok(handle) = SimHandle::current() {
        handle.reached(situation);
    }
}
