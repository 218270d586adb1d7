//! loom's primitives under the names that the files under test use.

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};

/// loom's mutex with parking_lot's face.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().expect("no model panics with the lock held")
    }
}
