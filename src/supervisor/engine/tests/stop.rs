use super::*;

#[test]
fn dependents_are_asked_before_what_they_depend_on() {
    let mut world = World::plain(4, &[(1, 0), (2, 0), (3, 1)]).up();
    world.shutdown();
    assert_eq!(world.asked(), [2, 3]);
    world.end(3, How::Completed);
    assert_eq!(world.asked(), [2, 3, 1]);
    world.end(1, How::Completed);
    assert_eq!(world.asked(), [2, 3, 1], "2 still depends on 0");
    world.end(2, How::Completed);
    assert_eq!(world.asked(), [2, 3, 1, 0]);
    assert!(!world.exited);
    world.end(0, How::Failed { stopping: true });
    assert!(world.exited);
    assert_eq!(world.engine.exit_code(), 0);
    assert_eq!(world.ended(0), Some(EndKind::Requested));
}

#[test]
fn on_random_graphs_stops_are_a_reverse_linear_extension() {
    for seed in 0..200 {
        let mut choices = Choices(seed);
        let edges = choices.edges(50);
        let mut world = World::plain(50, &edges).up();
        world.shutdown();
        let mut ended = Vec::new();
        while !world.live.is_empty() {
            let asked: Vec<u32> =
                world.asked().into_iter().filter(|unit| world.live.contains_key(unit)).collect();
            let unit = asked[choices.below(asked.len())];
            world.end(unit, How::Completed);
            ended.push(unit);
        }
        assert!(world.exited, "seed {seed}");
        for (unit, dependency) in edges {
            let at = |unit| ended.iter().position(|ended| *ended == unit);
            let asked = world.asked().iter().position(|asked| *asked == dependency);
            assert!(at(unit) < at(dependency), "seed {seed}: {unit} depends on {dependency}");
            assert!(asked.is_some(), "seed {seed}");
        }
    }
}

#[test]
fn each_subsystem_has_its_own_grace_and_then_is_aborted() {
    let short = Rules { grace: Some(Duration::from_secs(1)), ..Rules::PLAIN };
    let mut world = World::new(&[short, Rules::PLAIN], &[], settings()).up();
    world.now = ms(1000);
    world.shutdown();
    assert!(world.seen.contains(&Seen::Asked(0, ms(2000))));
    assert!(world.seen.contains(&Seen::Asked(1, ms(21_000))));
    world.advance_to(ms(1999));
    assert_eq!(world.state(0), State::Stopping);
    world.advance_to(ms(2000));
    assert_eq!((world.state(0), world.state(1)), (State::Aborting, State::Stopping));
    world.end(0, How::Aborted);
    world.end(1, How::Completed);
    assert_eq!(world.engine.exit_code(), 124);
}

#[test]
fn grace_runs_from_the_request_to_each_and_never_beyond_the_moment_of_abort() {
    let mut world = World::plain(2, &[(1, 0)]).up();
    world.shutdown();
    world.advance_to(ms(15_000));
    world.end(1, How::Completed);
    assert!(world.seen.contains(&Seen::Asked(0, ms(22_000))), "not 35 s: {:?}", world.seen);
}

#[test]
fn at_the_moment_of_abort_everything_left_is_aborted_and_then_left_behind() {
    let patient = Rules { grace: Some(Duration::MAX), ..Rules::PLAIN };
    let rules = [Rules::PLAIN, Rules::PLAIN, patient];
    let mut world = World::new(&rules, &[(1, 0), (2, 1)], settings()).up();
    world.shutdown();
    world.advance_to(ms(22_000));
    assert!((0..3).all(|unit| world.state(unit) == State::Aborting));
    world.end(0, How::Aborted);
    world.end(1, How::Aborted);
    world.advance_to(ms(22_249));
    assert_eq!(world.state(2), State::Aborting);
    world.advance_to(ms(22_250));
    assert_eq!((world.state(2), world.exited), (State::Zombie, true));
    assert!(world.notes.contains(&Note::AllEnded { left: 1 }));
    assert_eq!(world.engine.exit_code(), 124);
    assert_eq!(world.ended(2), Some(EndKind::Zombie));
}

