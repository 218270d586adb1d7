use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;
use proc_daemon_runtime::{Instant, Runtime, Sleep, TaskName, Timer};

use crate::chosen::{is, is_this_thread_known};
use crate::timer::BrokenTimer;

type Inner<R> = <<R as Runtime>::Timer as Timer>::Sleep;

/// A sleep with the chosen thing wrong.
pub(crate) struct BrokenSleep<R: Runtime> {
    timer: BrokenTimer<R>,
    runtime: R,
    at: Instant,
    inner: Option<Pin<Box<Inner<R>>>>,
    polled: bool,
    fired: bool,
    forgotten: bool,
    wakers: Vec<Waker>,
}

impl<R: Runtime> Unpin for BrokenSleep<R> {}

impl<R: Runtime> BrokenSleep<R> {
    pub(crate) fn new(timer: BrokenTimer<R>, runtime: R, at: Instant, forgotten: bool) -> Self {
        let inner = Some(Box::pin(runtime.timer().sleep_until(timer.inner(at))));
        let (polled, fired, wakers) = (false, false, Vec::new());
        Self { timer, runtime, at, inner, polled, fired, forgotten, wakers }
    }
}

impl<R: Runtime> Future for BrokenSleep<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let known = is_this_thread_known();
        assert!(known || !is("sleep-polled-elsewhere-panics"), "there is no timer on this thread");
        if is("due-goes-through-the-wheel") && !this.polled {
            this.polled = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        this.polled = true;
        if this.forgotten {
            return Poll::Pending;
        }
        if !this.wakers.iter().any(|known| known.will_wake(cx.waker())) {
            this.wakers.push(cx.waker().clone());
        }
        let waker = match () {
            () if is("first-waker-kept") => this.wakers[0].clone(),
            () if is("old-wakers-woken") => Waker::from(Arc::new(All(Mutex::new(this.wakers.clone())))),
            () => cx.waker().clone(),
        };
        let inner = this.inner.as_mut().expect("taken by the drop alone").as_mut();
        let polled = inner.poll(&mut Context::from_waker(&waker));
        this.fired = polled.is_ready();
        polled
    }
}

impl<R: Runtime> Sleep for BrokenSleep<R> {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        let this = &mut *self;
        let ignored = match () {
            () if is("reset-ignored") => true,
            () if is("reset-before-a-poll-ignored") => !this.polled,
            () if is("reset-of-fired-ignored") => this.fired,
            () if is("reset-to-earlier-ignored") => this.polled && !this.fired && at < this.at,
            () if is("reset-to-later-ignored") => this.polled && !this.fired && at > this.at,
            () => false,
        };
        if ignored {
            return;
        }
        this.at = at;
        let at = this.timer.inner(at);
        this.inner.as_mut().expect("taken by the drop alone").as_mut().reset(at);
    }
}

impl<R: Runtime> Drop for BrokenSleep<R> {
    fn drop(&mut self) {
        let waker = self.wakers.pop().filter(|_| !self.fired && is("dropped-sleep-wakes"));
        if let (Some(waker), Some(inner)) = (waker, self.inner.take()) {
            self.runtime.spawn(TaskName::literal("dropped sleep"), async move {
                inner.await;
                waker.wake();
            });
        }
    }
}

/// Wakes all of them.
struct All(Mutex<Vec<Waker>>);

impl Wake for All {
    fn wake(self: Arc<Self>) {
        self.0.lock().iter().for_each(Waker::wake_by_ref);
    }
}
