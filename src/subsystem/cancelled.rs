use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::run::Run;
use crate::sync::Ticket;

/// Resolves when the subsystem is asked to stop: its dependents have ended, or the daemon is out of time.
///
/// `'static` and `()`, as servers want it for their graceful shutdown. Cancel-safe; once resolved it
/// resolves again.
#[must_use = "a future does nothing unless polled"]
pub struct Cancelled {
    run: Arc<Run>,
    ticket: Ticket,
}

impl Cancelled {
    pub(crate) fn new(run: Arc<Run>) -> Self {
        Self { run, ticket: Ticket::default() }
    }
}

impl Future for Cancelled {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.run.stop.poll_wait(&mut this.ticket, cx)
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        self.run.stop.leave(&mut self.ticket);
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").field("asked", &self.run.stop.is_set()).finish()
    }
}
