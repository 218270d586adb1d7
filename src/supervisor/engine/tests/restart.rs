use super::*;
use crate::restart::{Intensity, Restart};

const ERROR: How = How::Failed { stopping: false };

/// Starts again after a failure, without end; optional.
fn flaps(delay: Duration) -> Rules {
    let backoff = crate::Backoff::constant(delay).jitter(0.0);
    Rules { restart: Restart::OnFailure, backoff, optional: true, ..Rules::PLAIN }
}

const OPTIONAL: Rules = Rules { optional: true, ..Rules::PLAIN };
const ASKS: Rules = Rules { asks: true, ..Rules::PLAIN };

#[test]
fn a_restart_is_the_next_generation_and_waits_for_its_backoff() {
    let critical = Rules { optional: false, ..flaps(Duration::from_secs(1)) };
    let mut world = World::new(&[critical], &[], settings()).up();
    assert!(world.ready);
    world.end(0, ERROR);
    assert_eq!((world.state(0), world.ready), (State::Backoff, false));
    assert_eq!(world.due, Some((0, ms(1000))));
    world.advance_to(ms(999));
    assert_eq!(world.state(0), State::Backoff);
    world.advance_to(ms(1000));
    assert_eq!((world.state(0), world.live[&0]), (State::Starting, 2));
    world.tell(0, UnitEvent::Ready);
    assert!(world.ready);
}

#[test]
fn the_daemon_is_ready_without_what_is_optional_and_starts_again() {
    let rules = [Rules::PLAIN, flaps(Duration::from_secs(1)), flaps(Duration::from_secs(1))];
    let mut world = World::new(&rules, &[(2, 1)], settings());
    world.step(Event::Start);
    world.tell(0, UnitEvent::Ready);
    assert!(!world.ready, "its first start is waited for");
    world.end(1, ERROR);
    assert_eq!((world.state(1), world.state(2)), (State::Backoff, State::Waiting));
    assert!(world.ready);
    world.advance_to(ms(1000));
    assert_eq!((world.state(1), world.ready), (State::Starting, true));
    world.tell(1, UnitEvent::Ready);
    assert_eq!((world.state(2), world.ready), (State::Starting, true), "the daemon was ready");
    world.tell(2, UnitEvent::Ready);
    for op in [Op::Restart, Op::Stop] {
        world.call(op, 2);
        assert_eq!((world.state(2), world.ready), (State::Stopping, true), "{op:?}");
        world.end(2, How::Completed);
        assert!(world.ready, "{op:?}");
        world.live.contains_key(&2).then(|| world.tell(2, UnitEvent::Ready));
    }
}

#[test]
fn what_waits_in_backoff_for_what_is_in_backoff_starts_after_it() {
    let rules = [flaps(Duration::from_secs(2)), flaps(Duration::from_secs(1))];
    let mut world = World::new(&rules, &[(1, 0)], settings()).up();
    world.end(0, ERROR);
    world.end(1, ERROR);
    world.advance_to(ms(1000));
    assert_eq!((world.state(0), world.state(1)), (State::Backoff, State::Waiting));
    world.advance_to(ms(2000));
    assert_eq!((world.state(0), world.state(1)), (State::Starting, State::Waiting));
    world.tell(0, UnitEvent::Ready);
    assert_eq!(world.state(1), State::Starting);
}

/// The tick that has the second start again is the one that leaves the first behind.
#[test]
fn a_restart_that_a_loss_takes_back_was_none() {
    let critical = Rules { optional: false, ..flaps(Duration::from_millis(20_250)) };
    let mut world = World::new(&[OPTIONAL, critical], &[(1, 0)], settings()).up();
    world.end(1, ERROR);
    world.tell(0, UnitEvent::Returned { failed: false, say: Say::Nothing });
    world.advance_to(ms(20_250));
    assert_eq!((world.state(0), world.state(1)), (State::Zombie, State::Failed));
    assert_eq!(world.ended(1), Some(EndKind::DependencyStopped));
    assert_eq!(world.engine.units()[1].generation, 1);
    let cause = Seen::Initiated(Cause::Failed(1));
    assert!(world.seen.contains(&cause), "the last start was ready: {:?}", world.seen);
}

