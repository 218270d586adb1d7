//! What the waits are made of. The models in `tests/models` put loom's in their place.

pub(crate) use parking_lot::Mutex;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
