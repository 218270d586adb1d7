//! The reload's course, decision by decision; in `disorder`, every course; in `news`, what is told of its end;
//! in `settle`, those that restart; in `tuning`, what it says of the daemon itself.

mod disorder;
mod news;
mod settle;
mod tuning;

use super::*;
use crate::restart::Restart;
use crate::supervisor::engine::reload::{PREPARE_TIMEOUT, QUIET, QUIET_AT_MOST, READ_TIMEOUT};
use crate::supervisor::engine::{Concern, Duty, Found, Said};

const QUICKER: Tuning =
    Tuning { timeouts: TUNING.timeouts, health_checks: true, check_every: Duration::from_secs(1) };

fn world(rules: &[Rules], edges: &[(u32, u32)]) -> World {
    World::new(rules, edges, Settings { reloadable: true, ..settings() }).up()
}

/// So many that are started again after a failure, and are not ready before they say so.
fn units(count: usize) -> Vec<Rules> {
    vec![Rules { explicit_ready: true, restart: Restart::OnFailure, ..Rules::PLAIN }; count]
}

impl World {
    fn reload(&mut self) -> Ticket {
        self.calls += 1;
        let ticket = Ticket(self.calls);
        self.step(Event::Reload { ticket });
        ticket
    }

    fn number(&self) -> u32 {
        let read = |seen: &Seen| if let Seen::Read(number) = seen { Some(*number) } else { None };
        self.seen.iter().rev().find_map(read).expect("it was to be read")
    }

    fn found(&mut self, found: Found) {
        let number = self.number();
        self.step(Event::Read { number, found });
    }

    /// Another configuration was read, which concerns these.
    fn changed(&mut self, concerned: &[(u32, Duty)]) {
        let number = self.number();
        let of = |&(unit, duty): &(u32, Duty)| Concern { unit, duty };
        self.engine.propose(number, concerned.iter().map(of).collect(), QUICKER);
        self.found(Found::Changed);
    }

    fn say(&mut self, unit: u32, said: Said) {
        let number = self.number();
        self.tell(unit, UnitEvent::Prepared { number, said });
    }

    /// Whoever is asked to stop ends, and whoever starts is ready.
    fn turn_over(&mut self) {
        loop {
            let units = 0..self.engine.count();
            let of = |state: State| units.clone().find(|unit| self.state(*unit) == state);
            if let Some(unit) = of(State::Stopping) {
                self.end(unit, How::Completed);
            } else if let Some(unit) = of(State::Starting) {
                self.tell(unit, UnitEvent::Ready);
            } else {
                break;
            }
        }
    }

    fn since(&self, place: usize) -> &[Seen] {
        &self.seen[place..]
    }

    fn has_published(&self) -> usize {
        self.seen.iter().filter(|seen| **seen == Seen::Publish).count()
    }
}

#[test]
fn who_owns_it_restarts_and_the_reload_is_over_when_it_is_ready() {
    let mut world = world(&units(3), &[(1, 0)]);
    let ticket = world.reload();
    world.changed(&[(1, Duty::Take)]);
    world.say(1, Said::Nothing);
    assert_eq!(world.has_published(), 1);
    assert_eq!(world.engine.settings.tuning, QUICKER);
    assert_eq!(world.asked(), [1]);
    world.end(1, How::Completed);
    assert_eq!(world.reloads.get(&ticket), None);
    world.tell(1, UnitEvent::Ready);
    assert_eq!(world.reloads[&ticket], Outcome::Done);
    assert_eq!(world.engine.restarted_by_reload(), [1]);
}

#[test]
fn what_is_bad_or_unchanged_changes_nothing() {
    let mut world = world(&units(1), &[]);
    for (found, outcome) in
        [(Found::Bad { same: false }, Outcome::Bad), (Found::Unchanged, Outcome::Unchanged)]
    {
        let ticket = world.reload();
        world.found(found);
        assert_eq!(world.reloads[&ticket], outcome);
    }
    assert_eq!(world.has_published(), 0);
    assert_eq!(world.engine.settings.tuning, TUNING);
}

