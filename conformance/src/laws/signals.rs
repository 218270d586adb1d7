//! L11 to L14: signals. Handlers are process-wide and stay, so each law has a process of its own, or a
//! simulated world.
//!
//! A law takes the signals that its source supports: every source has SIGTERM and SIGINT, and a platform may have no
//! other. What it has not is refused.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::thread;

use futures_core::Stream;
use futures_lite::future::poll_once;
use proc_daemon_runtime::{OwnedRuntime, Runtime, Signal, SignalSet, SignalSource};

use super::{Law, law};
use crate::Need;
use crate::lab::Lab;
use crate::told::Told;

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    let laws = vec![
        law!(
            "SIGNAL-01",
            a_source_has_what_a_daemon_needs,
            "SIGTERM and SIGINT can be listened to.",
            "They are in `supported`, and `listen` takes the whole of it.",
        ),
        law!(
            "SIGNAL-02",
            handlers_are_in_place_when_listen_returns,
            "A signal that arrives between `listen` and the first poll is not lost.",
            "SIGTERM is raised at once; the process lives, and the stream has it.",
        ),
        law!(
            "SIGNAL-03",
            several_pending_signals_all_come,
            "Of several signals that are pending, each comes at least once.",
            "Three, or as many as there are, are raised twice each before the first poll.",
        ),
        law!(
            "SIGNAL-04",
            a_waiting_task_hears_a_signal,
            "A signal wakes the task that waits for it.",
            "A task waits for one, and again; it is raised when the task has been polled.",
        ),
        law!(
            "SIGNAL-05",
            every_listener_hears_every_signal,
            "A second listener takes nothing from the first.",
            "Two streams; each has each of three signals, or of as many as there are.",
        ),
        law!(
            "SIGNAL-06",
            a_dropped_listener_takes_nobody_along,
            "Dropping a listener leaves the others, and the handlers.",
            "One of two is dropped; the other hears its signal. Then that too: the signal ends nothing.",
        ),
        law!(
            "SIGNAL-07",
            a_listener_hears_what_it_asked_for,
            "A stream has no signal that it was not made for.",
            "Two streams of one signal each; both signals are raised.",
        ),
        law!(
            "SIGNAL-08",
            what_is_not_supported_is_refused,
            "A signal outside `supported` is an error of kind `Unsupported`; any set without one is taken.",
            "Each signal there is, alone and with SIGTERM; and none.",
        ),
        law!(
            "SIGNAL-09",
            a_listener_is_made_on_any_thread,
            "`listen` works on a thread the runtime has never seen.",
            "Made there, awaited here.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "SIGNAL-10",
            a_burst_is_heard,
            "Of a thousand signals at least one comes after the last was raised.",
            "One a thousand times, then another; both are heard.",
        ),
    ];
    laws.into_iter().map(Law::alone).collect()
}

fn set(signals: impl IntoIterator<Item = Signal>) -> SignalSet {
    signals.into_iter().collect()
}

type StreamOf<B> = <<<B as OwnedRuntime>::Runtime as Runtime>::Signals as SignalSource>::Stream;

async fn next<S: Stream<Item = Signal> + Unpin>(stream: &mut S) -> Signal {
    let item = poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await;
    item.expect("a stream never ends")
}

/// Reads until each of `missing` has come.
async fn all_of<S: Stream<Item = Signal> + Unpin>(stream: &mut S, mut missing: SignalSet) {
    while !missing.is_empty() {
        missing = missing.without(next(stream).await);
    }
}

/// So many signals that can be listened to, if there are so many: of `wanted` first.
fn several<B: OwnedRuntime, const N: usize>(lab: &Lab<B>, wanted: [Signal; N]) -> Vec<Signal> {
    let supported = lab.runtime().signals().supported();
    let others = Signal::ALL.into_iter().filter(|signal| !wanted.contains(signal));
    let all = wanted.into_iter().chain(others);
    all.filter(|signal| supported.contains(*signal)).take(N).collect()
}

/// As [`several`], for as many as every source has.
fn one<B: OwnedRuntime>(lab: &Lab<B>, wanted: Signal) -> Signal {
    *several(lab, [wanted]).first().expect("SIGTERM is supported")
}

/// As [`several`], for as many as every source has.
fn two<B: OwnedRuntime>(lab: &Lab<B>, wanted: [Signal; 2]) -> [Signal; 2] {
    several(lab, wanted).try_into().expect("SIGTERM and SIGINT are supported")
}

fn listen<B: OwnedRuntime>(lab: &Lab<B>, set: SignalSet) -> StreamOf<B> {
    lab.runtime().signals().listen(set).expect("it is supported")
}

fn a_source_has_what_a_daemon_needs<B: OwnedRuntime>(lab: Lab<B>) {
    let supported = lab.runtime().signals().supported();
    for signal in [Signal::Terminate, Signal::Interrupt] {
        assert!(supported.contains(signal), "{signal} is not supported");
    }
    drop(listen(&lab, supported));
}

