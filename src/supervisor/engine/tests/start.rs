use super::*;

#[test]
fn a_subsystem_starts_when_each_dependency_is_ready() {
    // 3 needs 1 and 2, which need 0.
    let mut world = World::plain(4, &[(1, 0), (2, 0), (3, 1), (3, 2)]);
    world.step(Event::Start);
    assert_eq!(world.spawned(), [0]);
    world.tell(0, UnitEvent::Ready);
    assert_eq!(world.spawned(), [0, 1, 2], "those that may start in parallel do");
    world.tell(2, UnitEvent::Ready);
    assert_eq!(world.state(3), State::Waiting);
    world.tell(1, UnitEvent::Ready);
    assert_eq!(world.spawned(), [0, 1, 2, 3]);
    assert!(!world.notes.contains(&Note::AllReady));
    world.tell(3, UnitEvent::Ready);
    assert!(world.notes.contains(&Note::AllReady));
    assert_eq!(world.engine.next_deadline(), None, "an idle daemon has no timer");
}

#[test]
fn a_dependency_that_completes_lets_its_dependents_start() {
    let mut world = World::plain(2, &[(1, 0)]);
    world.step(Event::Start);
    world.end(0, How::Completed);
    assert_eq!(world.spawned(), [0, 1]);
    assert_eq!(world.ended(0), Some(EndKind::Completed));
}

#[test]
fn a_failed_start_stops_what_had_started_in_reverse() {
    let mut world = World::plain(4, &[(1, 0), (2, 1), (3, 2)]);
    world.step(Event::Start);
    world.tell(0, UnitEvent::Ready);
    world.tell(1, UnitEvent::Ready);
    world.end(2, How::Failed { stopping: false });
    assert!(world.seen.contains(&Seen::Initiated(Cause::StartFailed(2))));
    assert_eq!(world.asked(), [1]);
    world.end(1, How::Completed);
    assert_eq!(world.asked(), [1, 0]);
    world.end(0, How::Completed);
    assert_eq!(world.spawned(), [0, 1, 2], "3 never starts");
    assert!(world.exited);
    assert_eq!((world.engine.exit_code(), world.state(3)), (1, State::Stopped));
}

#[test]
fn a_start_that_takes_too_long_is_dropped_and_ends_the_daemon_with_75() {
    let explicit = Rules { explicit_ready: true, ..Rules::PLAIN };
    let patient = Rules { start_timeout: Some(Duration::from_secs(60)), ..explicit };
    let mut world = World::new(&[Rules::PLAIN, explicit, patient], &[(1, 0)], settings());
    world.step(Event::Start);
    world.tell(0, UnitEvent::Ready);
    world.advance_to(ms(29_999));
    assert_eq!(world.state(1), State::Starting);
    world.advance_to(ms(30_000));
    assert!(world.seen.contains(&Seen::Aborted(1)), "a hung start need not listen for a stop");
    assert_eq!(world.asked(), [2], "0 waits for 1, which is being dropped");
    world.end(1, How::Aborted);
    world.end(2, How::Failed { stopping: true });
    world.end(0, How::Completed);
    assert_eq!(world.ended(1), Some(EndKind::StartTimeout));
    assert_eq!(world.engine.exit_code(), 75);
}

#[test]
fn ending_without_being_ready_is_a_failed_start() {
    let explicit = Rules { explicit_ready: true, ..Rules::PLAIN };
    let mut world = World::new(&[explicit], &[], settings());
    world.step(Event::Start);
    world.end(0, How::Completed);
    assert_eq!(world.ended(0), Some(EndKind::Error));
    assert!(world.exited);
    assert_eq!(world.engine.exit_code(), 1);
}

#[test]
fn when_nothing_is_left_to_run_the_daemon_ends() {
    let background = Rules { background: true, ..Rules::PLAIN };
    let mut world = World::new(&[Rules::PLAIN, background], &[], settings()).up();
    world.end(0, How::Completed);
    assert!(world.seen.contains(&Seen::Initiated(Cause::NothingToRun)));
    assert_eq!(world.asked(), [1]);
    world.end(1, How::Completed);
    assert!(world.exited);
    assert_eq!(world.engine.exit_code(), 0);

    let mut empty = World::plain(0, &[]);
    empty.step(Event::Start);
    assert!(empty.exited);
}

