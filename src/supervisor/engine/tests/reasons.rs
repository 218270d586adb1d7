//! What one act may lead to, by the policies, and by who is stopped and starts again with whom.

use super::acts::Act;
use super::invariants::{askings, is_over, units};
use super::mixes::Mix;
use super::*;
use crate::restart::Restart;

/// What one act has led to.
pub(super) fn of_an_act(mix: &Mix, before: &World, after: &World, act: Act) {
    whoever_leaves_has_a_reason(mix, before, after, act);
    a_temporary_one_that_is_unwell_takes_nobody_along(before, after);
    whoever_cannot_be_without_one_that_gives_up_is_lost(mix, before, after);
    match act {
        Act::Call(op, unit, None) => {
            nobody_stops_itself_and_waits_for_that(before, after, op, unit);
        }
        Act::Tell(unit, UnitEvent::Ended(how, say)) if before.may_start() => {
            the_policy_is_obeyed(mix, before, after, (unit, how, say));
        }
        _ => {}
    }
}

/// Its own end leads to what its policy says, and has those stopped that start again with it.
fn the_policy_is_obeyed(mix: &Mix, before: &World, after: &World, end: (u32, How, Say)) {
    let (unit, how, say) = end;
    let was = &before.engine.units()[unit as usize];
    let rules = &mix.rules[unit as usize];
    let own = was.leaving == Leaving::No && was.is_live();
    if !own || rules.explicit_ready || rules.intensity.is_some() {
        return;
    }
    let down = stay_down(mix, before, unit);
    let stays = down.contains(&unit);
    let critical = |other: &u32| !mix.rules[*other as usize].optional;
    if !after.may_start() && down.iter().any(critical) {
        return;
    }
    let quiet = how == How::Completed || how == How::Failed { stopping: true } && was.asked;
    let fine = quiet && !was.timed_out;
    let again = match rules.restart {
        _ if say != Say::Nothing || stays => false,
        Restart::Never => false,
        Restart::OnFailure => !fine,
        Restart::Always => true,
    };
    let state = after.state(unit);
    let comes = matches!(state, State::Backoff | State::Waiting | State::Starting);
    assert_eq!(comes, again, "{unit} is {state} after {how:?}, {say:?}");
    assert!(!again || after.may_start(), "the end of {unit} ends the daemon");
    for other in mix.along(before, unit).into_iter().filter(|other| again && *other != unit) {
        let known = &after.engine.units()[other as usize];
        let leaves = !known.is_live() || known.leaving != Leaving::No;
        let lived = before.live.contains_key(&other);
        assert!(leaves || !lived, "{other} does not start again with {unit}");
    }
}

/// Whether it may yet be lost.
fn goes_on(world: &World, unit: u32) -> bool {
    let known = &world.engine.units()[unit as usize];
    known.leaving < Leaving::Lost && !is_over(known.state)
}

/// Temporary ones that are taken along stay down, and whoever cannot be without them.
fn stay_down(mix: &Mix, before: &World, unit: u32) -> Vec<u32> {
    let temporary = |other: &u32| {
        let lives = before.live.contains_key(other) && goes_on(before, *other);
        *other != unit && lives && mix.rules[*other as usize].restart == Restart::Never
    };
    let down = mix.along(before, unit).into_iter().filter(temporary).collect();
    mix.lost_with(down, |other| other == unit || goes_on(before, other))
}

fn whoever_cannot_be_without_one_that_gives_up_is_lost(mix: &Mix, before: &World, after: &World) {
    let given_up = |world: &World, unit: u32| world.engine.units()[unit as usize].gave_up.is_some();
    for (unit, _) in units(&after.engine).filter(|_| after.may_start()) {
        if !given_up(after, unit) || given_up(before, unit) {
            continue;
        }
        // Of several timers of one tick, an earlier one may have left one behind.
        let may = |other| goes_on(before, other) && after.state(other) != State::Zombie;
        for other in mix.lost_with(vec![unit], may) {
            let known = &after.engine.units()[other as usize];
            let lost = is_over(known.state) || known.leaving >= Leaving::Lost;
            assert!(lost, "{other} goes on, although {unit} was given up");
        }
    }
}

