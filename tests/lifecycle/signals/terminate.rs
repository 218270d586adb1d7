//! `SIGTERM`.

use proc_daemon::Signal::{Interrupt, Terminate};
use proc_daemon::sim::{Life, Sim};
use proc_daemon::{Context, Daemon, Signal, task};

use super::{At, ms, report};
use crate::exact::{SECOND, exactly, text};

/// What a shutdown that the program asked for comes to, whatever arrives meanwhile.
pub(super) const GO: &str = "exit 0: requested: go\n  ended well: 2; stopped in 13s";

/// What a request before the start comes to: nobody is served, so there is no lame duck.
pub(super) fn started_nothing(reason: &str) -> String {
    format!("exit 0: {reason}\n  ended well: 0, never started: 2; stopped in 0s")
}

#[test]
fn before_the_start_it_starts_nothing() {
    report(At::Nothing, &[(ms(0), Terminate)], &started_nothing("SIGTERM"));
}

#[test]
fn during_the_start_it_starts_nothing_more() {
    let expected = "exit 0: SIGTERM\n  ended well: 1, never started: 1; stopped in 5s";
    report(At::Start, &[(ms(0), Terminate)], expected);
}

#[test]
fn it_ends_a_running_daemon_in_order() {
    let expected = "exit 0: SIGTERM\n  ended well: 2; stopped in 13s";
    report(At::Up, &[(ms(0), Terminate)], expected);
}

#[test]
fn it_changes_nothing_about_a_shutdown() {
    for at in [At::LameDuck, At::Drain, At::After] {
        report(at, &[(ms(0), Terminate)], GO);
    }
}

#[test]
fn repeats_do_not_force() {
    let repeats = [0, 0, 1, 300, 4_999, 5_000, 5_001, 12_999].map(|at| (ms(at), Terminate));
    report(At::Up, &repeats, "exit 0: SIGTERM\n  ended well: 2; stopped in 13s");
    for at in [At::LameDuck, At::Drain] {
        report(at, &repeats[..4], GO);
    }
}

/// A job of 10 s and a helper in the background, which takes 4 s to stop; each signal at its second.
fn job(sim: Sim, signals: &[(u32, Signal)]) -> Life {
    let job = task("job", |ctx: Context| async move {
        ctx.runtime().sleep(10 * SECOND).await;
        Ok(())
    });
    let helper = task("helper", |ctx: Context| async move {
        ctx.cancelled().await;
        ctx.runtime().sleep(4 * SECOND).await;
        Ok(())
    });
    let signals = signals.to_vec();
    let daemon = Daemon::new().with_subsystem(job).with_subsystem(helper.background());
    sim.daemon(daemon).script(async move |s| {
        let began = s.now();
        for (at, signal) in signals {
            s.advance((began + at * SECOND).since(s.now())).await;
            s.raise(signal);
        }
        s.finish().await;
    })
}

#[test]
fn when_everything_has_completed_it_changes_nothing() {
    for signals in [&[(11, Terminate)], &[(15, Terminate)]] {
        exactly(
            |sim| job(sim, signals),
            |report| {
                let expected = "exit 0: nothing left to run\n  ended well: 2; stopped in 4s";
                assert_eq!(text(report), expected);
            },
        );
    }
}

/// The last end and the signal at one moment: either is the cause, and the stop is the same.
#[test]
fn at_the_moment_of_the_last_end_one_of_the_two_is_the_cause() {
    exactly(
        |sim| job(sim, &[(10, Terminate)]),
        |report| {
            let text = text(report);
            let causes = ["SIGTERM", "nothing left to run"]
                .map(|cause| format!("exit 0: {cause}\n  ended well: 2; stopped in 4s"));
            assert!(causes.contains(&text), "{text}");
        },
    );
}

#[test]
fn when_everything_has_completed_sigint_twice_forces() {
    exactly(
        |sim| job(sim, &[(11, Interrupt), (12, Interrupt)]),
        |report| {
            let expected = "exit 130: nothing left to run\n  \
                `helper`: aborted, ran for 12s\n  \
                ended well: 1; stopped in 2s";
            assert_eq!(text(report), expected);
        },
    );
}
