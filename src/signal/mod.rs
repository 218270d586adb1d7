//! Signal -> action: plain tables, no handler and no process.
//!
//! What takes a handler ([`SignalConfig`](crate::SignalConfig)) lives with the subsystems, since a
//! handler runs as one.

mod action;

pub use action::Action;
pub(crate) use action::{ActionTable, FORCE_AFTER, Row, exit_code};