#[test]
fn one_refusal_drops_what_others_have_prepared() {
    let mut world = world(&units(3), &[]);
    let ticket = world.reload();
    world.changed(&[(0, Duty::Look), (1, Duty::Look), (2, Duty::Take)]);
    world.say(1, Said::Commit);
    world.say(2, Said::Refuse);
    assert_eq!(world.seen.last(), Some(&Seen::Reloaded(Outcome::Refused(2))));
    assert!(world.seen.contains(&Seen::Unprepare));
    assert_eq!((world.reloads[&ticket], world.has_published()), (Outcome::Refused(2), 0));
    world.say(0, Said::Live);
    assert_eq!(world.has_published(), 0, "an answer that comes too late");
}

#[test]
fn who_does_not_answer_in_time_refuses() {
    let mut world = world(&units(2), &[]);
    let ticket = world.reload();
    world.changed(&[(0, Duty::Look), (1, Duty::Look)]);
    world.say(0, Said::Live);
    world.advance_to(world.now + PREPARE_TIMEOUT);
    assert_eq!((world.reloads[&ticket], world.has_published()), (Outcome::Silent(1), 0));
}

#[test]
fn commits_are_called_in_the_order_of_dependencies_after_the_publication() {
    let mut world = world(&units(4), &[(0, 1), (1, 2), (2, 3)]);
    world.reload();
    let place = world.seen.len();
    world.changed(&[(0, Duty::Look), (1, Duty::Look), (3, Duty::Take)]);
    for unit in [1, 0, 3] {
        world.say(unit, Said::Commit);
    }
    let course = [
        Seen::Prepare(0),
        Seen::Prepare(1),
        Seen::Prepare(3),
        Seen::Publish,
        Seen::Commit(3),
        Seen::Commit(1),
        Seen::Commit(0),
        Seen::Reloaded(Outcome::Done),
    ];
    assert_eq!(world.since(place), course);
}

#[test]
fn a_commit_that_panics_restarts_its_subsystem() {
    let mut world = world(&units(2), &[]);
    world.panics = vec![0];
    let ticket = world.reload();
    world.changed(&[(0, Duty::Take), (1, Duty::Take)]);
    world.say(0, Said::Commit);
    world.say(1, Said::Commit);
    assert_eq!(world.asked(), [0]);
    assert_eq!(world.reloads.get(&ticket), None);
    world.turn_over();
    assert_eq!(world.reloads[&ticket], Outcome::Done);
    assert_eq!(world.engine.restarted_by_reload(), [0]);
}

#[test]
fn a_duty_to_restart_beats_what_is_said_but_not_a_refusal() {
    let mut world = world(&units(1), &[]);
    for (said, restarts) in [(Said::Live, true), (Said::Commit, true), (Said::Refuse, false)] {
        let (ticket, asked) = (world.reload(), world.asked().len());
        world.changed(&[(0, Duty::Restart)]);
        world.say(0, said);
        assert_eq!(world.asked().len() > asked, restarts, "{said:?}");
        world.turn_over();
        assert!(world.reloads.contains_key(&ticket));
    }
}

#[test]
fn what_can_be_started_once_refuses_a_restart_and_takes_the_rest() {
    let once = Rules { once: true, ..Rules::PLAIN };
    let mut world = world(&[once], &[]);
    for (said, outcome) in [
        (Said::Nothing, Outcome::Once(0)),
        (Said::Restart, Outcome::Once(0)),
        (Said::Live, Outcome::Done),
    ] {
        let ticket = world.reload();
        world.changed(&[(0, Duty::Take)]);
        world.say(0, said);
        assert_eq!(world.reloads[&ticket], outcome);
    }
}

