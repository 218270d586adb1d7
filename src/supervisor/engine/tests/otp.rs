//! What Erlang/OTP documents of its supervisors, cell by cell: *Supervisor Behaviour* in its design principles
//! (<https://www.erlang.org/doc/system/sup_princ.html>) and the manual page of `supervisor`.
//!
//! - A permanent child is always restarted, a transient one only after an abnormal end, a temporary one never, not
//!   even if the strategy has it terminated with others.
//! - Under one-for-all, all others are terminated and all are started; under rest-for-one, those after it.
//! - `terminate_child` leaves a child stopped and concerns nobody else.
//! - More than so many restarts within so long, and the supervisor gives up: it terminates all.
//!
//! Here an intensity is one subsystem's, and its give-up that of a critical one. Two things are meant to be
//! different: subsystems without a dependency between them are stopped and started at once, not in order; and one
//! that was stopped by name stays so when its group starts again, where OTP would start it with the others.

use super::*;
use crate::backoff::Backoff;
use crate::restart::{Intensity, Restart};
use crate::strategy::Strategy;

/// How the one in the middle ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ok,
    Error,
    Panic,
    /// Stopped by name.
    Requested,
}

use End::{Error, Ok, Panic, Requested};
use Restart::{Always, Never, OnFailure};

const STRATEGIES: [Strategy; 3] = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];

/// What becomes of the one before it, of itself, and of the one after it. `=`: untouched. `-`: it stays down.
/// `+`: it is stopped, if it has not ended, and starts again, unless it is temporary: then it stays down.
const TABLE: [(Restart, End, [&str; 3]); 12] = [
    //                   one-for-one  one-for-all  rest-for-one
    (Never, Ok, /*      */ ["=-=", "=-=", "=-="]),
    (Never, Error, /*   */ ["=-=", "=-=", "=-="]),
    (Never, Panic, /*   */ ["=-=", "=-=", "=-="]),
    (Never, Requested, /**/ ["=-=", "=-=", "=-="]),
    (OnFailure, Ok, /*  */ ["=-=", "=-=", "=-="]),
    (OnFailure, Error, ["=+=", "+++", "=++"]),
    (OnFailure, Panic, ["=+=", "+++", "=++"]),
    (OnFailure, Requested, ["=-=", "=-=", "=-="]),
    (Always, Ok, /*     */ ["=+=", "+++", "=++"]),
    (Always, Error, /*  */ ["=+=", "+++", "=++"]),
    (Always, Panic, /*  */ ["=+=", "+++", "=++"]),
    (Always, Requested, ["=-=", "=-=", "=-="]),
];

/// The daemon goes on whatever becomes of it, as a supervisor does.
const fn child(restart: Restart) -> Rules {
    let backoff = Backoff::constant(Duration::from_millis(100)).jitter(0.0);
    Rules { restart, optional: true, backoff, ..Rules::PLAIN }
}

/// Three in a group, and one that keeps the daemon alive.
fn group(rules: [Rules; 3], strategy: Strategy) -> World {
    let mut groups = Groups::default();
    let group = groups.enter(strategy);
    (0..3).for_each(|unit| groups.join(group, unit));
    let rules = [rules.as_slice(), &[child(Always)]].concat();
    World::of(&rules, Edges::default(), groups, settings()).up()
}

/// The one in the middle ends; whoever is asked to stop does so, and a second passes.
fn end(world: &mut World, end: End) {
    world.seen.clear();
    match end {
        Ok => world.end(1, How::Completed),
        Error => world.end(1, How::Failed { stopping: false }),
        Panic => world.end(1, How::Panicked),
        Requested => assert_eq!(world.call(Op::Stop, 1), None),
    }
    for unit in world.asked() {
        world.end(unit, How::Completed);
    }
    world.advance_to(world.now + Duration::from_secs(1));
}

/// Whether `unit` was asked to stop, whether it lives, and its generation.
fn became(world: &World, unit: u32) -> (bool, bool, u32) {
    let generation = world.engine.units()[unit as usize].generation;
    (world.asked().contains(&unit), world.live.contains_key(&unit), generation)
}

