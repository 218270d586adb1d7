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
    /// How many there have been.
    count: u64,
    alive: Slab<Entry>,
}

struct Entry {
    number: u64,
    handle: Option<AbortHandle>,
}

/// The place of a child. Its number tells it from those that have the place after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    key: usize,
    number: u64,
}

impl Children {
    /// A place for a child that is about to be spawned.
    pub(crate) fn reserve(&self) -> Place {
        let mut registry = self.0.lock();
        #[cfg(feature = "sim")]
        {
            registry.had_any = true;
        }
        registry.count += 1;
        let number = registry.count;
        Place { key: registry.alive.insert(Entry { number, handle: None }), number }
    }

    #[cfg(feature = "sim")]
    pub(crate) fn had_any(&self) -> bool {
        self.0.lock().had_any
    }

    /// Tells how to abort the child at `place`, unless it has ended meanwhile: another one may be there by now.
    pub(crate) fn admit(&self, place: Place, handle: AbortHandle) {
        let abort = {
            let mut registry = self.0.lock();
            let closed = registry.closed;
            let entry = registry.alive.get_mut(place.key);
            match entry.filter(|entry| entry.number == place.number) {
                None => None,
                Some(_) if closed => Some(handle),
                Some(entry) => {
                    entry.handle = Some(handle);
                    None
                }
            }
        };
        if let Some(handle) = abort {
            handle.abort();
        }
    }

    /// Takes an ended child out. True if it was the last.
    pub(crate) fn leave(&self, place: Place) -> bool {
        let mut registry = self.0.lock();
        registry.alive.try_remove(place.key);
        registry.alive.is_empty()
    }

    /// Aborts everybody, now and later.
    pub(crate) fn close(&self) {
        let handles: Vec<AbortHandle> = {
            let mut registry = self.0.lock();
            registry.closed = true;
            registry.alive.iter_mut().filter_map(|(_, entry)| entry.handle.take()).collect()
        };
        for handle in handles {
            handle.abort();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().alive.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use proc_daemon_runtime::{AnyRuntime, JoinError, OwnedRuntime, RuntimeOptions, Task};
    use proc_daemon_smol::Smol;

    use super::*;

    #[test]
    fn who_is_admitted_too_late_does_not_take_the_place_of_another() {
        let children = Children::default();
        let first = children.reserve();
        assert!(children.leave(first), "it ends before its spawner goes on");
        let second = children.reserve();
        assert_eq!(first.key, second.key);

        let mut smol = Smol::build(&RuntimeOptions::new()).unwrap();
        let runtime = AnyRuntime::from(smol.handle());
        let [late, alive] =
            ["late", "alive"].map(|name| Task::spawn_on(&runtime, name.into(), pending::<()>()));
        children.admit(second, alive.abort_handle());
        children.admit(first, late.abort_handle());
        children.close();
        assert!(matches!(smol.block_on(alive), Err(JoinError::Aborted)));
        let _ = smol.shutdown(Duration::ZERO);
    }
}
