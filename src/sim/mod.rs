//! A daemon's whole life from one seed, in virtual time.
//!
//! A simulated daemon is the real one: your subsystems, the engine, the driver, on a runtime that this crate
//! brings along. One thread polls everything; time passes only when nothing is ready; signals are raised by
//! the test. Whatever is left open - which task is polled next, how late a timer fires, when a signal comes,
//! what fails - is answered by a seed. The same seed is the same life, in every build and on every machine.
//!
//! # A test in virtual time
//!
//! ```
//! use std::time::Duration;
//! use proc_daemon::sim::Sim;
//! use proc_daemon::{Context, Daemon, Result, Signal, SubsystemState, task};
//!
//! async fn store(ctx: Context) -> Result {
//!     ctx.runtime().sleep(Duration::from_secs(3)).await;      // opens its files
//!     ctx.ready();
//!     ctx.cancelled().await;
//!     Ok(())
//! }
//! async fn http(ctx: Context) -> Result {
//!     ctx.cancelled().await;
//!     Ok(())
//! }
//!
//! let daemon = Daemon::new()
//!     .with_subsystem(task("store", store).explicit_ready())
//!     .with_subsystem(task("http", http).requires("store"));
//! let report = Sim::new(7).daemon(daemon).script(|s| async move {
//!     s.until("store", SubsystemState::Starting).await;
//!     assert_eq!(s.state("http"), SubsystemState::Waiting);
//!     s.until_ready().await;                                   // three seconds, at once
//!     s.advance(Duration::from_secs(3600)).await;
//!     s.raise(Signal::Terminate);
//!     assert_eq!(s.finish().await.code, 0);
//! }).expect_clean();
//! assert_eq!(report.code, 0);
//! ```
//!
//! # Many lives
//!
//! [`check`] lives one life for each seed, on every core. A life fails if a subsystem panics (an `assert!` in
//! it, say), if the closure does, or if a law of the framework is broken. [`Faults`] says what may go wrong.
//! What you choose yourself, with [`Sim::choose`], belongs to the seed too, and shrinks with it.
//!
//! ```
//! use std::time::Duration;
//! use proc_daemon::sim::{self, Faults, any, subsystem};
//! use proc_daemon::{Daemon, Signal};
//!
//! let sweep = sim::check(0..200, |sim| {
//!     let period = Duration::from_millis(100 + u64::from(sim.choose(10, "period")));
//!     let daemon = Daemon::new().with_task("ticker", move |ctx| async move {
//!         let mut ticks = ctx.interval(period);
//!         while ticks.tick().await.is_ok() {
//!             sim::reached("ticked");
//!         }
//!         Ok(())
//!     });
//!     let faults = Faults::swarm()
//!         .error(subsystem("ticker"), 0.2)
//!         .slow_stop(any(), ..Duration::from_secs(30))
//!         .signal(Signal::Hangup, 1..20, Duration::from_millis(50));
//!     sim.daemon(daemon).faults(faults).run()
//! });
//! sweep.expect_sometimes(&["ticked", "aborted when its grace was over"]);
//! ```
//!
//! A sweep says how often it met which situation; [`Sweep::expect_sometimes`] holds it to those that it is
//! about. The simulator notes [`SITUATIONS`] by itself, your code the others with [`reached`]: that is there
//! with the feature `sim` alone, so a library calls it under a feature of its own.
//!
//! An exit code is no verdict: a daemon whose subsystem was aborted exits with 124, and that may be what it
//! should do under such faults. What your daemon owes is yours to assert, on the life or on what it left:
//!
//! ```
//! # use proc_daemon::sim::{self, Faults, any};
//! # use proc_daemon::Daemon;
//! # use std::time::Duration;
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! sim::check(0..50, |sim| {
//!     let flushed = Arc::new(AtomicU32::new(0));
//!     let count = Arc::clone(&flushed);
//!     let daemon = Daemon::new().with_task("log", move |ctx| {
//!         let count = Arc::clone(&count);
//!         async move {
//!             ctx.cancelled().await;
//!             count.fetch_add(1, Ordering::Relaxed);
//!             Ok(())
//!         }
//!     });
//!     let life = sim.daemon(daemon).run();
//!     assert_eq!(flushed.load(Ordering::Relaxed), 1, "the log is flushed once");
//!     assert_eq!(life.report().code, 0);
//!     life
//! });
//! ```
//!
//! # When one fails
//!
//! The failing life is shrunk: choices are taken back to the dull one (first in first out, on time, no fault)
//! as long as it still fails in the same way. The panic tells the seed, the policy, the choices that it
//! takes, the end of the timeline, and two commands:
//!
//! | | |
//! |---|---|
//! | `SIM_SEED=17 cargo test the_test` | lives that seed alone |
//! | `SIM_TAPE=target/sim-tapes/the-test-17.tape cargo test the_test` | lives the short one |
//! | `SIM_SEEDS=100000`, `SIM_SEEDS=5000..9000` | other seeds than the test's |
//! | `SIM_TRACE=text`, `json` | shows the whole timeline of a single life on stderr; of a test that passes, with `-- --nocapture` |
//! | `SIM_TRACE=perfetto` | writes it to a file of the target folder |
//!
//! A tape names each choice by what was chosen, so it lives longer than its seed, which means another life as
//! soon as a choice is added anywhere. [`hunt`], [`shrink`], [`replay`] and [`explain`] are the parts.
//!
//! # Every step, and twice
//!
//! They take a life as `check` does: configuration, faults and script are part of it.
//!
//! - [`exhaust_points`] raises a signal at every step of a life, one life each; [`exhaust_pairs`] two of them.
//! - [`Sim::probes`] polls every task whenever nothing is ready: one from which something comes had missed its
//!   wake-up.
//! - [`audit`] lives each seed twice. If the two part, your code reads something that is not simulated - the
//!   real clock, a thread-local, the order of a `HashMap` - and it says where they parted.
//!
//! # What is simulated
//!
//! Time, sleeps and intervals (of the context and its runtime; `std::thread::sleep`, `tokio::time` and the like are not: on the simulated
//! runtime there is no tokio, and what needs one panics), tasks
//! and children, blocking work (whole, as a step of its own, after a delay), signals, the wall clock, the
//! state dump. The configuration is text in memory: [`Sim::config_text`]; a daemon that reads a file is
//! refused. Sockets and files are not simulated: put them behind a trait of your own and hand a scripted one
//! to the test.
//!
//! This explores await points. Races between threads, and the deadman that ends a process whose threads are
//! all blocked, are for tests with real threads.
//!
//! # Laws
//!
#![doc = include_str!("laws/laws.md")]

mod audit;
mod book;
mod calls;
mod check;
mod company;
mod environment;
mod exhaust;
mod failure;
mod faults;
mod fit;
mod hush;
mod laws;
mod life;
mod living;
mod model;
mod moment;
mod past;
mod pulse;
mod render;
mod seen;
mod shrink;
mod span;
mod stage;
mod story;
mod strike;
mod subject;
mod sweep;
mod wrap;

pub use audit::audit;
pub use check::{check, explain, hunt};
pub use exhaust::{exhaust_pairs, exhaust_points};
pub use failure::Failure;
pub use faults::{Faults, Who, any, subsystem};
pub use life::Life;
pub use moment::Moment;
pub use shrink::{replay, shrink};
pub use stage::Stage;
pub use subject::Sim;
pub use sweep::Sweep;

pub use crate::backends::sim::{
    Choice, Kind, Policy, Record, Tape, TapeError, TaskDump, Trace, Verdict, reached,
};

/// The situations that the simulator notes by itself; see [`Sweep::expect_sometimes`].
pub const SITUATIONS: &[&str] = &laws::situations::ALL;

/// Of those, what only a daemon meets whose configuration is read again.
pub const RELOAD_SITUATIONS: &[&str] = &laws::situations::RELOADS;

/// Of those, what only a daemon meets whose `[monitoring]` changes while it is watched.
pub const MONITORING_SITUATIONS: &[&str] = &laws::situations::CHECKS;