fn handlers_are_in_place_when_listen_returns<B: OwnedRuntime>(mut lab: Lab<B>) {
    let mut stream = listen(&lab, set([Signal::Terminate]));
    lab.raiser()(Signal::Terminate);
    assert_eq!(lab.within("what was raised is heard", next(&mut stream)), Signal::Terminate);
}

fn several_pending_signals_all_come<B: OwnedRuntime>(mut lab: Lab<B>) {
    let raised = several(&lab, [Signal::WindowChange, Signal::User1, Signal::Quit]);
    let mut stream = listen(&lab, set(raised.clone()));
    for signal in raised.iter().chain(&raised) {
        lab.raiser()(*signal);
    }
    lab.within("what was raised is heard", all_of(&mut stream, set(raised)));
}

fn a_waiting_task_hears_a_signal<B: OwnedRuntime>(mut lab: Lab<B>) {
    let signal = one(&lab, Signal::Hangup);
    let mut stream = listen(&lab, set([signal]));
    let (waits, heard) = (Told::default(), Told::default());
    let (tell_waits, tell_heard) = (waits.clone(), heard.clone());
    let task = lab.spawn("listens", async move {
        for _ in 0..20 {
            // Whatever is left of the round before: a source may tell it late.
            while poll_once(next(&mut stream)).await.is_some() {}
            tell_waits.tell();
            next(&mut stream).await;
            tell_heard.tell();
        }
    });
    let raise = lab.raiser();
    lab.within("what was raised is heard", async {
        for round in 1..=20 {
            waits.times(round).await;
            while heard.count() < round {
                raise(signal);
                let heard = heard.times(round);
                heard.await;
            }
        }
    });
    lab.within("the task that listens is over", task).expect("it ends well");
}

fn every_listener_hears_every_signal<B: OwnedRuntime>(mut lab: Lab<B>) {
    let raised = several(&lab, [Signal::User1, Signal::Hangup, Signal::Quit]);
    let mut streams = [(); 2].map(|()| listen(&lab, set(raised.clone())));
    let raise = lab.raiser();
    lab.within("what was raised is heard", async {
        for signal in raised {
            raise(signal);
            for stream in &mut streams {
                while next(stream).await != signal {}
            }
        }
    });
}

fn a_dropped_listener_takes_nobody_along<B: OwnedRuntime>(mut lab: Lab<B>) {
    let signal = one(&lab, Signal::Hangup);
    let [first, mut other] = [(); 2].map(|()| listen(&lab, set([signal])));
    drop(first);
    lab.raiser()(signal);
    assert_eq!(lab.within("what was raised is heard", next(&mut other)), signal);
    drop(other);
    // The process, or the world, goes on.
    lab.raiser()(signal);
    let sleep = lab.sleep(std::time::Duration::from_millis(1));
    lab.block_on(sleep);
}

fn a_listener_hears_what_it_asked_for<B: OwnedRuntime>(mut lab: Lab<B>) {
    let asked = two(&lab, [Signal::User1, Signal::User2]);
    let mut streams = asked.map(|signal| listen(&lab, set([signal])));
    for signal in asked.into_iter().chain(asked) {
        lab.raiser()(signal);
    }
    lab.within("what was raised is heard", async {
        for (stream, signal) in streams.iter_mut().zip(asked) {
            assert_eq!(next(stream).await, signal);
            while let Some(also) = poll_once(next(stream)).await {
                assert_eq!(also, signal);
            }
        }
    });
}

fn what_is_not_supported_is_refused<B: OwnedRuntime>(lab: Lab<B>) {
    let (source, supported) = (lab.runtime().signals(), lab.runtime().signals().supported());
    let some = Signal::ALL
        .into_iter()
        .flat_map(|signal| [set([signal]), set([signal, Signal::Terminate])]);
    for set in some.chain([SignalSet::EMPTY]) {
        let refused = source.listen(set).err();
        if set.is_subset(supported) {
            assert!(refused.is_none(), "{set:?} is supported, and refused: {refused:?}");
        } else {
            let error = refused.expect("it is not supported");
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        }
    }
}

fn a_listener_is_made_on_any_thread<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (source, signal) = (lab.runtime().signals().clone(), one(&lab, Signal::User2));
    let made = thread::spawn(move || source.listen(set([signal])));
    let mut stream = made.join().expect("no panic").expect("it is supported");
    lab.raiser()(signal);
    assert_eq!(lab.within("what was raised is heard", next(&mut stream)), signal);
}

fn a_burst_is_heard<B: OwnedRuntime>(mut lab: Lab<B>) {
    let [often, last] = two(&lab, [Signal::User1, Signal::User2]);
    let mut stream = listen(&lab, set([often, last]));
    let raise = lab.raiser();
    lab.within("what was raised is heard", async {
        for _ in 0..1000 {
            raise(often);
        }
        raise(last);
        all_of(&mut stream, set([often, last])).await;
    });
}
