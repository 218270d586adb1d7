use proc_daemon_runtime::Signal;

use super::*;
use crate::state::SubsystemState as State;

fn names(count: usize) -> Vec<TaskName> {
    (0..count).map(|unit| format!("subsystem-{unit:02}").into()).collect()
}

fn at(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

/// A subsystem that starts at a moment, and one that is asked and ends `ok` at a moment.
fn starts(unit: u32, millis: u64) -> [(Instant, Moment); 2] {
    let turned = Moment::Turned { unit, state: State::Starting };
    [(at(millis), turned), (at(millis), Moment::Launched { unit, generation: 1 })]
}

fn ends(unit: u32, millis: u64) -> [(Instant, Moment); 2] {
    let turned = Moment::Turned { unit, state: State::Stopped };
    [(at(millis), Moment::Ended { unit, how: "ok" }), (at(millis), turned)]
}

/// What the lines are, compared whole.
fn is(text: &str, lines: &[&str]) {
    assert_eq!(text.lines().collect::<Vec<_>>(), lines, "\n{text}");
}

#[test]
fn every_end_and_every_fault_has_a_word() {
    let (unit, other) = (0, 1);
    let moments = [
        Moment::Turned { unit, state: State::Starting },
        Moment::Launched { unit, generation: 1 },
        Moment::Fault { unit, fault: "slow stop" },
        Moment::Asked { unit, by: at(5) },
        Moment::Turned { unit, state: State::Aborting },
        Moment::Aborted { unit },
        Moment::Ended { unit, how: "aborted" },
        Moment::Turned { unit, state: State::Failed },
        Moment::Launched { unit, generation: 2 },
        Moment::Ended { unit, how: "panic" },
        Moment::Turned { unit, state: State::Failed },
        Moment::Turned { unit: other, state: State::Waiting },
        Moment::Turned { unit: other, state: State::Stopped },
    ];
    let moments = moments.map(|moment| (at(1), moment));
    is(
        &draw(&["a".into(), "b".into()], moments, 0, 99),
        &[
            "time  daemon  a                b",
            "────  ──────  ───────────────  ───────────────",
            " 1ms          ┌ start",
            "              ├ * slow stop",
            "              ├ asked",
            "              ├ abort!",
            "              └ ended aborted",
            "                failed",
            "              ┌ start #2",
            "              └ ended panic      waiting",
            "                                 never started",
        ],
    );
}

#[test]
fn a_zombie_lives_on() {
    let mut moments = starts(0, 0).to_vec();
    moments.push((at(10), Moment::Turned { unit: 0, state: State::Zombie }));
    moments.push((at(10), Moment::Exit));
    moments.push((at(20), Moment::Raised(Signal::Hangup)));
    is(
        &draw(&["a".into()], moments, 0, 99),
        &[
            "time  daemon         a",
            "────  ─────────────  ────────",
            "   0                 ┌ start",
            "10ms  exit           ├ zombie",
            "20ms  SIGHUP raised  │",
        ],
    );
}

#[test]
fn a_time_is_shown_when_it_changes_and_moments_of_two_instants_share_no_row() {
    let early = Instant::from_nanos(1_000_001);
    let moments = [(at(1), Moment::Start), (early, Moment::Launched { unit: 0, generation: 1 })];
    is(
        &draw(&["a".into()], moments, 0, 99),
        &["time  daemon  a", "────  ──────  ───────", " 1ms  start", "              ┌ start"],
    );
}

#[test]
fn a_long_name_is_cut_and_stays_on_its_line() {
    let names = ["a\nname of more than twenty characters".into()];
    is(
        &draw(&names, [], 0, 99),
        &["time  daemon  a?name of more than…", "────  ──────  ────────────────────"],
    );
}

#[test]
fn of_many_subsystems_those_are_shown_to_which_something_happened() {
    let moments = starts(0, 0).into_iter().chain(starts(17, 10)).chain(ends(17, 20));
    is(
        &draw(&names(40), moments, 0, 2),
        &[
            "(earlier rows left out: 1)",
            "time  daemon  subsystem-17",
            "────  ──────  ────────────",
            "10ms          ┌ start",
            "20ms          └ ended ok",
            "(subsystems not shown: 39; nothing happened to them)",
        ],
    );
}

#[test]
fn when_too_many_are_busy_the_line_stays_in_bounds_and_says_so() {
    let moments = (0..40).flat_map(|unit| starts(unit, u64::from(unit)));
    let text = draw(&names(40), moments, 0, 99);
    assert!(text.lines().all(|line| line.chars().count() <= LINE), "\n{text}");
    let shown = text.lines().next().expect("a header").matches("subsystem-").count();
    assert!(shown > 5, "\n{text}");
    let rest = 40 - shown;
    let said = format!("(subsystems not shown: {rest}; something happened to {rest} of them)");
    assert_eq!(text.lines().last(), Some(&*said));
    assert_eq!(text.lines().count(), 2 + shown + 1, "rows of hidden columns only\n{text}");
}

#[test]
fn who_was_alive_before_the_records_that_were_kept_is_seen_from_what_follows() {
    let moments = [(at(1), Moment::Shutdown)].into_iter().chain(ends(0, 2)).chain(starts(1, 3));
    is(
        &draw(&["a".into(), "b".into()], moments, 64, 99),
        &[
            "(the first 64 records of this life were not kept)",
            "time  daemon    a           b",
            "────  ────────  ──────────  ───────",
            " 1ms  shutdown  │",
            " 2ms            └ ended ok",
            " 3ms                        ┌ start",
        ],
    );
}

#[test]
fn no_row_at_all_is_a_header() {
    let moments = starts(0, 0);
    is(
        &draw(&["a".into()], moments, 0, 0),
        &["(earlier rows left out: 1)", "time  daemon  a", "────  ──────  ─"],
    );
}
