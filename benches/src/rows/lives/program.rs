//! What a life does, written by hand: six tasks that sleep, one stop that wakes them all, a join of each.
//!
//! Over any runtime. The program in `benches/madsim` includes this file by its path.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The tasks' periods, here and in the daemon: about a second. A life stretches them.
const PERIODS: [Duration; 6] = [
    Duration::from_millis(1000),
    Duration::from_millis(900),
    Duration::from_millis(1100),
    Duration::from_millis(800),
    Duration::from_millis(1200),
    Duration::from_millis(1050),
];

/// How long each task waits between two ticks if the periods are stretched `by` so much.
pub(crate) fn periods(by: u32) -> [Duration; PERIODS.len()] {
    PERIODS.map(|period| period * by)
}

/// A runtime on virtual time.
pub(crate) trait World: Clone + Send + 'static {
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
    /// The future given is the join.
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()>;
}

thread_local! {
    static POLLS: Cell<u64> = const { Cell::new(0) };
}

/// How often this thread has polled a task of [`life`] since the last call.
pub(crate) fn polls() -> u64 {
    POLLS.take()
}

/// A life of this length.
pub(crate) fn life(
    world: impl World,
    length: Duration,
    stretched: u32,
) -> impl Future<Output = ()> {
    Counted(Box::pin(async move {
        let stop = Arc::new(Stop::default());
        let ticks = |(task, period)| {
            let ticks = ticks(world.clone(), period, Arc::clone(&stop), task);
            world.spawn(Counted(Box::pin(ticks)))
        };
        let tasks: Vec<_> = (0..).zip(periods(stretched)).map(ticks).collect();
        world.sleep(length).await;
        stop.set();
        for task in tasks {
            task.await;
        }
    }))
}

async fn ticks(world: impl World, period: Duration, stop: Arc<Stop>, task: usize) {
    loop {
        let mut sleep = pin!(world.sleep(period));
        let stopped = poll_fn(|cx| match stop.poll(task, cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => sleep.as_mut().poll(cx).map(|()| false),
        });
        if stopped.await {
            return;
        }
    }
}

/// One stop for all tasks.
#[derive(Default)]
struct Stop(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    set: bool,
    wakers: [Option<Waker>; PERIODS.len()],
}

impl Stop {
    fn poll(&self, task: usize, cx: &Context<'_>) -> Poll<()> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.set {
            return Poll::Ready(());
        }
        let waker = &mut waiting.wakers[task];
        if waker.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn set(&self) {
        let wakers = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.set = true;
            std::mem::take(&mut waiting.wakers)
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// Counts the polls of a future.
struct Counted<F>(Pin<Box<F>>);

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        POLLS.set(POLLS.get() + 1);
        self.0.as_mut().poll(cx)
    }
}
