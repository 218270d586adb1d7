use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::run::Run;
use crate::sync::Place;

/// A piece of work in flight: while one is alive, a subsystem that is asked to stop drains.
///
/// Owned, so it can move into a child or a handler. Dropping it says that the work is done.
#[must_use = "dropping it says that the work is done"]
pub struct InFlight(Arc<Run>);

impl InFlight {
    pub(crate) fn enter(run: Arc<Run>) -> Self {
        run.enter_flight();
        Self(run)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.leave_flight();
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InFlight")
    }
}

/// Resolves when nothing is in flight.
pub(crate) struct Drained {
    run: Arc<Run>,
    place: Place,
}

impl Drained {
    pub(crate) fn new(run: Arc<Run>) -> Self {
        Self { run, place: Place::default() }
    }
}

impl Future for Drained {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.run.in_flight() == 0 {
            return Poll::Ready(());
        }
        this.run.rare().drained.register(&mut this.place, cx.waker());
        if this.run.in_flight() == 0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        self.run.rare().drained.leave(&mut self.place);
    }
}
