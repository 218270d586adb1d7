use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;
use proc_daemon_runtime::{Capabilities, Runtime, TaskName};

use crate::chosen::{every, is, is_this_thread_known, know_this_thread};
use crate::signals::BrokenSignals;
use crate::timer::BrokenTimer;

/// A handle with the chosen thing wrong.
#[derive(Clone)]
pub(crate) struct BrokenHandle<R: Runtime> {
    inner: R,
    timer: BrokenTimer<R>,
    signals: BrokenSignals<R::Signals>,
    pub(crate) shared: Arc<Shared>,
}

#[derive(Default)]
pub(crate) struct Shared {
    closed: AtomicBool,
    tasks: AtomicU32,
    blocking: AtomicU32,
    /// Odd inside `block_on`.
    pub(crate) epoch: AtomicU32,
    pub(crate) panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// One of the runtimes of this process has been shut down.
static ONE_IS_CLOSED: AtomicBool = AtomicBool::new(false);

impl Shared {
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        ONE_IS_CLOSED.store(true, Ordering::SeqCst);
    }
}

impl<R: Runtime> BrokenHandle<R> {
    pub(crate) fn new(inner: R) -> Self {
        let timer = BrokenTimer::new(inner.clone());
        let signals = BrokenSignals::new(inner.signals().clone());
        Self { inner, timer, signals, shared: Arc::default() }
    }

    fn check(&self) {
        let closed = self.shared.closed.load(Ordering::SeqCst);
        assert!(!(closed && is("handle-panics-after-the-end")), "this runtime has ended");
    }
}

impl<R: Runtime> fmt::Debug for BrokenHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<R: Runtime> Runtime for BrokenHandle<R> {
    const NAME: &'static str = R::NAME;
    type Timer = BrokenTimer<R>;
    type Signals = BrokenSignals<R::Signals>;

    fn capabilities(&self) -> Capabilities {
        let declared = self.inner.capabilities();
        match () {
            () if is("unsupported-accepted") || is("refused-in-other-words") => {
                declared.without_blocking_cap()
            }
            () if is("everything-declared-absent") => {
                declared.process_wide().without_blocking_cap().virtual_time()
            }
            () => declared,
        }
    }

    fn timer(&self) -> &Self::Timer {
        &self.timer
    }

    fn signals(&self) -> &Self::Signals {
        &self.signals
    }

    fn seed(&self) -> u64 {
        if is("seed-constant") { 4 } else { self.inner.seed() }
    }

    fn spawn(&self, name: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        self.check();
        let known = is_this_thread_known();
        assert!(known || !is("spawn-elsewhere-panics"), "there is no runtime on this thread");
        let forgotten = match () {
            () if is("task-dropped") => true,
            () if is("task-of-a-task-dropped") => known && polls_a_task(),
            () if is("nth-task-dropped") => every(&self.shared.tasks, 64),
            () if is("one-end-ends-all") => ONE_IS_CLOSED.load(Ordering::SeqCst),
            () => false,
        };
        if forgotten {
            return drop(future);
        }
        let epoch = self.shared.epoch.load(Ordering::SeqCst);
        let mut task = BrokenTask {
            future: Some(Box::pin(future)),
            shared: Arc::clone(&self.shared),
            epoch,
            wakes: Arc::new(Wakes::new(self.inner.clone())),
        };
        if is("spawn-polls")
            && Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop())).is_ready()
        {
            return;
        }
        self.inner.spawn(name, task);
    }

    fn spawn_blocking(&self, name: TaskName, work: impl FnOnce() + Send + 'static) {
        self.check();
        match () {
            () if is("blocking-inline") => {
                let _ = catch_unwind(AssertUnwindSafe(work));
            }
            () if is("blocking-on-a-worker") => self.inner.spawn(name, async { work() }),
            () if is("blocking-dropped") => drop(work),
            () if is("nth-blocking-dropped") && every(&self.shared.blocking, 64) => drop(work),
            () => self.inner.spawn_blocking(name, work),
        }
    }
}

/// What the inner runtime polls.
struct BrokenTask {
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    shared: Arc<Shared>,
    epoch: u32,
    wakes: Arc<Wakes>,
}

std::thread_local! {
    static POLLS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

fn polls_a_task() -> bool {
    POLLS.get()
}

impl Future for BrokenTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        know_this_thread();
        let this = &mut *self;
        let ended = this.epoch != this.shared.epoch.load(Ordering::SeqCst) && this.epoch % 2 == 1;
        if is("block-on-ends-its-tasks") && ended {
            this.future = None;
        }
        let Some(future) = &mut this.future else { return Poll::Ready(()) };
        let waker = match () {
            () if is("nth-wake-lost") || is("foreign-wake-lost") || is("wake-takes-a-worker") => {
                *this.wakes.waker.lock() = Some(cx.waker().clone());
                Waker::from(Arc::clone(&this.wakes))
            }
            () => cx.waker().clone(),
        };
        let mut cx = Context::from_waker(&waker);
        POLLS.set(true);
        this.wakes.polled.store(true, Ordering::SeqCst);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut cx)));
        this.wakes.polled.store(false, Ordering::SeqCst);
        POLLS.set(false);
        polled.unwrap_or_else(|panic| {
            this.future = None;
            if is("panic-reaches-block-on") {
                *this.shared.panic.lock() = Some(panic);
                return Poll::Ready(());
            }
            static DEAD: AtomicBool = AtomicBool::new(false);
            if is("panic-ends-a-worker") && !DEAD.swap(true, Ordering::SeqCst) {
                loop {
                    std::thread::park();
                }
            }
            resume_unwind(panic)
        })
    }
}

/// Loses wakes, or has a worker wait for the end of a poll.
struct Wakes {
    waker: Mutex<Option<Waker>>,
    wakes: AtomicU32,
    polled: AtomicBool,
    spawn: Box<Spawn>,
}

type Spawn = dyn Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync;

impl Wakes {
    fn new(runtime: impl Runtime) -> Self {
        Self {
            waker: Mutex::default(),
            wakes: AtomicU32::new(0),
            polled: AtomicBool::new(false),
            spawn: Box::new(move |future| runtime.spawn(TaskName::literal("waits"), future)),
        }
    }

    fn pass_on(&self) {
        let waker = self.waker.lock().clone();
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        if is("wake-takes-a-worker") && self.polled.load(Ordering::SeqCst) {
            let wakes = Arc::clone(&self);
            return (self.spawn)(Box::pin(async move {
                while wakes.polled.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                wakes.pass_on();
            }));
        }
        let lost = match () {
            () if is("nth-wake-lost") => every(&self.wakes, 100),
            () if is("foreign-wake-lost") => !is_this_thread_known(),
            () => false,
        };
        if !lost {
            self.pass_on();
        }
    }
}