#[test]
fn slow_starts_are_named_every_five_seconds() {
    let mut world = World::plain(12, &[(11, 0)]);
    world.step(Event::Start);
    world.tell(3, UnitEvent::Ready);
    world.advance_to(ms(5000));
    let waiting = Waiting { units: vec![0, 1, 2, 4, 5, 6, 7, 8], more: 3 };
    let note = Note::StillStarting(Box::new(waiting));
    assert_eq!(world.notes, [note]);
    world.advance_to(ms(15_000));
    assert_eq!(world.notes.len(), 3);
}

#[test]
fn who_is_in_backoff_and_can_be_done_without_is_not_named_as_starting() {
    let backoff = crate::backoff::Backoff::constant(Duration::from_secs(60));
    let flaps = Rules {
        restart: crate::restart::Restart::OnFailure,
        backoff,
        optional: true,
        ..Rules::PLAIN
    };
    let mut world = World::new(&[Rules::PLAIN, flaps], &[], settings());
    world.step(Event::Start);
    world.end(1, How::Failed { stopping: false });
    world.advance_to(ms(5000));
    let waiting = Waiting { units: vec![0], more: 0 };
    assert_eq!(world.notes.last(), Some(&Note::StillStarting(Box::new(waiting))));
}

/// Exhaustive: a start of 50 in every phase of which a shutdown is requested once.
#[test]
fn a_shutdown_at_any_step_of_a_start_of_fifty_starts_nothing_more() {
    const UNITS: u32 = 50;
    let edges = Choices(7).edges(UNITS);
    let mut steps = 0;
    for at in 0.. {
        let mut world = World::plain(UNITS as usize, &edges);
        let mut step = 0;
        let mut spawned_before = None;
        let mut events = vec![None];
        while let Some(event) = events.pop() {
            if step == at {
                spawned_before = Some(world.spawned());
                world.shutdown();
            }
            step += 1;
            match event {
                None => world.step(Event::Start),
                Some(unit) => world.tell(unit, UnitEvent::Ready),
            }
            events.extend(
                (0..UNITS)
                    .find(|u| spawned_before.is_none() && world.state(*u) == State::Starting)
                    .map(Some),
            );
        }
        let Some(before) = spawned_before else { break };
        steps += 1;
        assert_eq!(world.spawned(), before, "shutdown at step {at}");
        while let Some(unit) = world.live.keys().next_back().copied() {
            world.end(unit, How::Completed);
        }
        assert!(world.exited, "shutdown at step {at}");
        assert_eq!(world.engine.exit_code(), 0);
        let never = (0..UNITS).filter(|u| !before.contains(u)).all(|u| world.ended(u).is_none());
        assert!(never, "shutdown at step {at}");
    }
    assert_eq!(steps, UNITS + 1, "before the start, and before each readiness");
}

/// The driver performs the effects of one step one by one: a shutdown in between takes back what was not
/// spawned yet.
#[test]
fn a_shutdown_between_the_spawns_of_one_step_takes_the_rest_back() {
    let mut world = World::plain(3, &[]);
    let mut out = Out::default();
    world.engine.step(Event::Start, world.now, &mut out);
    assert!(world.engine.launch(0, 1, Instant::ZERO));
    world.live.insert(0, 1);
    world.shutdown();
    assert!(!world.engine.launch(1, 1, Instant::ZERO) && !world.engine.launch(2, 1, Instant::ZERO));
    assert_eq!((world.state(1), world.asked()), (State::Stopped, vec![0]));
    world.end(0, How::Completed);
    assert!(world.exited);
}

#[test]
fn a_start_is_taken_back_if_what_it_comes_after_is_not_met_any_more() {
    let mut edges = Edges::default();
    edges.add(1, 0, crate::subsystem::Kind::After);
    let mut world = World::of(&[Rules::PLAIN; 2], edges, Groups::default(), settings());
    world.call(Op::Stop, 0);
    world.call(Op::Start, 0);
    world.step(Event::Start);
    assert_eq!((world.spawned(), world.state(1)), (vec![0], State::Waiting));
}
