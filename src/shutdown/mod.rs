//! The wish to end, and when each part of ending is due.
//!
//! ```text
//!   anybody --initiate--> ShutdownCoordinator --the cause--> driver --> engine
//!                                   \--> everybody who waits for the announcement
//!   Timeline: request -> lame duck -> stop (grace each) -> force -> budget
//! ```
//!
//! # Invariants
//!
//! 1. The first reason is the cause and never changes; later ones are kept in order.
//! 2. The reason is stored before anybody can learn that there is one.
//! 3. `force <= budget`; the sentinel's deadman comes after the budget.

mod coordinator;
mod stopping;
mod timeline;

pub(crate) use coordinator::Announced;
pub use coordinator::ShutdownCoordinator;
pub(crate) use stopping::is_stopping;
pub use stopping::{Elapsed, Stopping};
pub(crate) use timeline::Timeline;
