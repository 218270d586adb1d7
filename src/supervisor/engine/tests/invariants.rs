//! What holds at each step and in each state, each a function with a name.

use super::*;

/// What a step decided.
pub(super) fn of_a_step(step: &Step<'_>, could_start: bool) {
    for turn in step.turns {
        if turn.state == State::Starting {
            nothing_starts_once_the_end_has_begun(step, could_start);
        }
    }
    for (place, effect) in step.effects.iter().enumerate() {
        match *effect {
            Effect::Check { unit, probe, .. } => {
                let phase = step.engine.phase;
                assert!(phase == Phase::Up, "{unit} is asked for its {probe:?} in {phase:?}");
            }
            Effect::Spawn { unit, generation } => {
                let this = &step.engine.units()[unit as usize];
                if this.is_unlaunched() && this.generation == generation {
                    nobody_asked_for_the_end(&step.effects[..place], unit);
                    what_starts_has_what_it_needs(step.engine, unit);
                    nobody_of_its_joint_lives(step.engine, unit);
                }
            }
            // Of several timers of one tick a later one may have others leave: it has left somebody behind.
            Effect::RequestStop { unit, .. } if !leaves_behind(&step.effects[place..]) => {
                dependents_are_asked_first(step.engine, unit);
            }
            _ => {}
        }
    }
}

/// What the world has come to, with everything performed.
pub(super) fn of_a_state(world: &World) {
    let engine = &world.engine;
    if engine.phase == Phase::Done {
        assert!(world.exited, "done without an exit");
        return calls_are_open_only_as_long_as_they_may_come_true(world);
    }
    what_lives_is_the_generation_that_was_spawned(world);
    counters_equal_a_recount(engine);
    joints_count_who_lives(engine);
    whoever_is_to_end_has_a_deadline(engine);
    calls_are_open_only_as_long_as_they_may_come_true(world);
    questions_are_open_on_both_sides(world);
    match engine.phase {
        Phase::Up if engine.dumping.is_none() => {
            assert!(engine.own_cause.is_none(), "a shutdown that did not begin");
            whoever_waits_waits_for_something(engine);
            the_queue_moves(engine);
            nobody_outlives_what_it_requires(engine);
            what_others_count_on_is_so(engine);
            whoever_leaves_is_asked_in_turn(engine);
            readiness_is_shown(world);
            something_lives(engine);
            whoever_runs_has_passed_its_startup_check(engine);
            whoever_is_watched_is_asked_again(engine);
        }
        Phase::Stopping => whoever_lives_is_asked_in_turn(engine),
        _ => {}
    }
}

pub(super) fn units(engine: &Engine) -> impl Iterator<Item = (u32, &Unit)> {
    engine.units().numbered().filter(|(_, unit)| !unit.is_gone())
}

pub(super) const fn is_over(state: State) -> bool {
    matches!(state, State::Stopped | State::Failed | State::Zombie | State::Removed)
}

/// Whether what `dependent` wants of `dependency` is the case.
fn has(engine: &Engine, dependent: u32, dependency: u32) -> bool {
    match engine.units()[dependency as usize].met {
        Met::Up => true,
        Met::Over => !engine.graph.requires(dependent, dependency),
        Met::No => false,
    }
}

fn leaves_behind(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Note(Note::LeftBehind(_))))
}

fn nothing_starts_once_the_end_has_begun(step: &Step<'_>, could_start: bool) {
    let Engine { phase, forced, dumping, .. } = step.engine;
    let begins = step.event == Event::Start && forced.is_none() && dumping.is_none();
    assert!(*phase == Phase::Up && (could_start || begins), "started in {phase:?}");
}

fn nobody_asked_for_the_end(effects: &[Effect], unit: u32) {
    let asked = effects.iter().any(|effect| matches!(effect, Effect::Initiate(_)));
    assert!(!asked, "{unit} starts in the step that has asked for a shutdown");
}

fn what_starts_has_what_it_needs(engine: &Engine, unit: u32) {
    let this = &engine.units()[unit as usize];
    assert!(!this.removed && this.gave_up.is_none(), "{unit} is over for good, and starts");
    for &dependency in engine.graph.dependencies(unit) {
        assert!(has(engine, unit, dependency), "{unit} starts before {dependency} is met");
        let known = &engine.units()[dependency as usize];
        let goes = known.is_live() && known.leaving >= Leaving::Lost;
        let requires = engine.graph.requires(unit, dependency);
        assert!(!(goes && requires), "{unit} starts while {dependency} ends for good");
    }
}

