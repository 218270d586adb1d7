use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::{Signal, SignalSet, SignalSource};

/// A source that delivers nothing: listening to any signal is an error of kind `Unsupported`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSignals;

/// Never yields.
#[derive(Debug)]
pub struct NoStream(());

impl SignalSource for NoSignals {
    type Stream = NoStream;

    fn supported(&self) -> SignalSet {
        SignalSet::EMPTY
    }

    fn listen(&self, set: SignalSet) -> io::Result<NoStream> {
        set.require(SignalSet::EMPTY)?;
        Ok(NoStream(()))
    }
}

impl Stream for NoStream {
    type Item = Signal;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Signal>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_accepts_the_empty_set_alone() {
        let mut stream = NoSignals.listen(SignalSet::EMPTY).unwrap();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut stream).poll_next(&mut cx).is_pending(), "its end would be told");
        let err = NoSignals.listen(SignalSet::EMPTY.with(Signal::Hangup)).unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::Unsupported);
    }
}
