//! Those that restart with what was published: until when they are waited for, whose failures are the reload's, and
//! what is somebody else's doing.

use super::*;
use crate::health::ProbeRules;
use crate::strategy::Strategy;
use crate::subsystem::Kind;

const FAILED: How = How::Failed { stopping: false };
const SECOND: Duration = Duration::from_secs(1);
/// Stays stopped if it is stopped with others.
const TEMPORARY: Rules = Rules { optional: true, explicit_ready: true, ..Rules::PLAIN };

/// Two, of which the second requires the first, with such limits.
fn chain(grace: Duration, start: Duration) -> World {
    let rules = Rules { grace: Some(grace), start_timeout: Some(start), ..units(1)[0] };
    world(&[rules; 2], &[(1, 0)])
}

/// Everybody runs; `members` start again together.
fn group(rules: &[Rules], edges: &[(u32, u32, Kind)], members: &[u32]) -> World {
    let (mut given, mut groups) = (Edges::default(), Groups::default());
    edges.iter().for_each(|(unit, on, kind)| given.add(*unit, *on, *kind));
    let all = groups.enter(Strategy::OneForAll);
    members.iter().for_each(|unit| groups.join(all, *unit));
    World::of(rules, given, groups, Settings { reloadable: true, ..settings() }).up()
}

fn reverts(world: &World) -> Vec<u32> {
    let culprit =
        |seen: &Seen| if let Seen::Revert(culprit) = seen { Some(*culprit) } else { None };
    world.seen.iter().filter_map(culprit).collect()
}

#[test]
fn the_longest_grace_and_start_and_half_a_minute_more_are_waited_for() {
    let mut world = chain(100 * SECOND, 50 * SECOND);
    let (began, _) = (world.now, world.reload());
    world.changed(&[(0, Duty::Restart), (1, Duty::Restart)]);
    world.say(0, Said::Live);
    world.say(1, Said::Live);
    world.advance_to(began + 99 * SECOND);
    world.end(1, How::Completed);
    assert_eq!(world.asked(), [1, 0], "each has its grace");
    world.advance_to(began + (180 * SECOND - Duration::from_millis(1)));
    assert!(reverts(&world).is_empty());
    world.advance_to(began + 180 * SECOND);
    assert_eq!(reverts(&world), [0]);
}

#[test]
fn the_time_of_one_reload_is_not_that_of_the_next() {
    let mut world = chain(10 * SECOND, 1000 * SECOND);
    let began = world.now;
    let restart = |world: &mut World| {
        let ticket = world.reload();
        world.changed(&[(1, Duty::Restart)]);
        world.say(1, Said::Live);
        world.end(1, How::Completed);
        ticket
    };
    let first = restart(&mut world);
    world.turn_over();
    assert_eq!(world.reloads[&first], Outcome::Done);
    world.advance_to(began + 1030 * SECOND);
    let second = restart(&mut world);
    world.advance_to(began + 1041 * SECOND);
    assert_eq!((reverts(&world), world.reloads.get(&second)), (vec![], None));
}

#[test]
fn an_answer_to_what_was_proposed_before_says_nothing_of_what_is() {
    let mut world = world(&units(1), &[]);
    let (first, number) = (world.reload(), world.number());
    world.changed(&[(0, Duty::Look)]);
    world.advance_to(world.now + PREPARE_TIMEOUT);
    assert_eq!(world.reloads[&first], Outcome::Silent(0));
    world.reload();
    world.changed(&[(0, Duty::Look)]);
    world.tell(0, UnitEvent::Prepared { number, said: Said::Live });
    assert_eq!(world.has_published(), 0);
    world.say(0, Said::Live);
    assert_eq!(world.has_published(), 1);
}

#[test]
fn who_is_lost_while_it_is_asked_does_not_restart() {
    let [again, _] = units(2)[..] else { unreachable!() };
    let mut world = group(&[TEMPORARY, again, again], &[(1, 0, Kind::Requires)], &[1, 2]);
    let ticket = world.reload();
    world.changed(&[(2, Duty::Restart)]);
    world.end(0, FAILED);
    assert_eq!((world.reloads[&ticket], world.has_published()), (Outcome::Done, 1));
    assert!(world.engine.restarted_by_reload().is_empty());
    let along = |note: &Note| matches!(note, Note::TakesAlong { .. });
    assert!(!world.notes.iter().any(along), "{:?}", world.notes);
}

