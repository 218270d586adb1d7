//! The laws of the contract as tests over any backend, until the conformance kit replaces them.
//!
//! Included by `#[path]` in each backend's `tests/laws.rs`, which names the backend and its rows of
//! options. Tests take turns: signal handlers and async-std's executor are process-wide.

use std::collections::BTreeSet;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures_lite::future::{block_on as block_here, poll_once, yield_now};
use proc_daemon_runtime::{
    Instant, JoinError, OwnedRuntime, Runtime, RuntimeOptions, SignalSource, Sleep, Task,
    Threading, Timer,
};

/// Time for what must not happen at all to be noticed, or a hang to be a failure.
const LONG: Duration = Duration::from_secs(20);

static TURN: Mutex<()> = Mutex::new(());

/// What `with` hands to a law.
pub(crate) struct Row<B: OwnedRuntime> {
    owned: B,
    runtime: B::Runtime,
    options: RuntimeOptions,
    _turn: MutexGuard<'static, ()>,
}

impl<B: OwnedRuntime> Row<B> {
    fn new(options: &RuntimeOptions) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let owned = B::build(options).unwrap();
        Self { runtime: owned.handle(), owned, options: options.clone(), _turn: turn }
    }

    fn spawn<T: Send + 'static>(&self, f: impl Future<Output = T> + Send + 'static) -> Task<T> {
        Task::spawn(&self.runtime, "law".into(), f)
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.owned.block_on(future)
    }

    fn sleep(&self, duration: Duration) -> SleepOf<B> {
        self.runtime.timer().sleep(duration)
    }

    fn now(&self) -> Instant {
        self.runtime.timer().now()
    }

    fn shut(self) {
        let _ = self.owned.shutdown(LONG);
    }
}

type SleepOf<B> = <<<B as OwnedRuntime>::Runtime as Runtime>::Timer as Timer>::Sleep;

/// Runs `law` once for each row of options.
pub(crate) fn with<B: OwnedRuntime>(rows: &[RuntimeOptions], law: impl Fn(Row<B>)) {
    assert!(!rows.is_empty());
    for options in rows {
        eprintln!("{options:?}");
        law(Row::new(options));
    }
}

/// Counts its wakes.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Tells when it is dropped.
struct Tell(mpsc::Sender<()>);
impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn step<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

pub(crate) fn a_join_gives_the_value<B: OwnedRuntime>(mut row: Row<B>) {
    let task = row.spawn(async {
        yield_now().await;
        7
    });
    assert_eq!(row.block_on(task).unwrap(), 7);
    row.shut();
}

pub(crate) fn a_dropped_handle_detaches<B: OwnedRuntime>(mut row: Row<B>) {
    let (go, gone) = (Arc::new(Count::default()), row.runtime.clone());
    let seen = Arc::clone(&go);
    drop(row.spawn(async move {
        yield_now().await;
        gone.timer().sleep(Duration::from_millis(1)).await;
        seen.wake();
    }));
    row.block_on(async {
        while go.get() == 0 {
            yield_now().await;
        }
    });
    row.shut();
}

pub(crate) fn an_abort_drops_before_the_join<B: OwnedRuntime>(mut row: Row<B>) {
    let (tell, told) = mpsc::channel();
    let (ready, started) = mpsc::channel();
    let tell = Tell(tell);
    let task = row.spawn(async move {
        let _tell = tell;
        ready.send(()).unwrap();
        pending::<()>().await;
    });
    row.block_on(async {
        while started.try_recv().is_err() {
            yield_now().await;
        }
    });
    assert!(told.try_recv().is_err());
    task.abort();
    task.abort();
    assert!(matches!(row.block_on(task), Err(JoinError::Aborted)));
    told.try_recv().expect("the destructor has run");
    row.shut();
}

pub(crate) fn panics_end_their_task_alone<B: OwnedRuntime>(mut row: Row<B>) {
    for n in 0..64 {
        let panic = async move {
            if n % 2 == 0 {
                yield_now().await;
            }
            panic!("law: on purpose");
        };
        // Half through `Task`, half as bare futures.
        if n % 4 < 2 {
            row.runtime.spawn("bare".into(), panic);
        } else {
            drop(row.spawn(panic));
        }
        let handle = row.runtime.clone();
        if n % 8 == 0 {
            handle.spawn_blocking("law".into(), || panic!("law: on purpose"));
        }
    }
    let joined: Task<()> = row.spawn(async { panic!("law: joined") });
    let result = row.block_on(joined);
    assert!(
        matches!(&result, Err(JoinError::Panicked(p)) if p.message().as_deref() == Some("law: joined"))
    );
    // Every worker is still there.
    meet(&mut row);
    row.shut();
}

