//! A signal without a row has the system's default action: it ends the process.

use proc_daemon::Signal::{Hangup, Interrupt, Terminate, User2};
use proc_daemon::sim::{Sim, Verdict};
use proc_daemon::{Daemon, DaemonBuilder, Signal, SignalConfig};

use super::{At, ms, raised, report_of, two};

/// The process is ended by `signal` in each of these states.
#[track_caller]
fn kills(daemon: impl Fn() -> DaemonBuilder, signal: Signal, states: &[At]) {
    for at in states {
        for seed in 0..20 {
            let life = raised(Sim::new(seed), daemon(), *at, &[(ms(0), signal)]);
            let verdict = life.verdict();
            let killed = matches!(verdict, Verdict::Killed(by) if *by == signal);
            assert!(killed, "{at:?}, seed {seed}: {verdict}");
        }
    }
}

#[test]
fn user_2_is_free_and_kills() {
    kills(|| two(SignalConfig::unix()), User2, &At::ALL);
}

#[test]
fn without_sigterm_it_kills() {
    kills(|| two(SignalConfig::unix().without_sigterm()), Terminate, &At::ALL);
    let config = || SignalConfig::unix().without_sigterm();
    let expected = "exit 0: SIGINT\n  ended well: 2; stopped in 13s";
    report_of(config, At::Up, &[(ms(0), Interrupt)], expected);
}

#[test]
fn without_sigint_it_kills() {
    kills(|| two(SignalConfig::unix().without_sigint()), Interrupt, &At::ALL);
    let config = || SignalConfig::unix().without_sigint();
    let expected = "exit 0: SIGTERM\n  ended well: 2; stopped in 13s";
    report_of(config, At::Up, &[(ms(0), Terminate)], expected);
}

#[test]
fn without_a_row_hangup_kills() {
    kills(|| two(SignalConfig::unix().without(Hangup)), Hangup, &At::ALL);
}

#[test]
fn with_signals_says_which_of_the_two_end_the_daemon() {
    let daemon = |terminate, interrupt| {
        move || Daemon::new().with_task("idle", crate::idle).with_signals(terminate, interrupt)
    };
    kills(daemon(false, true), Terminate, &[At::Up]);
    kills(daemon(true, false), Interrupt, &[At::Up]);
    for (terminate, interrupt, signal) in [(true, false, Terminate), (false, true, Interrupt)] {
        let life = raised(Sim::new(7), daemon(terminate, interrupt)(), At::Up, &[(ms(0), signal)]);
        assert_eq!(life.expect_clean().reason, Some(signal.into()));
    }
}
