use proc_daemon_runtime::Instant;

/// One thing that happened: 32 bytes, without a pointer and without a place in a source file, so that it
/// is the same in every build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Record {
    /// When, in virtual nanoseconds.
    pub at: u64,
    /// The task it is about, or that was being polled; [`Record::NOBODY`] outside of any.
    pub task: u32,
    /// What happened; the meaning of `a` and `b` follows from it.
    pub kind: Kind,
    /// Zero.
    pad: [u8; 3],
    /// See [`Kind`].
    pub a: u64,
    /// See [`Kind`].
    pub b: u64,
}

const _: () = assert!(size_of::<Record>() == 32);

/// What a [`Record`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// A task was spawned; `a` is the hash of its name, `b` is 1 for blocking work.
    Spawn,
    /// A poll begins; `a` is its number in the life.
    Poll,
    /// The task resolved.
    Done,
    /// The task panicked.
    Panic,
    /// The task was woken; `a` is the task that did it.
    Wake,
    /// The polled task registered a sleep; `a` is its deadline.
    Sleep,
    /// A sleep is due; `a` is its deadline.
    Due,
    /// A signal arrived; `a` is `signal as u64`.
    Signal,
    /// A listener saw a signal; `a` as above.
    Seen,
    /// The wall clock jumped; `a` is its new offset.
    Jump,
    /// A situation was reached; `a` is the hash of its name.
    Reached,
    /// Told by what is simulated; `a` and `b` are its own.
    Note,
}

impl Record {
    /// Not a task.
    pub const NOBODY: u32 = u32::MAX;

    /// When.
    #[must_use]
    pub const fn at(&self) -> Instant {
        Instant::from_nanos(self.at)
    }

    /// The record as bytes, the least significant first.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        let head = u64::from(self.kind as u8) << 32 | u64::from(self.task);
        let mut bytes = [0; 32];
        for (index, word) in [self.at, head, self.a, self.b].into_iter().enumerate() {
            bytes[index * 8..][..8].copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    pub(crate) const fn new(at: u64, task: u32, kind: Kind, a: u64, b: u64) -> Self {
        Self { at, task, kind, pad: [0; 3], a, b }
    }
}

/// What happened in a life, and a running hash of all of it.
#[derive(Clone, Debug)]
pub struct Trace {
    records: Vec<Record>,
    dropped: u64,
    hash: u64,
}

/// Most records that are kept; when there are more, the older half goes. The hash is of all of them.
const KEPT: usize = 1 << 17;

impl Default for Trace {
    fn default() -> Self {
        Self { records: Vec::with_capacity(1024), dropped: 0, hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Trace {
    /// The records that were kept, oldest first.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// How many older records there were.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The hash of every record.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The first record at which two traces part, by its number in the life; none if they are equal.
    /// Records that one of them has dropped are not looked at.
    #[must_use]
    pub fn parting(&self, other: &Self) -> Option<usize> {
        if self.hash == other.hash {
            return None;
        }
        let skip = self.dropped.max(other.dropped);
        let from = |trace: &Self| usize::try_from(skip - trace.dropped).unwrap_or(usize::MAX);
        let (mine, theirs) =
            (self.records.iter().skip(from(self)), other.records.iter().skip(from(other)));
        let common = mine.zip(theirs).take_while(|(mine, theirs)| mine == theirs).count();
        Some(usize::try_from(skip).unwrap_or(usize::MAX).saturating_add(common))
    }

    // There are three or four records a poll: a call would be a tenth of a life without a daemon.
    #[inline]
    pub(crate) fn push(&mut self, record: Record) {
        let Record { at, task, kind, a, b, .. } = record;
        let head = u64::from(task) << 8 | kind as u64;
        for word in [at, head, a, b] {
            self.hash = (self.hash ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
            self.hash ^= self.hash >> 32;
        }
        if self.records.len() == KEPT {
            self.drop_half();
        }
        self.records.push(record);
    }

    #[cold]
    fn drop_half(&mut self) {
        self.records.drain(..KEPT / 2);
        self.dropped += KEPT as u64 / 2;
    }
}

/// The hash of a name, the same in every build: FNV-1a.
#[must_use]
pub const fn name_hash(name: &str) -> u64 {
    let (bytes, mut hash, mut index) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0100_0000_01b3);
        index += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(records: impl IntoIterator<Item = u64>) -> Trace {
        let mut trace = Trace::default();
        records.into_iter().for_each(|a| trace.push(Record::new(a, 0, Kind::Note, a, 0)));
        trace
    }

    #[test]
    fn equal_traces_have_equal_hashes_and_others_part_somewhere() {
        assert_eq!(trace(0..9).hash(), trace(0..9).hash());
        assert_eq!(trace(0..9).parting(&trace(0..9)), None);
        assert_eq!(trace(0..9).parting(&trace([0, 1, 2, 7])), Some(3));
        assert_eq!(trace(0..9).parting(&trace(0..4)), Some(4));
    }

    #[test]
    fn the_hash_is_of_every_field() {
        let hash = |record| {
            let mut trace = Trace::default();
            trace.push(record);
            trace.hash()
        };
        let base = Record::new(1, 2, Kind::Wake, 3, 4);
        let others = [
            Record::new(9, 2, Kind::Wake, 3, 4),
            Record::new(1, 9, Kind::Wake, 3, 4),
            Record::new(1, 2, Kind::Done, 3, 4),
            Record::new(1, 2, Kind::Wake, 9, 4),
            Record::new(1, 2, Kind::Wake, 3, 9),
        ];
        assert!(others.into_iter().all(|other| hash(other) != hash(base)));
    }

    #[test]
    fn what_is_dropped_is_in_the_hash() {
        let long = trace(0..KEPT as u64 + 5);
        assert_eq!(long.dropped(), KEPT as u64 / 2);
        assert_eq!(long.records().len(), KEPT / 2 + 5);
        assert_ne!(long.hash(), trace(1..KEPT as u64 + 5).hash());
    }
}
