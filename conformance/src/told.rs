use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Something that happens once, or so many times, and can be waited for from a thread or a task.
///
/// A clone is the same. It counts; waiting is for at least so many.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<(usize, Vec<Waker>)>,
    changed: Condvar,
}

impl Told {
    pub(crate) fn tell(&self) {
        let wakers = {
            let mut state = self.0.state.lock();
            state.0 += 1;
            std::mem::take(&mut state.1)
        };
        self.0.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.state.lock().0
    }

    pub(crate) fn is_told(&self) -> bool {
        self.count() > 0
    }

    /// Resolves when it was told `times` times.
    pub(crate) fn times(&self, times: usize) -> impl Future<Output = ()> + Send + use<> {
        let told = self.clone();
        poll_fn(move |cx: &mut Context<'_>| {
            let mut state = told.0.state.lock();
            if state.0 >= times {
                return Poll::Ready(());
            }
            if !state.1.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.1.push(cx.waker().clone());
            }
            Poll::Pending
        })
    }

    pub(crate) fn once(&self) -> impl Future<Output = ()> + Send + use<> {
        self.times(1)
    }

    /// Blocks the thread until it was told, at most so long. Whether it was.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let mut state = self.0.state.lock();
        !self.0.changed.wait_while_for(&mut state, |state| state.0 == 0, at_most).timed_out()
            || state.0 > 0
    }

    /// Tells when it is dropped.
    pub(crate) fn on_drop(&self) -> OnDrop {
        OnDrop(self.clone())
    }
}

/// A waker that tells.
impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        Told(self).tell();
    }
}

impl Told {
    pub(crate) fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }
}

/// See [`Told::on_drop`].
pub(crate) struct OnDrop(Told);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.tell();
    }
}

/// What blocks a thread until it is opened; dropping the key opens it.
pub(crate) struct Lock(Receiver<()>);

/// See [`Lock`].
pub(crate) struct Key(#[expect(dead_code, reason = "it is for being dropped")] Sender<()>);

pub(crate) fn lock() -> (Key, Lock) {
    let (key, lock) = channel();
    (Key(key), Lock(lock))
}

impl Lock {
    pub(crate) fn wait(&self) {
        let _ = self.0.recv();
    }
}
