use std::collections::BTreeMap;
use std::task::Waker;

use proc_daemon_runtime::Signal;

/// What a device does when its moment has come.
pub(crate) enum Act {
    /// A signal arrives.
    Raise(Signal),
    /// The wall clock jumps by so many nanoseconds.
    Jump(i64),
    /// Anything else.
    Call(Box<dyn FnOnce() + Send>),
}

/// Where something is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    at: u64,
    number: u64,
}

/// What is due when. Of one moment, in the order of registration.
pub(crate) struct Timers<T> {
    due: BTreeMap<Key, T>,
    registered: u64,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { due: BTreeMap::new(), registered: 0 }
    }
}

impl<T> Timers<T> {
    pub(crate) fn add(&mut self, at: u64, due: T) -> Key {
        self.registered += 1;
        let key = Key { at, number: self.registered };
        self.due.insert(key, due);
        key
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.due.remove(&key)
    }

    /// When the next thing is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.due.first_key_value().map(|(key, _)| key.at)
    }

    /// Takes out the first thing that is due by `now`.
    pub(crate) fn take_due(&mut self, now: u64) -> Option<(u64, T)> {
        self.take_due_if(now, |_| true)
    }

    /// Takes out the first thing that is due by `now`, if it is such a thing.
    pub(crate) fn take_due_if(
        &mut self,
        now: u64,
        is: impl FnOnce(&T) -> bool,
    ) -> Option<(u64, T)> {
        let entry = self.due.first_entry()?;
        if entry.key().at > now || !is(entry.get()) {
            return None;
        }
        Some((entry.key().at, entry.remove()))
    }

    /// Takes out everything.
    pub(crate) fn clear(&mut self) -> BTreeMap<Key, T> {
        std::mem::take(&mut self.due)
    }
}

impl Timers<Waker> {
    /// Replaces the waker at `key`. None if it is not registered; else the waker that is to be dropped without
    /// the lock, if it was another one.
    pub(crate) fn refresh(&mut self, key: Key, waker: &Waker) -> Option<Option<Waker>> {
        let kept = self.due.get_mut(&key)?;
        let same = kept.will_wake(waker);
        Some((!same).then(|| std::mem::replace(kept, waker.clone())))
    }
}
