//! The contract between proc-daemon and an async runtime.
//!
//! ```text
//!   proc-daemon (core)  ->  AnyRuntime  ->  Runtime + Timer + SignalSource  <-  a backend
//!                           Task (written once, over any Runtime)
//! ```
//!
//! This crate names no runtime. A backend implements [`OwnedRuntime`], [`Runtime`], [`Timer`],
//! [`Sleep`] and [`SignalSource`]; everything that can be written once over them is written here
//! ([`Task`], [`AnyRuntime`], the shared signal sources in [`signals`]) or in the core, so it cannot
//! differ between backends.
//!
//! # For subsystem authors
//!
//! You need none of this: a subsystem is handed a `Context`, which has time, spawning and stop
//! handling on every backend. Two types from here reach you: [`Instant`] (what `ctx.now()` returns)
//! and [`JoinError`] (what awaiting a child can fail with).
//!
//! # For backend authors
//!
//! Implement the five traits. The laws, each with the file that implements or checks the shared part:
//!
//! | law | what must hold | where |
//! |---|---|---|
//! | L1 detached | `spawn` and `spawn_blocking` keep running without a handle | [`Runtime::spawn`] |
//! | L2 panic | a panicking future or closure ends itself alone; no worker is lost | `detached.rs` |
//! | L3 join | joining a panicked task gives `Panicked(payload)` | `task.rs` |
//! | L4 abort | synchronous, idempotent, `&self`; destructors have run before the join resolves | `task.rs` |
//! | L5 due | a sleep whose deadline has passed is ready at its first poll | [`Timer::sleep_until`] |
//! | L6 anywhere | a sleep may be made and dropped on any thread, in or out of a runtime | [`Timer::sleep_until`] |
//! | L7 never | a sleep until [`Instant::MAX`] never fires | [`Timer::sleep_until`] |
//! | L8 early | a sleep never fires before its deadline by the same timer's `now` | [`Sleep`] |
//! | L9 reset | `reset` works before and after the sleep fired | [`Sleep::reset`] |
//! | L10 monotonic | `now` never goes back | [`Timer::now`] |
//! | L11 in place | handlers are installed when `listen` returns `Ok` | [`SignalSource::listen`] |
//! | L12 coalesced | an item means "at least one since the last poll" | [`SignalSource`] |
//! | L13 shared | every listener sees every signal | [`SignalSource::listen`] |
//! | L14 refused | a signal outside `supported` is an error of kind `Unsupported` | [`SignalSet::require`] |
//! | L15 honoured | an option that cannot be honoured is an error, never ignored | [`OwnedRuntime::build`] |
//!
//! # Invariants
//!
//! 1. No item of this crate reads a clock, starts a thread or installs a handler before it is asked to.
//! 2. [`AnyRuntime`] does not implement [`Runtime`]: erasing twice is impossible.

mod any;
mod capabilities;
mod census;
mod detached;
mod instant;
mod name;
mod options;
mod panic;
mod prim;
mod runtime;
mod signal;
pub mod signals;
mod task;
mod timer;

pub use any::{AnyRuntime, AnySleep, AnyStream};
pub use capabilities::Capabilities;
pub use census::{Census, Counted};
pub use detached::Detached;
pub use instant::Instant;
pub use name::TaskName;
pub use options::{RuntimeOptions, ShutdownSummary, Threading};
pub use panic::{PanicPayload, catch, discard};
pub use runtime::{Ambient, OwnedRuntime, Runtime};
pub use signal::{Signal, SignalSet, SignalSource};
pub use task::{AbortHandle, JoinError, Task};
pub use timer::{Sleep, Timer};