#[test]
fn who_is_lost_with_one_that_restarts_is_not_waited_for() {
    // 1 restarts and takes 0 along, which stays stopped; 2 is bound to that, and lost.
    let again = Rules { optional: true, ..units(1)[0] };
    let mut world = group(&[TEMPORARY, again, again], &[(2, 0, Kind::Binds)], &[0, 1]);
    world.call(Op::Restart, 1);
    let ticket = world.reload();
    world.changed(&[(1, Duty::Take)]);
    assert_eq!(world.engine.restarted_by_reload(), [1]);
    world.turn_over();
    assert_eq!(world.state(2), State::Failed);
    assert_eq!((reverts(&world), world.reloads[&ticket]), (vec![], Outcome::Done));
}

#[test]
fn a_commit_that_panicked_in_a_generation_that_is_over_restarts_nobody() {
    let mut world = group(&units(2), &[], &[0, 1]);
    world.end(0, How::Completed);
    world.step(Event::Unit { unit: 0, generation: 1, what: UnitEvent::CommitFailed });
    assert_eq!((world.state(0), world.state(1)), (State::Stopped, State::Running));
    assert!(world.asked().is_empty());
}

#[test]
fn who_was_unhealthy_before_it_restarted_is_no_failure_of_the_reload() {
    let settings = Settings { reloadable: true, ..settings() };
    let mut world = World::new(&units(1), &[], settings);
    let rules = ProbeRules { delay: SECOND, every: SECOND, timeout: SECOND, rise: 1, fall: 1 };
    let liveness = Some(Asking::new(rules, false));
    world.engine.watch(0, Checks { liveness, ..Checks::default() });
    let mut world = world.up();
    world.advance_to(world.now + SECOND);
    let (_, probe, number) = world.questions[0];
    world.tell(0, UnitEvent::Checked { probe, number, answer: Answer::Bad });
    assert_eq!(world.asked(), [0]);
    let ticket = world.reload();
    world.changed(&[(0, Duty::Restart)]);
    world.end(0, How::Completed);
    assert_eq!((world.ended(0), world.state(0)), (Some(EndKind::Unhealthy), State::Backoff));
    assert_eq!((reverts(&world), world.engine.units()[0].streak), (vec![], 1));
    world.call(Op::Start, 0);
    world.turn_over();
    assert_eq!(world.reloads[&ticket], Outcome::Done);
}

#[test]
fn who_does_not_come_back_takes_it_back_at_once() {
    let optional = Rules { optional: true, grace: Some(SECOND), ..units(1)[0] };
    for ends in [false, true] {
        let mut world = world(&[optional, units(1)[0]], &[]);
        let ticket = world.reload();
        world.changed(&[(0, Duty::Restart)]);
        world.say(0, Said::Live);
        if ends {
            world.end(0, How::Completed);
            world.tell(0, UnitEvent::Ended(FAILED, Say::Final));
        } else {
            world.advance_to(world.now + 2 * SECOND);
        }
        let over = if ends { State::Failed } else { State::Zombie };
        assert_eq!((world.state(0), reverts(&world)), (over, vec![0]));
        assert_eq!(world.reloads[&ticket], Outcome::RolledBack(0));
    }
}

#[test]
fn who_is_stopped_by_name_is_waited_for_until_nothing_of_it_runs_with_what_was_before() {
    for again in [false, true] {
        let mut world = world(&units(2), &[]);
        world.busy = vec![0];
        let ticket = world.reload();
        world.changed(&[(0, Duty::Restart)]);
        world.say(0, Said::Live);
        if again {
            world.end(0, How::Completed);
            assert_eq!(world.state(0), State::Starting);
        }
        world.call(Op::Stop, 0);
        world.tell(0, UnitEvent::Drained);
        assert_eq!(world.state(0), State::Stopping);
        assert_eq!(world.reloads.contains_key(&ticket), again, "it runs with what was published");
        world.end(0, How::Completed);
        assert_eq!(world.reloads[&ticket], Outcome::Done);
    }
}