fn nobody_of_its_joint_lives(engine: &Engine, unit: u32) {
    assert!(!engine.is_held(unit), "{unit} starts before its joint");
    for (other, known) in units(engine) {
        let again = other != unit && known.is_live() && known.leaving == Leaving::Again;
        let joint = again && engine.ensemble(other).contains(&unit);
        assert!(!joint, "{unit} starts while {other} has yet to end");
    }
}

/// In a shutdown, and among those that leave.
fn dependents_are_asked_first(engine: &Engine, unit: u32) {
    if engine.units()[unit as usize].returned {
        return;
    }
    for &dependent in engine.graph.dependents(unit) {
        let known = &engine.units()[dependent as usize];
        let leaves = engine.phase > Phase::Up || known.leaving != Leaving::No;
        assert!(!(known.is_live() && leaves), "{unit} is asked before {dependent} has ended");
    }
}

fn what_lives_is_the_generation_that_was_spawned(world: &World) {
    for (unit, known) in units(&world.engine) {
        let alive = known.state.is_alive().then_some(known.generation);
        assert_eq!(world.live.get(&unit).copied(), alive, "the generation of {unit}");
        assert!(!known.is_unlaunched(), "{unit} was never spawned");
    }
}

fn counters_equal_a_recount(engine: &Engine) {
    let count = |of: &dyn Fn(u32, &Unit) -> bool| {
        units(engine).filter(|(unit, known)| of(*unit, known)).count()
    };
    assert_eq!(engine.live, count(&|_, known| known.is_live()), "live");
    assert_eq!(engine.unready, count(&|_, known| known.waits), "unready");
    if engine.phase <= Phase::Up {
        let keeps = |unit, known: &Unit| !is_over(known.state) && !engine.rule(unit).background;
        assert_eq!(engine.keeping, count(&keeps), "keeping");
    }
    for (unit, known) in units(engine) {
        let dependencies = engine.graph.dependencies(unit);
        let unmet = dependencies.iter().filter(|on| !has(engine, unit, **on)).count();
        assert_eq!(known.unmet as usize, unmet, "unmet of {unit}");
        let gone = known.gave_up.is_some() || known.leaving == Leaving::Retired;
        if is_over(known.state) && engine.phase == Phase::Up {
            let waits = known.met != Met::Up && !gone && !engine.rule(unit).optional;
            assert_eq!(known.waits, waits, "whether {unit} is waited for");
        }
        if engine.phase == Phase::Stopping {
            let lives = |other: &&u32| engine.units()[**other as usize].is_live();
            let living = engine.graph.dependents(unit).iter().filter(lives).count();
            assert_eq!(known.dependents as usize, living, "dependents of {unit}");
        }
    }
}

fn joints_count_who_lives(engine: &Engine) {
    for (id, joint) in &engine.joints {
        let of = |unit: &&u32| engine.units()[**unit as usize].joint == *id;
        assert!(joint.members.iter().all(|unit| of(&unit)), "a member of two joints");
        let awaited = |unit: &&u32| engine.units()[**unit as usize].awaited;
        let living = joint.members.iter().filter(awaited).count();
        assert_eq!(joint.living as usize, living, "living of the joint {:?}", joint.members);
        assert!(living > 0, "a joint that waits for nobody");
    }
    for (unit, known) in units(engine) {
        if known.awaited {
            assert!(known.is_live(), "{unit} is awaited, and over");
        }
        if known.is_live() && known.leaving == Leaving::Again && engine.phase == Phase::Up {
            assert!(known.awaited, "{unit} leaves with others, who do not wait for it");
        }
        if known.awaited || known.joint != 0 {
            let joint = engine.joints.get(&known.joint);
            let member = joint.is_some_and(|joint| joint.members.contains(&unit));
            assert!(member, "{unit} is in a joint that is not");
        }
    }
}

fn has_timer(engine: &Engine, timer: Timer) -> bool {
    engine.timers.heap.iter().any(|entry| entry.0.2 == timer)
}

