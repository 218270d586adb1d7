//! Calls at run time, each in every state.

use super::*;
use crate::backoff::Backoff;
use crate::restart::Restart;
use crate::subsystem::Kind;

pub(super) const AGAIN: Rules = Rules {
    restart: Restart::OnFailure,
    backoff: Backoff::constant(Duration::from_millis(100)),
    ..Rules::PLAIN
};
pub(super) const IDLE: Rules = Rules { background: true, ..AGAIN };
const FAILED: How = How::Failed { stopping: false };

/// One that keeps the daemon alive, and the one that is spoken of, which is ready.
fn world() -> World {
    World::new(&[AGAIN, IDLE], &[], settings()).up()
}

#[test]
fn stopped_by_name_it_stays_stopped_until_it_is_started_by_name() {
    let mut world = world();
    let (stop, answer) = world.call_from(None, Op::Stop, 1);
    assert_eq!((world.state(1), answer), (State::Stopping, None));
    world.end(1, How::Completed);
    assert_eq!((world.state(1), world.answered[&stop]), (State::Stopped, Ok(())));
    assert_eq!(world.call(Op::Stop, 1), Some(Err(Refusal::NotRunning)));
    world.advance_to(ms(60_000));
    let (start, answer) = world.call_from(None, Op::Start, 1);
    assert_eq!((world.state(1), answer), (State::Starting, None));
    world.tell(1, UnitEvent::Ready);
    assert_eq!(world.answered[&start], Ok(()));
    assert_eq!(world.call(Op::Start, 1), Some(Err(Refusal::AlreadyRunning)));
}

#[test]
fn a_failure_after_a_stop_by_name_is_no_reason_to_start_again() {
    let mut world = world();
    let (stop, _) = world.call_from(None, Op::Stop, 1);
    assert_eq!(world.call(Op::Start, 1), Some(Err(Refusal::StillStopping)));
    world.end(1, How::Panicked);
    assert_eq!((world.state(1), world.answered[&stop]), (State::Failed, Ok(())));
    assert!(!world.seen.iter().any(|seen| matches!(seen, Seen::Initiated(_))));
}

#[test]
fn restarted_by_name_it_counts_no_failure() {
    let mut world = world();
    let (restart, answer) = world.call_from(None, Op::Restart, 1);
    assert_eq!((world.asked(), answer), (vec![1], None));
    world.end(1, How::Completed);
    assert_eq!(world.state(1), State::Starting);
    world.tell(1, UnitEvent::Ready);
    assert_eq!(world.answered[&restart], Ok(()));
    assert!(world.engine.units()[1].failures.is_none());
}

#[test]
fn a_start_or_restart_in_backoff_is_now() {
    for op in [Op::Start, Op::Restart] {
        let mut world = world();
        world.end(1, FAILED);
        assert_eq!(world.state(1), State::Backoff);
        assert_eq!(world.call(op, 1), None);
        assert_eq!(world.state(1), State::Starting);
    }
}

#[test]
fn a_restart_of_what_is_over_starts_it() {
    let optional = Rules { optional: true, ..Rules::PLAIN };
    for (how, state) in [(How::Completed, State::Stopped), (FAILED, State::Failed)] {
        let mut world = World::new(&[AGAIN, optional], &[], settings()).up();
        world.end(1, how);
        assert_eq!(world.state(1), state);
        assert_eq!(world.call(Op::Restart, 1), None);
        assert_eq!(world.state(1), State::Starting);
    }
}

#[test]
fn a_start_that_fails_for_good_is_told_and_one_that_is_retried_is_waited_for() {
    let limit = crate::restart::Intensity { failures: 2, window: Duration::from_secs(60) };
    let limited = Rules { intensity: Some(limit), optional: true, ..IDLE };
    let mut world = World::new(&[AGAIN, limited], &[], settings()).up();
    world.call(Op::Stop, 1);
    world.end(1, How::Completed);
    let (start, _) = world.call_from(None, Op::Start, 1);
    for _ in 0..3 {
        assert!(!world.answered.contains_key(&start));
        world.end(1, FAILED);
        world.advance_to(world.now + Duration::from_secs(1));
    }
    assert_eq!(world.answered[&start], Err(Refusal::Failed));
}

