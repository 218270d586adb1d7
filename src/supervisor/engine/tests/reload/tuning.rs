//! What a reload says of the daemon itself: how it checks.

use super::*;
use crate::health::ProbeRules;

#[test]
fn checks_keep_to_the_period_that_is_published() {
    let mut world = World::new(&units(1), &[], Settings { reloadable: true, ..settings() });
    let every = |every| ProbeRules {
        delay: every,
        every,
        timeout: Duration::from_secs(1),
        rise: 1,
        fall: 3,
    };
    let liveness = Some(Asking::new(every(Duration::from_secs(5)), true));
    world.engine.watch(0, Checks::new(None, None, liveness, None));
    let mut world = world.up();
    let asked = |world: &mut World, within: u64| {
        let mut times = 0;
        let until = world.now + Duration::from_secs(within);
        while let Some(next) = world.engine.next_deadline().filter(|next| *next <= until) {
            world.advance_to(next);
            while let Some((unit, probe, number)) = world.questions.pop() {
                times += 1;
                world.tell(unit, UnitEvent::Checked { probe, number, answer: Answer::Good });
            }
        }
        world.now = until;
        times
    };
    assert_eq!(asked(&mut world, 50), 10);
    world.reload();
    world.changed(&[]);
    assert_eq!(asked(&mut world, 50), 50);
    let number = {
        world.reload();
        world.number()
    };
    world.engine.propose(number, Vec::new(), Tuning { health_checks: false, ..QUICKER });
    world.found(Found::Changed);
    assert_eq!(asked(&mut world, 50), 0);
    world.reload();
    world.changed(&[]);
    assert_eq!(asked(&mut world, 50), 50);
}

/// Watched by a liveness check of one second, by default; the third that is bad in a row tells.
fn watched(world: &mut World, unit: u32) {
    let every = Duration::from_secs(1);
    let rules = ProbeRules { delay: every, every, timeout: every, rise: 1, fall: 3 };
    let liveness = Some(Asking::new(rules, true));
    world.engine.watch(unit, Checks::new(None, None, liveness, None));
}

#[test]
fn another_period_does_not_forget_the_answers_before_it() {
    let mut world = World::new(&units(1), &[], Settings { reloadable: true, ..settings() });
    watched(&mut world, 0);
    let mut world = world.up();
    let bad = |world: &mut World| {
        let (unit, probe, number) = loop {
            let next = world.engine.next_deadline().expect("it is watched");
            world.advance_to(next);
            if let Some(question) = world.questions.pop() {
                break question;
            }
        };
        world.tell(unit, UnitEvent::Checked { probe, number, answer: Answer::Bad });
    };
    bad(&mut world);
    bad(&mut world);
    let number = {
        world.reload();
        world.number()
    };
    let every = Duration::from_secs(2);
    world.engine.propose(number, Vec::new(), Tuning { check_every: every, ..TUNING });
    world.found(Found::Changed);
    assert!(world.asked().is_empty());
    bad(&mut world);
    assert_eq!(world.asked(), [0], "the third in a row");
}

#[test]
fn who_leaves_is_not_ready_when_nobody_is_asked_any_more() {
    let settings = Settings { reloadable: true, ..settings() };
    let mut world = World::new(&units(3), &[(1, 0)], settings);
    watched(&mut world, 0);
    let mut world = world.up();
    world.call(Op::Stop, 0);
    assert_eq!((world.state(0), world.asked()), (State::Running, vec![1]));
    let number = {
        world.reload();
        world.number()
    };
    world.engine.propose(number, Vec::new(), Tuning { health_checks: false, ..TUNING });
    world.found(Found::Changed);
    assert_eq!(world.engine.units()[0].met, Met::No);
}
