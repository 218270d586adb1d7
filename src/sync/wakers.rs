use std::task::Waker;

use slab::Slab;

/// The tasks that wait for one thing. The first needs no allocation; a stop cell has one as a rule.
#[derive(Debug, Default)]
pub(crate) struct WakerSet {
    first: Option<Waker>,
    more: Option<Box<Slab<Waker>>>,
}

/// A place in a [`WakerSet`]. Zero is none, one the inline slot, `n + 2` index `n` of the slab.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl WakerSet {
    /// Registers `waker` under `key`, or replaces the one that is there.
    pub(crate) fn register(&mut self, key: &mut Key, waker: &Waker) {
        match key.0 {
            0 if self.first.is_none() => {
                self.first = Some(waker.clone());
                key.0 = 1;
            }
            0 => {
                let index = self.more.get_or_insert_default().insert(waker.clone());
                key.0 = u32::try_from(index + 2).unwrap_or(u32::MAX);
            }
            1 => match &mut self.first {
                Some(kept) => kept.clone_from(waker),
                None => self.first = Some(waker.clone()),
            },
            n => match self.more.as_mut().and_then(|more| more.get_mut(n as usize - 2)) {
                Some(kept) => kept.clone_from(waker),
                None => {
                    key.0 = 0;
                    self.register(key, waker);
                }
            },
        }
    }

    /// Takes `key` out.
    pub(crate) fn remove(&mut self, key: &mut Key) {
        match std::mem::take(&mut key.0) {
            0 => {}
            1 => self.first = None,
            n => {
                if let Some(more) = &mut self.more {
                    more.try_remove(n as usize - 2);
                }
            }
        }
    }

    /// Takes everybody out, for the caller to wake once it has let go of the lock. Keys given out before
    /// are void: the owner of the set must not use them again.
    #[must_use]
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Wakes everybody.
    pub(crate) fn wake(self) {
        if let Some(waker) = self.first {
            waker.wake();
        }
        for (_, waker) in self.more.into_iter().flat_map(|more| more.into_iter()) {
            waker.wake();
        }
    }
}

impl Key {
    /// Whether nothing is registered under it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0 == 0
    }
}
