use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::Event;

/// Set once; everybody who waits hears it.
#[derive(Default)]
pub(crate) struct Flag {
    set: AtomicBool,
    event: Event,
}

impl Flag {
    pub(crate) fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.event.notify(usize::MAX);
    }

    pub(crate) async fn wait(&self) {
        while !self.set.load(Ordering::SeqCst) {
            let listener = self.event.listen();
            if self.set.load(Ordering::SeqCst) {
                return;
            }
            listener.await;
        }
    }
}
