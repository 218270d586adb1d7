//! Snapshots: a configuration together with the user's sections read from it, at one generation.
//!
//! Layer 2, beside `config`, which it imports and which does not know it. The daemon builds the
//! first snapshot at start and hands it to every subsystem's context.
//!
//! Invariants:
//!
//! 1. A [`Snapshot`] that exists is whole: every registered section was read and checked, and no
//!    table of the file is without a reader.
//! 2. It does not change: a reader sees one configuration, never parts of two.

mod snapshot;

pub(crate) use snapshot::Snapshot;
