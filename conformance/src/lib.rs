//! The conformance kit of proc-daemon.
//!
//! ```text
//!   your backend (OwnedRuntime) -> Suite -> laws: the backend alone           -> Report
//!                                        -> core: a daemon's lives on it      -> or one test for each
//!                                              ^-- held to the simulator's order of events
//! ```
//!
//! How a backend is written is on the front page of [`proc_daemon_runtime`].
//!
//! # Use
//!
//! In `Cargo.toml` of the backend:
//!
//! ```toml
//! [dev-dependencies]
//! proc-daemon-conformance = "2.0.0-alpha.1"
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! and in `tests/conformance.rs`:
//!
//! ```no_run
//! # use proc_daemon_sim::Simulator as Mine;
//! use std::process::ExitCode;
//! fn main() -> ExitCode { proc_daemon_conformance::run::<Mine>() }
//! ```
//!
//! `cargo test --test conformance` then runs every scenario on every row of the backend, each as a test of its
//! own, with the arguments that Rust's test binaries have: filters, of which one must match, in capitals or not; `--exact`,
//! `--list`, `--test-threads`, `--nocapture` (shows the panics of the scenarios' own daemons too).
//! [`Suite`] makes other rows, and a [`Report`] for code.
//!
//! # Outcomes
//!
//! Each scenario gives one line for each row, always: `pass`, `FAIL` with the assertion, or `declared-absent` with the field of
//! [`Capabilities`](proc_daemon_runtime::Capabilities) that the backend declares to lack, after a probe has looked for it
//! in vain; or `workers`, on a row that is built with fewer than two. A scenario that needs nothing cannot be declared
//! away. A hang is a failure that lists the tasks. Where nothing was executed, the run has failed.
//!
//! # Which law is checked where
//!
//! | law of [`proc_daemon_runtime`] | scenarios |
//! |---|---|
//! | L1 | SPAWN-02, SPAWN-04, BLOCK-04 |
//! | L2 | PANIC-02, PANIC-03 |
//! | L3 | PANIC-01, PANIC-04, PANIC-05 |
//! | L4 | ABORT-01, ABORT-02, ABORT-03, ABORT-04, ABORT-05 |
//! | L5 | SLEEP-03 |
//! | L6 | SLEEP-05, SLEEP-06 |
//! | L7 | SLEEP-04 |
//! | L8 | SLEEP-01, SLEEP-02 |
//! | L9 | SLEEP-11, SLEEP-12, SLEEP-13, SLEEP-14 |
//! | L10 | CLOCK-01, CLOCK-02 |
//! | L11 | SIGNAL-02 |
//! | L12 | SIGNAL-03, SIGNAL-04, SIGNAL-10 |
//! | L13 | SIGNAL-05, SIGNAL-06 |
//! | L14 | SIGNAL-08 |
//! | L15 | BUILD-01, BUILD-02, BUILD-03, BUILD-04, BUILD-05 |
//! | L16 | SPAWN-05, SPAWN-06, SPAWN-09 |
//!
//! A law without a number is the goal of its scenario.
//!
//! # The size of a backend
//!
//! Lines of code, without blank ones and comments, of which a test allows no more than 249. What the crates share is
//! counted for each.
//!
//! | backend | lines |
//! |---|---|
//! | tokio | 246 |
//! | async-std, with async-io | 220 |
//! | smol, with async-io | 242 |
//! | examples/custom_backend | 196 |
//!
//! # Invariants
//!
//! 1. A scenario has a thread, and a runtime, of its own; one about what is process-wide has a process of its own.
//! 2. No scenario waits for time to pass but to see that nothing happens, and none is about how late something is but
//!    for bounds in seconds.
//! 3. A daemon's events on a real runtime keep the order that all its simulated lives agree on (`order.rs`).
//! 4. The panic hook of the process is replaced by [`run`] and by the runner alone.

mod bound;
mod child;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod core;
mod harness;
mod lab;
mod laws;
#[cfg(feature = "cli")]
mod list;
mod order;
mod outcome;
mod panics;
mod probe;
mod report;
mod run;
mod scenario;
mod suite;
mod told;
mod trial;
mod variant;
mod world;

use std::process::ExitCode;

use proc_daemon_runtime::OwnedRuntime;

pub use outcome::{Failure, Line, Outcome};
pub use report::Report;
pub use scenario::{Need, Scenario, Tier};
pub use suite::Suite;

/// Runs the kit on `B` by the arguments of this process, as a test binary with `harness = false`.
///
/// Installs a panic hook, and starts this program again for scenarios about what is process-wide.
#[must_use]
pub fn run<B: OwnedRuntime + 'static>() -> ExitCode {
    run_suite(&Suite::<B>::new())
}

/// As [`run`], on the rows of `suite`.
#[must_use]
pub fn run_suite<B: OwnedRuntime + 'static>(suite: &Suite<B>) -> ExitCode {
    harness::main(&suite.trials())
}

/// As [`run`], in the simulator: laws and lives in every scheduling policy.
#[must_use]
pub fn run_simulated() -> ExitCode {
    harness::main(&trial::Trial::simulated())
}