/// As many tasks as workers block until all of them run at once.
fn meet<B: OwnedRuntime>(row: &mut Row<B>) -> BTreeSet<String> {
    let workers = row.options.worker_count().map_or(1, NonZeroUsize::get);
    let barrier = Arc::new(Barrier::new(workers));
    let tasks: Vec<_> = (0..workers)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            row.spawn(async move {
                barrier.wait();
                format!("{:?}", thread::current().id())
            })
        })
        .collect();
    row.block_on(async move {
        let mut threads = BTreeSet::new();
        for task in tasks {
            threads.insert(task.await.unwrap());
        }
        threads
    })
}

pub(crate) fn the_worker_count_is_honoured<B: OwnedRuntime>(mut row: Row<B>) {
    let workers = row.options.worker_count();
    let threads = meet(&mut row);
    assert_eq!(threads.len(), workers.map_or(1, NonZeroUsize::get));
    let here = format!("{:?}", thread::current().id());
    assert_eq!(threads.contains(&here), workers.is_none());
    // No other thread polls tasks.
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            row.spawn(async {
                yield_now().await;
                format!("{:?}", thread::current().id())
            })
        })
        .collect();
    row.block_on(async move {
        for task in tasks {
            let thread = task.await.unwrap();
            assert!(threads.contains(&thread));
        }
    });
    row.shut();
}

pub(crate) fn the_thread_name_is_honoured<B: OwnedRuntime>(mut row: Row<B>) {
    let name = row.spawn(async { thread::current().name().map(str::to_owned) });
    let name = row.block_on(name).unwrap();
    if row.options.threading != Threading::CurrentThread
        && let Some(wanted) = &row.options.thread_name
    {
        assert_eq!(name.as_ref(), Some(wanted));
    }
    row.shut();
}

/// Not a row: what every option that the backend declares absent must do.
pub(crate) fn unsupported_options_are_refused<B: OwnedRuntime>(row: &RuntimeOptions) {
    let capabilities = {
        let row = Row::<B>::new(row);
        let capabilities = row.runtime.capabilities();
        row.shut();
        capabilities
    };
    let cases = [
        (capabilities.current_thread, RuntimeOptions::new().current_thread()),
        (
            capabilities.blocking_cap,
            row.clone().max_blocking_threads(NonZeroUsize::new(3).unwrap()),
        ),
    ];
    for (supported, options) in cases {
        match B::build(&options) {
            Ok(owned) => {
                assert!(supported, "{options:?} was accepted");
                let _ = owned.shutdown(LONG);
            }
            Err(err) => {
                assert!(!supported, "{options:?}: {err}");
                assert_eq!(err.kind(), io::ErrorKind::Unsupported, "{err}");
            }
        }
    }
}

pub(crate) fn a_sleep_is_never_early<B: OwnedRuntime>(mut row: Row<B>) {
    for millis in [1, 3, 10, 20, 101] {
        let wanted = Duration::from_millis(millis);
        let (runtime, real) = (row.runtime.clone(), std::time::Instant::now());
        let late = row.spawn(async move {
            let timer = runtime.timer();
            let at = timer.now().after(wanted);
            timer.sleep_until(at).await;
            assert!(timer.now() >= at, "early");
            timer.now().since(at)
        });
        let late = row.block_on(late).unwrap();
        assert!(real.elapsed() >= wanted);
        assert!(late < LONG);
        eprintln!("{millis} ms: {late:?} late");
    }
    row.shut();
}

pub(crate) fn a_due_sleep_is_ready_at_once<B: OwnedRuntime>(row: Row<B>) {
    let timer = row.runtime.timer();
    for at in [Instant::ZERO, timer.now(), timer.now().after(Duration::ZERO)] {
        let mut sleep = pin!(timer.sleep_until(at));
        assert!(step(sleep.as_mut()).is_ready());
        assert!(step(sleep.as_mut()).is_ready(), "again, until it is reset");
    }
    row.shut();
}

