//! What a reload says of the daemon itself: how it checks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::health::ProbeRules;

#[test]
fn checks_keep_to_the_period_that_is_published() {
    let mut world = World::new(&units(1), &[], Settings { reloadable: true, ..settings() });
    let every = |every| ProbeRules {
        delay: every,
        every,
        timeout: Duration::from_secs(1),
        rise: 1,
        fall: 3,
    };
    let liveness = Some(Asking::new(every(Duration::from_secs(5)), true));
    world.engine.watch(0, Checks::new(None, None, liveness, None));
    let mut world = world.up();
    let asked = |world: &mut World, within: u64| {
        let mut times = 0;
        let until = world.now + Duration::from_secs(within);
        while let Some(next) = world.engine.next_deadline().filter(|next| *next <= until) {
            world.advance_to(next);
            while let Some((unit, probe, number)) = world.questions.pop() {
                times += 1;
                world.tell(unit, UnitEvent::Checked { probe, number, answer: Answer::Good });
            }
        }
        world.now = until;
        times
    };
    assert_eq!(asked(&mut world, 50), 10);
    world.reload();
    world.changed(&[]);
    assert_eq!(asked(&mut world, 50), 50);
    let number = {
        world.reload();
        world.number()
    };
    world.engine.propose(number, Vec::new(), Tuning { health_checks: false, ..QUICKER });
    world.found(Found::Changed);
    assert_eq!(asked(&mut world, 50), 0);
    world.reload();
    world.changed(&[]);
    assert_eq!(asked(&mut world, 50), 50);
}

/// Watched by a liveness check of one second, by default; the third that is bad in a row tells.
fn watched(world: &mut World, unit: u32) {
    let every = Duration::from_secs(1);
    let rules = ProbeRules { delay: every, every, timeout: every, rise: 1, fall: 3 };
    let liveness = Some(Asking::new(rules, true));
    world.engine.watch(unit, Checks::new(None, None, liveness, None));
}

#[test]
fn another_period_does_not_forget_the_answers_before_it() {
    let mut world = World::new(&units(1), &[], Settings { reloadable: true, ..settings() });
    watched(&mut world, 0);
    let mut world = world.up();
    let bad = |world: &mut World| {
        let (unit, probe, number) = loop {
            let next = world.engine.next_deadline().expect("it is watched");
            world.advance_to(next);
            if let Some(question) = world.questions.pop() {
                break question;
            }
        };
        world.tell(unit, UnitEvent::Checked { probe, number, answer: Answer::Bad });
    };
    bad(&mut world);
    bad(&mut world);
    let number = {
        world.reload();
        world.number()
    };
    let every = Duration::from_secs(2);
    world.engine.propose(number, Vec::new(), Tuning { check_every: every, ..TUNING });
    world.found(Found::Changed);
    assert!(world.asked().is_empty());
    bad(&mut world);
    assert_eq!(world.asked(), [0], "the third in a row");
}

#[test]
fn who_leaves_is_not_ready_when_nobody_is_asked_any_more() {
    let settings = Settings { reloadable: true, ..settings() };
    let mut world = World::new(&units(3), &[(1, 0)], settings);
    watched(&mut world, 0);
    let mut world = world.up();
    world.call(Op::Stop, 0);
    assert_eq!((world.state(0), world.asked()), (State::Running, vec![1]));
    let number = {
        world.reload();
        world.number()
    };
    world.engine.propose(number, Vec::new(), Tuning { health_checks: false, ..TUNING });
    world.found(Found::Changed);
    assert_eq!(world.engine.units()[0].met, Met::No);
}

/// Another configuration, which concerns nobody but the daemon itself.
fn retune(world: &mut World, tuning: Tuning) {
    world.reload();
    let number = world.number();
    world.engine.propose(number, Vec::new(), tuning);
    world.found(Found::Changed);
}

/// When unit 0 is asked next; it answers at once.
fn asked_at(world: &mut World) -> Instant {
    loop {
        let next = world.engine.next_deadline().expect("it is watched");
        world.advance_to(next);
        if let Some((unit, probe, number)) = world.questions.pop() {
            world.tell(unit, UnitEvent::Checked { probe, number, answer: Answer::Good });
            return world.now;
        }
    }
}

