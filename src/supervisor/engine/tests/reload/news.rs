//! Which ends of reloads are told.

use super::*;

const BAD: Found = Found::Bad { same: false };
const AGAIN: Found = Found::Bad { same: true };

/// What is told of a file that is touched until it is read, and is then this.
fn touched(world: &mut World, found: Found) -> Vec<Outcome> {
    world.step(Event::Touched);
    world.advance_to(world.now + QUIET);
    match found {
        Found::Changed => world.changed(&[]),
        found => world.found(found),
    }
    std::mem::take(&mut world.news)
}

#[test]
fn a_touched_file_tells_what_was_not_told() {
    let mut world = world(&units(1), &[]);
    for (found, told) in [
        (Found::Unchanged, None),
        (BAD, Some(Outcome::Bad)),
        (AGAIN, None),
        (AGAIN, None),
        (BAD, Some(Outcome::Bad)),
        (Found::Unchanged, Some(Outcome::Unchanged)),
        (Found::Unchanged, None),
        (AGAIN, Some(Outcome::Bad)),
        (AGAIN, None),
        (Found::Changed, Some(Outcome::Done)),
        (Found::Unchanged, None),
    ] {
        assert_eq!(touched(&mut world, found), Vec::from_iter(told), "{found:?}");
    }
}

#[test]
fn what_was_asked_for_is_told() {
    let mut world = world(&units(1), &[]);
    for (found, outcome) in
        [(BAD, Outcome::Bad), (AGAIN, Outcome::Bad), (Found::Unchanged, Outcome::Unchanged)]
    {
        for by_call in [false, true] {
            if by_call {
                world.reload();
            } else {
                world.step(Event::Signal(Signal::Hangup));
            }
            world.found(found);
            assert_eq!(std::mem::take(&mut world.news), [outcome]);
        }
    }
    // One that asks while the file is being left alone joins.
    world.step(Event::Touched);
    world.reload();
    world.found(AGAIN);
    assert_eq!(world.news, [Outcome::Bad]);
}

#[test]
fn one_that_is_not_read_is_told_once_for_each_reason() {
    let mut world = world(&units(1), &[]);
    let mut told = Vec::new();
    for _ in 0..4 {
        world.step(Event::Touched);
        world.advance_to(world.now + QUIET);
        world.advance_to(world.now + READ_TIMEOUT);
        told.append(&mut world.news);
    }
    assert_eq!(told, [Outcome::Unread, Outcome::Busy]);
}

#[test]
fn a_failure_is_told_to_be_over_when_the_file_says_again_what_is_in_force() {
    let mut world = world(&units(1), &[]);
    world.step(Event::Touched);
    world.advance_to(world.now + QUIET);
    world.changed(&[(0, Duty::Look)]);
    world.say(0, Said::Refuse);
    assert_eq!(std::mem::take(&mut world.news), [Outcome::Refused(0)]);
    for told in [vec![Outcome::Unchanged], vec![]] {
        assert_eq!(touched(&mut world, Found::Unchanged), told);
    }
}
