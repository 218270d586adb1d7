use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::prim::Mutex;

/// One value, sent once or never.
pub(crate) fn reply<T>() -> (Sender<T>, Receiver<T>) {
    let slot = Arc::new(Mutex::new(Slot { value: None, gone: false, waker: None }));
    (Sender(Some(Arc::clone(&slot))), Receiver(slot))
}

/// Dropped, it tells that nothing will be sent.
#[derive(Debug)]
pub(crate) struct Sender<T>(Option<Arc<Mutex<Slot<T>>>>);

#[derive(Debug)]
pub(crate) struct Receiver<T>(Arc<Mutex<Slot<T>>>);

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    gone: bool,
    waker: Option<Waker>,
}

impl<T> Sender<T> {
    pub(crate) fn send(mut self, value: T) {
        self.close(Some(value));
    }

    fn close(&mut self, value: Option<T>) {
        let Some(slot) = self.0.take() else { return };
        let waker = {
            let mut slot = slot.lock();
            (slot.value, slot.gone) = (value, true);
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.close(None);
    }
}

impl<T> Receiver<T> {
    /// None if nothing will be sent.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = self.0.lock();
        if slot.gone {
            return Poll::Ready(slot.value.take());
        }
        match &mut slot.waker {
            Some(kept) => kept.clone_from(cx.waker()),
            None => slot.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_lite::future::{block_on, poll_once};

    use super::*;

    #[test]
    fn a_value_is_received_and_a_sender_that_is_gone_is_heard() {
        let (sender, mut receiver) = reply();
        let mut wait = Box::pin(poll_fn(move |cx| receiver.poll_receive(cx)));
        assert_eq!(block_on(poll_once(&mut wait)), None);
        std::thread::scope(|scope| {
            scope.spawn(|| sender.send(7));
            assert_eq!(block_on(wait), Some(7));
        });
        let (sender, mut receiver) = reply::<u32>();
        drop(sender);
        assert_eq!(block_on(poll_fn(|cx| receiver.poll_receive(cx))), None);
    }
}
