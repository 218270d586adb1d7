use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use proc_daemon_runtime::discard;

use super::prim::{AtomicBool, Mutex, Ordering, fence};

/// One publishes, many read, each from a bounded queue of its own. A queue that is full drops its oldest item and
/// counts it: the publisher waits for nobody.
///
/// Dropped, or closed, it ends every reader's queue; what is queued can still be read.
#[derive(Debug)]
pub(crate) struct Fanout<T> {
    heard: AtomicBool,
    readers: Mutex<Readers<T>>,
}

#[derive(Debug)]
struct Readers<T> {
    /// Changed by copying while somebody publishes to it, so that nobody is called with the lock held.
    open: Arc<Vec<Arc<Queue<T>>>>,
    closed: bool,
}

/// One reader's end. Dropping it frees what is queued; nothing is queued for it from then on.
#[derive(Debug)]
pub(crate) struct Reader<T> {
    queue: Arc<Queue<T>>,
    from: Weak<Fanout<T>>,
}

#[derive(Debug)]
struct Queue<T>(Mutex<Queued<T>>);

#[derive(Debug)]
struct Queued<T> {
    items: VecDeque<T>,
    capacity: usize,
    missed: u64,
    waiting: Option<Waker>,
    /// Nothing is to come.
    closed: bool,
    /// Nobody reads it.
    left: bool,
}

impl<T> Default for Fanout<T> {
    fn default() -> Self {
        let readers = Readers { open: Arc::new(Vec::new()), closed: false };
        Self { heard: AtomicBool::new(false), readers: Mutex::new(readers) }
    }
}

impl<T> Fanout<T> {
    /// A reader of what is published from now on, with a queue of `capacity` items, and of one if that is 0.
    pub(crate) fn subscribe(self: &Arc<Self>, capacity: usize) -> Reader<T> {
        let queue = Arc::new(Queue::new(capacity.max(1)));
        let closed = {
            let mut readers = self.readers.lock();
            if !readers.closed {
                Arc::make_mut(&mut readers.open).push(Arc::clone(&queue));
                self.heard.store(true, Ordering::Relaxed);
            }
            readers.closed
        };
        if closed {
            queue.close();
        }
        // Here: say that there is a reader, fence, then the caller looks at the state. In `is_heard`: the state
        // was changed, fence, look for a reader. One of the two sees the other's.
        fence(Ordering::SeqCst);
        Reader { queue, from: Arc::downgrade(self) }
    }

    /// Whether anybody reads. If it says no after a change, whoever subscribes from then on sees that change when
    /// it looks.
    pub(crate) fn is_heard(&self) -> bool {
        fence(Ordering::SeqCst);
        self.heard.load(Ordering::Relaxed)
    }

    /// No more is published. A later reader has nothing to read.
    pub(crate) fn close(&self) {
        let open = {
            let mut readers = self.readers.lock();
            readers.closed = true;
            self.heard.store(false, Ordering::Relaxed);
            std::mem::take(&mut readers.open)
        };
        open.iter().for_each(|queue| queue.close());
    }

    fn leave(&self, queue: &Arc<Queue<T>>) {
        let mut readers = self.readers.lock();
        let open = Arc::make_mut(&mut readers.open);
        open.retain(|known| !Arc::ptr_eq(known, queue));
        if open.is_empty() {
            self.heard.store(false, Ordering::Relaxed);
        }
    }
}

impl<T: Clone> Fanout<T> {
    /// Queues `item` for each reader and wakes those that wait. One thread at a time, or two readers may read two
    /// items in two orders.
    pub(crate) fn publish(&self, item: &T) {
        let open = Arc::clone(&self.readers.lock().open);
        open.iter().for_each(|queue| queue.push(item.clone()));
    }
}

impl<T> Drop for Fanout<T> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<T> Queue<T> {
    fn new(capacity: usize) -> Self {
        Self(Mutex::new(Queued {
            items: VecDeque::new(),
            capacity,
            missed: 0,
            waiting: None,
            closed: false,
            left: false,
        }))
    }

    fn push(&self, item: T) {
        let (oldest, waiting) = {
            let mut queued = self.0.lock();
            if queued.left {
                return;
            }
            let full = queued.items.len() >= queued.capacity;
            let oldest = full.then(|| queued.items.pop_front()).flatten();
            queued.missed += u64::from(full);
            queued.items.push_back(item);
            (oldest, queued.waiting.take())
        };
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        // It may hold the last of a value of the user's, whose destructor may panic.
        discard(oldest);
    }

    fn close(&self) {
        let waiting = {
            let mut queued = self.0.lock();
            queued.closed = true;
            queued.waiting.take()
        };
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }
}

impl<T> Reader<T> {
    /// The oldest item that is queued.
    pub(crate) fn try_next(&mut self) -> Option<T> {
        self.queue.0.lock().items.pop_front()
    }

    /// The oldest item that is queued; none after the last. The task is woken when there is one.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let waker = cx.waker();
        let replaced = {
            let mut queued = self.queue.0.lock();
            if let Some(item) = queued.items.pop_front() {
                return Poll::Ready(Some(item));
            }
            if queued.closed {
                return Poll::Ready(None);
            }
            match &queued.waiting {
                Some(waiting) if waiting.will_wake(waker) => None,
                _ => queued.waiting.replace(waker.clone()),
            }
        };
        drop(replaced);
        Poll::Pending
    }

    /// How many items were dropped because the queue was full.
    pub(crate) fn missed(&self) -> u64 {
        self.queue.0.lock().missed
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        let left = {
            let mut queued = self.queue.0.lock();
            queued.left = true;
            (std::mem::take(&mut queued.items), queued.waiting.take())
        };
        if let Some(from) = self.from.upgrade() {
            from.leave(&self.queue);
        }
        drop(left);
    }
}

#[cfg(test)]
#[path = "fanout_tests.rs"]
mod tests;
