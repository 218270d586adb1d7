//! What is due when.
//!
//! 1. Of one moment, what was registered first comes first.
//! 2. Nothing is dropped here that has a destructor of the user's: it is given back.

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

/// Whom a sleep wakes.
pub(crate) enum Sleeper {
    /// The task that polled it, by its own waker.
    Task { slot: u32, id: u32 },
    /// Whoever gave the waker, to a sleep that `by` polled.
    Other { waker: Waker, by: u32 },
}

impl Sleeper {
    /// The task that polled the sleep.
    pub(crate) const fn by(&self) -> u32 {
        match self {
            Self::Task { id: by, .. } | Self::Other { by, .. } => *by,
        }
    }
}

/// Where something is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    at: u64,
    number: u64,
}

/// How many are kept near, at most.
const NEAR: usize = 32;

/// The next few in a sorted list, the others in a map: most lives have few.
///
/// 1. What is near comes before what is far, and nothing is far while nothing is near.
pub(crate) struct Timers<T> {
    /// The next one last.
    near: Vec<(Key, T)>,
    far: BTreeMap<Key, T>,
    registered: u64,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { near: Vec::new(), far: BTreeMap::new(), registered: 0 }
    }
}

impl<T> Timers<T> {
    pub(crate) fn add(&mut self, at: u64, due: T) -> Key {
        self.registered += 1;
        let key = Key { at, number: self.registered };
        if !self.far.is_empty() && self.near.first().is_some_and(|(last, _)| *last < key) {
            self.far.insert(key, due);
            return key;
        }
        let place =
            self.near.iter().rposition(|(known, _)| *known > key).map_or(0, |last| last + 1);
        self.near.insert(place, (key, due));
        if self.near.len() > NEAR {
            let (last, due) = self.near.remove(0);
            self.far.insert(last, due);
        }
        key
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        match self.find(key) {
            Some(place) => {
                let (_, due) = self.near.remove(place);
                self.approach();
                Some(due)
            }
            None => self.far.remove(&key),
        }
    }

    /// What is at `key`, if anything is.
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.find(key) {
            Some(place) => Some(&mut self.near[place].1),
            None => self.far.get_mut(&key),
        }
    }

    /// When the next thing is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.near.last().map(|(key, _)| key.at)
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
        let (key, due) = self.near.pop_if(|(key, due)| key.at <= now && is(due))?;
        self.approach();
        Some((key.at, due))
    }

    /// Everything, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.near.iter().map(|(_, due)| due).chain(self.far.values())
    }

    /// Takes out everything, the first one first.
    pub(crate) fn clear(&mut self) -> Vec<(u64, T)> {
        std::iter::from_fn(|| self.take_due(u64::MAX)).collect()
    }

    fn find(&self, key: Key) -> Option<usize> {
        self.near.iter().rposition(|(known, _)| *known == key)
    }

    /// Keeps the invariant after something near was taken out.
    fn approach(&mut self) {
        if self.near.is_empty() {
            self.near.extend(std::iter::from_fn(|| self.far.pop_first()).take(NEAR / 2));
            self.near.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// As a map is, whatever is added, taken out and removed.
    #[test]
    fn it_is_an_ordered_map() {
        let mut rng = Rng::new(1);
        for most in [3, NEAR as u32, 8 * NEAR as u32] {
            let (mut timers, mut map) = (Timers::default(), BTreeMap::new());
            for value in 0..4000 {
                let few = map.len() < most as usize;
                match rng.below(if few { 4 } else { 8 }) {
                    0 | 1 => {
                        let key = timers.add(u64::from(rng.below(most)), value);
                        map.insert(key, value);
                    }
                    2 => {
                        let keys: Vec<Key> = map.keys().copied().collect();
                        let key = keys.get(rng.below(most) as usize);
                        let key = key.copied().unwrap_or(Key { at: 0, number: 0 });
                        assert_eq!(timers.get_mut(key), map.get_mut(&key));
                        assert_eq!(timers.remove(key), map.remove(&key));
                        assert_eq!(timers.get_mut(key), None);
                    }
                    _ => {
                        let now = u64::from(rng.below(most));
                        let due = map.first_key_value().filter(|(key, _)| key.at <= now);
                        let due = due.map(|(key, value)| (*key, *value));
                        map.retain(|key, _| Some(*key) != due.map(|(key, _)| key));
                        assert_eq!(timers.take_due(now), due.map(|(key, due)| (key.at, due)));
                    }
                }
                assert_eq!(timers.next(), map.first_key_value().map(|(key, _)| key.at));
            }
            let left: Vec<(u64, i32)> = map.into_iter().map(|(key, due)| (key.at, due)).collect();
            assert_eq!(timers.iter().count(), left.len());
            assert_eq!(timers.clear(), left);
        }
    }
}