#[test]
fn a_shutdown_takes_a_restart_back() {
    let rules = [flaps(Duration::from_secs(1)); 2];
    let mut world = World::new(&rules, &[], settings()).up();
    world.end(0, ERROR);
    world.end(1, ERROR);
    world.now = ms(1000);
    let mut out = Out::default();
    world.engine.step(Event::Tick, world.now, &mut out);
    assert!(world.engine.launch(0, 2, world.now));
    world.live.insert(0, 2);
    world.shutdown();
    assert!(!world.engine.launch(1, 2, world.now));
    let generations = [0, 1].map(|unit: usize| world.engine.units()[unit].generation);
    assert_eq!((generations, world.state(1)), ([2, 1], State::Stopped));
}

#[test]
fn who_lost_what_it_requires_is_asked_after_those_that_do_as_well() {
    let short = Rules { grace: Some(Duration::from_secs(1)), ..OPTIONAL };
    let rules = [OPTIONAL, OPTIONAL, short, Rules::PLAIN];
    let mut world = World::new(&rules, &[(1, 0), (2, 1)], settings()).up();
    world.end(0, ERROR);
    assert_eq!(world.asked(), [2]);
    // It is deaf: left behind, it holds up nobody.
    world.advance_to(ms(1249));
    assert_eq!(world.asked(), [2]);
    world.advance_to(ms(1250));
    assert_eq!(world.asked(), [2, 1]);
    world.end(1, How::Completed);
    assert_eq!(world.ended(1), Some(EndKind::DependencyStopped));
    assert_eq!(world.state(3), State::Running, "the daemon lives on");
}

#[test]
fn the_users_code_is_asked_before_anybody_else_has_lost_it() {
    for (says, cause) in [
        (Say::Shutdown(9), Cause::Asked(0, 9)),
        (Say::Nothing, Cause::Failed(0)),
        (Say::Final, Cause::Failed(1)),
    ] {
        let mut world = World::new(&[ASKS, Rules::PLAIN], &[(1, 0)], settings()).up();
        world.says = says;
        world.end(0, ERROR);
        world.end(1, How::Completed);
        let initiated = |seen: &Seen| matches!(seen, Seen::Initiated(_));
        assert_eq!(world.seen.iter().find(|seen| initiated(seen)), Some(&Seen::Initiated(cause)));
    }
}

#[test]
fn a_daemon_that_goes_on_without_something_critical_is_ready() {
    let mut world = World::new(&[ASKS, Rules::PLAIN], &[], settings());
    world.says = Say::Final;
    world.step(Event::Start);
    world.tell(1, UnitEvent::Ready);
    assert!(!world.ready);
    world.end(0, ERROR);
    assert!(world.ready && world.live.contains_key(&1));
    world.end(1, How::Completed);
    assert!(world.seen.contains(&Seen::Initiated(Cause::NothingToRun)));
    assert_eq!(world.engine.exit_code(), 1, "one of the two has completed");
}

#[test]
fn nothing_left_of_the_optional_ones_is_69_or_worse() {
    for (how, code) in [(ERROR, 69), (How::Panicked, 70)] {
        let mut world = World::new(&[OPTIONAL, OPTIONAL], &[], settings()).up();
        world.end(0, ERROR);
        world.end(1, how);
        assert!(world.exited);
        assert_eq!(world.engine.exit_code(), code);
    }
    let background = Rules { background: true, ..Rules::PLAIN };
    let mut world = World::new(&[background], &[], settings()).up();
    world.end(0, How::Completed);
    assert_eq!(world.engine.exit_code(), 0, "nothing kept it alive, and nothing failed");
}

