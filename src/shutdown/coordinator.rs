use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use parking_lot::Mutex;

use crate::reason::ShutdownReason;
use crate::sync::{Latch, Ticket};

/// Where a shutdown is asked for, from any thread or task. Clones are one.
#[derive(Clone, Default)]
pub struct ShutdownCoordinator(Arc<State>);

#[derive(Default)]
struct State {
    cause: OnceLock<ShutdownReason>,
    later: Mutex<Vec<ShutdownReason>>,
    requested: Latch,
    /// Told at once, on the asking thread: the deadman must not depend on a driver that may be stuck.
    alarm: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// Most later reasons that are kept: a signal storm must not grow the report without limit.
const LATER_KEPT: usize = 64;

impl ShutdownCoordinator {
    /// Asks the daemon to end. True if this reason is the cause; false if there was one already, and
    /// this one is kept for the report (the first 64 are).
    ///
    /// Returns at once; the stop itself takes its course. Asked before the daemon runs, it will start
    /// nothing.
    pub fn initiate_shutdown(&self, reason: impl Into<ShutdownReason>) -> bool {
        match self.0.cause.set(reason.into()) {
            Ok(()) => {
                self.0.requested.set();
                // Here: set the latch, fence, look for an alarm. In `alarm`: store it, fence, look at the
                // latch. One of the two sees the other, so the alarm is called.
                fence(Ordering::SeqCst);
                if let Some(alarm) = self.0.alarm.get() {
                    alarm();
                }
                true
            }
            Err(reason) => {
                let mut later = self.0.later.lock();
                if later.len() < LATER_KEPT {
                    later.push(reason);
                }
                false
            }
        }
    }

    /// Whether a shutdown has been asked for.
    #[must_use]
    pub fn is_shutdown(&self) -> bool {
        self.0.requested.is_set()
    }

    /// The cause, once a shutdown has been asked for.
    #[must_use]
    pub fn reason(&self) -> Option<ShutdownReason> {
        self.0.cause.get().cloned()
    }

    /// Waits until a shutdown is asked for, by anybody. Cancel-safe.
    pub fn wait_initiated(&self) -> impl Future<Output = ShutdownReason> + Send + use<> {
        let announced = self.announced();
        async move {
            let state = Arc::clone(&announced.state);
            announced.await;
            state.cause.get().cloned().unwrap_or(ShutdownReason::NothingToRun)
        }
    }

    /// Has `alarm` called when a shutdown is asked for, or now if one has been.
    pub(crate) fn alarm(&self, alarm: impl Fn() + Send + Sync + 'static) {
        let stored = self.0.alarm.set(Box::new(alarm)).is_ok();
        fence(Ordering::SeqCst);
        if stored
            && self.is_shutdown()
            && let Some(alarm) = self.0.alarm.get()
        {
            alarm();
        }
    }

    pub(crate) fn announced(&self) -> Announced {
        Announced { state: Arc::clone(&self.0), ticket: Ticket::default() }
    }

    pub(crate) fn later(&self) -> Vec<ShutdownReason> {
        self.0.later.lock().clone()
    }
}

impl fmt::Debug for ShutdownCoordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownCoordinator").field("cause", &self.0.cause.get()).finish()
    }
}

/// Resolves when a shutdown has been asked for.
pub(crate) struct Announced {
    state: Arc<State>,
    ticket: Ticket,
}

impl Future for Announced {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.state.requested.poll_wait(&mut this.ticket, cx)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.state.requested.leave(&mut self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, poll_once};

    use super::*;

    #[test]
    fn the_first_reason_is_the_cause_and_later_ones_are_kept() {
        let coordinator = ShutdownCoordinator::default();
        let mut waiting = Box::pin(coordinator.wait_initiated());
        assert!(block_on(poll_once(&mut waiting)).is_none());
        assert!(coordinator.initiate_shutdown("first"));
        assert!(!coordinator.clone().initiate_shutdown("second"));
        assert_eq!(block_on(waiting), ShutdownReason::Requested("first".into()));
        assert_eq!(coordinator.later(), [ShutdownReason::Requested("second".into())]);
    }

    #[test]
    fn an_alarm_is_called_whether_it_comes_before_or_after_the_request() {
        let calls = Arc::new(Mutex::new(0));
        for asked_first in [true, false] {
            let coordinator = ShutdownCoordinator::default();
            let counted = Arc::clone(&calls);
            if asked_first {
                coordinator.initiate_shutdown("now");
            }
            coordinator.alarm(move || *counted.lock() += 1);
            coordinator.initiate_shutdown("now or later");
        }
        assert_eq!(*calls.lock(), 2);
    }

    #[test]
    fn a_storm_of_later_reasons_is_cut() {
        let coordinator = ShutdownCoordinator::default();
        for _ in 0..1000 {
            coordinator.initiate_shutdown("again");
        }
        assert_eq!(coordinator.later().len(), LATER_KEPT);
    }
}