#[test]
fn what_cannot_be_without_it_is_stopped_first() {
    let mut world = World::new(&[AGAIN; 4], &[(2, 1), (3, 2)], settings()).up();
    let (stop, _) = world.call_from(None, Op::Stop, 1);
    assert_eq!(world.asked(), [3]);
    world.end(3, How::Completed);
    world.end(2, How::Completed);
    world.end(1, How::Completed);
    assert_eq!((world.asked(), world.answered[&stop]), (vec![3, 2, 1], Ok(())));
    assert!((1..4).all(|unit| world.state(unit) == State::Stopped));
    assert_eq!(world.call(Op::Start, 3), Some(Err(Refusal::Down(2))));
    assert_eq!(world.call(Op::Start, 1), None);
    // It waits for what starts at the same time.
    assert_eq!(world.call(Op::Start, 2), None);
    assert_eq!(world.state(2), State::Waiting);
}

#[test]
fn what_waits_for_its_dependents_to_end_is_still_stopping() {
    for op in [Op::Stop, Op::Restart] {
        // A restart takes along those that are bound.
        let mut edges = Edges::default();
        edges.add(2, 1, Kind::Binds);
        let mut world = World::of(&[AGAIN; 3], edges, Groups::default(), settings()).up();
        world.call(op, 1);
        assert_eq!((world.state(1), world.asked()), (State::Running, vec![2]), "{op:?}");
        assert_eq!(world.call(Op::Start, 1), Some(Err(Refusal::StillStopping)), "{op:?}");
        world.end(2, How::Completed);
        assert_eq!(world.call(Op::Start, 1), Some(Err(Refusal::StillStopping)), "{op:?}");
    }
}

#[test]
fn who_would_be_stopped_itself_is_refused() {
    let mut world = World::new(&[AGAIN; 3], &[(2, 1)], settings()).up();
    for op in [Op::Stop, Op::Remove, Op::Restart] {
        assert_eq!(world.call_from(Some(2), op, 2).1, Some(Err(Refusal::OwnStop)), "{op:?}");
    }
    assert_eq!(world.call_from(Some(2), Op::Stop, 1).1, Some(Err(Refusal::OwnStop)));
    assert_eq!(world.call_from(Some(2), Op::Restart, 1).1, None, "merely required");
}

#[test]
fn what_is_removed_is_gone_unless_somebody_depends_on_it() {
    let mut world = World::new(&[AGAIN; 3], &[(2, 1)], settings()).up();
    assert_eq!(world.call(Op::Remove, 1), Some(Err(Refusal::Needed(2))));
    let (remove, _) = world.call_from(None, Op::Remove, 2);
    for op in [Op::Start, Op::Stop, Op::Restart, Op::Remove] {
        assert_eq!(world.call(op, 2), Some(Err(Refusal::StillStopping)), "{op:?}");
    }
    assert!(world.engine.is_being_removed(2) && !world.engine.is_being_removed(1));
    world.end(2, How::Completed);
    assert!(!world.engine.is_being_removed(2));
    assert_eq!((world.state(2), world.answered[&remove]), (State::Removed, Ok(())));
    assert_eq!(world.call(Op::Restart, 2), Some(Err(Refusal::Gone)));
    assert_eq!(world.call(Op::Remove, 1), None);
}

#[test]
fn what_was_left_behind_while_it_was_removed_stays_until_it_ends() {
    let mut world = World::new(&[AGAIN; 2], &[], settings()).up();
    let (remove, _) = world.call_from(None, Op::Remove, 1);
    world.advance_to(ms(60_000));
    assert_eq!(world.state(1), State::Zombie);
    assert_eq!(world.answered[&remove], Err(Refusal::StillStopping));
    for op in [Op::Start, Op::Stop, Op::Restart, Op::Remove] {
        assert_eq!(world.call(op, 1), Some(Err(Refusal::StillStopping)), "{op:?}");
    }
    assert!(world.engine.is_being_removed(1), "its name is taken");
    world.end(1, How::Completed);
    assert_eq!(world.state(1), State::Removed);
    assert_eq!(world.call(Op::Start, 1), Some(Err(Refusal::Gone)));
}

#[test]
fn what_was_left_behind_starts_by_name_only_once_it_has_ended() {
    let mut world = World::new(&[AGAIN; 2], &[], settings()).up();
    world.call(Op::Stop, 1);
    for op in [Op::Start, Op::Restart] {
        assert_eq!(world.call(op, 1), Some(Err(Refusal::StillStopping)), "{op:?}");
    }
    world.advance_to(ms(60_000));
    for op in [Op::Start, Op::Restart, Op::Remove] {
        assert_eq!(world.call(op, 1), Some(Err(Refusal::StillStopping)), "{op:?}");
    }
    assert_eq!(world.engine.exit_code(), 124, "it may still run");
    world.end(1, How::Completed);
    assert_eq!(world.engine.exit_code(), 124, "it was left behind");
    world.call(Op::Start, 1);
    world.tell(1, UnitEvent::Ready);
    world.shutdown();
    [0, 1].into_iter().for_each(|unit| world.end(unit, How::Completed));
    assert_eq!((world.exited, world.engine.exit_code()), (true, 0), "its last start ended well");
}