#[test]
fn who_is_stopped_and_who_starts_again_is_as_documented() {
    let policies = [Never, OnFailure, Always];
    let mut cells = 0;
    for (subject, how, row) in TABLE {
        for (strategy, cell) in STRATEGIES.into_iter().zip(row) {
            for (before, after) in policies.iter().flat_map(|one| policies.map(|two| (*one, two))) {
                let rules = [before, subject, after];
                let mut world = group(rules.map(child), strategy);
                end(&mut world, how);
                for ((unit, rule), mark) in (0..).zip(rules).zip(cell.chars()) {
                    let asked = if unit == 1 { how == Requested } else { mark == '+' };
                    let expected = match mark {
                        '=' => (false, true, 1),
                        '+' if rule != Never => (asked, true, 2),
                        _ => (asked, false, 1),
                    };
                    let text = format!("{unit} of {rules:?}, {strategy:?}, {how:?}");
                    assert_eq!(became(&world, unit), expected, "{text}");
                }
                assert_eq!(became(&world, 3), (false, true, 1), "it is in no group");
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 3 * 4 * 3 * 9, "no cell is left out");
    for (index, (subject, how, _)) in TABLE.iter().enumerate() {
        let twice = TABLE[..index].iter().any(|row| (row.0, row.1) == (*subject, *how));
        assert!(!twice, "{subject:?}, {how:?} twice");
    }
}

#[test]
fn a_transient_member_that_is_done_starts_again_with_its_group() {
    for (strategy, again) in STRATEGIES.into_iter().zip([false, true, true]) {
        let mut world = group([child(OnFailure); 3], strategy);
        world.end(2, How::Completed);
        end(&mut world, Error);
        let generation = if again { 2 } else { 1 };
        assert_eq!(became(&world, 2), (false, again, generation), "{strategy:?}");
    }
}

#[test]
fn what_was_stopped_by_name_stays_so_when_its_group_starts_again() {
    for strategy in STRATEGIES {
        let mut world = group([child(Always); 3], strategy);
        assert_eq!(world.call(Op::Stop, 2), None);
        world.end(2, How::Completed);
        end(&mut world, Error);
        assert_eq!(became(&world, 2), (false, false, 1), "{strategy:?}");
        assert_eq!(world.call(Op::Start, 2), None);
        assert_eq!(became(&world, 2), (false, true, 2), "{strategy:?}");
    }
}

/// Three restarts in ten seconds.
const LIMIT: Option<Intensity> = Some(Intensity { failures: 3, window: Duration::from_secs(10) });

/// Its `nth` end at `at`.
fn ends(world: &mut World, how: How, at: Instant) {
    world.advance_to(at);
    assert_eq!(world.state(1), State::Starting, "it has started again by {at:?}");
    world.tell(1, UnitEvent::Ready);
    world.end(1, how);
}

#[test]
fn at_the_intensity_it_goes_on_and_one_more_is_too_many() {
    for (restart, how) in [
        (OnFailure, How::Panicked),
        (Always, How::Failed { stopping: false }),
        (Always, How::Completed),
    ] {
        let limited = Rules { intensity: LIMIT, ..child(restart) };
        let mut world = World::new(&[child(Always), limited], &[], settings());
        world.step(Event::Start);
        for at in [0, 1000, 2000] {
            ends(&mut world, how, ms(at));
            assert_eq!(world.state(1), State::Backoff, "{restart:?} {how:?}");
        }
        // The first of them is ten seconds ago, and no longer one of the last ten seconds.
        let mut later = world.clone();
        ends(&mut later, how, ms(10_000));
        assert_eq!(later.state(1), State::Backoff, "{restart:?} {how:?}");
        ends(&mut world, how, ms(9999));
        assert_eq!(world.state(1), State::Failed, "{restart:?} {how:?}");
    }
}

#[test]
fn a_group_that_gives_up_is_stopped_and_a_critical_one_takes_the_daemon_with_it() {
    for (optional, strategy) in [true, false]
        .into_iter()
        .flat_map(|optional| STRATEGIES.map(|strategy| (optional, strategy)))
    {
        let limit = Some(Intensity { failures: 0, window: Duration::from_secs(10) });
        let limited = Rules { intensity: limit, optional, ..child(Always) };
        let mut world = group([child(Always), limited, child(Always)], strategy);
        world.end(1, How::Panicked);
        let along: &[u32] = match strategy {
            _ if !optional => &[0, 2, 3],
            Strategy::OneForOne => &[],
            Strategy::OneForAll => &[0, 2],
            Strategy::RestForOne => &[2],
        };
        assert_eq!(world.asked(), along, "{optional} {strategy:?}");
        assert_eq!(world.engine.own_cause, (!optional).then_some(Cause::Failed(1)));
        along.iter().for_each(|unit| world.end(*unit, How::Completed));
        world.advance_to(ms(60_000));
        assert!(along.iter().all(|unit| !world.live.contains_key(unit)), "{strategy:?}");
        assert_eq!(world.exited, !optional);
        assert!(optional || world.engine.exit_code() == 70, "its last end was a panic");
    }
}