#[test]
fn what_is_asked_for_meanwhile_is_one_more_reload() {
    let mut world = world(&units(1), &[]);
    let first = world.reload();
    let later: Vec<_> = (0..10_000)
        .map(|_| {
            world.step(Event::Signal(Signal::Hangup));
            world.reload()
        })
        .collect();
    let reads =
        |world: &World| world.seen.iter().filter(|seen| matches!(seen, Seen::Read(_))).count();
    assert_eq!(reads(&world), 1);
    world.found(Found::Unchanged);
    assert_eq!((world.reloads.len(), reads(&world)), (1, 2));
    world.found(Found::Bad { same: false });
    assert_eq!(world.reloads[&first], Outcome::Unchanged);
    assert!(later.iter().all(|ticket| world.reloads[ticket] == Outcome::Bad));
    assert_eq!(reads(&world), 2);
}

#[test]
fn a_file_is_read_once_it_is_left_alone_or_after_two_seconds() {
    let mut world = world(&units(1), &[]);
    let began = world.now;
    let reads =
        |world: &World| world.seen.iter().filter(|seen| matches!(seen, Seen::Read(_))).count();
    world.step(Event::Touched);
    world.advance_to(began + QUIET / 2);
    world.step(Event::Touched);
    world.advance_to(began + QUIET);
    assert_eq!(reads(&world), 0, "it was touched again");
    world.advance_to(began + QUIET / 2 + QUIET);
    assert_eq!(reads(&world), 1);
    world.found(Found::Unchanged);

    let began = world.now;
    let almost = began + (QUIET_AT_MOST - Duration::from_millis(1));
    while world.now < almost {
        world.step(Event::Touched);
        world.advance_to((world.now + QUIET / 5).min(almost));
        assert_eq!(reads(&world), 1, "at {:?}", world.now.since(began));
    }
    world.advance_to(began + QUIET_AT_MOST);
    assert_eq!(reads(&world), 2);
}

#[test]
fn what_is_not_read_in_time_is_given_up_and_not_read_twice_at_once() {
    let mut world = world(&units(1), &[]);
    let first = world.reload();
    let number = world.number();
    world.advance_to(world.now + READ_TIMEOUT);
    assert_eq!(world.reloads[&first], Outcome::Unread);
    let second = world.reload();
    assert_eq!(world.reloads[&second], Outcome::Busy);
    world.step(Event::Read { number, found: Found::Changed });
    assert_eq!(world.has_published(), 0, "an answer that comes too late");
    let third = world.reload();
    world.found(Found::Unchanged);
    assert_eq!(world.reloads[&third], Outcome::Unchanged);
}

#[test]
fn a_failed_start_takes_the_configuration_back() {
    for restart in [Restart::OnFailure, Restart::Never] {
        let rules = Rules { explicit_ready: true, restart, ..Rules::PLAIN };
        let mut world = world(&[rules; 3], &[]);
        let ticket = world.reload();
        world.changed(&[(0, Duty::Take), (1, Duty::Take), (2, Duty::Look)]);
        world.say(0, Said::Nothing);
        world.say(1, Said::Nothing);
        world.say(2, Said::Commit);
        world.end(0, How::Completed);
        world.end(1, How::Completed);
        world.tell(0, UnitEvent::Ready);
        world.end(1, How::Failed { stopping: false });
        assert!(world.seen.contains(&Seen::Revert(1)), "{restart:?}");
        assert_eq!(world.has_published(), 1, "who took it is asked first");
        world.say(2, Said::Commit);
        assert_eq!((world.has_published(), world.engine.settings.tuning), (2, TUNING));
        world.turn_over();
        assert_eq!(world.reloads[&ticket], Outcome::RolledBack(1));
        let all: Vec<_> = (0..3).map(|unit| world.state(unit)).collect();
        assert_eq!(all, [State::Running; 3]);
        assert_eq!(world.engine.units()[1].streak, 0, "its policy was not asked");
        assert!(!world.seen.iter().any(|seen| matches!(seen, Seen::Initiated(_))));
    }
}

