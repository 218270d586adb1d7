use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;

use super::{LastReload, Snapshot};
use crate::sync::{Notify, Place};

/// The snapshot in force. One store publishes another one: who reads sees the one or the other.
pub(crate) struct Current {
    snapshot: ArcSwap<Snapshot>,
    changed: Notify,
    last: Mutex<Option<LastReload>>,
}

impl Current {
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot: ArcSwap::new(snapshot),
            changed: Notify::default(),
            last: Mutex::default(),
        }
    }

    /// Reads it without touching a count. Not to be held across an await.
    #[inline]
    pub(crate) fn load(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    pub(crate) fn full(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.load().generation()
    }

    /// How the last reload ended.
    pub(crate) fn last(&self) -> Option<LastReload> {
        self.last.lock().clone()
    }

    pub(crate) fn set_last(&self, last: LastReload) {
        *self.last.lock() = Some(last);
    }

    /// Publishes `snapshot`, gives back the one before, and wakes whoever waits.
    pub(crate) fn publish(&self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        let before = self.snapshot.swap(snapshot);
        self.changed.wake_all();
        before
    }

    /// Resolves with the generation once that is above `seen`, which is then raised to it.
    pub(crate) fn changed<'a>(
        &'a self,
        seen: &'a AtomicU64,
    ) -> impl Future<Output = u64> + use<'a> {
        Changed { current: self, seen, place: Place::default() }
    }
}

/// A place among those who wait for another snapshot.
struct Changed<'a> {
    current: &'a Current,
    seen: &'a AtomicU64,
    place: Place,
}

impl Future for Changed<'_> {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let this = &mut *self;
        // Register, then look: a publication in between wakes.
        this.current.changed.register(&mut this.place, cx.waker());
        let generation = this.current.generation();
        if generation <= this.seen.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        this.current.changed.leave(&mut this.place);
        this.seen.fetch_max(generation, Ordering::Relaxed);
        Poll::Ready(generation)
    }
}

impl Drop for Changed<'_> {
    fn drop(&mut self) {
        self.current.changed.leave(&mut self.place);
    }
}
