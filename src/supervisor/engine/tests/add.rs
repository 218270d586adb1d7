//! What is added at run time: when it starts, and what it may depend on.

use super::control::{AGAIN, IDLE};
use super::*;
use crate::subsystem::Kind;

#[test]
fn what_is_added_starts_when_its_dependencies_are_ready() {
    let mut world = World::new(&[AGAIN], &[], settings());
    world.step(Event::Start);
    let add = |world: &mut World, dependencies: &[(u32, Kind)]| {
        let unit = world.engine.add(IDLE, dependencies, None).unwrap();
        world.step(Event::Added { ticket: Ticket(u64::from(100 + unit)), unit });
        unit
    };
    let one = add(&mut world, &[(0, Kind::Requires)]);
    assert_eq!(world.state(one), State::Waiting);
    world.tell(0, UnitEvent::Ready);
    assert_eq!(world.state(one), State::Starting);
    let two = add(&mut world, &[(0, Kind::Requires), (one, Kind::After)]);
    world.tell(one, UnitEvent::Ready);
    assert_eq!(world.state(two), State::Starting);
    world.tell(two, UnitEvent::Ready);
    world.shutdown();
    assert_eq!(world.asked(), [two]);
}

#[test]
fn what_is_added_may_follow_what_is_down_and_not_need_it() {
    let mut world = World::new(&[AGAIN, IDLE, IDLE, IDLE], &[], settings()).up();
    world.call(Op::Stop, 1);
    world.end(1, How::Completed);
    world.call(Op::Remove, 2);
    let mut add = |on: u32, kind: Kind| {
        let unit = world.engine.add(IDLE, &[(on, kind)], None)?;
        world.step(Event::Added { ticket: Ticket(u64::from(100 + unit)), unit });
        Ok(world.state(unit))
    };
    assert_eq!(add(1, Kind::After), Ok(State::Starting), "it stays where it is");
    for kind in [Kind::Requires, Kind::Binds] {
        assert_eq!(add(1, kind), Err((1, Refusal::Down(1))), "{kind:?}");
    }
    for kind in [Kind::After, Kind::Requires] {
        assert_eq!(add(2, kind), Err((2, Refusal::Gone)), "it is being removed: {kind:?}");
    }
    assert_eq!(add(3, Kind::Requires), Ok(State::Starting));
    world.end(2, How::Completed);
    let gone = world.engine.add(IDLE, &[(2, Kind::After)], None);
    assert_eq!(gone, Err((2, Refusal::Gone)));
}
