use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::Instant;

use parking_lot::Mutex;

/// Counts first polls. Static, so that a measured task carries nothing for it.
pub(crate) static FIRST: Gate = Gate::new();

/// Opens when as many have arrived as were expected; keeps when that was.
pub(crate) struct Gate {
    left: AtomicUsize,
    open: Mutex<(Option<Instant>, Option<Waker>)>,
}

impl Gate {
    const fn new() -> Self {
        Self { left: AtomicUsize::new(0), open: Mutex::new((None, None)) }
    }

    /// Closes it until `n` have arrived.
    pub(crate) fn expect(&self, n: usize) {
        *self.open.lock() = (None, None);
        self.left.store(n, Ordering::SeqCst);
    }

    pub(crate) fn arrive(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let waiting = {
                let mut open = self.open.lock();
                open.0 = Some(Instant::now());
                open.1.take()
            };
            if let Some(waker) = waiting {
                waker.wake();
            }
        }
    }

    /// When the last one arrived.
    pub(crate) fn all(&self) -> impl Future<Output = Instant> + '_ {
        poll_fn(|cx| {
            let mut open = self.open.lock();
            match open.0 {
                Some(at) => Poll::Ready(at),
                None => {
                    open.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    }
}
