use super::*;

/// Two subsystems; the first ends like this before the shutdown, the second like that during it.
fn code(first: Option<How>, second: How) -> u8 {
    let mut world = World::plain(2, &[]).up();
    match first {
        Some(how) => world.end(0, how),
        None => {
            world.shutdown();
            world.end(0, How::Completed);
        }
    }
    if world.live.contains_key(&1) {
        world.end(1, second);
    }
    assert!(world.exited);
    world.engine.exit_code()
}

const ERROR: How = How::Failed { stopping: false };
const STOPPING: How = How::Failed { stopping: true };

#[test]
fn the_first_cause_decides_and_no_failure_on_the_way_down_is_lost() {
    for (first, second, expected) in [
        (None, How::Completed, 0),
        (None, STOPPING, 0),
        (None, ERROR, 1),
        (None, How::Panicked, 70),
        (Some(ERROR), How::Completed, 1),
        (Some(ERROR), How::Panicked, 1),
        (Some(How::Panicked), How::Completed, 70),
        (Some(How::Panicked), ERROR, 70),
        (Some(STOPPING), How::Completed, 1),
        (Some(ERROR), How::Aborted, 124),
        (None, How::Aborted, 124),
    ] {
        assert_eq!(code(first, second), expected, "{first:?} then {second:?}");
    }
}

#[test]
fn a_cause_from_outside_beats_one_of_the_engine_that_came_second() {
    let mut world = World::plain(2, &[]).up();
    let mut out = Out::default();
    let failed =
        Event::Unit { unit: 0, generation: 1, what: UnitEvent::Ended(How::Panicked, Say::Nothing) };
    world.engine.step(failed, world.now, &mut out);
    assert!(out.effects.contains(&Effect::Initiate(Cause::Failed(0))));
    // Somebody else had asked first: the driver says that the cause is not the engine's own.
    world.live.remove(&0);
    world.shutdown();
    world.end(1, How::Completed);
    assert_eq!(world.engine.exit_code(), 70, "the failure is still not lost");
}

#[test]
fn what_the_end_is_asked_for_is_told_with_the_code_of_the_failure() {
    let asks = |how: How, say: Say| {
        let mut world = World::plain(2, &[]).up();
        let what = UnitEvent::Ended(how, say);
        let event = Event::Unit { unit: 0, generation: 1, what };
        world.engine.step(event, world.now, &mut Out::default());
        world.engine.asks_for_the_end()
    };
    assert_eq!(asks(ERROR, Say::Nothing), Some((Cause::Failed(0), Some(1))));
    assert_eq!(asks(How::Panicked, Say::Nothing), Some((Cause::Failed(0), Some(70))));
    let asked = |code| asks(How::Completed, Say::Shutdown(code));
    assert_eq!(asked(3), Some((Cause::Asked(0, 3), Some(3))));
    assert_eq!(asked(0), Some((Cause::Asked(0, 0), None)));
    assert_eq!(asks(How::Completed, Say::Nothing), None);
}
