//! Handlers of the user's own: one call at a time, none lost, none made up.

use proc_daemon::Signal::{self, Hangup, Interrupt, Terminate, User2};
use proc_daemon::sim::{Life, Sim, Stage};
use proc_daemon::{
    Context, Daemon, DaemonBuilder, RestartPolicy, Result, SignalConfig, SubsystemState,
};

use crate::exact::{SECOND, exactly, telling, text};
use crate::{Diary, idle};

/// A daemon whose handler of `signal` notes each call, which takes 10 s.
fn handling(signal: Signal, diary: &Diary) -> DaemonBuilder {
    let diary = diary.clone();
    let handler = move |signal: Signal, ctx: Context| {
        let diary = diary.clone();
        async move {
            diary.at(&ctx, &format!("{signal} begins"));
            ctx.runtime().sleep(10 * SECOND).await;
            diary.at(&ctx, &format!("{signal} ends"));
            Ok(())
        }
    };
    let signals = SignalConfig::unix().with_custom_handler(signal, handler);
    Daemon::new().with_task("idle", idle).with_signal_config(signals)
}

/// Raises `signal` at these seconds, then a `SIGTERM` at the last of them.
fn calls(sim: Sim, signal: Signal, at: &[u32], end: u32, expected: &[&str]) -> Life {
    let (diary, at) = (Diary::default(), at.to_vec());
    let life = sim.daemon(handling(signal, &diary)).script(async move |s: Stage| {
        for at in at {
            s.advance((at * SECOND).saturating_sub(since_start(&s))).await;
            s.raise(signal);
        }
        s.advance((end * SECOND).saturating_sub(since_start(&s))).await;
        s.raise(Terminate);
        s.finish().await;
    });
    telling(life, &diary, expected)
}

fn since_start(s: &Stage) -> std::time::Duration {
    s.now().since(proc_daemon::Instant::ZERO)
}

#[test]
fn each_signal_is_a_call() {
    let lines = ["5s SIGUSR2 begins", "15s SIGUSR2 ends", "20s SIGUSR2 begins", "30s SIGUSR2 ends"];
    exactly(
        |sim| calls(sim, User2, &[5, 20], 60, &lines),
        |report| assert_eq!(text(report), "exit 0: SIGTERM\n  ended well: 2; stopped in 0s"),
    );
}

#[test]
fn signals_during_a_call_are_one_more_call() {
    let lines = ["5s SIGUSR2 begins", "15s SIGUSR2 ends", "15s SIGUSR2 begins", "25s SIGUSR2 ends"];
    exactly(
        |sim| calls(sim, User2, &[5, 5, 6, 7, 8, 9, 14], 60, &lines),
        |report| assert_eq!(text(report), "exit 0: SIGTERM\n  ended well: 2; stopped in 0s"),
    );
}

#[test]
fn signals_at_one_instant_are_one_call() {
    let lines = ["5s SIGUSR2 begins", "15s SIGUSR2 ends"];
    exactly(
        |sim| calls(sim, User2, &[5; 100], 60, &lines),
        |report| assert_eq!(text(report), "exit 0: SIGTERM\n  ended well: 2; stopped in 0s"),
    );
}

#[test]
fn a_signal_before_the_start_is_kept() {
    let lines = ["0ns SIGUSR2 begins", "10s SIGUSR2 ends"];
    exactly(
        |sim| calls(sim, User2, &[0, 0], 60, &lines),
        |report| assert_eq!(text(report), "exit 0: SIGTERM\n  ended well: 2; stopped in 0s"),
    );
}

/// A call that has begun has its grace; the one that was yet to come is not made.
#[test]
fn a_stop_lets_the_call_end_and_makes_no_more() {
    let lines = ["5s SIGUSR2 begins", "15s SIGUSR2 ends"];
    exactly(
        |sim| calls(sim, User2, &[5, 6], 8, &lines),
        |report| assert_eq!(text(report), "exit 0: SIGTERM\n  ended well: 2; stopped in 7s"),
    );
    exactly(
        |sim| {
            let diary = Diary::default();
            let life = sim.daemon(handling(User2, &diary)).script(async |s| {
                s.advance(SECOND).await;
                s.daemon().shutdown_with("go");
                s.finish().await;
                s.raise(User2);
                s.advance(SECOND).await;
            });
            telling(life, &diary, &[] as &[&str])
        },
        |report| assert_eq!(text(report), "exit 0: requested: go\n  ended well: 2; stopped in 0s"),
    );
}

