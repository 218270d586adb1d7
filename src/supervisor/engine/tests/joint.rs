//! Groups and bound dependencies: who starts again with whom, and when.

use super::*;
use crate::backoff::Backoff;
use crate::restart::Restart;
use crate::strategy::Strategy;

const AGAIN: Rules = Rules {
    restart: Restart::OnFailure,
    backoff: Backoff::constant(Duration::from_millis(100)),
    ..Rules::PLAIN
};
const FAILED: How = How::Failed { stopping: false };

/// Units in one group, without dependencies.
fn group(rules: &[Rules], strategy: Strategy) -> World {
    let mut groups = Groups::default();
    let group = groups.enter(strategy);
    (0..).zip(rules).for_each(|(unit, _)| groups.join(group, unit));
    World::of(rules, Edges::default(), groups, settings()).up()
}

fn bound(rules: &[Rules], edges: &[(u32, u32)]) -> World {
    let edges = Edges { all: edges.to_vec(), needed: edges.to_vec(), bound: edges.to_vec() };
    World::of(rules, edges, Groups::default(), settings()).up()
}

#[test]
fn a_strategy_says_who_is_stopped_and_started_again() {
    for (strategy, along) in [
        (Strategy::OneForOne, &[][..]),
        (Strategy::OneForAll, &[0, 2]),
        (Strategy::RestForOne, &[2]),
    ] {
        let mut world = group(&[AGAIN; 3], strategy);
        world.seen.clear();
        world.end(1, FAILED);
        assert_eq!(world.asked(), along, "{strategy:?}");
        world.advance_to(ms(150));
        let held = along.is_empty();
        assert_eq!(world.spawned().contains(&1), held, "{strategy:?}: it waits for the others");
        for unit in along {
            world.end(*unit, How::Completed);
            assert_eq!(world.ended(*unit), Some(EndKind::Requested));
        }
        world.advance_to(ms(151));
        let mut spawned = world.spawned();
        spawned.sort_unstable();
        let mut all = [along, &[1]].concat();
        all.sort_unstable();
        assert_eq!(spawned, all, "{strategy:?}");
    }
}

#[test]
fn a_group_waits_for_the_backoff_of_the_one_that_failed() {
    let mut world = group(&[AGAIN; 3], Strategy::OneForAll);
    world.seen.clear();
    world.end(0, FAILED);
    world.end(1, How::Completed);
    world.end(2, How::Completed);
    assert!((0..3).all(|unit| world.state(unit) == State::Backoff));
    world.advance_to(ms(99));
    assert!(world.spawned().is_empty());
    world.advance_to(ms(100));
    assert_eq!(world.spawned(), [0, 1, 2]);
}

#[test]
fn a_completed_member_comes_again_and_a_temporary_one_does_not() {
    let never = Rules { optional: true, ..Rules::PLAIN };
    let mut world = group(&[AGAIN, AGAIN, never], Strategy::OneForAll);
    world.end(1, How::Completed);
    assert_eq!(world.state(1), State::Stopped);
    world.seen.clear();
    world.end(0, FAILED);
    assert_eq!((world.state(1), world.asked()), (State::Backoff, vec![2]));
    world.end(2, How::Completed);
    world.advance_to(ms(100));
    assert_eq!(world.spawned(), [0, 1]);
    assert_eq!(world.state(2), State::Stopped);
}

#[test]
fn the_end_of_a_temporary_member_concerns_nobody_else() {
    let never = Rules { optional: true, ..Rules::PLAIN };
    let mut world = group(&[never, AGAIN], Strategy::OneForAll);
    world.end(0, How::Panicked);
    assert_eq!((world.state(0), world.state(1)), (State::Failed, State::Running));
    assert!(world.asked().is_empty());
}

#[test]
fn a_group_is_lost_with_a_member_that_gives_up() {
    let limit = crate::restart::Intensity { failures: 1, window: Duration::from_secs(60) };
    let limited = Rules { optional: true, intensity: Some(limit), ..AGAIN };
    let mut world = group(&[limited; 3], Strategy::RestForOne);
    world.end(1, FAILED);
    world.end(2, How::Completed);
    world.advance_to(ms(100));
    world.tell(1, UnitEvent::Ready);
    world.tell(2, UnitEvent::Ready);
    world.seen.clear();
    world.end(1, FAILED);
    assert_eq!((world.state(1), world.asked()), (State::Failed, vec![2]));
    world.end(2, How::Completed);
    assert_eq!(world.ended(2), Some(EndKind::DependencyStopped));
    assert_eq!(world.state(0), State::Running);
}

#[test]
fn whoever_is_bound_is_stopped_first_and_starts_when_the_other_is_ready() {
    let mut world = bound(&[AGAIN; 3], &[(1, 0), (2, 1)]);
    world.seen.clear();
    world.end(0, FAILED);
    assert_eq!(world.asked(), [2]);
    world.end(2, How::Completed);
    assert_eq!(world.asked(), [2, 1]);
    world.advance_to(ms(200));
    assert!(world.spawned().is_empty(), "1 lives");
    world.end(1, How::Completed);
    world.advance_to(ms(201));
    assert_eq!(world.spawned(), [0]);
    assert_eq!((world.state(1), world.state(2)), (State::Waiting, State::Waiting));
    world.tell(0, UnitEvent::Ready);
    assert_eq!(world.spawned(), [0, 1]);
}