fn whoever_is_to_end_has_a_deadline(engine: &Engine) {
    for (unit, known) in units(engine) {
        let generation = known.generation;
        let timer = match known.state {
            State::Aborting => Timer::Zombie { unit, generation },
            _ if known.is_live() && known.asked => Timer::Grace { unit, generation },
            State::Starting
                if engine.rule(unit).explicit_ready || engine.rule(unit).startup_check =>
            {
                Timer::Start { unit, generation }
            }
            _ => continue,
        };
        assert!(has_timer(engine, timer), "{unit} may stay {} for ever", known.state);
    }
    let timers: &[Timer] = match engine.phase {
        Phase::Idle | Phase::Up | Phase::Done => &[],
        Phase::LameDuck => &[Timer::LameDuck, Timer::Force, Timer::Budget],
        Phase::Stopping => &[Timer::Force, Timer::Budget],
        Phase::Finalizing(index) => &[Timer::Finalizer(index), Timer::Budget],
    };
    let dump = engine.dumping.map(|_| Timer::Dump);
    let aborting = |unit: &Unit| !unit.is_live() || unit.state == State::Aborting;
    let forced = engine.units().iter().all(aborting);
    for timer in timers.iter().copied().chain(dump) {
        let set = has_timer(engine, timer) || timer == Timer::Force && forced;
        assert!(set, "{:?} without {timer:?}", engine.phase);
    }
}

fn whoever_waits_waits_for_something(engine: &Engine) {
    for (unit, known) in units(engine) {
        let held = engine.is_held(unit);
        let generation = known.generation;
        match known.state {
            State::Waiting => {
                assert!(known.unmet > 0 || held, "{unit} waits for nothing");
                for &on in engine.graph.dependencies(unit) {
                    let over = is_over(engine.units()[on as usize].state);
                    assert!(has(engine, unit, on) || !over, "{unit} waits for {on}, which is over");
                }
            }
            State::Backoff => {
                let backoff = known.backoff;
                let due = has_timer(engine, Timer::Restart { unit, generation, backoff });
                let queued = engine.storm.queue.values().any(|queued| *queued == unit);
                assert!(if known.held { held } else { due || queued }, "{unit} never starts again");
            }
            State::Registered => panic!("{unit} was forgotten at the start"),
            _ => {}
        }
    }
}

fn the_queue_moves(engine: &Engine) {
    let storm = &engine.storm;
    assert_eq!(storm.armed, has_timer(engine, Timer::Storm), "the timer of the queue");
    assert!(storm.armed || storm.queue.is_empty(), "a queue that does not move");
    for &unit in storm.queue.values() {
        let known = &engine.units()[unit as usize];
        assert!(known.state == State::Backoff && !known.held, "{unit} is in the queue");
    }
}

fn nobody_outlives_what_it_requires(engine: &Engine) {
    for (unit, known) in units(engine) {
        if is_over(known.state) || known.leaving >= Leaving::Lost {
            continue;
        }
        for &on in engine.graph.dependencies(unit) {
            let dependency = &engine.units()[on as usize];
            let gone = is_over(dependency.state) && dependency.met != Met::Up;
            let goes = dependency.is_live() && dependency.leaving >= Leaving::Lost;
            let requires = engine.graph.requires(unit, on);
            assert!(!((gone || goes) && requires), "{unit} goes on without {on}");
        }
    }
}

/// Whether its readiness check, if it has one, says that it is ready.
fn is_fit(engine: &Engine, unit: u32) -> bool {
    let asking = engine.checks.get(&unit).and_then(|checks| checks.readiness.as_ref());
    asking.is_none_or(|asking| asking.over || asking.gauge.seen(&asking.rules).0 == Some(true))
}

fn what_others_count_on_is_so(engine: &Engine) {
    for (unit, known) in units(engine) {
        let so = match known.state {
            State::Registered | State::Waiting | State::Starting | State::Backoff => {
                known.met == Met::No
            }
            // Nobody counts on who leaves, but in a shutdown.
            State::Running if known.leaving != Leaving::No => {
                known.met == Met::No || engine.phase != Phase::Up || engine.own_cause.is_some()
            }
            State::Running => (known.met == Met::Up) == is_fit(engine, unit),
            State::Failed | State::Zombie => known.met == Met::Over,
            State::Stopped => known.met != Met::No,
            _ => true,
        };
        assert!(
            so,
            "{unit} is {}, and {:?} to others; it leaves: {:?}",
            known.state, known.met, known.leaving
        );
    }
}

