//! What never ends a daemon: `SIGHUP`, `SIGUSR1`, `SIGWINCH`, and what is ignored.

use proc_daemon::Signal::{self, Hangup, Terminate, User1, User2, WindowChange};
use proc_daemon::SignalConfig;
use proc_daemon::signal::Action;

use super::terminate::GO;
use super::{At, ms, report, report_of};

/// A hundred of each within 4 s, then a `SIGTERM` if nothing else ends the daemon.
fn storm(of: &[Signal], at: At) -> Vec<(std::time::Duration, Signal)> {
    let mut signals: Vec<_> =
        (0..100).flat_map(|n| of.iter().map(move |signal| (ms(n * 40), *signal))).collect();
    if at == At::Start || at == At::Up || at == At::Nothing {
        signals.push((ms(20_000), Terminate));
    }
    signals
}

fn expected(at: At) -> &'static str {
    match at {
        At::Nothing | At::Start | At::Up => "exit 0: SIGTERM\n  ended well: 2; stopped in 13s",
        At::LameDuck | At::Drain | At::After => GO,
    }
}

#[test]
fn hangup_and_user_1_never_end_a_daemon() {
    for at in At::ALL {
        report(at, &storm(&[Hangup, User1], at), expected(at));
    }
}

/// It is not installed, and its default action is to be ignored.
#[test]
fn a_change_of_the_window_never_ends_a_daemon() {
    for at in At::ALL {
        report(at, &storm(&[WindowChange], at), expected(at));
    }
}

#[test]
fn what_is_ignored_is_swallowed() {
    let ignoring = || {
        let signals = [Signal::Quit, Signal::Interrupt, Hangup, User1, User2];
        signals
            .into_iter()
            .fold(SignalConfig::unix(), |config, signal| config.on(signal, Action::Ignore))
    };
    for at in At::ALL {
        let signals = storm(&[Signal::Quit, Signal::Interrupt, Hangup, User1, User2], at);
        report_of(ignoring, at, &signals, expected(at));
    }
}