#[test]
fn two_failures_at_one_instant_are_one_joint_restart() {
    let mut world = group(&[AGAIN; 4], Strategy::OneForAll);
    world.seen.clear();
    world.end(0, FAILED);
    world.end(3, FAILED);
    world.end(1, How::Panicked);
    world.advance_to(ms(150));
    assert!(world.spawned().is_empty(), "2 lives");
    world.end(2, How::Completed);
    world.advance_to(ms(151));
    let mut spawned = world.spawned();
    spawned.sort_unstable();
    assert_eq!(spawned, [0, 1, 2, 3]);
    let generations: Vec<u32> = world.engine.units().iter().map(|unit| unit.generation).collect();
    assert_eq!(generations, [2; 4]);
}

#[test]
fn a_member_that_hangs_is_left_behind_and_takes_the_daemon_with_it() {
    let mut world = group(&[AGAIN; 2], Strategy::OneForAll);
    world.end(0, FAILED);
    world.advance_to(ms(60_000));
    assert_eq!(world.state(1), State::Zombie);
    assert!(world.seen.contains(&Seen::Initiated(Cause::Failed(1))), "{:?}", world.seen);
}

#[test]
fn a_shutdown_in_a_joint_restart_starts_nothing() {
    let mut world = group(&[AGAIN; 3], Strategy::OneForAll);
    world.seen.clear();
    world.end(0, FAILED);
    world.end(1, How::Completed);
    world.shutdown();
    world.end(2, How::Completed);
    world.advance_to(ms(60_000));
    assert!(world.exited && world.spawned().is_empty());
}

#[test]
fn a_member_that_is_started_by_name_meanwhile_waits_for_the_others() {
    let mut world = group(&[AGAIN; 3], Strategy::OneForAll);
    world.call(Op::Stop, 0);
    world.end(0, How::Completed);
    world.end(1, FAILED);
    world.seen.clear();
    world.call(Op::Start, 0);
    assert_eq!((world.state(0), world.state(2)), (State::Backoff, State::Stopping));
    world.end(2, How::Completed);
    world.advance_to(ms(200));
    let mut spawned = world.spawned();
    spawned.sort_unstable();
    assert_eq!(spawned, [0, 1, 2]);
}

#[test]
fn what_was_left_behind_and_ended_later_does_not_come_again() {
    let optional = Rules { optional: true, ..AGAIN };
    let mut world = group(&[AGAIN, optional], Strategy::RestForOne);
    world.tell(1, UnitEvent::Returned { failed: false, say: Say::Nothing });
    world.advance_to(ms(60_000));
    assert_eq!(world.state(1), State::Zombie);
    world.end(1, How::Completed);
    world.end(0, FAILED);
    world.advance_to(ms(120_000));
    assert_eq!((world.state(0), world.state(1)), (State::Starting, State::Stopped));
}

#[test]
fn what_completed_does_not_come_again_if_what_it_requires_was_stopped_by_name() {
    let mut edges = Edges::default();
    edges.add(1, 0, crate::subsystem::Kind::Requires);
    let mut groups = Groups::default();
    let all = groups.enter(Strategy::OneForAll);
    (0..3).for_each(|unit| groups.join(all, unit));
    let mut world = World::of(&[AGAIN; 3], edges, groups, settings()).up();
    world.end(1, How::Completed);
    world.call(Op::Stop, 0);
    world.end(0, How::Completed);
    world.end(2, FAILED);
    world.advance_to(ms(60_000));
    assert_eq!((world.state(1), world.state(2)), (State::Stopped, State::Starting));
}

#[test]
fn who_has_done_its_work_for_good_keeps_those_that_require_it() {
    let mut edges = Edges::default();
    edges.add(2, 1, crate::subsystem::Kind::Requires);
    let mut groups = Groups::default();
    let all = groups.enter(Strategy::OneForAll);
    (0..2).for_each(|unit| groups.join(all, unit));
    let mut world = World::of(&[AGAIN; 3], edges, groups, settings()).up();
    world.tell(1, UnitEvent::Ended(How::Completed, Say::Final));
    world.end(0, FAILED);
    assert_eq!((world.state(1), world.state(2)), (State::Stopped, State::Running));
}

#[test]
fn whom_it_takes_along_is_told_the_first_few_by_name() {
    for (members, named, more) in [(2, 1, 0), (9, 8, 0), (12, 8, 3)] {
        let mut world = group(&vec![AGAIN; members], Strategy::OneForAll);
        world.end(0, FAILED);
        let others = Box::new(Waiting { units: (1..=named).collect(), more });
        assert!(world.notes.contains(&Note::TakesAlong { unit: 0, others }), "{members}");
    }
    let mut alone = group(&[AGAIN; 3], Strategy::RestForOne);
    alone.end(2, FAILED);
    assert!(!alone.notes.iter().any(|note| matches!(note, Note::TakesAlong { .. })));
}
