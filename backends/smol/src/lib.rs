//! proc-daemon's backend for smol.
//!
//! ```text
//!   Smol (owned.rs) --handle()--> SmolHandle (handle.rs) --> IoTimer
//!   global(), adopt(&Arc<Executor>)----^                 --> IoSignals
//! ```
//!
//! It implements the contract of [`proc_daemon_runtime`]; the names of the laws are from there.
//!
//! | law | here |
//! |---|---|
//! | L1, L2 | `Task::detach`; a panic is caught inside the task and inside the closure |
//! | L5 to L14 | `proc-daemon-async-io`: async-io's reactor, which is process-wide |
//! | L15 | the table below |
//!
//! | option | |
//! |---|---|
//! | `Threading::PerCore`, `Workers` | honoured: that many threads; `SMOL_THREADS` is not read |
//! | `Threading::CurrentThread` | honoured |
//! | `thread_name` | honoured; blocking threads are named by their pool |
//! | `max_blocking_threads` | refused: the blocking pool is process-wide, see `BLOCKING_MAX_THREADS` |
//!
//! # Invariants
//!
//! 1. A handle never keeps an executor alive: tasks own handles, so a count would be a circle.
//! 2. Sleeps and signals need no executor: they outlive every one.
//! 3. `shutdown` counts a blocking closure only if it has started; one that has not is dropped.

mod handle;
mod owned;

pub use handle::SmolHandle;
pub use owned::Smol;
