use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use proc_daemon_runtime::{Instant, Sleep, Timer};

use crate::timers::Key;
use crate::trace::Kind;
use crate::world::World;

/// Virtual time: it moves when nothing is ready, and by the cost of polls. A clone is one count.
#[derive(Clone)]
pub struct SimTimer(pub(crate) Arc<World>);

impl Timer for SimTimer {
    type Sleep = SimSleep;

    fn now(&self) -> Instant {
        Instant::from_nanos(self.0.clock.now())
    }

    fn sleep_until(&self, at: Instant) -> SimSleep {
        SimSleep { world: Arc::clone(&self.0), at, key: None }
    }

    fn wall_clock(&self) -> SystemTime {
        self.0.wall_clock()
    }
}

/// A sleep in virtual time. It registers at the first poll that finds it not yet due; dropping it
/// deregisters it.
#[must_use = "futures do nothing unless polled"]
pub struct SimSleep {
    world: Arc<World>,
    at: Instant,
    key: Option<Key>,
}

impl Future for SimSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.at.is_never() {
            return Poll::Pending;
        }
        let at = this.at.as_nanos();
        let mut state = this.world.state();
        if this.world.clock.now() >= at {
            let gone = this.key.take().and_then(|key| state.timers.remove(key));
            drop(state);
            drop(gone);
            return Poll::Ready(());
        }
        let sleeper = state.sleeper(cx.waker());
        if let Some(kept) = this.key.and_then(|key| state.timers.get_mut(key)) {
            let old = std::mem::replace(kept, sleeper);
            drop(state);
            drop(old);
            return Poll::Pending;
        }
        this.key = Some(state.timers.add(at, sleeper));
        state.note(Kind::Sleep, at, 0);
        Poll::Pending
    }
}

impl Sleep for SimSleep {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.deregister();
        self.at = at;
    }
}

impl SimSleep {
    fn deregister(&mut self) {
        if let Some(key) = self.key.take() {
            let gone = self.world.state().timers.remove(key);
            drop(gone);
        }
    }
}

impl Drop for SimSleep {
    fn drop(&mut self) {
        self.deregister();
    }
}

impl fmt::Debug for SimTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimTimer").field(&self.now()).finish()
    }
}

impl fmt::Debug for SimSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimSleep").field("at", &self.at).finish_non_exhaustive()
    }
}
