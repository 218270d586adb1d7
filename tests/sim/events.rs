//! The stream of events, held against the trace, in lives of daemons of random shape.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_lite::future::or;
use proc_daemon::sim::{Life, Moment, Policy, Sim, Stage};
use proc_daemon::{Events, Instant, SubsystemEvent, SubsystemState};

use crate::shape;

const LIVES: u64 = 300;

/// Lives 10 s; whatever `subscribe` gives is kept to the end, unread.
fn life<T: 'static>(seed: u64, subscribe: impl FnOnce(&Stage) -> T) -> (Life, T) {
    let kept = Rc::new(RefCell::new(None));
    let sim = Sim::new(seed);
    let daemon = shape::daemon(&sim);
    let life = sim.daemon(daemon).faults(shape::faults()).script(|s| {
        *kept.borrow_mut() = Some(subscribe(&s));
        s.advance(Duration::from_secs(10))
    });
    let kept = kept.borrow_mut().take().expect("the script has begun");
    (life, kept)
}

fn rest(events: &mut Events) -> Vec<SubsystemEvent> {
    std::iter::from_fn(|| events.try_next_event()).collect()
}

#[test]
fn a_reader_that_never_reads_changes_nothing() {
    for seed in 0..LIVES {
        let (alone, ()) = life(seed, |_| ());
        let (heard, _asleep) = life(seed, |s| {
            [0, 1, 16, usize::MAX].map(|size| s.daemon().subscribe_events_with(size))
        });
        assert_eq!(alone.trace_hash(), heard.trace_hash(), "seed {seed}");
    }
}

#[test]
fn what_is_not_kept_is_counted() {
    let mut cut = 0;
    for seed in 0..LIVES {
        let sizes = [usize::MAX, 1024, 16, 1, 0];
        let (_, mut readers) =
            life(seed, |s| sizes.map(|size| s.daemon().subscribe_events_with(size)));
        let lines = readers.each_mut().map(|reader| {
            rest(reader).iter().map(|event| format!("{event:?}")).collect::<Vec<_>>()
        });
        for ((reader, kept), size) in readers.iter().zip(&lines).zip(sizes) {
            assert!(kept.len() <= size.max(1), "seed {seed}");
            assert_eq!(kept.len() as u64 + reader.missed(), lines[0].len() as u64, "seed {seed}");
            assert!(lines[0].ends_with(kept), "seed {seed}: the newest are kept");
            cut += u32::from(reader.missed() > 0);
        }
    }
    assert!(cut > 100, "only {cut} queues were too small");
}

/// What is told is what happened: each turn at its moment, one end for each start, and what goes with it.
#[test]
fn the_stream_is_what_the_trace_says() {
    for seed in 0..LIVES {
        let (life, mut events) = life(seed, |s| s.daemon().subscribe_events_with(usize::MAX));
        let told = rest(&mut events);
        assert!(told.is_sorted_by_key(SubsystemEvent::at), "seed {seed}");
        assert_eq!(turned(&told), turned_in(&life), "seed {seed}");
        shape_of(&told, &life, seed);
    }
}

fn turned(told: &[SubsystemEvent]) -> Vec<(u64, SubsystemState)> {
    let turn = |event: &SubsystemEvent| match event {
        SubsystemEvent::StateChanged { id, state, .. } => Some((id.as_u64(), *state)),
        _ => None,
    };
    told.iter().filter_map(turn).collect()
}

fn turned_in(life: &Life) -> Vec<(u64, SubsystemState)> {
    let turn = |(_, moment): (Instant, Moment)| match moment {
        Moment::Turned { unit, state } => Some((u64::from(unit), state)),
        _ => None,
    };
    life.moments().filter_map(turn).collect()
}

fn shape_of(told: &[SubsystemEvent], life: &Life, seed: u64) {
    let mut launched = BTreeSet::new();
    for (_, moment) in life.moments() {
        if let Moment::Launched { unit, generation } = moment {
            launched.insert((u64::from(unit), u64::from(generation)));
        }
    }
    let (mut ended, mut began, mut ready) = (BTreeSet::new(), 0, false);
    for (place, event) in told.iter().enumerate() {
        match event {
            SubsystemEvent::Ended { id, end, .. } => {
                assert!(
                    ended.insert((id.as_u64(), end.generation())),
                    "seed {seed}: {event} again"
                );
                assert!(end.error().is_none() || end.is_failure(), "seed {seed}: {event}");
                let next = &told[place + 1];
                let changes = matches!(next, SubsystemEvent::StateChanged { .. });
                assert!(changes && next.id() == Some(*id), "seed {seed}: {event}, then {next}");
            }
            SubsystemEvent::RestartScheduled { due, at, .. } => assert!(due >= at, "seed {seed}"),
            SubsystemEvent::ReadyChanged { ready: now, .. } => {
                assert_ne!(*now, ready, "seed {seed}: said twice");
                ready = *now;
            }
            SubsystemEvent::ShutdownBegan { .. } => began += 1,
            SubsystemEvent::Stopped { code, .. } => {
                assert_eq!((place + 1, *code), (told.len(), life.report().code), "seed {seed}");
            }
            _ => {}
        }
    }
    assert_eq!(ended, launched, "seed {seed}: one end for each start");
    assert_eq!((began, ready), (1, false), "seed {seed}");
    assert!(matches!(told.last(), Some(SubsystemEvent::Stopped { .. })), "seed {seed}");
}

/// A reader that waits is woken at the moment of each event, in every order of polls.
#[test]
fn a_reader_that_waits_sleeps_through_nothing() {
    for (seed, policy) in (0..).zip(Policy::ALL.into_iter().cycle()).take(100) {
        let sim = Sim::new(seed).policy(policy).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
        let daemon = shape::daemon(&sim);
        let life = sim.daemon(daemon).script(|s| async move {
            let mut events = s.daemon().subscribe_events();
            or(read(&s, &mut events), s.advance(Duration::from_secs(3))).await;
            s.daemon().shutdown();
            read(&s, &mut events).await;
            assert_eq!(events.missed(), 0);
        });
        assert!(life.verdict().is_clean(), "seed {seed}: {}", life.verdict());
    }
}

async fn read(s: &Stage, events: &mut Events) {
    while let Some(event) = events.next_event().await {
        assert_eq!(event.at(), s.now(), "{event}");
    }
}
