use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::{Signal, SignalSet};

/// A listener for each signal, read as one stream: for backends whose runtime hands out signals one by one.
///
/// Several pending ones come in the order of [`Signal::ALL`], each once before any of them comes again: one that is raised
/// without end keeps no other from being heard. Never ends. Cancel-safe: a poll that is dropped loses nothing.
#[must_use = "streams do nothing unless polled"]
pub struct MergedSignals {
    listeners: Vec<(Signal, Listener)>,
    /// Those that have arrived and were not told yet.
    arrived: SignalSet,
}

type Listener = Box<dyn FnMut(&mut Context<'_>) -> Poll<()> + Send>;

impl MergedSignals {
    /// Makes a listener for each signal of `set`.
    ///
    /// A listener is ready if its signal has arrived since it was last ready; otherwise it wakes the newest waker when
    /// the signal arrives.
    ///
    /// # Errors
    ///
    /// The first that `listen` gives; the listeners made before are dropped.
    pub fn new<L>(
        set: SignalSet,
        mut listen: impl FnMut(Signal) -> io::Result<L>,
    ) -> io::Result<Self>
    where
        L: FnMut(&mut Context<'_>) -> Poll<()> + Send + 'static,
    {
        let each = set.iter().map(|signal| Ok((signal, Box::new(listen(signal)?) as Listener)));
        Ok(Self { listeners: each.collect::<io::Result<_>>()?, arrived: SignalSet::EMPTY })
    }
}

impl Stream for MergedSignals {
    type Item = Signal;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        let this = &mut *self;
        if this.arrived.is_empty() {
            let ready = this
                .listeners
                .iter_mut()
                .filter_map(|(signal, listener)| listener(cx).is_ready().then_some(*signal));
            this.arrived = ready.collect();
        }
        let Some(first) = this.arrived.iter().next() else { return Poll::Pending };
        this.arrived = this.arrived.without(first);
        Poll::Ready(Some(first))
    }
}

impl fmt::Debug for MergedSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signals: SignalSet = self.listeners.iter().map(|(signal, _)| *signal).collect();
        f.debug_tuple("MergedSignals").field(&signals).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn each_pending_signal_is_told_in_order_and_every_listener_is_asked() {
        let pending = Arc::new(Mutex::new(SignalSet::EMPTY));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let set = SignalSet::EMPTY.with(Signal::Hangup).with(Signal::Quit);
        let mut stream = MergedSignals::new(set, |signal| {
            let (pending, asked) = (Arc::clone(&pending), Arc::clone(&asked));
            Ok(move |_: &mut Context<'_>| {
                asked.lock().push(signal);
                let mut pending = pending.lock();
                let arrived = pending.contains(signal);
                *pending = pending.without(signal);
                if arrived { Poll::Ready(()) } else { Poll::Pending }
            })
        })
        .unwrap();
        assert_eq!(format!("{stream:?}"), "MergedSignals({\"SIGQUIT\", \"SIGHUP\"})");
        let mut next = || Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop()));
        assert_eq!(next(), Poll::Pending);
        assert_eq!(*asked.lock(), [Signal::Quit, Signal::Hangup], "both know the waker");
        *pending.lock() = set;
        assert_eq!(next(), Poll::Ready(Some(Signal::Quit)));
        assert_eq!(next(), Poll::Ready(Some(Signal::Hangup)));
        assert_eq!(next(), Poll::Pending);
    }

    #[test]
    fn a_signal_that_is_always_pending_keeps_no_other_from_being_heard() {
        let set = SignalSet::EMPTY.with(Signal::Hangup).with(Signal::Quit);
        let listen = |_| Ok(|_: &mut Context<'_>| Poll::Ready(()));
        let mut stream = MergedSignals::new(set, listen).unwrap();
        for signal in [Signal::Quit, Signal::Hangup, Signal::Quit, Signal::Hangup] {
            let next = Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop()));
            assert_eq!(next, Poll::Ready(Some(signal)));
        }
    }

    #[test]
    fn a_signal_that_cannot_be_listened_to_is_the_error() {
        let refused = MergedSignals::new(SignalSet::all(), |signal| match signal {
            Signal::Hangup => Err(io::Error::other("no")),
            _ => Ok(|_: &mut Context<'_>| Poll::Pending),
        });
        assert_eq!(refused.unwrap_err().to_string(), "no");
    }
}
