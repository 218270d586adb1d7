use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use proc_daemon_runtime::{Signal, SignalSet, SignalSource};

use crate::chosen::{is, is_this_thread_known};

/// A source with the chosen thing wrong.
#[derive(Clone)]
pub(crate) struct BrokenSignals<S: SignalSource> {
    inner: S,
}

/// A stream with the chosen thing wrong.
pub(crate) struct BrokenStream<S: SignalSource> {
    source: S,
    set: SignalSet,
    inner: Option<S::Stream>,
    number: u32,
    heard: SignalSet,
}

/// Of the newest listener.
static NEWEST: AtomicU32 = AtomicU32::new(0);
static ONE_IS_GONE: AtomicBool = AtomicBool::new(false);

impl<S: SignalSource> BrokenSignals<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S: SignalSource> SignalSource for BrokenSignals<S> {
    type Stream = BrokenStream<S>;

    fn supported(&self) -> SignalSet {
        let supported = self.inner.supported();
        match () {
            () if is("no-interrupt") => supported.without(Signal::Interrupt),
            () if is("listen-takes-anything") => supported.without(Signal::WindowChange),
            () => supported,
        }
    }

    fn listen(&self, set: SignalSet) -> io::Result<BrokenStream<S>> {
        let known = is_this_thread_known();
        assert!(known || !is("listen-elsewhere-panics"), "there is no driver on this thread");
        let inner = match () {
            () if is("handler-at-the-first-poll") => None,
            () if is("hears-everything") => Some(self.inner.listen(self.inner.supported())?),
            () => Some(self.inner.listen(set)?),
        };
        let number = NEWEST.fetch_add(1, Ordering::SeqCst) + 1;
        let (source, heard) = (self.inner.clone(), SignalSet::EMPTY);
        Ok(BrokenStream { source, set, inner, number, heard })
    }
}

impl<S: SignalSource> Unpin for BrokenStream<S> {}

impl<S: SignalSource> BrokenStream<S> {
    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        let (source, set) = (&self.source, self.set);
        let inner = self.inner.get_or_insert_with(|| source.listen(set).expect("it is supported"));
        Pin::new(inner).poll_next(cx)
    }
}

impl<S: SignalSource> Stream for BrokenStream<S> {
    type Item = Signal;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        let this = &mut *self;
        if is("second-listener-steals") && this.number < NEWEST.load(Ordering::SeqCst)
            || is("dropped-listener-takes-all") && ONE_IS_GONE.load(Ordering::SeqCst)
        {
            return Poll::Pending;
        }
        if is("signal-wakes-nobody") {
            return this.next(&mut Context::from_waker(Waker::noop()));
        }
        loop {
            let polled = this.next(cx);
            let Poll::Ready(Some(signal)) = polled else { return polled };
            if is("each-signal-once") && this.heard.contains(signal) {
                continue;
            }
            this.heard = this.heard.with(signal);
            if is("one-pending-signal-kept") {
                while this.next(cx).is_ready() {}
            }
            return polled;
        }
    }
}

impl<S: SignalSource> Drop for BrokenStream<S> {
    fn drop(&mut self) {
        ONE_IS_GONE.store(true, Ordering::SeqCst);
    }
}
