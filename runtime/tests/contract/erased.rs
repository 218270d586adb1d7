//! A runtime behind a pointer is asked for what was asked.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use futures_core::Stream;
use parking_lot::Mutex;
use proc_daemon_runtime::{
    Ambient, AnyRuntime, Capabilities, Instant, Runtime, Signal, SignalSet, SignalSource, Sleep,
    TaskName, Timer,
};

/// Answers with values of its own, and writes down what it is to run.
#[derive(Clone, Debug, Default)]
struct Scribe {
    told: Arc<Mutex<Vec<String>>>,
    clock: Clock,
    source: Source,
}

#[derive(Clone, Debug, Default)]
struct Clock;

#[derive(Clone, Debug, Default)]
struct Source;

/// Is over when it was set to an even moment.
struct Even(Instant);

/// Every signal that was asked for, once.
struct Each(SignalSet);

const NOW: Instant = Instant::from_nanos(1_000);

impl Runtime for Scribe {
    const NAME: &'static str = "scribe";
    type Timer = Clock;
    type Signals = Source;

    fn capabilities(&self) -> Capabilities {
        Capabilities::all().without_current_thread()
    }
    fn timer(&self) -> &Clock {
        &self.clock
    }
    fn signals(&self) -> &Source {
        &self.source
    }
    fn seed(&self) -> u64 {
        42
    }
    #[track_caller]
    fn spawn(&self, name: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        self.note("task", &name);
        let mut future = Box::pin(future);
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
    fn spawn_blocking(&self, name: TaskName, work: impl FnOnce() + Send + 'static) {
        self.note("work", &name);
        work();
    }
}

impl Scribe {
    fn note(&self, what: &str, name: &TaskName) {
        let line = name.site().map(Location::line);
        self.told.lock().push(format!("{what} {name} {line:?}"));
    }
}

impl Timer for Clock {
    type Sleep = Even;
    fn now(&self) -> Instant {
        NOW
    }
    fn sleep_until(&self, at: Instant) -> Even {
        Even(at)
    }
    fn wall_clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(7)
    }
}

impl Future for Even {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.as_nanos().is_multiple_of(2) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Sleep for Even {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.0 = at;
    }
}

impl SignalSource for Source {
    type Stream = Each;
    fn supported(&self) -> SignalSet {
        SignalSet::EMPTY.with(Signal::Hangup)
    }
    fn listen(&self, set: SignalSet) -> io::Result<Each> {
        set.require(self.supported())?;
        Ok(Each(set))
    }
}

impl Stream for Each {
    type Item = Signal;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Signal>> {
        let next = self.0.iter().next();
        self.0 = next.map_or(self.0, |signal| self.0.without(signal));
        Poll::Ready(next)
    }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn it_says_what_the_runtime_says() {
    let any = AnyRuntime::from(Scribe::default());
    assert_eq!((any.name(), any.now(), any.seed()), ("scribe", NOW, 42));
    assert_eq!(any.capabilities(), Capabilities::all().without_current_thread());
    assert_eq!(any.wall_clock(), SystemTime::UNIX_EPOCH + Duration::from_secs(7));
    assert_eq!(any.supported_signals(), SignalSet::EMPTY.with(Signal::Hangup));
    assert_eq!(format!("{any:?}"), "AnyRuntime(\"scribe\")");
}

#[test]
fn a_runtime_that_says_nothing_of_seeds_has_another_one_each_time() {
    /// All but the seed is the scribe's.
    #[derive(Clone, Debug, Default)]
    struct Plain(Scribe);
    impl Runtime for Plain {
        const NAME: &'static str = "plain";
        type Timer = Clock;
        type Signals = Source;
        fn capabilities(&self) -> Capabilities {
            self.0.capabilities()
        }
        fn timer(&self) -> &Clock {
            self.0.timer()
        }
        fn signals(&self) -> &Source {
            self.0.signals()
        }
        fn spawn(&self, name: TaskName, future: impl Future<Output = ()> + Send + 'static) {
            self.0.spawn(name, future);
        }
        fn spawn_blocking(&self, name: TaskName, work: impl FnOnce() + Send + 'static) {
            self.0.spawn_blocking(name, work);
        }
    }
    let any = AnyRuntime::from(Plain::default());
    assert_ne!(any.seed(), any.seed());
}

#[test]
fn its_sleeps_end_and_are_set_anew_as_the_runtimes_own() {
    let any = AnyRuntime::from(Scribe::default());
    let mut sleep = any.sleep_until(Instant::from_nanos(3));
    assert!(poll(sleep.as_mut()).is_pending());
    sleep.as_mut().reset(Instant::from_nanos(4));
    assert!(poll(sleep.as_mut()).is_ready());
    assert!(poll(any.sleep(Duration::from_nanos(1)).as_mut()).is_pending(), "from 1000 on");
    assert!(poll(any.sleep(Duration::from_nanos(2)).as_mut()).is_ready());
}

#[test]
fn it_listens_to_what_was_asked_for() {
    let any = AnyRuntime::from(Scribe::default());
    let mut stream = any.listen(SignalSet::EMPTY.with(Signal::Hangup)).unwrap();
    let mut next = || stream.as_mut().poll_next(&mut Context::from_waker(Waker::noop()));
    assert_eq!(next(), Poll::Ready(Some(Signal::Hangup)));
    assert_eq!(next(), Poll::Ready(None));
    let refused = any.listen(SignalSet::all()).map(drop).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::Unsupported);
}

#[test]
fn what_it_spawns_runs_under_its_name_and_from_its_place() {
    let scribe = Scribe::default();
    let any = AnyRuntime::from(scribe.clone());
    let ran = Arc::new(Mutex::new(0));
    let (task, work) = (Arc::clone(&ran), Arc::clone(&ran));
    any.spawn("a".into(), Box::pin(async move { *task.lock() += 1 }));
    let spawned = line!() - 1;
    any.spawn_blocking("b".into(), Box::new(move || *work.lock() += 10));
    let there = Location::caller();
    any.spawn(TaskName::literal("c").at(there), Box::pin(async {}));
    assert_eq!(*ran.lock(), 11);
    let told = scribe.told.lock().clone();
    let expected = [
        format!("task a {:?}", Some(spawned)),
        format!("work b {:?}", Some(spawned + 2)),
        format!("task c {:?}", Some(there.line())),
    ];
    assert_eq!(told, expected);
}

impl Ambient for Scribe {
    fn current() -> io::Result<Self> {
        Err(Self::elsewhere())
    }
}

#[test]
fn code_that_is_polled_elsewhere_is_told_what_to_do() {
    let error = Scribe::current().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.starts_with("not polled on scribe: call this inside its block_on"), "{text}");
}