#[test]
fn another_period_counts_from_the_last_question() {
    let every = |seconds| Tuning { check_every: Duration::from_secs(seconds), ..TUNING };
    let settings = Settings { reloadable: true, tuning: every(1), ..settings() };
    let mut world = World::new(&units(1), &[], settings);
    watched(&mut world, 0);
    let mut world = world.up();
    assert_eq!(asked_at(&mut world), ms(1000));
    world.advance_to(ms(1800));
    retune(&mut world, every(4));
    assert_eq!(asked_at(&mut world), ms(5000), "4 s after the last one");
    world.advance_to(ms(7500));
    retune(&mut world, every(2));
    assert_eq!(asked_at(&mut world), ms(7500), "overdue");
    assert_eq!(asked_at(&mut world), ms(9500));
    for half in 1..=10 {
        world.advance_to(ms(9500 + 100 * half));
        retune(&mut world, every(2 + half % 2));
    }
    assert_eq!(asked_at(&mut world), ms(11_500), "reloads do not put it off");
}

#[test]
fn a_question_that_is_open_stays_so_in_another_period() {
    let settings = Settings { reloadable: true, tuning: QUICKER, ..settings() };
    let mut world = World::new(&units(1), &[], settings);
    watched(&mut world, 0);
    let mut world = world.up();
    world.advance_to(ms(1000));
    let open = world.questions.clone();
    assert_eq!(open.len(), 1);
    world.advance_to(ms(1500));
    retune(&mut world, Tuning { check_every: Duration::from_millis(600), ..TUNING });
    // Three bad answers: it is open for longer than its second at 2.2, 2.8 and 3.4 s.
    world.advance_to(ms(3399));
    assert_eq!((world.questions.clone(), world.asked()), (open, vec![]));
    world.advance_to(ms(3400));
    assert_eq!(world.asked(), [0]);
}

#[test]
fn however_often_it_is_switched_there_is_one_timer_for_each_check() {
    let mut world = World::new(&units(1), &[], Settings { reloadable: true, ..settings() });
    watched(&mut world, 0);
    let heartbeat = Some(Duration::from_secs(2));
    let liveness = world.engine.checks[&0].liveness.clone();
    world.engine.watch(0, Checks::new(None, None, liveness, heartbeat));
    let mut world = world.up();
    for times in 0..100 {
        let check_every = Duration::from_secs(3600 + times % 2);
        retune(&mut world, Tuning { health_checks: times % 3 > 0, check_every, ..TUNING });
    }
    retune(&mut world, TUNING);
    let of = |heap: &BinaryHeap<Reverse<(Instant, u64, Timer)>>, is: fn(&Timer) -> bool| {
        heap.iter().filter(|entry| is(&entry.0.2)).count()
    };
    let heap = &world.engine.timers.heap;
    assert_eq!(of(heap, |timer| matches!(timer, Timer::Check { .. })), 1);
    assert_eq!(of(heap, |timer| matches!(timer, Timer::Beat { .. })), 1);
    world.advance_to(ms(2000));
    let looks = world.seen.iter().filter(|seen| **seen == Seen::ReadBeat(0)).count();
    assert_eq!(looks, 1);
}

#[test]
fn who_waited_for_a_check_alone_starts_with_what_was_published() {
    let settings = Settings { reloadable: true, ..settings() };
    let mut world = World::new(&units(2), &[(1, 0)], settings);
    let every = Duration::from_secs(5);
    let rules = ProbeRules { delay: Duration::ZERO, every, timeout: every, rise: 1, fall: 3 };
    world.engine.watch(0, Checks::new(None, Some(Asking::new(rules, true)), None, None));
    let mut world = world.up();
    assert_eq!((world.state(0), world.state(1)), (State::Running, State::Waiting));
    world.advance_to(ms(30_000));
    world.reload();
    let number = world.number();
    let concern = Concern { unit: 1, duty: Duty::Take };
    world.engine.propose(number, vec![concern], Tuning { health_checks: false, ..TUNING });
    let place = world.seen.len();
    world.found(Found::Changed);
    let done = Seen::Reloaded(Outcome::Done);
    assert_eq!(world.since(place), [Seen::Publish, Seen::Spawned(1), done]);
    assert_eq!(world.state(1), State::Starting);
}
