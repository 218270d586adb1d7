//! Tables other than the default one.

use proc_daemon::Signal::{self, Hangup, Interrupt, Quit, Terminate};
use proc_daemon::SignalConfig;
use proc_daemon::signal::Action;

use super::terminate::GO;
use super::{At, ms, report_of};

#[test]
fn nginx_stops_in_order_on_quit_and_forces_on_term_and_int() {
    let expected = "exit 0: SIGQUIT\n  ended well: 2; stopped in 13s";
    report_of(SignalConfig::nginx, At::Up, &[(ms(0), Quit)], expected);
    for (signal, code) in [(Terminate, 143), (Interrupt, 130)] {
        let expected = format!(
            "exit {code}: {signal}\n  \
             `store`: aborted, ran for 10s\n  \
             `http`: aborted, ran for 7s\n  \
             ended well: 0; stopped in 0s"
        );
        report_of(SignalConfig::nginx, At::Up, &[(ms(0), signal)], &expected);
        let expected = format!(
            "exit {code}: SIGQUIT\n  \
             `store`: aborted, ran for 16s\n  \
             `http`: aborted, ran for 13s\n  \
             ended well: 0; stopped in 6s"
        );
        report_of(SignalConfig::nginx, At::Up, &[(ms(0), Quit), (ms(6_000), signal)], &expected);
    }
    // Its QUIT is a request: a second one does not force.
    let twice = [(ms(0), Quit), (ms(6_000), Quit)];
    report_of(
        SignalConfig::nginx,
        At::Up,
        &twice,
        "exit 0: SIGQUIT\n  ended well: 2; stopped in 13s",
    );
}

#[test]
fn any_signal_can_ask() {
    let asks = || SignalConfig::unix().on(Hangup, Action::Shutdown);
    report_of(
        asks,
        At::Up,
        &[(ms(0), Hangup), (ms(900), Hangup)],
        "exit 0: SIGHUP\n  ended well: 2; stopped in 13s",
    );
    for at in [At::LameDuck, At::Drain, At::After] {
        report_of(asks, at, &[(ms(0), Hangup)], GO);
    }
}

#[test]
fn any_signal_can_force() {
    let forces = || {
        Signal::ALL
            .into_iter()
            .fold(SignalConfig::unix(), |config, signal| config.on(signal, Action::Force))
    };
    for signal in Signal::ALL {
        let code = 128 + signal.number();
        let expected =
            format!("exit {code}: {signal}\n  ended well: 0, never started: 2; stopped in 0s");
        report_of(forces, At::Nothing, &[(ms(0), signal)], &expected);
        let expected = format!(
            "exit {code}: requested: go\n  \
             `store`: aborted, ran for 17s\n  \
             `http`: aborted, ran for 14s\n  \
             ended well: 0; stopped in 7s"
        );
        report_of(forces, At::Drain, &[(ms(0), signal)], &expected);
        report_of(forces, At::After, &[(ms(0), signal)], GO);
    }
}

/// The exit code is that of the signal which forced, not of one that came with it.
#[test]
fn the_first_that_forces_gives_the_code() {
    let forces = || SignalConfig::nginx().on(Hangup, Action::Force);
    let signals = [(ms(0), Hangup), (ms(1), Terminate), (ms(2), Interrupt)];
    let expected = "exit 129: SIGHUP\n  \
        `store`: aborted, ran for 10s\n  \
        `http`: aborted, ran for 7s\n  \
        ended well: 0; stopped in 0s";
    report_of(forces, At::Up, &signals, expected);
}
