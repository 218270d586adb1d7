//! The kit from code, on a backend that declares every capability absent and has them all.
//!
//! `harness = false`: the kit starts this program again for what is process-wide.

use std::fs;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proc_daemon_conformance::{Outcome, Report, Suite};
use proc_daemon_runtime::{
    Capabilities, OwnedRuntime, Runtime, RuntimeOptions, ShutdownSummary, Signal, SignalSet,
    SignalSource, TaskName,
};
use proc_daemon_tokio::{Tokio, TokioHandle, TokioSignals, TokioTimer};

struct Modest(Tokio, Capabilities, SignalSet);

#[derive(Clone, Debug)]
struct ModestHandle(TokioHandle, Capabilities, Few);

/// What it does not declare, it has not.
#[derive(Clone, Debug)]
struct Few(TokioSignals, SignalSet);

impl Modest {
    /// It tells the truth of what it can, and hears SIGTERM and SIGINT alone.
    fn with_two_signals(options: &RuntimeOptions) -> io::Result<Self> {
        let signals = SignalSet::EMPTY.with(Signal::Terminate).with(Signal::Interrupt);
        Ok(Self(Tokio::build(options)?, Capabilities::all(), signals))
    }
}

impl OwnedRuntime for Modest {
    type Runtime = ModestHandle;
    fn build(options: &RuntimeOptions) -> io::Result<Self> {
        let lies = Capabilities::all().process_wide().without_blocking_cap().virtual_time();
        Ok(Self(Tokio::build(options)?, lies, SignalSet::all()))
    }
    fn handle(&self) -> ModestHandle {
        let handle = self.0.handle();
        let signals = Few(handle.signals().clone(), self.2);
        ModestHandle(handle, self.1, signals)
    }
    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.0.block_on(future)
    }
    fn shutdown(self, grace: Duration) -> ShutdownSummary {
        self.0.shutdown(grace)
    }
}

impl Runtime for ModestHandle {
    const NAME: &'static str = "modest";
    type Timer = TokioTimer;
    type Signals = Few;
    fn capabilities(&self) -> Capabilities {
        self.1
    }
    fn timer(&self) -> &TokioTimer {
        self.0.timer()
    }
    fn signals(&self) -> &Few {
        &self.2
    }
    fn spawn(&self, name: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(name, future);
    }
    fn spawn_blocking(&self, name: TaskName, work: impl FnOnce() + Send + 'static) {
        self.0.spawn_blocking(name, work);
    }
}

impl SignalSource for Few {
    type Stream = <TokioSignals as SignalSource>::Stream;
    fn supported(&self) -> SignalSet {
        self.1
    }
    fn listen(&self, set: SignalSet) -> io::Result<Self::Stream> {
        set.require(self.1)?;
        self.0.listen(set)
    }
}

/// Where whoever raises a signal says so: the same for this process and its children.
fn notes() -> PathBuf {
    let parent = if is_child() { std::os::unix::process::parent_id() } else { std::process::id() };
    std::env::temp_dir().join(format!("conformance-in-code-{parent}"))
}

/// Whether this process is one that the kit has started, for another suite's scenario than the one before.
fn is_child() -> bool {
    std::env::var_os("PROC_DAEMON_CONFORMANCE_CHILD").is_some()
}

fn main() -> ExitCode {
    sees_through_what_is_declared_absent();
    obeys_its_limit();
    builds_as_it_is_told();
    takes_the_signals_there_are();
    ExitCode::SUCCESS
}

/// Daemons panic in some scenarios, and a suite leaves the hook to the program.
fn quietly(report: impl FnOnce() -> Report) -> Report {
    std::panic::set_hook(Box::new(|_| {}));
    let report = report();
    drop(std::panic::take_hook());
    report
}

