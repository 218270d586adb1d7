//! Checks: when they are asked, and what their answers lead to.

use super::*;
use crate::backoff::Backoff;
use crate::health::ProbeRules;
use crate::restart::Restart;
use crate::strategy::Strategy;

const AGAIN: Rules = Rules {
    restart: Restart::OnFailure,
    backoff: Backoff::constant(Duration::from_millis(100)),
    ..Rules::PLAIN
};
const SECOND: Duration = Duration::from_secs(1);
const RULES: ProbeRules =
    ProbeRules { delay: Duration::ZERO, every: SECOND, timeout: SECOND, rise: 2, fall: 3 };

/// Two subsystems, the second requires the first, which has this check.
fn world(probe: Probe, rules: ProbeRules) -> World {
    world_of(AGAIN, probe, rules)
}

fn world_of(first: Rules, probe: Probe, rules: ProbeRules) -> World {
    let startup_check = probe == Probe::Startup;
    let mut world = World::new(&[Rules { startup_check, ..first }, AGAIN], &[(1, 0)], settings());
    let mut checks = Checks::default();
    let asking = Some(Asking::new(rules, false));
    match probe {
        Probe::Startup => checks.startup = asking,
        Probe::Readiness => checks.readiness = asking,
        Probe::Liveness => checks.liveness = asking,
    }
    world.engine.watch(0, checks);
    world.step(Event::Start);
    world
}

impl World {
    /// Lets time pass to the next question of unit 0, and answers it.
    fn answer(&mut self, answer: Answer) {
        while self.questions.is_empty() {
            let next = self.engine.next_deadline().expect("it is asked again");
            self.now = next.max(self.now);
            self.step(Event::Tick);
        }
        let (unit, probe, number) = self.questions.remove(0);
        self.tell(unit, UnitEvent::Checked { probe, number, answer });
    }

    fn answer_all(&mut self, answers: &[Answer]) {
        answers.iter().for_each(|answer| self.answer(*answer));
    }
}

use Answer::{Bad, Degraded, Good, Nothing};

#[test]
fn it_runs_when_it_has_said_so_and_the_startup_check_has() {
    let mut world = world(Probe::Startup, RULES);
    world.tell(0, UnitEvent::Ready);
    world.answer_all(&[Bad, Bad, Bad, Bad, Good]);
    assert_eq!(world.state(0), State::Starting, "a startup check never gives up");
    world.answer(Degraded);
    assert_eq!((world.state(0), world.state(1)), (State::Running, State::Starting));
    world.advance_to(world.now + 60 * SECOND);
    assert!(world.questions.is_empty(), "it has answered for good");
}

#[test]
fn a_start_that_no_check_confirms_takes_too_long() {
    let mut world = world(Probe::Startup, RULES);
    world.tell(0, UnitEvent::Ready);
    while world.now < ms(29_000) {
        world.answer(Bad);
    }
    world.advance_to(ms(30_000));
    assert_eq!(world.state(0), State::Aborting);
}

#[test]
fn others_wait_for_readiness_and_a_fall_of_it_stops_nobody() {
    let mut world = world(Probe::Readiness, RULES);
    world.tell(0, UnitEvent::Ready);
    world.answer(Good);
    assert_eq!((world.state(0), world.state(1)), (State::Running, State::Waiting));
    assert!(!world.ready);
    world.answer(Good);
    world.tell(1, UnitEvent::Ready);
    assert!(world.ready);
    world.answer_all(&[Bad, Bad]);
    assert!(world.ready, "below the fall");
    world.answer(Bad);
    assert!(!world.ready && world.asked().is_empty());
    assert_eq!((world.state(0), world.state(1)), (State::Running, State::Running));
    world.answer_all(&[Good, Bad, Good]);
    assert!(!world.ready);
    world.answer(Good);
    assert!(world.ready);
}

#[test]
fn the_daemon_is_not_ready_while_one_that_is_optional_runs_and_is_not() {
    let mut world = world_of(Rules { optional: true, ..AGAIN }, Probe::Readiness, RULES);
    world.tell(0, UnitEvent::Ready);
    world.answer_all(&[Good, Good]);
    world.tell(1, UnitEvent::Ready);
    assert!(world.ready);
    world.answer_all(&[Bad, Bad, Bad]);
    assert!(!world.ready);
    world.end(0, How::Failed { stopping: false });
    assert_eq!((world.state(0), world.ready), (State::Backoff, true));
    world.advance_to(world.now + Duration::from_secs(1));
    world.tell(0, UnitEvent::Ready);
    assert_eq!((world.state(0), world.ready), (State::Running, true), "nothing has fallen");
    world.answer(Bad);
    assert!(world.ready);
    world.answer_all(&[Good, Good]);
    assert!(world.ready);
    world.answer_all(&[Bad, Bad, Bad]);
    assert!(!world.ready);
    world.answer_all(&[Good, Good]);
    assert!(world.ready);
}

#[test]
fn who_becomes_ready_and_who_is_not_any_more_is_shown() {
    let mut world = world(Probe::Readiness, RULES);
    let shown = |world: &mut World, answer: Answer| {
        let next = world.engine.next_deadline().expect("it is asked");
        let (now, mut out) = (next.max(world.now), Out::default());
        world.engine.step(Event::Tick, now, &mut out);
        let asked = out.effects.iter().find_map(|effect| match effect {
            Effect::Check { unit, generation, probe, number } => {
                let what = UnitEvent::Checked { probe: *probe, number: *number, answer };
                Some(Event::Unit { unit: *unit, generation: *generation, what })
            }
            _ => None,
        });
        world.engine.step(asked.expect("it is asked"), now, &mut out);
        world.now = now;
        out.ready
    };
    world.tell(0, UnitEvent::Ready);
    assert_eq!(shown(&mut world, Good), []);
    assert_eq!(shown(&mut world, Good), [(0, true)]);
    assert_eq!([Bad, Bad].map(|bad| shown(&mut world, bad)), [[], []]);
    assert_eq!(shown(&mut world, Bad), [(0, false)]);
}

