//! Scripted signals: when they are kept, seen, swallowed, and when they kill.

mod support;

use std::future::pending;
use std::time::Duration;

use futures_lite::StreamExt;
use futures_lite::future::{poll_once, yield_now};
use proc_daemon_runtime::{
    Instant, OwnedRuntime, Runtime, Signal, SignalSet, SignalSource, Task, Timer,
};
use proc_daemon_sim::{Kind, SimOptions, SimStream, Simulator, Verdict};
use support::each_world;

const MINUTE: Duration = Duration::from_secs(60);

fn listen(sim: &Simulator, signals: impl IntoIterator<Item = Signal>) -> SimStream {
    sim.handle().signals().listen(signals.into_iter().collect()).unwrap()
}

/// What this listener has yet to see.
fn pending_of(sim: &mut Simulator, stream: &mut SimStream) -> Vec<Signal> {
    sim.block_on(async {
        let mut seen = Vec::new();
        while let Some(item) = poll_once(stream.next()).await {
            seen.push(item.expect("a stream does not end"));
        }
        seen
    })
}

/// The signal that ended the life, if one did.
fn killed(sim: &mut Simulator) -> Option<Signal> {
    let sleep = sim.handle().timer().sleep(MINUTE);
    match sim.try_block_on("lives".into(), sleep) {
        Ok(()) => None,
        Err(Verdict::Killed(signal)) => Some(signal),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_signal_is_supported() {
    each_world(|sim| assert_eq!(sim.handle().signals().supported(), SignalSet::all()));
}

#[test]
fn a_signal_before_the_first_listener_is_kept_for_it() {
    each_world(|mut sim| {
        for signal in [Signal::Terminate, Signal::Hangup, Signal::Terminate] {
            sim.handle().raise(signal);
        }
        assert_eq!(killed(&mut sim), None);
        let mut stream = listen(&sim, Signal::ALL);
        let seen = pending_of(&mut sim, &mut stream);
        assert_eq!(seen, [Signal::Terminate, Signal::Hangup]);
        assert_eq!(pending_of(&mut sim, &mut stream), []);
        // It was given to the first: who comes later has come too late for it.
        let mut second = listen(&sim, Signal::ALL);
        assert_eq!(pending_of(&mut sim, &mut second), []);
    });
}

#[test]
fn an_early_signal_that_the_first_listener_does_not_want_kills() {
    each_world(|mut sim| {
        sim.handle().raise(Signal::User2);
        let _stream = listen(&sim, [Signal::Terminate]);
        assert_eq!(killed(&mut sim), Some(Signal::User2));
    });
    each_world(|mut sim| {
        sim.handle().raise(Signal::WindowChange);
        let _stream = listen(&sim, [Signal::Terminate]);
        assert_eq!(killed(&mut sim), None);
    });
}

#[test]
fn several_of_one_kind_are_one_item() {
    each_world(|mut sim| {
        let mut stream = listen(&sim, [Signal::Hangup]);
        (0..3).for_each(|_| sim.handle().raise(Signal::Hangup));
        assert_eq!(pending_of(&mut sim, &mut stream), [Signal::Hangup]);
        sim.handle().raise(Signal::Hangup);
        assert_eq!(pending_of(&mut sim, &mut stream), [Signal::Hangup]);
    });
}

#[test]
fn every_listener_sees_every_signal_it_asked_for() {
    each_world(|mut sim| {
        let mut all = listen(&sim, Signal::ALL);
        let mut two = listen(&sim, [Signal::User1, Signal::Quit]);
        let mut none = listen(&sim, []);
        for signal in [Signal::User1, Signal::Hangup] {
            sim.handle().raise(signal);
        }
        assert_eq!(pending_of(&mut sim, &mut all), [Signal::Hangup, Signal::User1]);
        assert_eq!(pending_of(&mut sim, &mut two), [Signal::User1]);
        assert_eq!(pending_of(&mut sim, &mut none), []);
    });
}

#[test]
fn pending_signals_come_in_the_order_of_all() {
    each_world(|mut sim| {
        let mut stream = listen(&sim, Signal::ALL);
        Signal::ALL.into_iter().rev().for_each(|signal| sim.handle().raise(signal));
        assert_eq!(pending_of(&mut sim, &mut stream), Signal::ALL);
    });
}

#[test]
fn a_second_listener_sees_what_comes_after_it() {
    each_world(|mut sim| {
        let mut first = listen(&sim, [Signal::Hangup, Signal::User1]);
        sim.handle().raise(Signal::Hangup);
        let mut second = listen(&sim, [Signal::Hangup, Signal::User1]);
        sim.handle().raise(Signal::User1);
        assert_eq!(pending_of(&mut sim, &mut first), [Signal::Hangup, Signal::User1]);
        assert_eq!(pending_of(&mut sim, &mut second), [Signal::User1]);
        assert_eq!(sim.listeners(), 2);
    });
}

#[test]
fn a_signal_that_nobody_ever_listened_to_kills_after_the_first_listen() {
    for signal in Signal::ALL {
        each_world(|mut sim| {
            let others = Signal::ALL.into_iter().filter(|other| *other != signal);
            let _stream = listen(&sim, others);
            let at = sim.handle().timer().now().after(Duration::from_secs(1));
            sim.handle().raise_at(at, signal);
            let kills = signal != Signal::WindowChange;
            assert_eq!(killed(&mut sim), kills.then_some(signal));
        });
    }
}

#[test]
fn a_dropped_stream_keeps_its_signals_swallowed() {
    each_world(|mut sim| {
        drop(listen(&sim, [Signal::Terminate]));
        assert_eq!(sim.listeners(), 0);
        sim.handle().raise(Signal::Terminate);
        assert_eq!(killed(&mut sim), None);
        // Swallowed is gone: it is not kept for who comes later.
        let mut stream = listen(&sim, [Signal::Terminate]);
        assert_eq!(pending_of(&mut sim, &mut stream), []);
    });
}

#[test]
fn one_of_two_streams_that_is_dropped_takes_nothing_from_the_other() {
    each_world(|mut sim| {
        let mut stays = listen(&sim, [Signal::Hangup]);
        let goes = listen(&sim, [Signal::Hangup]);
        sim.handle().raise(Signal::Hangup);
        drop(goes);
        assert_eq!(pending_of(&mut sim, &mut stays), [Signal::Hangup]);
    });
}

#[test]
fn a_listener_that_waits_is_woken_in_a_task_and_in_main() {
    each_world(|mut sim| {
        let (mut here, mut there) = (listen(&sim, Signal::ALL), listen(&sim, Signal::ALL));
        let task = Task::spawn(&sim.handle(), "waits".into(), async move { there.next().await });
        sim.handle().raise_at(Instant::from_epoch(MINUTE), Signal::Quit);
        assert_eq!(sim.block_on(here.next()), Some(Signal::Quit));
        assert_eq!(sim.block_on(task).unwrap(), Some(Signal::Quit));
        assert!(sim.handle().timer().now() >= Instant::from_epoch(MINUTE));
    });
}

#[test]
fn a_kill_comes_before_any_further_poll() {
    each_world(|mut sim| {
        let _stream = listen(&sim, [Signal::Hangup]);
        let handle = sim.handle();
        let (raiser, polls) = (sim.handle(), sim.polls());
        let verdict = sim.try_block_on("raises".into(), async move {
            raiser.raise(Signal::Terminate);
            pending::<()>().await;
        });
        assert!(matches!(verdict, Err(Verdict::Killed(Signal::Terminate))), "{verdict:?}");
        assert_eq!(sim.polls(), polls + 1);
        handle.spawn("late".into(), async { panic!("polled") });
        assert_eq!(killed(&mut sim), Some(Signal::Terminate));
    });
}

/// How many polls had begun when the signal that was to come at poll `number` came.
fn polls_before(number: u64) -> usize {
    let mut options = SimOptions::dull();
    options.at_step = vec![(number, Signal::User1)];
    let mut sim = Simulator::seeded(1, &options);
    let mut stream = listen(&sim, [Signal::User1]);
    sim.block_on(async {
        for _ in 0..25 {
            yield_now().await;
        }
    });
    assert_eq!(pending_of(&mut sim, &mut stream), [Signal::User1]);
    let trace = sim.take_trace();
    let kinds = trace.records().iter().map(|record| record.kind);
    kinds.take_while(|kind| *kind != Kind::Signal).filter(|kind| *kind == Kind::Poll).count()
}

#[test]
fn a_signal_at_a_poll_can_come_before_every_poll() {
    assert_eq!(polls_before(0), 0);
    let first = polls_before(1);
    assert_eq!((1..20).map(polls_before).collect::<Vec<_>>(), Vec::from_iter(first..first + 19));
}

#[test]
fn signals_at_steps_may_be_listed_in_any_order() {
    let mut options = SimOptions::dull();
    options.at_step = vec![(9, Signal::User1), (3, Signal::Hangup), (6, Signal::Quit)];
    let mut sim = Simulator::seeded(1, &options);
    let mut stream = listen(&sim, Signal::ALL);
    sim.block_on(async {
        for signal in [Signal::Hangup, Signal::Quit, Signal::User1] {
            let mut waited = 0;
            while poll_once(stream.next()).await != Some(Some(signal)) {
                waited += 1;
                assert!(waited < 10, "{signal}");
                yield_now().await;
            }
        }
    });
}
