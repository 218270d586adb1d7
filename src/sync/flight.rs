use super::Latch;
use super::prim::{AtomicU32, Ordering, fence};

/// A count of work in flight, and its handshake with a stop latch: of a stop and the end of the last work,
/// whichever comes second knows of the other.
#[derive(Debug, Default)]
pub(crate) struct Flight(AtomicU32);

impl Flight {
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn enter(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// One less. Some for the last: whether `stop` is set.
    pub(crate) fn leave(&self, stop: &Latch) -> Option<bool> {
        if self.0.fetch_sub(1, Ordering::SeqCst) > 1 {
            return None;
        }
        // Here: count down, fence, read the latch. In `stop`: set the latch, fence, read the count. With
        // the fences one of the two reads sees the other's write; without, both may miss it, and nobody
        // would tell that draining is over.
        fence(Ordering::SeqCst);
        Some(stop.is_set())
    }

    /// Sets `latch`. True if something is in flight: then its last [`leave`](Self::leave) sees the latch.
    pub(crate) fn stop(&self, latch: &Latch) -> bool {
        latch.set();
        fence(Ordering::SeqCst);
        self.count() > 0
    }
}