pub(crate) fn never_does_not_fire<B: OwnedRuntime>(mut row: Row<B>) {
    let timer = row.runtime.timer().clone();
    row.block_on(async {
        for at in
            [Instant::MAX, Instant::from_nanos(u64::MAX - 1), timer.now().after(Duration::MAX)]
        {
            let mut sleep = pin!(timer.sleep_until(at));
            assert!(poll_once(sleep.as_mut()).await.is_none());
            timer.sleep(Duration::from_millis(2)).await;
            assert!(poll_once(sleep.as_mut()).await.is_none());
            sleep.as_mut().reset(Instant::ZERO);
            sleep.as_mut().await;
            sleep.as_mut().reset(Instant::MAX);
            assert!(poll_once(sleep).await.is_none());
        }
    });
    row.shut();
}

pub(crate) fn a_sleep_may_be_made_and_awaited_anywhere<B: OwnedRuntime>(mut row: Row<B>) {
    let runtime = row.runtime.clone();
    let sleep = thread::spawn(move || runtime.timer().sleep(Duration::from_millis(5)));
    let sleep = sleep.join().unwrap();
    row.block_on(sleep);
    // Polled on a thread that the runtime has never seen, and dropped there.
    let runtime = row.runtime.clone();
    let (tell, told) = mpsc::channel();
    let foreign = thread::spawn(move || {
        drop(runtime.timer().sleep(LONG));
        let mut registered = Box::pin(runtime.timer().sleep(LONG));
        assert!(step(registered.as_mut()).is_pending());
        drop(registered);
        block_here(runtime.timer().sleep(Duration::from_millis(5)));
        let _ = tell.send(());
    });
    row.block_on(async {
        while told.try_recv().is_err() {
            yield_now().await;
        }
    });
    foreign.join().unwrap();
    row.shut();
}