#[test]
fn what_was_said_is_acted_upon_while_its_work_in_flight_drains() {
    let rules = [flaps(Duration::from_secs(1)), Rules::PLAIN];
    let critical = Rules { optional: false, ..rules[0] };
    for (first, failed, say, cause) in [
        (rules[0], false, Say::Shutdown(7), Some(Cause::Asked(0, 7))),
        (rules[0], true, Say::Shutdown(7), Some(Cause::Asked(0, 7))),
        (critical, true, Say::Final, Some(Cause::Failed(0))),
        (critical, true, Say::Nothing, None),
        (critical, false, Say::Final, None),
        (rules[0], true, Say::Final, None),
    ] {
        let mut world = World::new(&[first, rules[1]], &[], settings()).up();
        world.busy = vec![0];
        world.tell(0, UnitEvent::Returned { failed, say });
        let initiated = world.seen.iter().find_map(|seen| match seen {
            Seen::Initiated(cause) => Some(*cause),
            _ => None,
        });
        assert_eq!(initiated, cause, "{failed} {say:?}");
    }
}

#[test]
fn a_signal_that_forces_starts_nothing_again_while_its_dump_is_written() {
    let rules = [flaps(Duration::from_millis(100)), Rules::PLAIN];
    let mut world = World::new(&rules, &[], settings()).up();
    world.dumps = false;
    world.end(0, ERROR);
    world.step(Event::Signal(Signal::Quit));
    world.advance_to(ms(500));
    assert_eq!((world.spawned().len(), world.state(0)), (2, State::Backoff));
    world.step(Event::Dumped);
    assert_eq!(world.state(0), State::Stopped);
}

#[test]
fn only_a_start_that_was_ready_resets_the_backoff() {
    let backoff = crate::Backoff::exponential(Duration::from_secs(1), Duration::from_secs(64));
    let backoff = backoff.jitter(0.0).reset_after(Duration::from_secs(5));
    let rules = Rules { backoff, explicit_ready: true, ..flaps(Duration::ZERO) };
    for (ready, second) in [(false, 2), (true, 1)] {
        let mut world = World::new(&[rules, Rules::PLAIN], &[], settings());
        world.step(Event::Start);
        world.end(0, ERROR);
        world.advance_to(ms(1000));
        if ready {
            world.tell(0, UnitEvent::Ready);
        }
        world.advance_to(ms(6000));
        world.end(0, ERROR);
        assert_eq!(world.due, Some((0, ms(6000 + second * 1000))), "ready: {ready}");
    }
}

/// The tick that has it start again does not also end that start: it has to be spawned first.
#[test]
fn a_restart_with_no_time_to_start_is_spawned_before_it_is_too_late() {
    let hasty = Rules { start_timeout: Some(Duration::ZERO), ..flaps(Duration::from_secs(1)) };
    let mut world = World::new(&[hasty], &[], settings());
    world.step(Event::Start);
    world.end(0, ERROR);
    world.advance_to(ms(1000));
    assert_eq!((world.live.get(&0), world.state(0)), (Some(&2), State::Aborting));
}

#[test]
fn the_daemon_lives_on_without_what_is_optional_if_the_users_code_says_nothing() {
    let rules = [Rules::PLAIN, Rules { optional: true, ..ASKS }];
    let mut world = World::new(&rules, &[], settings()).up();
    world.end(1, ERROR);
    assert_eq!(world.state(1), State::Failed);
    assert!(!world.seen.iter().any(|seen| matches!(seen, Seen::Initiated(_))));
}

#[test]
fn what_failed_too_often_or_lost_what_it_requires_counts_as_unavailable_at_the_end() {
    let limit = Intensity { failures: 0, window: Duration::from_secs(10) };
    let limited = Rules { intensity: Some(limit), ..flaps(Duration::ZERO) };
    let rules = [Rules::PLAIN, limited, OPTIONAL];
    let mut world = World::new(&rules, &[(2, 1)], settings()).up();
    world.end(1, ERROR);
    world.end(2, How::Completed);
    assert_eq!((world.state(1), world.ended(1)), (State::Failed, Some(EndKind::Error)));
    assert_eq!(world.ended(2), Some(EndKind::DependencyStopped));
    world.shutdown();
    world.end(0, How::Completed);
    assert_eq!((world.exited, world.engine.exit_code()), (true, 69));
}
