use std::io;
use std::task::Context;

use proc_daemon_runtime::signals::MergedSignals;
use proc_daemon_runtime::{Signal, SignalSet, SignalSource};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use crate::handle::probe;

/// Signals by tokio's signal driver. A clone is one count.
#[derive(Clone, Debug)]
pub struct TokioSignals(Handle);

/// The signals that one listener has yet to see. Dropping it leaves the handlers in place.
pub type TokioStream = MergedSignals;

impl TokioSignals {
    /// Probes for the driver with `SIGKILL`, which tokio refuses once it has found one: nothing is
    /// installed.
    pub(crate) fn adopt(handle: &Handle) -> io::Result<Self> {
        const KILL: SignalKind = SignalKind::from_raw(9);
        let _refused = probe(handle, "I/O", || signal(KILL))?;
        Ok(Self(handle.clone()))
    }
}

impl SignalSource for TokioSignals {
    type Stream = TokioStream;

    fn supported(&self) -> SignalSet {
        SignalSet::all()
    }

    fn listen(&self, set: SignalSet) -> io::Result<TokioStream> {
        set.require(self.supported())?;
        let listen = |which: Signal| {
            let mut listener = signal(SignalKind::from_raw(which.number()))?;
            Ok(move |cx: &mut Context<'_>| listener.poll_recv(cx).map(drop))
        };
        probe(&self.0, "I/O", || MergedSignals::new(set, listen))?
    }
}