pub(crate) fn a_sleep_wakes_the_newest_waker<B: OwnedRuntime>(mut row: Row<B>) {
    let mut sleep = Box::pin(row.sleep(Duration::from_millis(150)));
    let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
    for count in [&old, &new] {
        let waker = Waker::from(Arc::clone(count));
        let polled = sleep.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    row.block_on(async {
        while new.get() == 0 {
            yield_now().await;
        }
    });
    assert_eq!(old.get(), 0);
    // The same through tasks: polled in one, awaited in another.
    let mut sleep = Box::pin(row.sleep(Duration::from_millis(150)));
    let first = row.spawn(async move {
        assert!(poll_once(sleep.as_mut()).await.is_none());
        Some(sleep)
    });
    let sleep = row.block_on(first).unwrap().unwrap();
    let second = row.spawn(sleep);
    row.block_on(second).unwrap();
    row.shut();
}

pub(crate) fn a_reset_works_before_and_after_firing<B: OwnedRuntime>(mut row: Row<B>) {
    let timer = row.runtime.timer().clone();
    row.block_on(async {
        let mut sleep = pin!(timer.sleep(LONG));
        // Before the first poll, then after one, shorter both times.
        sleep.as_mut().reset(timer.now().after(LONG * 2));
        assert!(poll_once(sleep.as_mut()).await.is_none());
        for millis in [4, 1, 8] {
            let at = timer.now().after(Duration::from_millis(millis));
            sleep.as_mut().reset(at);
            sleep.as_mut().await;
            assert!(timer.now() >= at && timer.now().since(at) < LONG);
        }
        // After it fired: longer.
        let at = timer.now().after(Duration::from_millis(100));
        sleep.as_mut().reset(at);
        assert!(poll_once(sleep.as_mut()).await.is_none());
        sleep.as_mut().await;
        assert!(timer.now() >= at);
        // Registered, then later: the first deadline must not fire it.
        let early = timer.now().after(Duration::from_millis(2));
        sleep.as_mut().reset(early);
        let _ = poll_once(sleep.as_mut()).await;
        let at = early.after(Duration::from_millis(10));
        sleep.as_mut().reset(at);
        sleep.as_mut().await;
        assert!(timer.now() >= at);
    });
    row.shut();
}

pub(crate) fn blocking_work_does_not_block_a_worker<B: OwnedRuntime>(mut row: Row<B>) {
    let workers = row.options.worker_count().map_or(1, NonZeroUsize::get);
    let (tell, told) = mpsc::channel();
    let blockers: Vec<_> = (0..=workers)
        .map(|_| {
            let (go, gone) = mpsc::channel::<()>();
            let tell = tell.clone();
            row.runtime.spawn_blocking("law".into(), move || {
                let _ = gone.recv();
                let _ = tell.send(());
            });
            go
        })
        .collect();
    let task = row.spawn(async { 1 });
    assert_eq!(row.block_on(task).unwrap(), 1);
    drop((blockers, tell));
    assert_eq!(told.iter().count(), workers + 1);
    row.shut();
}

pub(crate) fn a_handle_outlives_its_runtime<B: OwnedRuntime>(mut row: Row<B>) {
    let runtime = row.runtime.clone();
    let before = row.now();
    let mut asleep = Box::pin(row.sleep(LONG));
    assert!(row.block_on(poll_once(asleep.as_mut())).is_none());
    row.shut();
    let timer = runtime.timer();
    assert!(timer.now() >= before);
    assert!(step(pin!(timer.sleep_until(before))).is_ready(), "due");
    let mut fresh = pin!(timer.sleep(LONG));
    asleep.as_mut().reset(timer.now().after(LONG));
    for _ in 0..2 {
        assert!(step(asleep.as_mut()).is_pending());
        assert!(step(fresh.as_mut()).is_pending());
    }
    let task: Task<()> = Task::spawn(&runtime, "late".into(), async {});
    assert!(matches!(block_here(task), Err(JoinError::RuntimeGone)));
    let any = proc_daemon_runtime::AnyRuntime::from(runtime.clone());
    let work = Task::spawn_blocking_on(&any, "late".into(), || ());
    assert!(matches!(block_here(work), Err(JoinError::RuntimeGone)));
    let _ = runtime.signals().listen(proc_daemon_runtime::SignalSet::EMPTY);
}

pub(crate) fn a_shutdown_is_bounded_and_counts<B: OwnedRuntime>(row: Row<B>) {
    let (tell, told) = mpsc::channel();
    let tell = Tell(tell);
    let parked = row.spawn(async move {
        let _tell = tell;
        pending::<()>().await;
    });
    let (go, gone) = mpsc::channel::<()>();
    let (ready, started) = mpsc::channel();
    let (tell_end, ended) = mpsc::channel();
    row.runtime.spawn_blocking("law".into(), move || {
        ready.send(()).unwrap();
        let _ = gone.recv();
        tell_end.send(()).unwrap();
    });
    started.recv_timeout(LONG).unwrap();
    let stops = row.runtime.capabilities().stops;
    let real = std::time::Instant::now();
    let summary = row.owned.shutdown(Duration::from_millis(50));
    assert!(real.elapsed() < Duration::from_secs(5), "{:?}", real.elapsed());
    assert_eq!((summary.leaked_tasks, summary.blocked_threads), (1, 1));
    if stops {
        told.recv_timeout(LONG).expect("the task is dropped");
        assert!(matches!(block_here(parked), Err(JoinError::RuntimeGone)));
    } else {
        assert!(told.try_recv().is_err() && !parked.is_finished());
        parked.abort();
        assert!(matches!(block_here(parked), Err(JoinError::Aborted)));
    }
    drop(go);
    ended.recv_timeout(LONG).unwrap();
}

pub(crate) fn a_shutdown_waits_for_blocking_work<B: OwnedRuntime>(row: Row<B>) {
    let (ready, started) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    row.runtime.spawn_blocking("law".into(), move || {
        ready.send(()).unwrap();
        let _ = gone.recv();
    });
    started.recv_timeout(LONG).unwrap();
    let opener = thread::spawn(move || drop(go));
    assert!(row.owned.shutdown(LONG).is_clean());
    opener.join().unwrap();
}

/// A worker that user code blocks does not hang the shutdown.
pub(crate) fn a_blocked_worker_does_not_hang_the_shutdown<B: OwnedRuntime>(row: Row<B>) {
    if row.options.threading == Threading::CurrentThread || !row.runtime.capabilities().stops {
        return row.shut();
    }
    let (ready, started) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let task = row.spawn(async move {
        ready.send(()).unwrap();
        let _ = gone.recv();
    });
    started.recv_timeout(LONG).unwrap();
    let real = std::time::Instant::now();
    let summary = row.owned.shutdown(Duration::from_millis(50));
    assert!(real.elapsed() < Duration::from_secs(5), "{:?}", real.elapsed());
    assert_eq!(summary.leaked_tasks, 1);
    drop(go);
    block_here(task).unwrap();
}

pub(crate) fn seeds_differ<B: OwnedRuntime>(row: Row<B>) {
    assert_ne!(row.runtime.seed(), row.runtime.seed());
    row.shut();
}

/// All of the signals at once, since handlers are process-wide.
#[cfg(unix)]
pub(crate) fn signals_reach_every_listener<B: OwnedRuntime>(mut row: Row<B>) {
    use futures_lite::Stream;
    use proc_daemon_runtime::{Signal, SignalSet};
    fn raise(signal: Signal) {
        signal_hook::low_level::raise(signal.number()).unwrap();
    }
    async fn next<S: Stream<Item = Signal> + Unpin>(stream: &mut S) -> Signal {
        let item = poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await;
        item.expect("a stream never ends")
    }
    let set = [Signal::User1, Signal::WindowChange, Signal::Hangup, Signal::Quit];
    let set: SignalSet = set.into_iter().collect();
    let source = row.runtime.signals().clone();
    assert!(set.is_subset(source.supported()));
    let mut streams = [(); 2].map(|()| source.listen(set).unwrap());
    // Listened to on a thread that the runtime has never seen, and dropped: changes nothing.
    let elsewhere = source.clone();
    thread::spawn(move || drop(elsewhere.listen(set).unwrap())).join().unwrap();
    // Between listen and the first poll, several at once, some more than once: none is lost. (Duplicates
    // are lawful: a source may take its time from the handler to the stream.)
    let raised = [Signal::WindowChange, Signal::User1, Signal::Quit];
    for signal in raised.into_iter().chain(raised) {
        raise(signal);
    }
    row.block_on(async {
        for stream in &mut streams {
            let mut missing: SignalSet = raised.into_iter().collect();
            while !missing.is_empty() {
                missing = missing.without(next(stream).await);
            }
        }
        // While it waits, or soon will.
        for stream in &mut streams {
            let _ = poll_once(next(stream)).await;
        }
        raise(Signal::Hangup);
        for stream in &mut streams {
            while next(stream).await != Signal::Hangup {}
        }
    });
    // In a task, and again after the other listener has gone.
    let [mut stream, other] = streams;
    drop(other);
    let task = row.spawn(async move { while next(&mut stream).await != Signal::Hangup {} });
    raise(Signal::Hangup);
    row.block_on(task).unwrap();
    // Nobody listens: the handlers stay.
    raise(Signal::Hangup);
    row.shut();
}

/// One `#[test]` for each law, over `$rows`.
#[macro_export]
macro_rules! laws {
    ($backend:ty, $rows:expr) => {
        $crate::laws! { @each $backend, $rows;
            a_join_gives_the_value a_dropped_handle_detaches an_abort_drops_before_the_join
            panics_end_their_task_alone the_worker_count_is_honoured the_thread_name_is_honoured
            a_sleep_is_never_early a_due_sleep_is_ready_at_once never_does_not_fire
            a_sleep_may_be_made_and_awaited_anywhere a_sleep_wakes_the_newest_waker
            a_reset_works_before_and_after_firing blocking_work_does_not_block_a_worker
            a_handle_outlives_its_runtime a_shutdown_is_bounded_and_counts
            a_shutdown_waits_for_blocking_work a_blocked_worker_does_not_hang_the_shutdown seeds_differ
        }
        #[cfg(unix)]
        $crate::laws! { @each $backend, $rows; signals_reach_every_listener }

        #[test]
        fn unsupported_options_are_refused() {
            for row in $rows {
                laws::unsupported_options_are_refused::<$backend>(&row);
            }
        }
    };
    (@each $backend:ty, $rows:expr; $($law:ident)*) => {$(
        #[test]
        fn $law() {
            laws::with::<$backend>(&$rows, laws::$law);
        }
    )*};
}
