use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

/// Something for each subsystem, by number: those that the daemon was built from, and those that were added.
///
/// 1. A number is not used again.
/// 2. What was forgotten takes no place, unless the daemon was built from it. In its place is found what stands for
///    all that is gone; what is written there is of no account.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    built: Vec<T>,
    added: BTreeMap<u32, T>,
    /// The next number.
    next: u32,
    gone: T,
    /// Takes what is written to what is gone.
    scratch: T,
}

impl<T: Clone> Table<T> {
    /// Of those that a daemon is built from; `gone` stands for what is forgotten.
    pub(crate) fn new(built: Vec<T>, gone: T) -> Self {
        let next = u32::try_from(built.len()).unwrap_or(u32::MAX);
        Self { built, added: BTreeMap::new(), next, scratch: gone.clone(), gone }
    }

    /// One more, with the next number.
    pub(crate) fn push(&mut self, item: T) {
        self.added.insert(self.next, item);
        self.next += 1;
    }

    /// The lowest number that has not been used.
    pub(crate) fn count(&self) -> u32 {
        self.next
    }

    /// Takes out what is there; none if that takes no place.
    pub(crate) fn forget(&mut self, number: u32) -> Option<T> {
        match self.built.get_mut(number as usize) {
            Some(item) => Some(std::mem::replace(item, self.gone.clone())),
            None => self.added.remove(&number),
        }
    }

    /// What there is, with its number, in order. What is gone is left out, unless the daemon was built from it.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.built).chain(self.added.iter().map(|(number, item)| (*number, item)))
    }

    /// As [`numbered`](Self::numbered), without the numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.built.iter().chain(self.added.values())
    }

    #[cold]
    fn later_mut(&mut self, number: usize) -> &mut T {
        match self.added.get_mut(&u32::try_from(number).unwrap_or(u32::MAX)) {
            Some(item) => item,
            None => {
                self.scratch = self.gone.clone();
                &mut self.scratch
            }
        }
    }

    /// This table, leaving an empty one in its place.
    pub(crate) fn take(&mut self) -> Self {
        let nothing = Self::new(Vec::new(), self.gone.clone());
        std::mem::replace(self, nothing)
    }
}

impl<T> Table<T> {
    /// What is there that was added.
    #[cold]
    fn later(&self, number: usize) -> &T {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.added.get(&number).unwrap_or(&self.gone)
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = T;

    #[inline]
    fn index(&self, number: usize) -> &T {
        match self.built.get(number) {
            Some(item) => item,
            None => self.later(number),
        }
    }
}

impl<T: Clone> IndexMut<usize> for Table<T> {
    #[inline]
    fn index_mut(&mut self, number: usize) -> &mut T {
        // Not by `get_mut`: of two that are borrowed one after the other, the first would be borrowed to the end.
        if number < self.built.len() { &mut self.built[number] } else { self.later_mut(number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_takes_no_place_and_its_number_is_not_used_again() {
        let mut table = Table::new(vec![10, 11], -1);
        for round in 0..100_000 {
            assert_eq!(table.count(), 2 + round);
            table.push(round.cast_signed());
            assert_eq!(table.forget(2 + round), Some(round.cast_signed()));
        }
        assert_eq!((table.added.len(), table.iter().count()), (0, 2));
        table.push(7);
        assert_eq!(table.numbered().map(|(n, item)| (n, *item)).last(), Some((100_002, 7)));
        assert_eq!((table[5], table.forget(5)), (-1, None));
        table[5] = 3;
        assert_eq!(table[5], -1);
        assert_eq!(table.forget(0), Some(10));
        assert_eq!((table[0], table[1], table[100_002]), (-1, 11, 7));
    }
}
