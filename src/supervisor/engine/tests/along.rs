//! What a joint restart, a loss and a shutdown leave as it is.

use super::*;
use crate::restart::Restart;
use crate::strategy::Strategy;
use crate::subsystem::Kind;

const AGAIN: Rules = Rules {
    restart: Restart::OnFailure,
    backoff: crate::backoff::Backoff::constant(Duration::from_millis(100)),
    ..Rules::PLAIN
};
const OPTIONAL: Rules = Rules { optional: true, ..AGAIN };
/// Stays stopped if it is stopped with others.
const TEMPORARY: Rules = Rules { optional: true, ..Rules::PLAIN };
const FAILED: How = How::Failed { stopping: false };

/// `members` are a group.
fn world(rules: &[Rules], edges: &[(u32, u32, Kind)], members: (Strategy, &[u32])) -> World {
    let (mut given, mut groups) = (Edges::default(), Groups::default());
    edges.iter().for_each(|(unit, on, kind)| given.add(*unit, *on, *kind));
    let group = groups.enter(members.0);
    members.1.iter().for_each(|unit| groups.join(group, *unit));
    World::of(rules, given, groups, settings())
}

#[test]
fn a_restart_of_what_was_left_behind_takes_nobody_along() {
    let group = (Strategy::OneForAll, &[0, 1][..]);
    let mut world = world(&[AGAIN, TEMPORARY], &[], group).up();
    world.tell(1, UnitEvent::Returned { failed: false, say: Say::Nothing });
    world.advance_to(ms(60_000));
    assert_eq!((world.state(0), world.state(1)), (State::Running, State::Zombie));
    world.seen.clear();
    assert_eq!(world.call(Op::Restart, 1), Some(Err(Refusal::StillStopping)));
    assert_eq!((world.state(0), world.asked()), (State::Running, vec![]));
}

#[test]
fn a_joint_restart_makes_no_stop_by_name_of_a_loss() {
    // 2 is lost with 3 while it would stay stopped with 0 and 1.
    let group = (Strategy::RestForOne, &[0, 1, 2][..]);
    let rules = [AGAIN, AGAIN, TEMPORARY, TEMPORARY];
    let mut world = world(&rules, &[(2, 3, Kind::Requires)], group).up();
    world.end(3, FAILED);
    assert_eq!(world.asked(), [2]);
    world.end(0, FAILED);
    assert_eq!(world.asked(), [2, 1]);
    world.end(2, How::Completed);
    assert_eq!(world.state(2), State::Failed);
    assert_eq!(world.ended(2), Some(EndKind::DependencyStopped));
}

#[test]
fn whoever_is_lost_does_not_begin_to_start_on_the_way() {
    // 2 only comes after 1, for which it waits, and is lost with it: both are of a group, and 1 requires 0.
    let group = (Strategy::OneForAll, &[1, 2][..]);
    let rules = [TEMPORARY, OPTIONAL, OPTIONAL];
    let edges = [(1, 0, Kind::Requires), (2, 1, Kind::After)];
    let mut world = world(&rules, &edges, group);
    world.step(Event::Start);
    assert_eq!((world.state(1), world.state(2)), (State::Waiting, State::Waiting));
    let mut out = Out::default();
    let what = UnitEvent::Ended(FAILED, Say::Nothing);
    world.engine.step(Event::Unit { unit: 0, generation: 1, what }, world.now, &mut out);
    let turns: Vec<_> = out.turns.iter().map(|turn| (turn.unit, turn.state)).collect();
    assert_eq!(turns, [0, 1, 2].map(|unit| (unit, State::Failed)));
    assert_eq!(world.engine.units()[2].generation, 0);
}

#[test]
fn whoever_is_lost_with_what_ends_the_daemon_is_asked_after_the_lame_duck() {
    let timeouts = crate::Config::builder()
        .lame_duck(Duration::from_secs(1))
        .build()
        .expect("it is in order")
        .shutdown();
    let settings = Settings { tuning: Tuning { timeouts, ..TUNING }, ..settings() };
    let (mut edges, mut groups) = (Edges::default(), Groups::default());
    edges.add(1, 0, Kind::Requires);
    let group = groups.enter(Strategy::OneForAll);
    [1, 2].iter().for_each(|unit| groups.join(group, *unit));
    let mut world = World::of(&[TEMPORARY, AGAIN, AGAIN], edges, groups, settings);
    world.step(Event::Start);
    world.tell(2, UnitEvent::Ready);
    // 1, which waits for it, fails for good, and the daemon cannot be without that.
    world.end(0, FAILED);
    assert!(world.seen.contains(&Seen::Initiated(Cause::StartFailed(1))), "{:?}", world.seen);
    assert!(world.asked().is_empty());
    world.advance_to(world.now + Duration::from_secs(1));
    assert_eq!(world.asked(), [2]);
}
