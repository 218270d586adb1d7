//! `SIGQUIT`: the state is written, then everything is aborted.

use proc_daemon::Signal::{Hangup, Interrupt, Quit, Terminate};
use proc_daemon::signal::Action;
use proc_daemon::sim::Faults;
use proc_daemon::{Daemon, SignalConfig, task};

use super::terminate::GO;
use super::{At, ms, raised, report, two};
use crate::exact::{SECOND, exactly, text};

#[test]
fn it_forces_in_every_state() {
    let once = [(ms(0), Quit)];
    report(
        At::Start,
        &once,
        "exit 131: SIGQUIT\n  \
         `store`: aborted, ran for 1s\n  \
         ended well: 0, never started: 1; stopped in 0s",
    );
    report(
        At::Up,
        &once,
        "exit 131: SIGQUIT\n  \
         `store`: aborted, ran for 10s\n  \
         `http`: aborted, ran for 7s\n  \
         ended well: 0; stopped in 0s",
    );
    report(
        At::LameDuck,
        &once,
        "exit 131: requested: go\n  \
         `store`: aborted, ran for 12s\n  \
         `http`: aborted, ran for 9s\n  \
         ended well: 0; stopped in 2s",
    );
    report(
        At::Drain,
        &once,
        "exit 131: requested: go\n  \
         `store`: aborted, ran for 17s\n  \
         `http`: aborted, ran for 14s\n  \
         ended well: 0; stopped in 7s",
    );
    report(At::After, &once, GO);
}

#[test]
fn before_the_start_it_forces() {
    exactly(
        |sim| raised(sim, two(SignalConfig::unix()), At::Nothing, &[(ms(0), Quit)]),
        |report| {
            assert_eq!((report.code, &report.reason), (131, &Some(Quit.into())));
            assert_eq!(report.ran_for(), ms(0));
        },
    );
}

/// Once forced, the code is that of the first signal that did.
#[test]
fn what_comes_after_it_changes_nothing() {
    let expected = "exit 131: SIGQUIT\n  \
        `store`: aborted, ran for 10s\n  \
        `http`: aborted, ran for 7s\n  \
        ended well: 0; stopped in 0s";
    for later in [Quit, Terminate, Interrupt] {
        report(At::Up, &[(ms(0), Quit), (ms(1), later)], expected);
    }
    let expected = "exit 130: SIGINT\n  \
        `store`: aborted, ran for 11s\n  \
        `http`: aborted, ran for 8s\n  \
        ended well: 0; stopped in 1s";
    report(At::Up, &[(ms(0), Interrupt), (ms(1000), Interrupt), (ms(1000), Quit)], expected);
}

/// The dump is blocking work: where that never returns, forcing waits for it for a second.
#[test]
fn forcing_waits_for_the_dump_for_a_second() {
    exactly(
        |sim| {
            let sim = sim.faults(Faults::none().stuck_blocking(1.0));
            raised(sim, two(SignalConfig::unix()), At::Up, &[(ms(0), Quit)])
        },
        |report| {
            let expected = "exit 131: SIGQUIT\n  \
                `store`: aborted, ran for 11s\n  \
                `http`: aborted, ran for 8s\n  \
                ended well: 0; stopped in 0s";
            assert_eq!(text(report), expected);
            assert_eq!(report.ran_for(), 11 * SECOND);
        },
    );
}

/// An end in order waits for the dump as well.
#[test]
fn the_end_waits_for_the_dump() {
    exactly(
        |sim| {
            let daemon = Daemon::new().with_subsystem(task("idle", crate::idle));
            let sim = sim.faults(Faults::none().stuck_blocking(1.0));
            raised(sim, daemon, At::Up, &[(ms(0), Quit), (ms(500), Terminate)])
        },
        |report| {
            let expected = "exit 131: SIGTERM\n  ended well: 1; stopped in 500ms";
            assert_eq!(text(report), expected);
        },
    );
}

/// One dump at a time, and the code is that of the signal which asked for it.
#[test]
fn a_dump_that_is_being_written_is_not_begun_again() {
    exactly(
        |sim| {
            let sim = sim.faults(Faults::none().stuck_blocking(1.0));
            let signals = SignalConfig::unix().on(Hangup, Action::Dump);
            let daemon = Daemon::new().with_task("idle", crate::idle).with_signal_config(signals);
            raised(sim, daemon, At::Up, &[(ms(0), Quit), (ms(500), Hangup)])
        },
        |report| {
            let expected = "exit 131: SIGQUIT\n  \
                `idle`: aborted, ran for 11s\n  \
                ended well: 0; stopped in 0s";
            assert_eq!(text(report), expected);
        },
    );
}
