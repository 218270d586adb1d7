use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::signal::windows;

use crate::{Signal, SignalSet, SignalSource};

/// The Windows console on every backend: Ctrl-C as [`Signal::Interrupt`]; Break, Close, Logoff and
/// Shutdown as [`Signal::Terminate`].
///
/// These listeners need no tokio runtime. After Close, Logoff and Shutdown the handler parks, which
/// buys the time that the system grants (5 s for Close).
#[derive(Clone, Copy, Debug, Default)]
pub struct ConsoleSignals;

/// The console events that one listener has yet to see.
pub struct ConsoleStream {
    interrupt: Option<windows::CtrlC>,
    terminate: Option<(
        windows::CtrlBreak,
        windows::CtrlClose,
        windows::CtrlLogoff,
        windows::CtrlShutdown,
    )>,
}

impl SignalSource for ConsoleSignals {
    type Stream = ConsoleStream;

    fn supported(&self) -> SignalSet {
        SignalSet::EMPTY.with(Signal::Interrupt).with(Signal::Terminate)
    }

    fn listen(&self, set: SignalSet) -> io::Result<ConsoleStream> {
        set.require(self.supported())?;
        let interrupt = set.contains(Signal::Interrupt).then(windows::ctrl_c).transpose()?;
        let terminate = if set.contains(Signal::Terminate) {
            let events = (
                windows::ctrl_break()?,
                windows::ctrl_close()?,
                windows::ctrl_logoff()?,
                windows::ctrl_shutdown()?,
            );
            Some(events)
        } else {
            None
        };
        Ok(ConsoleStream { interrupt, terminate })
    }
}

impl Stream for ConsoleStream {
    type Item = Signal;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        if let Some(event) = &mut self.interrupt
            && event.poll_recv(cx).is_ready()
        {
            return Poll::Ready(Some(Signal::Interrupt));
        }
        if let Some((brk, close, logoff, shutdown)) = &mut self.terminate
            && (brk.poll_recv(cx).is_ready()
                || close.poll_recv(cx).is_ready()
                || logoff.poll_recv(cx).is_ready()
                || shutdown.poll_recv(cx).is_ready())
        {
            return Poll::Ready(Some(Signal::Terminate));
        }
        Poll::Pending
    }
}

impl fmt::Debug for ConsoleStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsoleStream")
    }
}
