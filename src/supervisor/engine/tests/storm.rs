//! The storm guard's queue.

use super::acts::FAILED;
use super::*;
use crate::backoff::Backoff;
use crate::restart::Restart;
use crate::strategy::Strategy;

const AGAIN: Rules =
    Rules { restart: Restart::OnFailure, backoff: Backoff::none(), ..Rules::PLAIN };

/// So many that run, and fail at one moment.
fn struck(units: u32, restarts_a_second: u32) -> World {
    let rules = vec![AGAIN; units as usize];
    let mut world = World::new(&rules, &[], Settings { restarts_a_second, ..settings() });
    world.step(Event::Start);
    (0..units).for_each(|unit| world.tell(unit, UnitEvent::Ready));
    world.seen.clear();
    (0..units).for_each(|unit| world.end(unit, FAILED));
    world.step(Event::Tick);
    world
}

#[test]
fn ten_thousand_that_fail_at_once_take_so_many_steps_each() {
    const UNITS: u32 = 10_000;
    let rules = vec![AGAIN; UNITS as usize];
    let settings = Settings { restarts_a_second: 20, ..settings() };
    let mut engine =
        Engine::new(Graph::default(), Groups::default(), rules.into_iter().collect(), settings);
    let (mut out, mut now) = (Out::default(), ms(0));
    engine.step(Event::Start, now, &mut out);
    for unit in 0..UNITS {
        assert!(engine.launch(unit, 1, now));
        engine.step(Event::Unit { unit, generation: 1, what: UnitEvent::Ready }, now, &mut out);
    }
    let (before, mut out) = (engine.timers.set_so_far(), Out::default());
    for unit in 0..UNITS {
        let what = UnitEvent::Ended(FAILED, Say::Nothing);
        engine.step(Event::Unit { unit, generation: 1, what }, now, &mut out);
    }
    let (mut ticks, mut starts, mut dues, mut effects) = (0, 0, 0, 0);
    loop {
        for effect in out.effects.drain(..) {
            effects += 1;
            starts += u32::from(matches!(effect, Effect::Spawn { .. }));
            dues += u32::from(matches!(effect, Effect::Due { .. }));
        }
        if starts == UNITS {
            break;
        }
        now = engine.next_deadline().expect("somebody waits").max(now);
        engine.step(Event::Tick, now, &mut out);
        ticks += 1;
    }
    let set = engine.timers.set_so_far() - before;
    assert!(ticks <= UNITS + UNITS / 50, "{ticks} ticks");
    assert!(dues <= 2 * UNITS, "told {dues} times when somebody starts again");
    assert!(effects <= 6 * UNITS, "{effects} effects");
    assert!(set <= 3 * u64::from(UNITS), "{set} timers");
    assert_eq!(now.since(ms(0)), Duration::from_millis(50 * (10_000 - 20)));
}

#[test]
fn turns_come_in_order_and_are_told_once() {
    let mut world = struck(5, 1);
    assert_eq!(world.spawned(), [0]);
    assert_eq!(world.due, Some((4, ms(4000))));
    world.due = None;
    world.advance_to(ms(4000));
    assert_eq!(world.spawned(), [0, 1, 2, 3, 4]);
    assert_eq!(world.due, None);
}

#[test]
fn who_leaves_the_queue_lets_the_others_move_up() {
    let mut world = struck(6, 1);
    assert_eq!(world.call(Op::Stop, 1), Some(Ok(())));
    assert_eq!(world.call(Op::Remove, 2), Some(Ok(())));
    assert_eq!(world.engine.storm.queue.values().copied().collect::<Vec<_>>(), [3, 4, 5]);
    world.advance_to(ms(1000));
    assert_eq!(world.spawned(), [0, 3]);
    world.shutdown();
    assert!(world.engine.storm.queue.is_empty());
}

#[test]
fn a_start_by_name_does_not_wait_for_its_turn_nor_take_that_of_another() {
    for op in [Op::Start, Op::Restart] {
        let mut world = struck(4, 1);
        world.call(op, 3);
        assert_eq!(world.spawned(), [0, 3]);
        world.advance_to(ms(1000));
        assert_eq!(world.spawned(), [0, 3, 1]);
    }
}

#[test]
fn a_late_timer_lets_no_more_through_than_the_bucket_has() {
    let mut world = struck(100, 10);
    assert_eq!(world.spawned().len(), 10);
    world.now = ms(60_000);
    world.step(Event::Tick);
    assert_eq!(world.spawned().len(), 20, "what a full bucket has");
    world.advance_to(ms(60_100));
    assert_eq!(world.spawned().len(), 21);
    assert!(world.spawned().is_sorted());
}

#[test]
fn whose_turn_comes_while_others_have_yet_to_end_waits_for_them_and_holds_up_nobody() {
    let mut groups = Groups::default();
    let group = groups.enter(Strategy::RestForOne);
    [1, 2].into_iter().for_each(|unit| groups.join(group, unit));
    let settings = Settings { restarts_a_second: 1, ..settings() };
    let rules = [AGAIN; 4];
    let mut world = World::of(&rules, Edges::default(), groups, settings).up();
    world.seen.clear();
    [0, 2, 3].into_iter().for_each(|unit| world.end(unit, FAILED));
    world.step(Event::Tick);
    world.call(Op::Restart, 1);
    world.advance_to(ms(1000));
    assert_eq!(world.spawned(), [0, 3], "1 has yet to end, and 2 starts again with it");
    world.advance_to(ms(2000));
    world.end(1, How::Completed);
    world.advance_to(ms(3000));
    assert_eq!(world.spawned(), [0, 3, 1, 2]);
}

#[test]
fn who_comes_while_others_wait_queues_up_behind_them() {
    let mut world = struck(3, 1);
    world.now = ms(10_000);
    world.tell(0, UnitEvent::Ready);
    world.end(0, FAILED);
    world.step(Event::Tick);
    assert_eq!(world.spawned(), [0, 1]);
    world.advance_to(ms(11_000));
    assert_eq!(world.spawned(), [0, 1, 2]);
    world.advance_to(ms(12_000));
    assert_eq!(world.spawned(), [0, 1, 2, 0]);
}