#[test]
fn a_start_that_takes_too_long_takes_it_back_and_an_end_that_fails_twice_is_left_to_the_policy() {
    let rules = Rules { start_timeout: Some(Duration::from_secs(3)), ..units(1)[0] };
    for strict in [false, true] {
        let settings = Settings { reloadable: true, strict_reload: strict, ..settings() };
        let mut world = World::new(&[rules], &[], settings).up();
        let ticket = world.reload();
        world.changed(&[(0, Duty::Take)]);
        world.say(0, Said::Nothing);
        world.end(0, How::Completed);
        world.advance_to(world.now + Duration::from_secs(3));
        world.end(0, How::Aborted);
        assert_eq!(world.has_published(), 2);
        assert_eq!(world.state(0), State::Starting);
        world.end(0, How::Failed { stopping: false });
        assert_eq!(world.reloads[&ticket], Outcome::Stranded(0));
        let ends = world.seen.contains(&Seen::Initiated(Cause::Stranded(0)));
        assert_eq!(ends, strict);
        if strict {
            assert_eq!(world.engine.exit_code(), 78);
        } else {
            assert_eq!((world.state(0), world.engine.units()[0].streak), (State::Backoff, 1));
        }
    }
}

#[test]
fn who_refuses_to_go_back_strands_it_and_what_waits_starts() {
    let mut world = world(&units(2), &[]);
    let ticket = world.reload();
    world.changed(&[(0, Duty::Take), (1, Duty::Look)]);
    world.say(0, Said::Nothing);
    world.say(1, Said::Live);
    world.end(0, How::Completed);
    world.end(0, How::Panicked);
    world.say(1, Said::Refuse);
    assert_eq!((world.reloads[&ticket], world.has_published()), (Outcome::Stranded(0), 1));
    assert_eq!(world.state(0), State::Starting);
}

#[test]
fn who_is_started_by_name_before_it_is_taken_back_and_fails_again_waits_for_that() {
    let rules = Rules { explicit_ready: true, restart: Restart::Never, ..Rules::PLAIN };
    let mut world = world(&[rules; 2], &[]);
    let ticket = world.reload();
    world.changed(&[(0, Duty::Take), (1, Duty::Look)]);
    world.say(0, Said::Nothing);
    world.say(1, Said::Live);
    world.end(0, How::Completed);
    world.end(0, How::Panicked);
    for _ in 0..3 {
        let _ = world.call(Op::Start, 0);
        assert_eq!(world.state(0), State::Starting);
        world.end(0, How::Panicked);
        assert_eq!((world.state(0), world.has_published()), (State::Backoff, 1));
    }
    world.say(1, Said::Live);
    world.turn_over();
    assert_eq!((world.reloads[&ticket], world.has_published()), (Outcome::RolledBack(0), 2));
    assert_eq!(world.state(0), State::Running);
}

#[test]
fn a_shutdown_comes_before_the_publication_or_after_it() {
    let mut before = world(&units(2), &[]);
    let ticket = before.reload();
    before.changed(&[(0, Duty::Look), (1, Duty::Look)]);
    before.say(0, Said::Commit);
    let waiting = before.reload();
    before.shutdown();
    assert!(before.seen.contains(&Seen::Unprepare));
    assert_eq!(before.has_published(), 0);
    assert_eq!(before.reloads[&ticket], Outcome::ShuttingDown);
    assert_eq!(before.reloads[&waiting], Outcome::ShuttingDown);

    let mut after = world(&units(2), &[]);
    let ticket = after.reload();
    after.changed(&[(0, Duty::Look), (1, Duty::Take)]);
    after.say(0, Said::Commit);
    after.say(1, Said::Nothing);
    after.shutdown();
    assert!(after.seen.contains(&Seen::Commit(0)));
    assert_eq!(after.reloads[&ticket], Outcome::ShuttingDown);
    let late = after.reload();
    assert_eq!(after.reloads[&late], Outcome::ShuttingDown);
}

