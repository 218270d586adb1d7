use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_core::Stream;
use parking_lot::Mutex;
use signal_hook::iterator::{Handle, Signals};

use crate::{Signal, SignalSet, SignalSource};

/// A source fed by one OS thread per listener, for backends without a reactor (Unix).
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadSignals;

/// The signals that one listener has yet to see. Dropping it ends its thread.
pub struct ThreadStream {
    inbox: Arc<Mutex<Inbox>>,
    handle: Handle,
}

#[derive(Default)]
struct Inbox {
    pending: SignalSet,
    waker: Option<Waker>,
    closed: bool,
}

impl SignalSource for ThreadSignals {
    type Stream = ThreadStream;

    fn supported(&self) -> SignalSet {
        SignalSet::all()
    }

    fn listen(&self, set: SignalSet) -> io::Result<ThreadStream> {
        set.require(self.supported())?;
        let mut signals = Signals::new(set.iter().map(Signal::number))?;
        let handle = signals.handle();
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let feed = Arc::clone(&inbox);
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever().filter_map(Signal::from_number) {
                post(&feed, |inbox| inbox.pending = inbox.pending.with(signal));
            }
            post(&feed, |inbox| inbox.closed = true);
        })?;
        Ok(ThreadStream { inbox, handle })
    }
}

fn post(inbox: &Mutex<Inbox>, change: impl FnOnce(&mut Inbox)) {
    let waker = {
        let mut inbox = inbox.lock();
        change(&mut inbox);
        inbox.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Stream for ThreadStream {
    type Item = Signal;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        let mut inbox = self.inbox.lock();
        if let Some(signal) = inbox.pending.pop() {
            return Poll::Ready(Some(signal));
        }
        if inbox.closed {
            return Poll::Ready(None);
        }
        inbox.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for ThreadStream {
    fn drop(&mut self) {
        self.handle.close();
    }
}

impl fmt::Debug for ThreadStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadStream").field("pending", &self.inbox.lock().pending).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[test]
    fn a_raised_signal_reaches_every_listener() {
        let set = SignalSet::EMPTY.with(Signal::WindowChange);
        let mut streams = [(); 2].map(|()| ThreadSignals.listen(set).unwrap());
        assert_eq!(format!("{:?}", streams[0]), "ThreadStream { pending: {} }");
        signal_hook::low_level::raise(Signal::WindowChange.number()).unwrap();
        for stream in &mut streams {
            let next = poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx));
            assert_eq!(futures_lite::future::block_on(next), Some(Signal::WindowChange));
        }
    }

    #[test]
    fn its_thread_ends_with_the_stream() {
        let stream = ThreadSignals.listen(SignalSet::EMPTY.with(Signal::WindowChange)).unwrap();
        let inbox = Arc::clone(&stream.inbox);
        let waker = Waker::from(Arc::new(Unparks(thread::current())));
        drop(stream);
        while {
            let mut inbox = inbox.lock();
            // A signal takes it: another test may raise that one.
            inbox.waker = Some(waker.clone());
            !inbox.closed
        } {
            thread::park();
        }
    }

    struct Unparks(thread::Thread);

    impl std::task::Wake for Unparks {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
}
