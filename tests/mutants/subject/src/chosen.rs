//! Which mutant this process is.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether this is the mutant of that name.
pub(crate) fn is(name: &str) -> bool {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| std::env::var("MUTANT").unwrap_or_default()) == name
}

/// True once in `n` times.
pub(crate) fn every(count: &AtomicU32, n: u32) -> bool {
    count.fetch_add(1, Ordering::Relaxed) % n == n - 1
}

thread_local! {
    static KNOWN: Cell<bool> = const { Cell::new(false) };
}

/// The runtime has been built or polled on this thread.
pub(crate) fn know_this_thread() {
    KNOWN.set(true);
}

pub(crate) fn is_this_thread_known() -> bool {
    KNOWN.get()
}