#[test]
fn who_has_not_ended_is_named_every_five_seconds_of_the_stop() {
    let mut world = World::plain(2, &[]);
    world.step(Event::Start);
    world.advance_to(ms(3000));
    world.shutdown();
    let told = |world: &World| {
        let is = |note: &&Note| matches!(note, Note::StillStopping(_));
        world.notes.iter().filter(is).count()
    };
    for (at, times) in [(7999, 0), (8000, 1), (12_999, 1), (13_000, 2)] {
        world.advance_to(ms(at));
        assert_eq!(told(&world), times, "after {at} ms");
    }
    let waiting = Box::new(Waiting { units: vec![0, 1], more: 0 });
    assert_eq!(world.notes.last(), Some(&Note::StillStopping(waiting)));
}

#[test]
fn whose_failure_began_the_stop_is_given_up_once_when_it_has_ended_or_is_left_behind() {
    let given_up = |world: &World| {
        let of = |note: &Note| match *note {
            Note::GaveUp { unit, why } => Some((unit, why)),
            _ => None,
        };
        world.notes.iter().filter_map(of).collect::<Vec<_>>()
    };
    let never = Rules { restart: crate::restart::Restart::Never, ..Rules::PLAIN };
    let mut world = World::new(&[never, never], &[], settings()).up();
    let mut overtaken = World { overtaken: true, ..world.clone() };
    for world in [&mut world, &mut overtaken] {
        world.tell(0, UnitEvent::Returned { failed: true, say: Say::Nothing });
    }
    overtaken.end(0, How::Failed { stopping: false });
    assert_eq!((given_up(&overtaken), overtaken.engine.asks_for_the_end()), (vec![], None));
    assert!(world.seen.contains(&Seen::Initiated(Cause::Failed(0))));
    assert_eq!(given_up(&world), []);
    let mut left = world.clone();
    world.end(1, How::Failed { stopping: false });
    assert_eq!(given_up(&world), [], "it failed in the stop");
    world.end(0, How::Failed { stopping: false });
    assert_eq!(given_up(&world), [(0, GaveUp::Final)]);
    assert_eq!(world.engine.asks_for_the_end(), Some((Cause::Failed(0), Some(1))));

    let mut at_the_budget = left.clone();
    left.advance_to(ms(20_250));
    left.end(0, How::Failed { stopping: false });
    assert_eq!(given_up(&left), [(0, GaveUp::Zombie)]);
    assert_eq!(left.engine.asks_for_the_end(), Some((Cause::Failed(0), Some(124))));
    at_the_budget.now = ms(60_000);
    at_the_budget.step(Event::Tick);
    at_the_budget.advance_to(ms(61_000));
    assert!(at_the_budget.exited);
    assert_eq!(given_up(&at_the_budget), [(0, GaveUp::Zombie)]);
}

#[test]
fn what_is_left_behind_holds_up_nobody() {
    let short = Rules { grace: Some(Duration::from_secs(1)), ..Rules::PLAIN };
    let mut world = World::new(&[Rules::PLAIN, short], &[(1, 0)], settings()).up();
    world.shutdown();
    world.advance_to(ms(1249));
    assert_eq!(world.asked(), [1]);
    world.advance_to(ms(1250));
    assert_eq!(world.asked(), [1, 0]);
    world.end(1, How::Aborted);
    assert_eq!(world.ended(1), Some(EndKind::Zombie), "it was left, whatever it does later");
    world.end(0, How::Completed);
    assert!(world.exited);
    assert_eq!(world.engine.exit_code(), 124);
}

#[test]
fn the_budget_ends_even_finalizers_that_hang() {
    let settings = Settings { finalizers: 40, ..settings() };
    let mut world = World::new(&[Rules::PLAIN], &[], settings).up();
    world.shutdown();
    world.end(0, How::Completed);
    world.advance_to(ms(24_999));
    assert!(!world.exited);
    world.advance_to(ms(25_000));
    assert!(world.exited);
}