#[test]
fn nothing_is_kept_of_what_was_removed() {
    const CYCLES: u32 = 100_000;
    let mut groups = Groups::default();
    let group = groups.enter(crate::strategy::Strategy::OneForAll);
    let mut engine =
        Engine::new(Graph::default(), groups, [AGAIN].into_iter().collect(), settings());
    let (mut out, hour) = (Out::default(), Duration::from_secs(3600));
    let mut step = |engine: &mut Engine, event| {
        engine.step(event, ms(0), &mut out);
        let answers = out.effects.iter().filter(|effect| matches!(effect, Effect::Answer { .. }));
        let answered = answers.count();
        out.effects.clear();
        out.turns.clear();
        answered
    };
    step(&mut engine, Event::Start);
    assert!(engine.launch(0, 1, ms(0)));
    let told = |unit, what| Event::Unit { unit, generation: 1, what };
    step(&mut engine, told(0, UnitEvent::Ready));
    for cycle in 0..CYCLES {
        let rules = Rules { grace: Some(hour + Duration::from_secs(cycle.into())), ..AGAIN };
        let on = [(0, Kind::Binds)];
        let unit = engine.add(rules, &on, Some(group)).expect("it is well-formed");
        assert_eq!(unit, cycle + 1, "a number is not used again");
        let ticket = Ticket(u64::from(cycle));
        assert_eq!(step(&mut engine, Event::Added { ticket, unit }), 1);
        assert!(engine.launch(unit, 1, ms(0)));
        step(&mut engine, told(unit, UnitEvent::Ready));
        step(&mut engine, Event::Control { ticket, unit, op: Op::Remove, caller: None });
        let end = UnitEvent::Ended(How::Completed, Say::Nothing);
        assert_eq!(step(&mut engine, told(unit, end)), 1);
        assert!(engine.forget(unit) && !engine.forget(unit));
        step(&mut engine, told(unit, end));
    }
    let Engine { units, graph, timers, checks, calls, joints, .. } = &engine;
    assert_eq!((units.count(), units.iter().count()), (CYCLES + 1, 1));
    assert_eq!((graph.size(), checks.len(), calls.open.len(), joints.len()), (0, 0, 0, 0));
    assert!(timers.heap.len() <= 65, "{} timers", timers.heap.len());
    assert!(engine.rules.len() <= 2, "{} rules", engine.rules.len());
    assert!(engine.groups.along(1).is_empty());
    assert_eq!(engine.stale(), u64::from(CYCLES), "what it says when it is gone is stale");
}

#[test]
fn the_past_of_what_was_removed_decides_no_exit_code() {
    let mut world = World::new(&[AGAIN; 3], &[], settings()).up();
    world.call(Op::Remove, 1);
    world.advance_to(ms(20_000));
    world.end(1, How::Aborted);
    assert_eq!(world.state(1), State::Removed);
    let mut aborted_on_the_way = world.clone();
    world.shutdown();
    [0, 2].into_iter().for_each(|unit| world.end(unit, How::Completed));
    assert_eq!((world.exited, world.engine.exit_code()), (true, 0));
    let world = &mut aborted_on_the_way;
    world.call(Op::Remove, 2);
    world.shutdown();
    world.end(0, How::Completed);
    world.advance_to(ms(60_000));
    assert_eq!(world.engine.exit_code(), 124, "it was left behind in the shutdown");
}

#[test]
fn calls_during_a_shutdown_are_refused_and_open_ones_are_answered() {
    let mut world = world();
    let (restart, _) = world.call_from(None, Op::Restart, 1);
    world.shutdown();
    assert_eq!(world.answered[&restart], Err(Refusal::ShuttingDown));
    for op in [Op::Start, Op::Restart, Op::Stop, Op::Remove] {
        assert_eq!(world.call(op, 0), Some(Err(Refusal::ShuttingDown)), "{op:?}");
    }
    assert_eq!(world.engine.add(IDLE, &[], None), Err((0, Refusal::ShuttingDown)));
}

#[test]
fn what_was_asked_for_before_the_start_is_done_after_it() {
    let mut world = World::new(&[AGAIN, IDLE], &[], settings());
    let (stop, answer) = world.call_from(None, Op::Stop, 1);
    assert_eq!(answer, None);
    world.step(Event::Start);
    assert_eq!((world.state(1), world.answered[&stop]), (State::Stopped, Ok(())));
    assert_eq!(world.spawned(), [0]);
}

