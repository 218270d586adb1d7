//! Measures proc-daemon on every backend, beside the bare runtimes and its peers.
//!
//! ```text
//!   daemon_bench --args--> Plan (jobs) --shuffled--> runner --one process a job--> sampler
//!                                                       |                            |
//!                            table <-- Results <--------+------- lines on stdout ----+
//! ```
//!
//! A job is one row on one backend with one number of subsystems. Its process runs every variant that is
//! compared, round after round, in a new order each round; a ratio is taken inside one process. The
//! median of the rounds is the process's value; the table shows the median of the processes and their
//! least and greatest.
//!
//! # Windows
//!
//! | window | from | to |
//! |---|---|---|
//! | build | the builder | a `Daemon`; for a floor: its token and tracker |
//! | start | the first call | the last first poll |
//! | stop | the request | the last join (the report is available) |
//! | free | there | everything is dropped |
//! | work | start + stop + free | |
//!
//! # Invariants
//!
//! 1. Every variant of a row runs the same body: count the first poll, wait for the stop, return. Of a
//!    row of lives: the same ticks, a stop, a join of each.
//! 2. No time is asserted anywhere: tests check that every row yields samples, and count polls, which
//!    are exact in virtual time.
//! 3. A sampler that does not end within its time is killed and shown as such; what it printed counts.
//! 4. The process that counts allocations takes no times.
//!
//! It does not compare across commits: a figure is a ratio to what ran in the same minute.

pub mod args;
pub mod bare;
mod clock;
/// How the core reads a configuration's file: the same source.
#[cfg(target_os = "linux")]
#[path = "../../src/config/content.rs"]
mod content;
mod flag;
mod floors;
mod gate;
pub mod job;
mod machine;
pub mod madsim;
mod meter;
mod peers;
pub mod plan;
pub mod results;
mod rows;
pub mod runner;
pub mod sampler;
pub mod table;

pub use meter::{Counter, Heap};
