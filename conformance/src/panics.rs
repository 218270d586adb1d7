//! Where a scenario's assertion stands: known to the panic hook alone.
//!
//! The hook is the process's, so only a process that is the kit's own, from its `main`, installs one.

use std::cell::RefCell;
use std::panic;

thread_local! {
    /// `Some` on the thread of a scenario: the place of its last panic.
    static PLACE: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// Panics are written down on the threads of scenarios and swallowed everywhere, unless `loud`.
pub(crate) fn install(loud: bool) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string);
        PLACE.with_borrow_mut(|slot| {
            if let Some(slot) = slot {
                *slot = place;
            }
        });
        if loud {
            before(info);
        }
    }));
}

/// Runs a body and gives where it has panicked, if it has and the hook is installed.
pub(crate) fn watched<T>(body: impl FnOnce() -> T) -> (T, Option<String>) {
    PLACE.set(Some(None));
    let value = body();
    (value, PLACE.take().flatten())
}
