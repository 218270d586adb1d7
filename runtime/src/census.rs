use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count of things alive, for the [`ShutdownSummary`](crate::ShutdownSummary).
///
/// Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Census(Arc<AtomicUsize>);

impl Census {
    /// Counts one more until the guard is dropped.
    pub fn enter(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(&self.0))
    }

    /// How many guards are alive.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One thing in a [`Census`]; dropping it counts it out.
#[derive(Debug)]
#[must_use]
pub struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
