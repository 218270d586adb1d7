use std::collections::BTreeMap;
use std::task::Waker;

use proc_daemon_runtime::Signal;

/// What is due at a moment.
pub(crate) enum Due {
    /// A sleep.
    Wake(Waker),
    /// A device acts.
    Act(Act),
}

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
#[derive(Default)]
pub(crate) struct Timers {
    due: BTreeMap<Key, Due>,
    registered: u64,
}

impl Timers {
    pub(crate) fn add(&mut self, at: u64, due: Due) -> Key {
        self.registered += 1;
        let key = Key { at, number: self.registered };
        self.due.insert(key, due);
        key
    }

    /// Replaces the waker at `key`. Gives back the one that is to be dropped without the lock.
    pub(crate) fn refresh(&mut self, key: Key, waker: &Waker) -> Option<Waker> {
        match self.due.get_mut(&key)? {
            Due::Wake(kept) if kept.will_wake(waker) => None,
            Due::Wake(kept) => Some(std::mem::replace(kept, waker.clone())),
            Due::Act(_) => None,
        }
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Due> {
        self.due.remove(&key)
    }

    pub(crate) fn contains(&self, key: Key) -> bool {
        self.due.contains_key(&key)
    }

    /// When the next thing is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.due.first_key_value().map(|(key, _)| key.at)
    }

    /// Takes out everything that is due by `now`, in order.
    pub(crate) fn take_due(&mut self, now: u64, into: &mut Vec<(u64, Due)>) {
        while let Some(entry) = self.due.first_entry()
            && entry.key().at <= now
        {
            into.push((entry.key().at, entry.remove()));
        }
    }

    /// Takes out everything.
    pub(crate) fn clear(&mut self) -> BTreeMap<Key, Due> {
        std::mem::take(&mut self.due)
    }
}