fn sees_through_what_is_declared_absent() {
    let (builds, raised) = (Arc::new(AtomicUsize::new(0)), notes());
    let count = Arc::clone(&builds);
    let told = raised.clone();
    let suite = Suite::<Modest>::bare()
        .row("two", RuntimeOptions::new().workers(2).thread_name("two"))
        .build_with(move |options| {
            count.fetch_add(1, Ordering::Relaxed);
            Modest::build(options)
        })
        .raise_with(move |_, signal: Signal| {
            fs::write(&told, "raised").expect("a note can be written");
            signal_hook::low_level::raise(signal.number()).expect("it can be raised");
        });
    let report = quietly(|| suite.report());
    if is_child() {
        return;
    }
    println!("{}", report.totals());
    assert!(builds.load(Ordering::Relaxed) > 50, "`build_with` was not used");
    assert!(raised.exists(), "`raise_with` was not used");
    fs::remove_file(&raised).expect("it exists");
    // What it lies about is found, and what needs none of it passes.
    assert!(!report.is_conformant());
    assert_eq!(report.exit_code(), ExitCode::FAILURE);
    let absent = report.lines().iter().filter(|line| matches!(line.outcome, Outcome::Absent(_)));
    assert_eq!(absent.count(), 0, "an absence was believed that a probe can see through");
    for line in report.lines() {
        let needs = line.scenario.needs;
        let lied = line.scenario.id == "BUILD-05" || !needs.is_empty();
        let message = line.outcome.message();
        assert_eq!(line.outcome.is_failure(), lied, "{}: {message}", line.scenario.title());
        assert!(!lied || message.contains("declared absent"), "{message}");
    }
}

/// A scenario that sleeps for 101 ms is not over by then.
fn obeys_its_limit() {
    let options = RuntimeOptions::new().workers(2);
    let suite = Suite::<Tokio>::bare().row("short", options).limit(Duration::from_millis(50));
    let report = quietly(|| suite.report_of(|id| id == "SLEEP-02"));
    if is_child() {
        return;
    }
    let [line] = report.lines() else { panic!("{}", report.table()) };
    let Outcome::Fail(failure) = &line.outcome else { panic!("{}", report.table()) };
    assert!(failure.hang, "{failure}");
    assert!(failure.message.starts_with("it hangs: not over after 50ms"), "{failure}");
}

/// What is built with other options than the row's is built by the suite's builder too: one that refuses them.
fn builds_as_it_is_told() {
    fn refuses<B: OwnedRuntime>(options: &RuntimeOptions) -> io::Result<B> {
        if options.worker_count().is_none() || options.max_blocking_threads.is_some() {
            return Err(io::Error::other("not this builder's"));
        }
        B::build(options)
    }
    let options = RuntimeOptions::new().workers(2);
    let ids = ["BUILD-03", "BUILD-04", "BUILD-05"];
    let suite = Suite::<Tokio>::bare().row("choosy", options.clone()).build_with(refuses);
    let declared = quietly(|| suite.report_of(|id| ids.contains(&id)));
    let suite = Suite::<Modest>::bare().row("choosy", options).build_with(refuses);
    let absent = quietly(|| suite.report_of(|id| ids[..2].contains(&id)));
    if is_child() {
        return;
    }
    assert_eq!((declared.lines().len(), absent.lines().len()), (3, 2));
    for line in declared.lines() {
        let message = line.outcome.message();
        assert!(message.contains("not this builder's"), "{}: {message}", line.scenario.title());
    }
    for line in absent.lines() {
        assert!(matches!(line.outcome, Outcome::Absent(_)), "{}", absent.table());
    }
}

/// The laws of signals hold where there are two, and are tried there.
fn takes_the_signals_there_are() {
    let options = RuntimeOptions::new().workers(2);
    let suite = Suite::<Modest>::bare().row("signals", options);
    let suite = suite.build_with(Modest::with_two_signals);
    let report = quietly(|| suite.report_of(|id| id.starts_with("SIGNAL-")));
    if is_child() {
        return;
    }
    assert_eq!(report.lines().len(), 10, "{}", report.table());
    let passed = report.lines().iter().all(|line| line.outcome == Outcome::Pass);
    assert!(passed, "{}", report.table());
}
