//! proc-daemon's backend for async-std.
//!
//! **async-std has no maintainer: RUSTSEC-2025-0052.** This crate is for programs that stand on it; the
//! backend for smol shares its reactor and is maintained.
//!
//! ```text
//!   AsyncStd (owned.rs) --handle()--> AsyncStdHandle (handle.rs) --> IoTimer
//!   global()--------------------------^                          --> IoSignals
//! ```
//!
//! It implements the contract of [`proc_daemon_runtime`]; the names of the laws are from there.
//!
//! | law | here |
//! |---|---|
//! | L1, L2 | dropping a join handle detaches; a panic is caught inside the task and the closure |
//! | L5 to L14 | `proc-daemon-async-io`: async-io's reactor, which is process-wide |
//! | L15 | the table below |
//!
//! | option | |
//! |---|---|
//! | `Threading::PerCore`, `Workers` | honoured by the first build; a later one must ask for the same |
//! | `Threading::CurrentThread` | refused: the executor keeps at least one worker |
//! | `thread_name` | as the workers; blocking threads are named by their pool |
//! | `max_blocking_threads` | refused: the blocking pool is process-wide, see `BLOCKING_MAX_THREADS` |
//!
//! No variable of the environment changes what an [`AsyncStd`] is built with. If other code has used
//! async-std before the first build, the executor runs with that code's settings and the build is an
//! error.
//!
//! # Invariants
//!
//! 1. The executor is started once, and never stopped: `shutdown` waits for blocking closures alone.
//! 2. Sleeps and signals need no executor.
//! 3. `shutdown` counts a blocking closure only if it has started; one that has not is dropped.

mod handle;
mod owned;

pub use handle::AsyncStdHandle;
pub use owned::AsyncStd;