#[test]
fn what_can_be_started_once_is_not_restarted() {
    let once = Rules { once: true, background: true, ..Rules::PLAIN };
    let mut world = World::new(&[AGAIN, once], &[], settings()).up();
    assert_eq!(world.call(Op::Restart, 1), Some(Err(Refusal::Once)));
    world.call(Op::Stop, 1);
    world.end(1, How::Completed);
    assert_eq!(world.call(Op::Start, 1), Some(Err(Refusal::Once)));
}

#[test]
fn calls_of_many_never_lead_to_two_live_generations() {
    let mut choices = Choices(7);
    let mut world = world();
    for _ in 0..20_000 {
        let op = [Op::Start, Op::Stop, Op::Restart][choices.below(3)];
        match choices.below(4) {
            0 => drop(world.call(op, 1)),
            1 if world.live.contains_key(&1) && world.state(1) == State::Starting => {
                world.tell(1, UnitEvent::Ready);
            }
            2 if world.live.contains_key(&1) => {
                let how = [How::Completed, FAILED, How::Aborted][choices.below(3)];
                world.end(1, how);
            }
            _ => world.advance_to(world.now + Duration::from_millis(40)),
        }
        if world.state(1) == State::Zombie {
            break;
        }
    }
    let asked = u64::try_from(world.answered.len()).unwrap();
    assert!(world.engine.units()[1].generation > 100 && asked > 1_000);
}

#[test]
fn a_removal_is_done_when_the_shutdown_has_ended_it() {
    let mut world = world();
    let (remove, _) = world.call_from(None, Op::Remove, 1);
    world.shutdown();
    world.end(1, How::Completed);
    assert_eq!((world.state(1), world.answered.get(&remove)), (State::Removed, Some(&Ok(()))));
}

#[test]
fn a_removal_is_done_when_its_end_asks_for_a_shutdown() {
    let mut world = world();
    let (remove, _) = world.call_from(None, Op::Remove, 1);
    world.tell(1, UnitEvent::Ended(How::Completed, Say::Shutdown(3)));
    assert_eq!((world.state(1), world.answered.get(&remove)), (State::Removed, Some(&Ok(()))));
}

#[test]
fn what_was_asked_for_before_a_start_that_never_comes_is_refused() {
    let mut world = World::new(&[AGAIN, IDLE], &[], settings());
    let (stop, _) = world.call_from(None, Op::Stop, 1);
    world.shutdown();
    assert_eq!(world.answered.get(&stop), Some(&Err(Refusal::ShuttingDown)));
}

#[test]
fn a_restart_is_answered_if_it_ends_for_good_instead() {
    let optional = Rules { optional: true, ..IDLE };
    let mut world = World::new(&[AGAIN, optional], &[], settings()).up();
    let (restart, _) = world.call_from(None, Op::Restart, 1);
    let mut hangs = world.clone();
    world.tell(1, UnitEvent::Ended(FAILED, Say::Final));
    assert_eq!(world.answered.get(&restart), Some(&Err(Refusal::Failed)));
    hangs.advance_to(ms(60_000));
    assert_eq!(hangs.state(1), State::Zombie);
    assert_eq!(hangs.answered.get(&restart), Some(&Err(Refusal::StillStopping)));
}

#[test]
fn who_is_not_to_start_again_lets_what_it_depends_on_leave() {
    let mut world = World::new(&[AGAIN, IDLE, IDLE], &[(2, 1)], settings()).up();
    world.call(Op::Restart, 2);
    let (stop, _) = world.call_from(None, Op::Stop, 1);
    world.tell(2, UnitEvent::Ended(How::Completed, Say::Final));
    world.end(1, How::Completed);
    assert_eq!((world.asked(), world.answered.get(&stop)), (vec![2, 1], Some(&Ok(()))));
}

#[test]
fn what_requires_one_that_is_being_stopped_is_not_started() {
    let mut world = World::new(&[AGAIN, IDLE, IDLE], &[(2, 1)], settings()).up();
    world.call(Op::Stop, 2);
    world.end(2, How::Completed);
    world.call(Op::Stop, 1);
    assert_eq!(world.state(1), State::Stopping);
    assert_eq!(world.call(Op::Start, 2), Some(Err(Refusal::Down(1))));
}

#[test]
fn one_that_waits_to_start_again_does_not_let_others_be_asked_too_early() {
    // 3 depends on 1 as well, and 2 is over at once.
    let mut world =
        World::new(&[AGAIN, IDLE, IDLE, IDLE], &[(2, 1), (3, 1), (3, 2)], settings()).up();
    world.end(2, FAILED);
    world.call(Op::Stop, 1);
    assert_eq!((world.state(2), world.asked()), (State::Stopped, vec![3]));
}

