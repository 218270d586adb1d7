//! Deciding and doing.
//!
//! ```text
//!   reports, signals, timers --> Driver --event, now--> Engine (pure)
//!                                   ^                      |
//!                                   +------ effects -------+
//! ```
//!
//! [`engine`] decides, [`Driver`](driver::Driver) performs. [`graph`] is the dependency order that both
//! rest on, [`groups`] who starts again with whom.
//!
//! # Invariants
//!
//! 1. Only the engine changes lifecycle state; the driver feeds it in one place, one event at a time.
//! 2. Effects are performed in the order in which they were decided, each before the next event.
//! 3. The driver keeps what an engine cannot: tasks, errors, names, and the user's code that decides.
//! 4. [`Events`] tell what the board shows already; no reader is waited for.

pub(crate) mod advice;
pub(crate) mod blueprint;
pub(crate) mod driver;
pub(crate) mod engine;
mod events;
pub(crate) mod graph;
pub(crate) mod groups;
pub(crate) mod hooks;
mod manager;
mod notes;
mod status;
mod table;

pub use events::Events;
pub(crate) use events::Hub;
pub use manager::{Control, SubsystemManager};
pub use status::SubsystemStatus;
pub(crate) use table::Table;
