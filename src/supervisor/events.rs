use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use proc_daemon_runtime::Instant;

use crate::event::SubsystemEvent;
use crate::reason::ShutdownReason;
use crate::sync::{Fanout, Reader};

/// A subscription to what happens in a daemon: from [`Daemon::subscribe_events`](crate::Daemon::subscribe_events).
///
/// - It has a queue of its own. A full one drops its oldest event, and [`missed`](Self::missed) counts it: the
///   daemon waits for no reader, what is in the queue is the newest, and the last event is never dropped.
/// - Every event that was published since the subscription is read once, in order, or counted.
/// - After [`Stopped`](SubsystemEvent::Stopped), and when the last handle of a daemon that was never run is dropped,
///   there is nothing more: `None`, as often as asked.
///
/// Dropping it ends the subscription and frees the queue. It keeps neither the daemon nor its run alive.
#[must_use = "its queue fills until it is read or dropped"]
pub struct Events(Reader<SubsystemEvent>);

impl Events {
    /// The next event, waited for; `None` after the last. Cancel-safe: an event that was not returned is still to
    /// come.
    pub async fn next_event(&mut self) -> Option<SubsystemEvent> {
        poll_fn(|cx| self.0.poll_next(cx)).await
    }

    /// The next event, if there is one now.
    pub fn try_next_event(&mut self) -> Option<SubsystemEvent> {
        self.0.try_next()
    }

    /// How many events were dropped because the queue was full. They came before whatever is read next: a reader
    /// that sees this grow asks [`Daemon::status`](crate::Daemon::status) how things are.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.0.missed()
    }
}

impl Stream for Events {
    type Item = SubsystemEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SubsystemEvent>> {
        self.0.poll_next(cx)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("missed", &self.missed()).finish_non_exhaustive()
    }
}

/// Where a daemon's events are published. The driver publishes while it runs, then whoever ends the run.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    fanout: Arc<Fanout<SubsystemEvent>>,
    /// The moment of the last event, in nanoseconds.
    last: AtomicU64,
    /// The beginning of the shutdown has been told, or nobody was there to be told.
    began: AtomicBool,
}

impl Hub {
    pub(crate) fn subscribe(&self, capacity: usize) -> Events {
        Events(self.fanout.subscribe(capacity))
    }

    /// Whether to publish what has changed; see [`Fanout::is_heard`].
    pub(crate) fn is_heard(&self) -> bool {
        self.fanout.is_heard()
    }

    /// The board shows it already.
    pub(crate) fn publish(&self, event: &SubsystemEvent) {
        self.last.store(event.at().as_nanos(), Ordering::Relaxed);
        self.fanout.publish(event);
    }

    /// The shutdown has begun. The first call counts.
    pub(crate) fn shutdown_began(&self, reason: Option<ShutdownReason>, at: Instant) {
        if let Some(reason) = reason
            && !self.began.swap(true, Ordering::Relaxed)
            && self.is_heard()
        {
            self.publish(&SubsystemEvent::ShutdownBegan { reason, at });
        }
    }

    /// The run is over. What it had no time to tell, because it was dropped, is told now.
    pub(crate) fn stopped(
        &self,
        code: u8,
        reason: Option<ShutdownReason>,
        was_ready: bool,
        at: Instant,
    ) {
        let at = at.max(Instant::from_nanos(self.last.load(Ordering::Relaxed)));
        self.shutdown_began(reason, at);
        if self.is_heard() {
            if was_ready {
                self.publish(&SubsystemEvent::ReadyChanged { ready: false, at });
            }
            self.publish(&SubsystemEvent::Stopped { code, at });
        }
        self.fanout.close();
    }
}
