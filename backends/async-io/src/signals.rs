use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use proc_daemon_runtime::{Signal, SignalSet, SignalSource};
use signal_hook_async_std::Signals;

/// Signals by signal-hook, through a socket pair on async-io's reactor. A clone is free.
#[derive(Clone, Copy, Debug)]
pub struct IoSignals;

/// The signals that one listener has yet to see; several pending ones come in the order of
/// [`Signal::ALL`].
///
/// Cancel-safe: a poll that is dropped loses nothing. Dropping it leaves the handlers in place.
#[must_use = "streams do nothing unless polled"]
pub struct IoStream {
    inner: Signals,
    pending: SignalSet,
}

impl SignalSource for IoSignals {
    type Stream = IoStream;

    fn supported(&self) -> SignalSet {
        SignalSet::all()
    }

    fn listen(&self, set: SignalSet) -> io::Result<IoStream> {
        set.require(self.supported())?;
        Ok(IoStream {
            inner: Signals::new(set.iter().map(Signal::number))?,
            pending: SignalSet::EMPTY,
        })
    }
}

impl Stream for IoStream {
    type Item = Signal;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        // signal-hook's order is that of the numbers. Its stream never ends: nobody closes its handle.
        while let Poll::Ready(Some(number)) = Pin::new(&mut self.inner).poll_next(cx) {
            let Some(signal) = Signal::from_number(number) else {
                continue;
            };
            if self.pending.contains(signal) {
                break;
            }
            self.pending = self.pending.with(signal);
        }
        self.pending.pop().map_or(Poll::Pending, |signal| Poll::Ready(Some(signal)))
    }
}

impl fmt::Debug for IoStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoStream").field("pending", &self.pending).finish_non_exhaustive()
    }
}