fn whoever_leaves_is_asked_in_turn(engine: &Engine) {
    for (unit, known) in units(engine) {
        let leaves = known.leaving != Leaving::No && known.is_live();
        if !leaves || known.asked || known.state == State::Aborting {
            continue;
        }
        let held = |other: &u32| {
            let other = &engine.units()[*other as usize];
            other.is_live() && other.leaving != Leaving::No
        };
        let waits = engine.graph.dependents(unit).iter().any(held);
        assert!(waits, "{unit} leaves, and nobody asks it to stop");
    }
}

fn whoever_lives_is_asked_in_turn(engine: &Engine) {
    for (unit, known) in units(engine) {
        if known.is_live() && known.state != State::Aborting {
            assert!(engine.forced.is_none(), "{unit} is not aborted in a forced end");
            assert!(known.asked || known.dependents > 0, "nobody asks {unit} to stop");
        }
    }
}

fn readiness_is_shown(world: &World) {
    assert_eq!(world.ready, world.engine.unready == 0, "readiness");
}

pub(super) fn askings(engine: &Engine) -> impl Iterator<Item = (u32, Probe, &Asking)> {
    engine.checks.iter().flat_map(|(unit, checks)| {
        let Checks { startup, readiness, liveness, .. } = checks;
        let all = Probe::ALL.into_iter().zip([startup, readiness, liveness]);
        all.filter_map(|(probe, asking)| Some((*unit, probe, asking.as_ref()?)))
    })
}

fn questions_are_open_on_both_sides(world: &World) {
    let open = askings(&world.engine).filter(|(unit, ..)| world.live.contains_key(unit));
    let mut open: Vec<(u32, Probe, u32)> =
        open.filter_map(|(unit, probe, asking)| Some((unit, probe, asking.open?.0))).collect();
    let mut questions = world.questions.clone();
    open.sort_unstable();
    questions.sort_unstable();
    assert_eq!(questions, open, "questions without an answer");
}

fn whoever_runs_has_passed_its_startup_check(engine: &Engine) {
    for (unit, known) in units(engine).filter(|(_, known)| known.state == State::Running) {
        let asking = engine.checks.get(&unit).and_then(|checks| checks.startup.as_ref());
        let passed = asking.is_none_or(|asking| asking.over && asking.open.is_none());
        assert!(passed && known.ready, "{unit} runs, and its startup check has not said so");
    }
}

fn whoever_is_watched_is_asked_again(engine: &Engine) {
    for (unit, probe, asking) in askings(engine) {
        let generation = engine.units()[unit as usize].generation;
        if engine.is_watched(unit, probe) && !asking.over {
            let timer = Timer::Check { unit, generation, probe };
            assert!(has_timer(engine, timer), "nobody asks {unit} for its {probe:?} any more");
            let down = asking.gauge.seen(&asking.rules).0 == Some(false);
            assert!(!down || probe != Probe::Liveness, "{unit} is not alive, and goes on");
        }
    }
    for (unit, checks) in &engine.checks {
        let (unit, generation) = (*unit, engine.units()[*unit as usize].generation);
        if checks.heartbeat.is_some() && engine.is_watched(unit, Probe::Liveness) {
            let timer = Timer::Beat { unit, generation };
            assert!(has_timer(engine, timer), "nobody feels the pulse of {unit} any more");
        }
    }
}

/// Otherwise nothing would ever happen again.
fn something_lives(engine: &Engine) {
    let lives = |unit: &Unit| unit.is_live() || unit.state == State::Backoff;
    assert!(engine.units().iter().any(lives), "nothing lives, and the daemon goes on");
}

fn calls_are_open_only_as_long_as_they_may_come_true(world: &World) {
    let engine = &world.engine;
    let mut tickets: Vec<Ticket> = Vec::new();
    for (unit, open) in &engine.calls.open {
        let state = engine.units()[*unit as usize].state;
        assert!(!is_over(state), "{unit} is {state}: {open:?}");
        let ready = |wish| matches!(wish, Wish::Ready(_)) && engine.phase > Phase::Up;
        assert!(!open.iter().any(|(_, wish)| ready(*wish)), "{open:?} in a shutdown");
        tickets.extend(open.iter().map(|(ticket, _)| *ticket));
    }
    tickets.extend(engine.early.iter().filter_map(|event| match event {
        Event::Control { ticket, .. } => Some(*ticket),
        _ => None,
    }));
    tickets.sort_unstable();
    assert_eq!(world.open, tickets, "calls without an answer");
    assert!(!world.exited || tickets.is_empty(), "calls left at the end: {tickets:?}");
}
