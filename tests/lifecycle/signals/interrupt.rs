//! `SIGINT`: as `SIGTERM`, and a second one forces, 300 ms or more after the first.

use proc_daemon::Signal::{Interrupt, Terminate};

use super::terminate::{GO, started_nothing};
use super::{At, ms, report};

const ONCE: &str = "exit 0: SIGINT\n  ended well: 2; stopped in 13s";

#[test]
fn once_it_is_a_shutdown_in_order() {
    report(At::Nothing, &[(ms(0), Interrupt)], &started_nothing("SIGINT"));
    report(
        At::Start,
        &[(ms(0), Interrupt)],
        "exit 0: SIGINT\n  ended well: 1, never started: 1; stopped in 5s",
    );
    report(At::Up, &[(ms(0), Interrupt)], ONCE);
    for at in [At::LameDuck, At::Drain, At::After] {
        report(at, &[(ms(0), Interrupt)], GO);
    }
}

#[test]
fn twice_within_300_ms_it_is_one_key_press() {
    report(At::Up, &[(ms(0), Interrupt), (ms(0), Interrupt)], ONCE);
    report(At::Up, &[(ms(0), Interrupt), (ms(1), Interrupt), (ms(299), Interrupt)], ONCE);
    for at in [At::LameDuck, At::Drain] {
        report(at, &[(ms(0), Interrupt), (ms(299), Interrupt)], GO);
    }
}

#[test]
fn twice_it_forces_from_300_ms_on() {
    for second in [300, 301, 2_000] {
        let stopped = super::shown(ms(second));
        let [store, http] = [10_000, 7_000].map(|up| super::shown(ms(up + second)));
        let expected = format!(
            "exit 130: SIGINT\n  \
             `store`: aborted, ran for {store}\n  \
             `http`: aborted, ran for {http}\n  \
             ended well: 0; stopped in {stopped}"
        );
        report(At::Up, &[(ms(0), Interrupt), (ms(second), Interrupt)], &expected);
    }
}

/// The time counts from the first one: a third may force where the second did not.
#[test]
fn a_burst_forces_300_ms_after_its_first() {
    let burst = [0, 100, 200, 250, 310, 900].map(|at| (ms(at), Interrupt));
    let expected = "exit 130: SIGINT\n  \
        `store`: aborted, ran for 10s 310ms\n  \
        `http`: aborted, ran for 7s 310ms\n  \
        ended well: 0; stopped in 310ms";
    report(At::Up, &burst, expected);
}

#[test]
fn the_second_forces_in_every_state() {
    let twice = [(ms(0), Interrupt), (ms(400), Interrupt)];
    // The first has ended it.
    report(At::Nothing, &twice, &started_nothing("SIGINT"));
    report(
        At::Start,
        &twice,
        "exit 130: SIGINT\n  \
         `store`: aborted, ran for 1s 400ms\n  \
         ended well: 0, never started: 1; stopped in 400ms",
    );
    report(
        At::LameDuck,
        &twice,
        "exit 130: requested: go\n  \
         `store`: aborted, ran for 12s 400ms\n  \
         `http`: aborted, ran for 9s 400ms\n  \
         ended well: 0; stopped in 2s 400ms",
    );
    report(
        At::Drain,
        &twice,
        "exit 130: requested: go\n  \
         `store`: aborted, ran for 17s 400ms\n  \
         `http`: aborted, ran for 14s 400ms\n  \
         ended well: 0; stopped in 7s 400ms",
    );
    report(At::After, &twice, GO);
}

/// A `SIGTERM` is no key press: the first `SIGINT` after it does not force, the second does.
#[test]
fn the_first_after_sigterm_does_not_force() {
    let expected = "exit 0: SIGTERM\n  ended well: 2; stopped in 13s";
    report(At::Up, &[(ms(0), Terminate), (ms(6_000), Interrupt)], expected);
    let expected = "exit 130: SIGTERM\n  \
        `store`: aborted, ran for 16s 300ms\n  \
        `http`: aborted, ran for 13s 300ms\n  \
        ended well: 0; stopped in 6s 300ms";
    let presses = [(ms(0), Terminate), (ms(6_000), Interrupt), (ms(6_300), Interrupt)];
    report(At::Up, &presses, expected);
}

/// Both are pending when the daemon looks: the order is that of `Signal::ALL`.
#[test]
fn with_sigterm_at_one_instant_it_is_the_cause() {
    report(At::Up, &[(ms(0), Terminate), (ms(0), Interrupt)], ONCE);
}
