//! Signal -> action (layer 2): plain tables, no handler and no process.
//!
//! What takes a handler ([`SignalConfig`](crate::SignalConfig)) lives with the subsystems, since a
//! handler runs as one.

mod action;

pub use action::Action;
pub(crate) use action::{ActionTable, Row, exit_code};
