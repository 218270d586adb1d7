use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use proc_daemon_runtime::{Signal, SignalSet, SignalSource};

use crate::Verdict;
use crate::trace::Kind;
use crate::world::World;

/// Scripted signals. A clone is one count.
#[derive(Clone)]
pub struct SimSignals(pub(crate) Arc<World>);

/// The signals that one listener has yet to see; several pending ones come in the order of
/// [`Signal::ALL`]. Cancel-safe. Dropping it leaves the signals handled.
#[must_use = "streams do nothing unless polled"]
pub struct SimStream {
    world: Arc<World>,
    number: u64,
}

impl SignalSource for SimSignals {
    type Stream = SimStream;

    fn supported(&self) -> SignalSet {
        SignalSet::all()
    }

    fn listen(&self, set: SignalSet) -> io::Result<SimStream> {
        set.require(self.supported())?;
        let mut state = self.0.state();
        let by = state.current;
        let (number, killer) = state.listeners.add(set, by);
        if let Some(signal) = killer {
            state.halt.get_or_insert(Verdict::Killed(signal));
        }
        Ok(SimStream { world: Arc::clone(&self.0), number })
    }
}

impl Stream for SimStream {
    type Item = Signal;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        let mut state = self.world.state();
        let (polled, old) = state.listeners.poll(self.number, cx);
        if let Poll::Ready(signal) = polled {
            state.note(Kind::Seen, signal as u64, 0);
        }
        drop(state);
        drop(old);
        polled.map(Some)
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        let waker = self.world.state().listeners.remove(self.number);
        drop(waker);
    }
}

impl fmt::Debug for SimSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimSignals")
    }
}

impl fmt::Debug for SimStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimStream").field("number", &self.number).finish()
    }
}
