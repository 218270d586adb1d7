//! Snapshots: a configuration together with the user's sections read from it, at one generation; and what a reload
//! shows to the subsystems and tells about itself.
//!
//! Layer 3, above `config`, which does not know it. The daemon builds the first snapshot at start and hands it to
//! every subsystem's context; when which snapshot is published is the engine's business.
//!
//! Invariants:
//!
//! 1. A [`Snapshot`] that exists is whole: every registered section was read and checked, and no
//!    table of the file is without a reader.
//! 2. It does not change: a reader sees one configuration, never parts of two.
//! 3. Generations only grow. Going back publishes the old content at a new generation.
//! 4. Nothing here shows a value: changes are told by their keys.

mod change;
mod current;
mod difference;
mod error;
mod prepared;
mod recipe;
mod report;
mod snapshot;

pub use change::Change;
pub(crate) use current::Current;
pub(crate) use difference::Difference;
pub use error::{ReloadError, ReloadErrorKind};
pub use prepared::Prepared;
pub(crate) use prepared::Word;
pub(crate) use recipe::{Candidate, Read, Recipe};
pub use report::{LastReload, ReloadPlan, ReloadReport};
pub(crate) use snapshot::Snapshot;
