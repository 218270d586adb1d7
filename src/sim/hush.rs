use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    static HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` without a word from the panic hook about panics of this thread.
///
/// A shrink lives the same failure hundreds of times, and each would print the same panic. The hook that was
/// there is kept and called for every other panic.
pub(super) fn hushed<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !HUSHED.get() {
                hook(info);
            }
        }));
    });
    let _restore = Restore(HUSHED.replace(true));
    work()
}

struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        HUSHED.set(self.0);
    }
}
