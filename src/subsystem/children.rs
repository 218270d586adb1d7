use parking_lot::Mutex;
use proc_daemon_runtime::AbortHandle;
use slab::Slab;

/// The children of one generation that are alive.
///
/// 1. A child is in the registry before it is spawned and leaves it after its future has been dropped.
/// 2. Once closed, whoever is in is aborted, and whoever comes in is aborted at once.
#[derive(Default)]
pub(crate) struct Children(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    closed: bool,
    #[cfg(feature = "sim")]
    had_any: bool,
    alive: Slab<Option<AbortHandle>>,
}

impl Children {
    /// A place for a child that is about to be spawned.
    pub(crate) fn reserve(&self) -> usize {
        let mut registry = self.0.lock();
        #[cfg(feature = "sim")]
        {
            registry.had_any = true;
        }
        registry.alive.insert(None)
    }

    #[cfg(feature = "sim")]
    pub(crate) fn had_any(&self) -> bool {
        self.0.lock().had_any
    }

    /// Tells how to abort the child at `place`, unless it has ended meanwhile.
    pub(crate) fn admit(&self, place: usize, handle: AbortHandle) {
        let abort = {
            let mut registry = self.0.lock();
            let closed = registry.closed;
            match registry.alive.get_mut(place) {
                None => None,
                Some(_) if closed => Some(handle),
                Some(entry) => {
                    *entry = Some(handle);
                    None
                }
            }
        };
        if let Some(handle) = abort {
            handle.abort();
        }
    }

    /// Takes an ended child out. True if it was the last.
    pub(crate) fn leave(&self, place: usize) -> bool {
        let mut registry = self.0.lock();
        registry.alive.try_remove(place);
        registry.alive.is_empty()
    }

    /// Aborts everybody, now and later.
    pub(crate) fn close(&self) {
        let handles: Vec<AbortHandle> = {
            let mut registry = self.0.lock();
            registry.closed = true;
            registry.alive.iter_mut().filter_map(|(_, entry)| entry.take()).collect()
        };
        for handle in handles {
            handle.abort();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().alive.is_empty()
    }
}
