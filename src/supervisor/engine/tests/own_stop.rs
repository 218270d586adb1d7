//! Who may have what restarted by name: whoever is not stopped by that.

use super::*;
use crate::restart::Restart;
use crate::strategy::Strategy;
use crate::subsystem::Kind;

const AGAIN: Rules = Rules { restart: Restart::OnFailure, ..Rules::PLAIN };
/// Stays stopped if it is stopped with others.
const TEMPORARY: Rules = Rules { optional: true, ..Rules::PLAIN };
const FAILED: How = How::Failed { stopping: false };

/// Everybody runs; each of `all` is a group that starts again as a whole.
fn world(rules: &[Rules], edges: &[(u32, u32, Kind)], all: &[&[u32]]) -> World {
    let (mut given, mut groups) = (Edges::default(), Groups::default());
    edges.iter().for_each(|(unit, on, kind)| given.add(*unit, *on, *kind));
    for members in all {
        let group = groups.enter(Strategy::OneForAll);
        members.iter().for_each(|unit| groups.join(group, *unit));
    }
    World::of(rules, given, groups, settings()).up()
}

#[test]
fn who_requires_a_temporary_one_is_not_stopped_by_its_restart() {
    let rules = [TEMPORARY, AGAIN];
    let mut world = world(&rules, &[(1, 0, Kind::Requires)], &[]);
    assert_eq!(world.call_from(Some(1), Op::Restart, 0).1, None);
    assert_eq!(world.asked(), [0]);
}

#[test]
fn who_requires_one_that_is_over_and_is_not_started_again_is_not_stopped() {
    // 2 has done its work, and 3 goes on without it.
    let rules = [AGAIN, TEMPORARY, TEMPORARY, AGAIN];
    let edges = [(2, 1, Kind::Requires), (3, 2, Kind::Requires)];
    let mut world = world(&rules, &edges, &[&[0, 1]]);
    world.end(2, How::Completed);
    assert_eq!(world.call_from(Some(3), Op::Restart, 0).1, None);
    world.end(0, How::Completed);
    world.end(1, How::Completed);
    assert_eq!((world.state(1), world.state(3)), (State::Stopped, State::Running));
}

#[test]
fn a_temporary_one_that_stays_stopped_does_not_stop_its_group_for_good() {
    let rules = [AGAIN, TEMPORARY, AGAIN];
    let mut world = world(&rules, &[(2, 0, Kind::Requires)], &[&[0, 1]]);
    assert_eq!(world.call_from(Some(2), Op::Restart, 0).1, None);
    world.end(0, How::Completed);
    world.end(1, How::Completed);
    let states = [0, 1, 2].map(|unit| world.state(unit));
    assert_eq!(states, [State::Starting, State::Stopped, State::Running]);
}

#[test]
fn who_is_in_a_group_with_one_that_is_stopped_for_good_is_refused() {
    // With 0 stops 1, and stays so; with that 2, which requires it, and the group of that.
    let rules = [AGAIN, TEMPORARY, AGAIN, AGAIN];
    let edges = [(1, 0, Kind::Binds), (2, 1, Kind::Requires)];
    let mut world = world(&rules, &edges, &[&[2, 3]]);
    assert_eq!(world.call_from(Some(3), Op::Restart, 0).1, Some(Err(Refusal::OwnStop)));
    assert!(world.asked().is_empty());
    world.call(Op::Restart, 0);
    assert!(world.asked().contains(&3), "{:?}", world.asked());
}

#[test]
fn who_is_being_stopped_for_another_reason_is_not_stopped_by_it() {
    let rules = [AGAIN, TEMPORARY, TEMPORARY, AGAIN];
    let edges = [(1, 0, Kind::Binds), (3, 1, Kind::Requires), (3, 2, Kind::Requires)];
    let mut world = world(&rules, &edges, &[]);
    world.end(2, FAILED);
    assert_eq!(world.asked(), [3], "it is lost with 2");
    assert_eq!(world.call_from(Some(3), Op::Restart, 0).1, None);
}
