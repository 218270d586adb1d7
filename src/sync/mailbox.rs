use std::collections::VecDeque;
use std::task::{Context, Waker};

use super::prim::Mutex;

/// Many post, one drains, in the order of posting.
///
/// Draining swaps buffers, so a burst costs one lock. The poster wakes the reader outside the lock, and
/// only if it waits.
#[derive(Debug)]
pub(crate) struct Mailbox<T>(Mutex<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    queue: VecDeque<T>,
    reader: Option<Waker>,
    closed: bool,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self(Mutex::new(Inner { queue: VecDeque::new(), reader: None, closed: false }))
    }
}

impl<T> Mailbox<T> {
    /// Posts `item` and wakes the reader if it waits. A closed mailbox drops it.
    pub(crate) fn post(&self, item: T) {
        let reader = {
            let mut inner = self.0.lock();
            if inner.closed {
                return;
            }
            inner.queue.push_back(item);
            inner.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Moves everything posted into `into`, which is empty; if there is nothing, the reader is woken by
    /// the next post.
    pub(crate) fn drain(&self, into: &mut VecDeque<T>, cx: &mut Context<'_>) {
        debug_assert!(into.is_empty());
        let mut inner = self.0.lock();
        std::mem::swap(&mut inner.queue, into);
        if into.is_empty() {
            match &mut inner.reader {
                Some(kept) => kept.clone_from(cx.waker()),
                None => inner.reader = Some(cx.waker().clone()),
            }
        }
    }

    /// Makes room for that many more, which are about to be posted.
    pub(crate) fn expect(&self, more: usize) {
        self.0.lock().queue.reserve(more);
    }

    /// Drops what is queued and whatever is posted from now on.
    pub(crate) fn close(&self) {
        let closed = Inner { queue: VecDeque::new(), reader: None, closed: true };
        let inner = std::mem::replace(&mut *self.0.lock(), closed);
        drop(inner);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn items_come_out_in_the_order_of_posting_from_each_thread() {
        const EACH: u32 = 1000;
        let mailbox = Arc::new(Mailbox::default());
        let mut seen = Vec::new();
        std::thread::scope(|scope| {
            for thread in 0..4u32 {
                let mailbox = Arc::clone(&mailbox);
                scope.spawn(move || (0..EACH).for_each(|n| mailbox.post((thread, n))));
            }
            let mut batch = VecDeque::new();
            futures_lite::future::block_on(std::future::poll_fn(|cx| {
                loop {
                    mailbox.drain(&mut batch, cx);
                    if batch.is_empty() {
                        let all = seen.len() == 4 * EACH as usize;
                        return if all {
                            std::task::Poll::Ready(())
                        } else {
                            std::task::Poll::Pending
                        };
                    }
                    seen.extend(batch.drain(..));
                }
            }));
        });
        for thread in 0..4 {
            let own: Vec<u32> =
                seen.iter().filter(|(t, _)| *t == thread).map(|(_, n)| *n).collect();
            assert_eq!(own, (0..EACH).collect::<Vec<_>>());
        }
    }
}
