use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A list that grows at its end and is read without a lock: an item never moves. One writer.
#[derive(Debug)]
pub(crate) struct Append<T> {
    /// Block `n` has place for `32 << n` items.
    blocks: [OnceLock<Box<[OnceLock<T>]>>; BLOCKS],
    len: AtomicU32,
}

/// The first block's size, as a power of two.
const FIRST: u32 = 5;
/// So many blocks hold 2^32 items.
const BLOCKS: usize = 28;

impl<T> Default for Append<T> {
    fn default() -> Self {
        Self { blocks: [const { OnceLock::new() }; BLOCKS], len: AtomicU32::new(0) }
    }
}

impl<T> Append<T> {
    pub(crate) fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// Puts `item` at the end.
    pub(crate) fn push(&self, item: T) {
        let (block, place) = place(self.len());
        let items = self.blocks[block].get_or_init(|| {
            (0..1_usize << (block + FIRST as usize)).map(|_| OnceLock::new()).collect()
        });
        if items[place].set(item).is_ok() {
            self.len.fetch_add(1, Ordering::Release);
        }
    }

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (block, place) = place(index);
        self.blocks.get(block)?.get()?.get(place)?.get()
    }
}

/// The block of an item, and its place there.
fn place(index: u32) -> (usize, usize) {
    let from_first = u64::from(index) + (1 << FIRST);
    let block = from_first.ilog2() - FIRST;
    let place = from_first - (1 << (block + FIRST));
    (block as usize, usize::try_from(place).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stay_where_they_are() {
        let list = Append::default();
        assert!(list.get(0).is_none());
        let first = (0..10_000_u32).map(|n| list.push(n)).count();
        assert_eq!((first, list.len()), (10_000, 10_000));
        assert!((0..10_000).all(|n| list.get(n) == Some(&n)));
        assert_eq!((list.get(10_000), list.get(u32::MAX)), (None, None));
    }

    #[test]
    fn blocks_are_full_one_after_the_other() {
        assert_eq!([0, 31, 32, 95, 96].map(place), [(0, 0), (0, 31), (1, 0), (1, 63), (2, 0)]);
        assert_eq!(place(u32::MAX).0, BLOCKS - 1);
    }
}