#[test]
fn a_fall_of_liveness_is_a_failure_and_starts_it_again() {
    let mut world = world(Probe::Liveness, RULES);
    world.tell(0, UnitEvent::Ready);
    world.tell(1, UnitEvent::Ready);
    world.answer_all(&[Good, Bad, Bad, Good, Bad, Bad, Degraded, Bad, Bad]);
    assert!(world.asked().is_empty(), "never three in a row");
    world.answer(Bad);
    assert_eq!(world.asked(), [0]);
    world.end(0, How::Failed { stopping: true });
    assert_eq!((world.state(0), world.ended(0)), (State::Backoff, Some(EndKind::Unhealthy)));
    world.advance_to(world.now + Duration::from_millis(100));
    assert_eq!(world.state(0), State::Starting);
    let began = world.now;
    world.tell(0, UnitEvent::Ready);
    world.answer_all(&[Bad, Bad]);
    assert_eq!(world.asked(), [0], "what was said of the last generation does not count");
    assert_eq!(world.now, began + SECOND);
}

#[test]
fn a_question_that_is_not_answered_is_a_failure_each_period_and_there_is_one() {
    let mut world = world(Probe::Liveness, ProbeRules { every: 2 * SECOND, ..RULES });
    world.tell(0, UnitEvent::Ready);
    world.tell(1, UnitEvent::Ready);
    world.advance_to(ms(5_999));
    assert_eq!((world.questions.len(), world.asked()), (1, vec![]));
    world.advance_to(ms(6_000));
    assert_eq!((world.questions.len(), world.asked()), (1, vec![0]));
    // The answer comes when it is too late.
    world.answer(Good);
    assert_eq!(world.state(0), State::Stopping);
}

#[test]
fn a_slow_question_is_not_asked_twice_and_not_judged_before_its_time() {
    let mut world = world(Probe::Liveness, ProbeRules { timeout: 10 * SECOND, ..RULES });
    world.tell(0, UnitEvent::Ready);
    world.tell(1, UnitEvent::Ready);
    world.advance_to(ms(9_500));
    assert_eq!((world.questions.len(), world.asked()), (1, vec![]));
    world.answer(Good);
    world.advance_to(ms(10_500));
    assert_eq!(world.questions.len(), 1);
}

#[test]
fn one_that_has_nothing_to_say_is_not_asked_again() {
    let mut world = world(Probe::Liveness, RULES);
    world.tell(0, UnitEvent::Ready);
    world.tell(1, UnitEvent::Ready);
    world.answer(Nothing);
    world.advance_to(ms(100_000));
    assert!(world.questions.is_empty() && world.engine.next_deadline().is_none());
}

#[test]
fn nobody_is_asked_while_it_stops_or_waits() {
    let mut world = world(Probe::Liveness, RULES);
    world.tell(0, UnitEvent::Ready);
    world.tell(1, UnitEvent::Ready);
    world.answer_all(&[Good, Good]);
    world.shutdown();
    world.advance_to(world.now + 10 * SECOND);
    assert!(world.questions.is_empty());
}

#[test]
fn a_stale_answer_is_dropped() {
    let mut world = world(Probe::Liveness, ProbeRules { fall: 1, ..RULES });
    world.tell(0, UnitEvent::Ready);
    world.tell(1, UnitEvent::Ready);
    world.advance_to(ms(1));
    let (unit, probe, number) = world.questions.remove(0);
    world.end(0, How::Panicked);
    world.advance_to(ms(200));
    world.tell(0, UnitEvent::Ready);
    let what = UnitEvent::Checked { probe, number, answer: Bad };
    world.step(Event::Unit { unit, generation: 1, what });
    world.step(Event::Unit { unit, generation: 2, what });
    assert_eq!((world.state(0), world.asked()), (State::Running, vec![]));
}

#[test]
fn a_missed_heartbeat_is_a_failure_at_its_deadline() {
    let mut world = World::new(&[AGAIN], &[], settings());
    world.engine.watch(0, Checks { heartbeat: Some(3 * SECOND), ..Checks::default() });
    world.step(Event::Start);
    world.now = ms(1_000);
    world.tell(0, UnitEvent::Ready);
    world.beats.insert(0, ms(2_500));
    world.advance_to(ms(5_499));
    assert!(world.asked().is_empty());
    world.advance_to(ms(5_500));
    assert_eq!(world.asked(), [0]);
    assert!(world.notes.contains(&Note::NoBeat(0)));
}

#[test]
fn a_temporary_one_that_is_not_alive_stays_down_and_its_group_goes_on() {
    let mut groups = Groups::default();
    let group = groups.enter(Strategy::OneForAll);
    (0..2).for_each(|unit| groups.join(group, unit));
    let temporary = Rules { optional: true, ..Rules::PLAIN };
    let mut world = World::of(&[temporary, AGAIN], Edges::default(), groups, settings());
    let liveness = Some(Asking::new(ProbeRules { fall: 1, ..RULES }, false));
    world.engine.watch(0, Checks { liveness, ..Checks::default() });
    let mut world = world.up();
    world.answer(Bad);
    assert_eq!(world.asked(), [0]);
    world.end(0, How::Completed);
    assert_eq!((world.state(0), world.ended(0)), (State::Failed, Some(EndKind::Unhealthy)));
    assert_eq!((world.state(1), world.asked()), (State::Running, vec![0]));
}
