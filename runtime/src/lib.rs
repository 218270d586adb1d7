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
//! ## A backend in an afternoon
//!
//! 1. A handle that is cheap to clone implements [`Runtime`]: `spawn` hands the future to your executor, `spawn_blocking`
//!    the closure to a thread that may block. Neither keeps a handle, and after the runtime's end both drop what they
//!    are given. [`Tenants`] wraps both for that, counts them and catches what they panic with.
//! 2. Its [`Timer`]: `now` since an epoch of the runtime's, and a [`Sleep`] that looks at the clock first and then at its
//!    registration: a [`ClockSleep`] does, over your [`Alarm`]. Dropping it takes the registration away.
//! 3. Its [`SignalSource`]: [`signals::ThreadSignals`] works without any runtime; a reactor of your own saves the thread,
//!    and [`signals::MergedSignals`] makes one stream of its listeners.
//! 4. An owner implements [`OwnedRuntime`]. What an option asks for and you cannot do is
//!    [`RuntimeOptions::unsupported`]; what you cannot do at all is declared in [`Capabilities`].
//!    - [`Threading::CurrentThread`]: start no worker; `block_on` polls the tasks beside its own future, on its thread, and
//!      nobody polls them outside of it. With [`Threading::Workers`] it polls its own future alone. An executor that has
//!      workers only refuses the option and declares [`Capabilities::without_current_thread`].
//!    - `shutdown`: tell the workers to end, have the tasks dropped, and wait up to the grace for the blocking work
//!      that has started. Do not join a worker: user code may block it for longer than the grace, and the last of them
//!      drops the tasks when it comes back. [`Tenants::end`] waits so, and makes the [`ShutdownSummary`].
//! 5. Run the conformance kit: a `tests/conformance.rs` with `harness = false` whose `main` is
//!    `proc_daemon_conformance::run::<Mine>()`. It names the scenario that does not hold, what
//!    that is about, and how it found out.
//!
//! `examples/custom_backend` in the repository is such a backend, in two files.
//!
//! What you may assume: each method is called on any thread, inside or outside of your runtime, and by several at once.
//! Of the methods only [`OwnedRuntime::block_on`] and [`OwnedRuntime::shutdown`] may block. Joining, aborting, catching
//! what a task panics with, and telling who is left are written once, in [`Task`], over what you supply.
//!
//! ## The laws
//!
//! Each with the file that implements the shared part, or the item whose docs say it; `conformance/src/laws` checks them.
//!
//! | law | what must hold | where |
//! |---|---|---|
//! | L1 detached | `spawn` and `spawn_blocking` keep running without a handle | [`Runtime::spawn`] |
//! | L2 panic | a panicking future or closure ends itself alone; no worker is lost | `detached.rs` |
//! | L3 join | joining a panicked task gives `Panicked(payload)` | `task.rs` |
//! | L4 abort | synchronous, idempotent, `&self`; destructors have run before the join resolves | `task.rs` |
//! | L5 due | a sleep whose deadline has passed is ready at its first poll | [`Timer::sleep_until`], `sleep.rs` |
//! | L6 anywhere | a sleep may be made and dropped on any thread, in or out of a runtime | [`Timer::sleep_until`] |
//! | L7 never | a sleep until [`Instant::MAX`] never fires | [`Timer::sleep_until`], `sleep.rs` |
//! | L8 early | a sleep never fires before its deadline by the same timer's `now` | [`Sleep`], `sleep.rs` |
//! | L9 reset | `reset` works before and after the sleep fired | [`Sleep::reset`], `sleep.rs` |
//! | L10 monotonic | `now` never goes back | [`Timer::now`] |
//! | L11 in place | handlers are installed when `listen` returns `Ok` | [`SignalSource::listen`] |
//! | L12 coalesced | an item means "at least one since the last poll" | [`SignalSource`] |
//! | L13 shared | every listener sees every signal | [`SignalSource::listen`] |
//! | L14 refused | a signal outside `supported` is an error of kind `Unsupported` | [`SignalSet::require`] |
//! | L15 honoured | an option that cannot be honoured is an error, never ignored | [`OwnedRuntime::build`] |
//! | L16 woken | a task that is woken is polled again; woken while it is polled, it keeps no other worker waiting | [`Runtime::spawn`] |
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
mod sleep;
mod task;
mod tenants;
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
pub use sleep::{Alarm, ClockSleep};
pub use task::{AbortHandle, JoinError, Task};
pub use tenants::Tenants;
pub use timer::{Sleep, Timer};
