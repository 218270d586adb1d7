use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use proc_daemon_runtime::{Signal, SignalSet, SignalSource, catch};
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

use crate::handle::lacks;

/// Signals by tokio's signal driver. A clone is one count.
#[derive(Clone, Debug)]
pub struct TokioSignals(Handle);

/// The signals that one listener has yet to see; several pending ones come in the order of
/// [`Signal::ALL`].
///
/// Cancel-safe: a poll that is dropped loses nothing. Dropping it leaves the handlers in place.
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct TokioStream(Vec<(Signal, Listener)>);

impl TokioSignals {
    /// Probes for the driver with `SIGKILL`, which tokio refuses once it has found one: nothing is
    /// installed.
    pub(crate) fn adopt(handle: &Handle) -> io::Result<Self> {
        const KILL: SignalKind = SignalKind::from_raw(9);
        let _context = handle.enter();
        match catch(|| signal(KILL)) {
            Ok(_) => Ok(Self(handle.clone())),
            Err(panic) => Err(lacks("I/O", &panic)),
        }
    }
}

impl SignalSource for TokioSignals {
    type Stream = TokioStream;

    fn supported(&self) -> SignalSet {
        SignalSet::all()
    }

    fn listen(&self, set: SignalSet) -> io::Result<TokioStream> {
        set.require(self.supported())?;
        let _context = self.0.enter();
        let listen = |which: Signal| Ok((which, signal(SignalKind::from_raw(which.number()))?));
        catch(|| set.iter().map(listen).collect::<io::Result<_>>())
            .map_err(|panic| lacks("I/O", &panic))?
            .map(TokioStream)
    }
}

impl Stream for TokioStream {
    type Item = Signal;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        for (which, listener) in &mut self.0 {
            if listener.poll_recv(cx).is_ready() {
                return Poll::Ready(Some(*which));
            }
        }
        Poll::Pending
    }
}
