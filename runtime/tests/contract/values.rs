//! Names, moments, options, signals: plain values.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use proc_daemon_runtime::signals::NoSignals;
use proc_daemon_runtime::{
    Capabilities, Instant, JoinError, PanicPayload, RuntimeOptions, ShutdownSummary, Signal,
    SignalSet, SignalSource, TaskName, Threading,
};

#[test]
fn a_name_is_its_text_wherever_it_comes_from() {
    let names = [
        TaskName::literal("http"),
        TaskName::from("http".to_owned()),
        TaskName::from(Arc::<str>::from("http")),
        TaskName::from(Cow::Borrowed("http")),
        TaskName::from(Cow::Owned("http".to_owned())),
    ];
    for name in &names {
        assert_eq!(*name, names[0]);
        assert_ne!(*name, TaskName::literal("ftp"));
        assert_eq!((name.as_str(), name.len(), &*name.to_shared()), ("http", 4, "http"));
        assert_eq!(
            (format!("{name:>6}"), format!("{name:?}")),
            ("  http".into(), "\"http\"".into())
        );
    }
}

#[test]
fn a_name_keeps_its_place_which_is_no_part_of_what_it_is() {
    let here = Location::caller();
    let name = TaskName::literal("http").at(here);
    assert_eq!(name.site(), Some(here));
    assert_eq!(name, TaskName::literal("http"));
    assert_eq!(TaskName::literal("http").site(), None);
}

#[test]
fn a_moment_ends_where_never_begins() {
    let last = Instant::from_nanos(u64::MAX - 1);
    assert_eq!(last.as_nanos(), u64::MAX - 1);
    assert!(!last.is_never());
    for beyond in [1, 2, u64::MAX] {
        assert!(last.after(Duration::from_nanos(beyond)).is_never());
    }
    assert_eq!(Instant::from_nanos(40).after(Duration::from_nanos(2)).as_nanos(), 42);
    assert_eq!(last.since(Instant::from_nanos(1)), Duration::from_nanos(u64::MAX - 2));
    assert_eq!(Instant::ZERO.since(last), Duration::ZERO);
}

#[test]
fn options_say_how_many_workers_there_are() {
    let options = RuntimeOptions::new();
    let cores = available_parallelism().unwrap();
    assert_eq!(options.worker_count(), Some(cores));
    assert_eq!(options.clone().workers(7).worker_count(), NonZeroUsize::new(7));
    assert_eq!(options.clone().workers(0).worker_count(), Some(cores));
    assert_eq!(options.clone().current_thread().worker_count(), None);
    assert_eq!(options.clone().current_thread().threading, Threading::CurrentThread);
    let named = options.workers(3).thread_name("worker");
    assert_eq!(named.thread_name.as_deref(), Some("worker"));
    assert_eq!(named.worker_count(), NonZeroUsize::new(3), "a name changes nothing else");
}

#[test]
fn a_shutdown_is_clean_if_nothing_is_left() {
    let left = [(0, 0), (1, 0), (0, 1), (1, 1)];
    let clean = left.map(|(tasks, threads)| ShutdownSummary::new(tasks, threads).is_clean());
    assert_eq!(clean, [true, false, false, false]);
}

#[test]
fn signals_have_names_and_the_numbers_of_posix() {
    let told = Signal::ALL.map(|signal| format!("{signal} "));
    assert_eq!(told.concat(), "SIGQUIT SIGINT SIGTERM SIGHUP SIGUSR1 SIGUSR2 SIGWINCH ");
    assert_eq!(format!("{:>8}", Signal::Hangup), "  SIGHUP");
    let agreed = [Signal::Hangup, Signal::Interrupt, Signal::Quit, Signal::Terminate];
    assert_eq!(agreed.map(Signal::number), [1, 2, 3, 15]);
    for signal in Signal::ALL {
        assert_eq!(Signal::from_number(signal.number()), Some(signal));
    }
    assert_eq!(Signal::from_number(9), None, "nobody hears of SIGKILL");
}

#[test]
fn a_set_of_signals_is_a_set() {
    let both = SignalSet::EMPTY.with(Signal::Quit).with(Signal::Hangup);
    assert!(both.contains(Signal::Quit) && both.contains(Signal::Hangup));
    assert!(!both.contains(Signal::Terminate));
    assert_eq!(both.with(Signal::Quit), both, "it is in already");
    assert_eq!(both.without(Signal::Quit).iter().collect::<Vec<_>>(), [Signal::Hangup]);
    assert_eq!(both.without(Signal::Terminate), both, "it is not in");
    assert!(both.is_subset(SignalSet::all()) && !SignalSet::all().is_subset(both));
    assert_eq!((both.is_empty(), SignalSet::EMPTY.is_empty()), (false, true));
    assert_eq!(SignalSet::all().iter().collect::<Vec<_>>(), Signal::ALL);
}

#[test]
fn what_is_not_delivered_is_named_and_nothing_else() {
    let (asked, there) = (
        SignalSet::EMPTY.with(Signal::Quit).with(Signal::Hangup),
        SignalSet::EMPTY.with(Signal::Hangup).with(Signal::User1),
    );
    let error = asked.require(there).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let text = error.to_string();
    assert_eq!(text, "this platform or runtime does not deliver {\"SIGQUIT\"}");
    asked.require(SignalSet::all()).unwrap();
    assert!(NoSignals.supported().is_empty());
}

#[test]
fn a_failed_join_says_why() {
    let panicked = JoinError::Panicked(PanicPayload::new(Box::new("on purpose")));
    let told = [JoinError::Aborted, panicked, JoinError::RuntimeGone].map(|why| why.to_string());
    assert_eq!(
        told,
        [
            "the task was aborted",
            "the task panicked: on purpose",
            "the runtime stopped before the task ended",
        ]
    );
}

#[test]
fn a_lateness_is_what_was_declared_and_no_less_than_the_systems_step() {
    let declared =
        |ms| Capabilities::all().timer_lateness(Duration::from_millis(ms)).timer_lateness;
    assert_eq!(declared(1), Duration::from_millis(if cfg!(windows) { 20 } else { 1 }));
    assert_eq!(declared(1000), Duration::from_secs(1));
}
