//! The default actions of signals, once nobody listens. Process-wide, as handlers are.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use proc_daemon_runtime::{Signal, SignalSet};

/// Whether the default actions apply, and for which signals that has been arranged.
static APPLY: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static ARRANGED: Mutex<SignalSet> = Mutex::new(SignalSet::EMPTY);

/// Has the default actions of `signals` apply again.
pub(super) fn apply(signals: SignalSet) {
    let mut arranged = ARRANGED.lock();
    for signal in
        signals.iter().filter(|signal| !arranged.contains(*signal)).collect::<Vec<Signal>>()
    {
        let condition = Arc::clone(&APPLY);
        if signal_hook::flag::register_conditional_default(signal.number(), condition).is_ok() {
            *arranged = arranged.with(signal);
        }
    }
    APPLY.store(true, Ordering::SeqCst);
}

/// A listener is there: no default action applies.
pub(super) fn suspend() {
    APPLY.store(false, Ordering::SeqCst);
}