#[test]
fn who_becomes_ready_before_it_is_taken_back_and_then_fails_is_left_to_its_policy() {
    let mut world = world(&units(3), &[]);
    world.reload();
    world.changed(&[(0, Duty::Take), (1, Duty::Take), (2, Duty::Look)]);
    world.say(0, Said::Nothing);
    world.say(1, Said::Nothing);
    world.say(2, Said::Live);
    world.end(0, How::Completed);
    world.end(1, How::Completed);
    world.end(0, FAILED);
    assert_eq!((reverts(&world), world.has_published()), (vec![0], 1), "2 is asked");
    world.tell(1, UnitEvent::Ready);
    world.end(1, FAILED);
    let streaks = [0, 1].map(|unit| world.engine.units()[unit].streak);
    assert_eq!(streaks, [0, 1]);
}

#[test]
fn who_waits_for_another_that_is_tried_is_tried_until_it_is_taken_back() {
    let mut world = world(&units(4), &[(1, 0)]);
    let ticket = world.reload();
    world.changed(&[0, 1, 2, 3].map(|unit| (unit, Duty::Look)));
    for unit in [0, 1, 2] {
        world.say(unit, Said::Restart);
    }
    world.say(3, Said::Live);
    world.end(2, How::Completed);
    world.end(2, FAILED);
    assert_eq!((reverts(&world), world.has_published()), (vec![2], 1), "3 is asked");
    world.end(1, How::Completed);
    world.end(0, How::Completed);
    assert_eq!((world.state(0), world.state(1)), (State::Starting, State::Waiting));
    world.tell(0, UnitEvent::Ready);
    world.end(1, FAILED);
    assert_eq!(world.engine.units()[1].streak, 0, "its policy was not asked");
    world.say(3, Said::Live);
    world.turn_over();
    assert_eq!(world.reloads[&ticket], Outcome::RolledBack(2));
    assert!((0..4).all(|unit| world.state(unit) == State::Running));
}

#[test]
fn what_returns_with_an_error_while_it_is_tried_ends_the_daemon_only_if_it_says_so() {
    for (say, ends) in [(Say::Nothing, false), (Say::Final, true)] {
        let rules = Rules { explicit_ready: true, ..Rules::PLAIN };
        let mut world = world(&[rules; 2], &[]);
        world.reload();
        world.changed(&[(0, Duty::Restart)]);
        world.say(0, Said::Live);
        world.end(0, How::Completed);
        world.tell(0, UnitEvent::Returned { failed: true, say });
        let initiated = world.seen.contains(&Seen::Initiated(Cause::StartFailed(0)));
        assert_eq!(initiated, ends, "{say:?}");
    }
}

#[test]
fn what_is_to_start_later_than_it_was_to_does_not_start_when_it_was_to() {
    // 2 starts again with 1 after 1 s, is to start at once with the reload, but not before 0 has ended, and then with 0.
    let after = |seconds: u32| {
        let backoff = crate::backoff::Backoff::constant(seconds * SECOND).jitter(0.0);
        Rules { restart: Restart::OnFailure, backoff, ..Rules::PLAIN }
    };
    let mut given = Edges::default();
    [0, 1].into_iter().for_each(|on| given.add(2, on, Kind::Binds));
    let settings = Settings { reloadable: true, ..settings() };
    let rules = [after(5), after(1), after(0)];
    let mut world = World::of(&rules, given, Groups::default(), settings);
    let (every, timeout) = (60 * SECOND, SECOND);
    let once = ProbeRules { delay: Duration::ZERO, every, timeout, rise: 1, fall: 1 };
    let liveness = Some(Asking::new(once, false));
    world.engine.watch(0, Checks { liveness, ..Checks::default() });
    let mut world = world.up();
    world.step(Event::Tick);
    world.end(1, FAILED);
    world.end(2, How::Completed);
    let (unit, probe, number) = world.questions.remove(0);
    world.tell(unit, UnitEvent::Checked { probe, number, answer: Answer::Bad });
    world.reload();
    world.changed(&[(2, Duty::Restart)]);
    assert_eq!((world.asked().last(), world.state(2)), (Some(&0), State::Backoff));
    world.end(0, FAILED);
    world.advance_to(ms(1000));
    assert_eq!((world.state(1), world.state(2)), (State::Starting, State::Backoff));
    world.tell(1, UnitEvent::Ready);
    world.advance_to(ms(4999));
    assert_eq!((world.state(0), world.state(2)), (State::Backoff, State::Backoff));
    world.advance_to(ms(5000));
    world.tell(0, UnitEvent::Ready);
    assert_eq!(world.state(2), State::Starting);
}
