use std::task::{Context, Poll};

use super::WakerSet;
use super::prim::{AtomicBool, Mutex, Ordering};
use super::wakers::Key;

/// Set once; everybody who waits hears it. Nothing unsets it.
#[derive(Debug, Default)]
pub(crate) struct Latch {
    set: AtomicBool,
    waiting: Mutex<WakerSet>,
}

/// A waiter's place. Hand it to [`Latch::leave`] when the waiting future is dropped.
#[derive(Debug, Default)]
pub(crate) struct Ticket(Key);

impl Latch {
    /// Sets it and wakes everybody. True for the caller that set it.
    pub(crate) fn set(&self) -> bool {
        if self.set.swap(true, Ordering::AcqRel) {
            return false;
        }
        let waiting = self.waiting.lock().take();
        waiting.wake();
        true
    }

    pub(crate) fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    /// Ready when it is set; else the task is woken when it is.
    pub(crate) fn poll_wait(&self, ticket: &mut Ticket, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_set() {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.lock();
        // Invariant 2: `set` stores the flag before it takes the lock. Either it finds this waker, or
        // it had the lock before and the flag is seen here.
        if self.is_set() {
            return Poll::Ready(());
        }
        waiting.register(&mut ticket.0, cx.waker());
        Poll::Pending
    }

    /// Takes a waiter out. After the latch is set there is nobody left to take out.
    pub(crate) fn leave(&self, ticket: &mut Ticket) {
        if !ticket.0.is_empty() {
            self.leave_slow(ticket);
        }
    }

    #[cold]
    fn leave_slow(&self, ticket: &mut Ticket) {
        let mut waiting = self.waiting.lock();
        if !self.is_set() {
            waiting.remove(&mut ticket.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wait(latch: &Latch, ticket: &mut Ticket, count: &Arc<Count>) -> Poll<()> {
        let waker = Waker::from(Arc::clone(count));
        latch.poll_wait(ticket, &mut Context::from_waker(&waker))
    }

    #[test]
    fn everybody_who_waits_is_woken_once() {
        let (latch, count) = (Latch::default(), Arc::new(Count::default()));
        let mut tickets: Vec<Ticket> = (0..5).map(|_| Ticket::default()).collect();
        for _ in 0..2 {
            for ticket in &mut tickets {
                assert!(wait(&latch, ticket, &count).is_pending());
            }
        }
        assert!(latch.set() && !latch.set());
        assert_eq!(count.0.load(Ordering::Relaxed), 5);
        assert!(tickets.iter_mut().all(|t| wait(&latch, t, &count).is_ready()));
    }

    #[test]
    fn who_leaves_is_not_woken_and_frees_its_place() {
        let (latch, count) = (Latch::default(), Arc::new(Count::default()));
        let mut tickets: Vec<Ticket> = (0..4).map(|_| Ticket::default()).collect();
        for ticket in &mut tickets {
            assert!(wait(&latch, ticket, &count).is_pending());
        }
        latch.leave(&mut tickets[0]);
        latch.leave(&mut tickets[2]);
        assert!(wait(&latch, &mut tickets[2], &count).is_pending());
        latch.set();
        assert_eq!(count.0.load(Ordering::Relaxed), 3);
        latch.leave(&mut tickets[1]);
    }
}