/// A handler takes the place of any action, also that of the signals which end a daemon.
#[test]
fn a_handler_takes_the_place_of_the_action() {
    for signal in [Interrupt, Hangup] {
        let begins = format!("5s {signal} begins");
        let ends = format!("15s {signal} ends");
        exactly(
            |sim| calls(sim, signal, &[5], 60, &[&begins, &ends]),
            |report| assert_eq!(text(report), "exit 0: SIGTERM\n  ended well: 2; stopped in 0s"),
        );
    }
}

/// A call delays no signal.
#[test]
fn a_call_that_hangs_is_aborted_with_its_grace() {
    async fn hangs(_: Signal, _: Context) -> Result {
        std::future::pending().await
    }
    exactly(
        |sim| {
            let signals = SignalConfig::unix().with_custom_handler(User2, hangs);
            let daemon = Daemon::new().with_task("idle", idle).with_signal_config(signals);
            sim.daemon(daemon).script(async |s| {
                s.advance(SECOND).await;
                s.raise(User2);
                s.advance(SECOND).await;
                s.raise(Terminate);
                s.finish().await;
            })
        },
        |report| {
            let expected = "exit 124: SIGTERM\n  \
                `signal:SIGUSR2`: aborted, ran for 22s\n  \
                ended well: 1; stopped in 20s";
            assert_eq!(text(report), expected);
        },
    );
}

/// It is a subsystem, which starts again after a failure; a signal that arrives meanwhile is kept.
#[test]
fn a_handler_that_fails_is_called_at_the_next_signal() {
    for panics in [false, true] {
        exactly(
            |sim| {
                let diary = Diary::default();
                let (told, policy) = (diary.clone(), RestartPolicy::on_failure().unlimited());
                let wait = policy.schedule(1)[0];
                let handler = move |_, ctx: Context| {
                    told.at(&ctx, "called");
                    async move {
                        match (ctx.generation(), panics) {
                            (2.., _) => Ok(()),
                            (_, true) => panic!("no space"),
                            (_, false) => Err("no space".into()),
                        }
                    }
                };
                let signals = SignalConfig::unix().with_custom_handler(User2, handler);
                let daemon = Daemon::new().with_task("idle", idle).with_signal_config(signals);
                let life = sim.daemon(daemon).allow_panics().script(async move |s| {
                    s.advance(3 * SECOND).await;
                    s.raise(User2);
                    s.until("signal:SIGUSR2", SubsystemState::Backoff).await;
                    s.raise(User2);
                    s.advance(2 * wait).await;
                    assert_eq!(s.state("signal:SIGUSR2"), SubsystemState::Running);
                    s.raise(Terminate);
                    s.finish().await;
                });
                if life.verdict().is_clean() {
                    assert_eq!(diary.lines().len(), 2, "{:?}", diary.lines());
                }
                life
            },
            |report| assert_eq!(text(report), "exit 0: SIGTERM\n  ended well: 2; stopped in 0s"),
        );
    }
}

/// The daemon lives on without it, and says that it is not all there.
#[test]
fn a_handler_that_fails_too_often_is_given_up_and_named() {
    exactly(
        |sim| {
            let handler = |_, _| async { Err("no space".into()) };
            let signals = SignalConfig::unix().with_custom_handler(User2, handler);
            let daemon = Daemon::new().with_task("idle", idle).with_signal_config(signals);
            sim.daemon(daemon).script(async |s| {
                for _ in 0..6 {
                    s.until("signal:SIGUSR2", SubsystemState::Running).await;
                    s.raise(User2);
                    s.advance(4 * SECOND).await;
                }
                assert_eq!(s.state("signal:SIGUSR2"), SubsystemState::Failed);
                let status = s.daemon().status();
                assert!(status.degraded && status.ready);
                s.raise(Terminate);
                s.finish().await;
            })
        },
        |report| {
            assert_eq!(report.code, 69, "{report}");
            assert!(text(report).contains("`signal:SIGUSR2`: error"), "{report}");
        },
    );
}