#[test]
fn before_the_start_is_over_it_is_put_off_unless_that_fails() {
    let new = || World::new(&units(2), &[], Settings { reloadable: true, ..settings() });
    let read = |world: &World| world.seen.iter().any(|seen| matches!(seen, Seen::Read(_)));

    let mut world = new();
    world.reload();
    world.step(Event::Start);
    assert!(!read(&world));
    let world = world.up();
    assert!(read(&world), "everybody is ready");

    let mut world = new();
    world.step(Event::Start);
    world.reload();
    world.end(1, How::Failed { stopping: false });
    assert!(read(&world), "one has failed");

    let mut world = new();
    world.engine.settings.reloadable = true;
    world.step(Event::Start);
    world.reload();
    world.advance_to(world.now + Duration::from_secs(29));
    assert!(!read(&world));
    world.advance_to(world.now + Duration::from_secs(1));
    assert!(read(&world), "it takes long");
}

#[test]
fn who_was_not_there_to_be_asked_starts_with_what_is_published() {
    let mut world = world(&units(3), &[]);
    world.call(Op::Stop, 1);
    world.end(1, How::Completed);
    world.end(2, How::Failed { stopping: false });
    assert_eq!(world.state(2), State::Backoff);
    let ticket = world.reload();
    world.changed(&[(0, Duty::Look), (1, Duty::Take), (2, Duty::Take)]);
    let prepares: Vec<_> =
        world.seen.iter().filter(|seen| matches!(seen, Seen::Prepare(_))).collect();
    assert_eq!(prepares, [&Seen::Prepare(0)]);
    world.say(0, Said::Live);
    assert_eq!(world.state(1), State::Stopped, "somebody stopped it");
    assert_eq!(world.state(2), State::Starting, "it may be what it needs");
    assert_eq!(world.reloads[&ticket], Outcome::Done);
}

#[test]
fn who_ends_while_it_is_asked_is_not_waited_for_and_restarts_if_it_came_back() {
    let mut world = world(&units(2), &[]);
    let ticket = world.reload();
    world.changed(&[(0, Duty::Look), (1, Duty::Take)]);
    world.end(1, How::Failed { stopping: false });
    world.advance_to(world.now + Duration::from_secs(2));
    assert_eq!(world.state(1), State::Starting, "with the configuration in force");
    world.tell(1, UnitEvent::Ready);
    world.say(0, Said::Live);
    assert_eq!(world.asked(), [1]);
    world.turn_over();
    assert_eq!(world.reloads[&ticket], Outcome::Done);
}

#[test]
fn a_timer_of_one_reload_does_not_end_the_next() {
    let second = Duration::from_secs(1);
    let mut world = world(&units(1), &[]);
    // Read, and then asked for again before its time would be over.
    world.reload();
    let first = world.number();
    world.found(Found::Unchanged);
    world.advance_to(world.now + (READ_TIMEOUT - second));
    let reading = world.reload();
    assert_ne!(world.number(), first);
    world.advance_to(world.now + (READ_TIMEOUT - second));
    assert_eq!(world.reloads.get(&reading), None);
    world.found(Found::Unchanged);
    // The same of the answers.
    world.reload();
    world.changed(&[(0, Duty::Look)]);
    world.say(0, Said::Live);
    world.advance_to(world.now + (PREPARE_TIMEOUT - second));
    let preparing = world.reload();
    world.changed(&[(0, Duty::Look)]);
    world.advance_to(world.now + (PREPARE_TIMEOUT - second));
    assert_eq!(world.reloads.get(&preparing), None);
    world.advance_to(world.now + second);
    assert_eq!(world.reloads[&preparing], Outcome::Silent(0));
}

#[test]
fn what_is_touched_is_not_read_where_nothing_can_be_and_not_during_a_shutdown() {
    let touch = |mut world: World| {
        world.step(Event::Touched);
        world.advance_to(world.now + QUIET_AT_MOST);
        world.seen.iter().any(|seen| matches!(seen, Seen::Read(_)))
    };
    assert!(touch(world(&units(1), &[])));
    assert!(!touch(World::new(&units(1), &[], settings()).up()));
    let mut stopping = world(&units(1), &[]);
    stopping.shutdown();
    assert!(!touch(stopping));
}