#[test]
fn what_stays_stopped_with_what_it_requires_is_not_started_on_the_way() {
    let mut edges = Edges::default();
    edges.add(2, 1, Kind::Requires);
    edges.add(3, 1, Kind::Requires);
    edges.add(3, 2, Kind::After);
    let mut world =
        World::of(&[AGAIN, IDLE, IDLE, IDLE], edges, Groups::default(), settings()).up();
    world.call(Op::Stop, 3);
    world.end(3, How::Completed);
    world.end(2, FAILED);
    let (start, _) = world.call_from(None, Op::Start, 3);
    assert_eq!(world.state(3), State::Waiting);
    world.call(Op::Stop, 1);
    assert_eq!(world.answered.get(&start), Some(&Err(Refusal::NotRunning)));
}

#[test]
fn who_requires_one_that_a_restart_stops_for_good_is_refused() {
    let mut edges = Edges::default();
    edges.add(2, 1, Kind::Binds);
    edges.add(3, 2, Kind::Requires);
    let temporary = Rules { restart: Restart::Never, optional: true, ..IDLE };
    let rules = [AGAIN, IDLE, temporary, IDLE];
    let mut world = World::of(&rules, edges, Groups::default(), settings()).up();
    assert_eq!(world.call_from(Some(3), Op::Restart, 1).1, Some(Err(Refusal::OwnStop)));
    assert!(world.asked().is_empty());
}

#[test]
fn no_restart_is_answered_by_the_generation_before_it() {
    let mut world = World::new(&[AGAIN, IDLE, IDLE], &[(2, 1)], settings());
    world.engine.watch(1, Checks::new(None, None, None, Some(Duration::from_millis(100))));
    let mut world = world.up();
    world.call(Op::Restart, 2);
    world.advance_to(ms(100));
    assert_eq!((world.state(1), world.asked()), (State::Running, vec![2]), "unhealthy, and waits");
    let (restart, answer) = world.call_from(None, Op::Restart, 1);
    assert_eq!(answer, None);
    world.end(2, How::Completed);
    world.end(1, How::Completed);
    world.advance_to(ms(200));
    world.tell(1, UnitEvent::Ready);
    assert_eq!((world.engine.units()[1].generation, world.answered[&restart]), (2, Ok(())));
}

#[test]
fn a_restart_of_one_that_wants_no_other_start_is_refused() {
    for (asks, how, answer) in
        [(false, How::Completed, Refusal::NotRunning), (true, FAILED, Refusal::Failed)]
    {
        let mut world = World::new(&[AGAIN, Rules { asks, ..IDLE }], &[], settings()).up();
        let (restart, _) = world.call_from(None, Op::Restart, 1);
        world.tell(1, UnitEvent::Ended(how, Say::Final));
        assert_eq!(world.answered.get(&restart), Some(&Err(answer)));
    }
}

#[test]
fn what_is_asked_for_before_the_start_is_done_call_by_call() {
    let mut world = World::new(&[AGAIN, AGAIN], &[], settings());
    let (stop, _) = world.call_from(None, Op::Stop, 1);
    let (start, _) = world.call_from(None, Op::Start, 1);
    world.step(Event::Start);
    assert_eq!(world.answered.get(&stop), Some(&Ok(())), "what has not begun is over at once");
    assert_eq!(world.state(1), State::Starting);
    world.tell(1, UnitEvent::Ready);
    assert_eq!(world.answered.get(&start), Some(&Ok(())));
}

#[test]
fn what_can_be_started_once_and_never_was_can_be_started_by_name() {
    let once = Rules { once: true, restart: Restart::Never, ..IDLE };
    let mut world = World::new(&[AGAIN, once], &[(1, 0)], settings());
    world.step(Event::Start);
    world.call(Op::Stop, 1);
    assert_eq!(world.state(1), State::Stopped);
    world.tell(0, UnitEvent::Ready);
    world.call(Op::Start, 1);
    assert_eq!(world.state(1), State::Starting);
    world.end(1, How::Completed);
    assert_eq!(world.call(Op::Start, 1), Some(Err(Refusal::Once)));
}

#[test]
fn what_waits_is_started_already() {
    let mut world = World::new(&[AGAIN, IDLE], &[(1, 0)], settings());
    world.step(Event::Start);
    assert_eq!(world.state(1), State::Waiting);
    assert_eq!(world.call(Op::Start, 1), Some(Err(Refusal::AlreadyRunning)));
    assert_eq!(world.call(Op::Restart, 1), Some(Err(Refusal::NotRunning)));
}