#[test]
fn finalizers_run_in_turn_when_everything_has_ended_each_bounded() {
    let settings = Settings { finalizers: 3, ..settings() };
    let mut world = World::new(&[Rules::PLAIN], &[], settings).up();
    world.shutdown();
    assert!(!world.seen.contains(&Seen::Finalize(0)));
    world.end(0, How::Completed);
    assert!(world.seen.contains(&Seen::Finalize(0)));
    world.step(Event::Finalized(0));
    assert!(world.seen.contains(&Seen::Finalize(1)));
    world.advance_to(ms(1000));
    assert!(world.seen.contains(&Seen::Finalize(2)), "the second took more than a second");
    world.step(Event::Finalized(1));
    assert!(!world.exited, "a late answer is nobody's");
    world.step(Event::Finalized(2));
    assert!(world.exited);
}

#[test]
fn the_lame_duck_serves_until_its_time_is_over_or_nothing_is_left() {
    let timeouts =
        crate::Config::builder().lame_duck(Duration::from_secs(2)).build().unwrap().shutdown();
    let settings = Settings { tuning: Tuning { timeouts, ..TUNING }, ..settings() };
    let mut world = World::new(&[Rules::PLAIN, Rules::PLAIN], &[], settings).up();
    let mut done = world.clone();
    world.shutdown();
    world.advance_to(ms(1999));
    assert!(world.asked().is_empty());
    world.advance_to(ms(2000));
    assert_eq!(world.asked(), [0, 1]);

    done.shutdown();
    done.end(0, How::Completed);
    done.end(1, How::Completed);
    assert!(done.exited, "nobody is left to serve");
}

#[test]
fn work_in_flight_is_draining_until_it_is_done() {
    let mut world = World::plain(1, &[]).up();
    world.busy = vec![0];
    world.shutdown();
    assert_eq!(world.state(0), State::Draining);
    world.tell(0, UnitEvent::Drained);
    assert_eq!(world.state(0), State::Stopping);
}

#[test]
fn what_a_finished_run_leaves_in_flight_has_its_grace() {
    let mut world = World::plain(2, &[]).up();
    world.busy = vec![0];
    world.tell(0, UnitEvent::Returned { failed: false, say: Say::Nothing });
    assert_eq!((world.state(0), world.state(1)), (State::Draining, State::Running));
    let mut late = world.clone();
    world.end(0, How::Completed);
    assert_eq!(world.ended(0), Some(EndKind::Completed));
    assert_eq!(world.state(1), State::Running, "the daemon lives on");

    late.advance_to(ms(20_000));
    assert_eq!(late.state(0), State::Aborting);
    late.end(0, How::Aborted);
    assert!(late.seen.contains(&Seen::Initiated(Cause::Failed(0))));
}

#[test]
fn a_stale_report_is_dropped_and_counted() {
    let mut world = World::plain(1, &[]).up();
    world.step(Event::Unit {
        unit: 0,
        generation: 7,
        what: UnitEvent::Ended(How::Panicked, Say::Nothing),
    });
    assert_eq!((world.state(0), world.engine.stale()), (State::Running, 1));
}

#[test]
fn a_second_shutdown_changes_nothing() {
    let mut world = World::plain(2, &[(1, 0)]).up();
    world.shutdown();
    let before = world.seen.clone();
    world.now = ms(5);
    world.shutdown();
    assert_eq!(world.seen, before);
}

#[test]
fn a_failure_is_acted_upon_while_its_work_in_flight_drains() {
    let mut world = World::plain(2, &[]).up();
    world.busy = vec![0];
    world.tell(0, UnitEvent::Returned { failed: true, say: Say::Nothing });
    assert!(world.seen.contains(&Seen::Initiated(Cause::Failed(0))));
    assert_eq!((world.state(0), world.state(1)), (State::Draining, State::Stopping));
    world.end(1, How::Completed);
    world.advance_to(ms(20_000));
    world.end(0, How::Failed { stopping: false });
    assert_eq!((world.exited, world.engine.exit_code()), (true, 1));
}