/// Whoever leaves was asked to by name, is temporary and taken along, has lost what it requires, or starts again with
/// another.
fn whoever_leaves_has_a_reason(mix: &Mix, before: &World, after: &World, act: Act) {
    for (unit, known) in units(&after.engine) {
        let was = before.engine.units()[unit as usize].leaving;
        if !known.is_live() || known.leaving == was || known.leaving == Leaving::No {
            continue;
        }
        let called = |op: Op| matches!(act, Act::Call(by, of, _) if (by, of) == (op, unit));
        let engine = &after.engine;
        let requires = |gone: &dyn Fn(&Unit) -> bool| {
            let mut dependencies = engine.graph.dependencies(unit).iter();
            dependencies
                .any(|on| engine.graph.requires(unit, *on) && gone(&engine.units()[*on as usize]))
        };
        let others = |of: &dyn Fn(u32, &Unit) -> bool| {
            units(engine)
                .any(|(other, known)| of(other, known) && mix.along(before, other).contains(&unit))
        };
        let temporary = engine.rule(unit).restart == Restart::Never;
        let reason = match known.leaving {
            Leaving::Retired => {
                called(Op::Stop)
                    || called(Op::Remove)
                    || temporary && others(&|other, known| other != unit && known.joint != 0)
                    || requires(&|on| {
                        on.leaving == Leaving::Retired && (on.is_live() || on.met != Met::Up)
                    })
            }
            Leaving::Lost => {
                let lost = |on: &Unit| on.gave_up.is_some() || on.leaving == Leaving::Lost;
                let down = |on: &Unit| {
                    let temporary = engine.rules.at(on.rules).restart == Restart::Never;
                    temporary && on.leaving == Leaving::Retired && on.is_live()
                };
                requires(&|on| lost(on) || down(on))
                    || others(&|other, known| other != unit && lost(known))
            }
            Leaving::Unhealthy => is_unwell(after, unit),
            _ => called(Op::Restart) || others(&|other, known| other != unit && known.joint != 0),
        };
        assert!(reason, "{unit} is stopped for no reason: {:?}", known.leaving);
    }
}

/// Its liveness check has fallen, or its heart was not heard.
fn is_unwell(world: &World, unit: u32) -> bool {
    let silent = world.notes.contains(&Note::NoBeat(unit));
    let fallen = |(other, probe, asking): (u32, Probe, &Asking)| {
        let down = asking.gauge.seen(&asking.rules).0 == Some(false);
        other == unit && probe == Probe::Liveness && down
    };
    silent || askings(&world.engine).any(fallen)
}

/// Its end, when it comes, is a failure that nothing makes good: until then nobody else has lost it.
fn a_temporary_one_that_is_unwell_takes_nobody_along(before: &World, after: &World) {
    for (unit, known) in units(&after.engine) {
        let was = before.engine.units()[unit as usize].leaving;
        let unwell = known.leaving == Leaving::Unhealthy && was == Leaving::No;
        if unwell && after.engine.rule(unit).restart == Restart::Never {
            assert!(known.joint == 0, "{unit} does not start again, and takes others along");
        }
    }
}

/// Who would be stopped by what it asks for, and would wait for that, is refused.
fn nobody_stops_itself_and_waits_for_that(before: &World, after: &World, op: Op, unit: u32) {
    let leaving = |world: &World, unit: u32| world.engine.units()[unit as usize].leaving;
    for &caller in before.live.keys() {
        if leaving(before, caller) != leaving(after, caller) {
            let (_, answer) = before.clone().call_from(Some(caller), op, unit);
            assert_eq!(answer, Some(Err(Refusal::OwnStop)), "{caller} is stopped by its own call");
        }
    }
}
