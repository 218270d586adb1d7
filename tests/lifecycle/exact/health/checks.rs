//! Every option of a check, and the defaults.

use proc_daemon::sim::Life;
use proc_daemon::{Check, Config, Daemon, HealthState, Spec, task};

use super::{MS, SECOND, health, noting, scripted};
use crate::Diary;
use crate::exact::{exactly, go_after, telling};

/// Lives with this check for `time`; gives what was noted.
#[track_caller]
fn lived(
    set: impl Fn(Spec, Check) -> Spec + Sync,
    script: &'static str,
    time: std::time::Duration,
    lines: &[&str],
) {
    exactly(
        |sim| {
            let diary = Diary::default();
            let spec = task("a", noting(&diary)).restart_policy(super::again());
            let spec = set(spec, scripted(&diary, script));
            let life = sim.daemon(Daemon::new().with_subsystem(spec)).script(go_after(time));
            telling(life, &diary, lines)
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn liveness_is_asked_every_5_s_after_the_first_5_and_falls_at_the_third_error() {
    let lines = [
        "0ns start",
        "5s -",
        "10s +",
        "15s -",
        "20s -",
        "25s -",
        "25s asked",
        "25.1s start",
        "30.1s +",
        "32s asked",
    ];
    lived(Spec::liveness, "-+---+", 32 * SECOND, &lines);
}

#[test]
fn every_sets_the_time_between_two_questions() {
    let lines = ["0ns start", "300ms +", "600ms +", "900ms +", "1s asked"];
    lived(|spec, check| spec.liveness(check.every(300 * MS)), "+", SECOND, &lines);
    let lines = ["0ns start", "0ns +", "300ms +", "600ms +", "900ms +", "1s asked"];
    lived(|spec, check| spec.readiness(check.every(300 * MS)), "+", SECOND, &lines);
}

#[test]
fn fall_sets_how_many_errors_it_takes() {
    let lines = ["0ns start", "5s -", "5s asked", "5.1s start", "6s asked"];
    lived(|spec, check| spec.liveness(check.fall(1)), "-+", 6 * SECOND, &lines);
    let lines = ["0ns start", "1s -", "2s -", "3s -", "4s -", "4s asked", "4.1s start", "5s asked"];
    lived(|spec, check| spec.liveness(check.every(SECOND).fall(4)), "-", 5 * SECOND, &lines);
}

#[test]
fn a_panic_is_a_bad_answer_and_degraded_a_good_one() {
    let sim = proc_daemon::sim::Sim::new(1);
    let diary = Diary::default();
    let check = scripted(&diary, "!!~!!!").every(SECOND);
    let spec = task("a", noting(&diary)).restart_policy(super::again()).liveness(check);
    let daemon = Daemon::new().with_subsystem(spec);
    let life = sim.allow_panics().daemon(daemon).script(go_after(6500 * MS));
    life.expect_clean();
    assert_eq!(diary.lines().iter().filter(|line| line.ends_with("start")).count(), 2);
    assert_eq!(diary.lines().iter().filter(|line| line.ends_with('!')).count(), 5);

    let sim = proc_daemon::sim::Sim::new(1);
    let spec = task("a", noting(&diary)).liveness(scripted(&diary, "!").every(SECOND));
    let life = sim.daemon(Daemon::new().with_subsystem(spec)).run();
    assert_eq!(life.verdict().kind(), "panic", "{}", life.verdict());
}

/// It is dropped when its time is over, 1 s by default.
#[test]
fn no_answer_in_time_is_a_bad_one() {
    let hangs = |diary: &Diary| {
        let diary = diary.clone();
        Check::new(move |ctx| {
            let (diary, there) = (diary.clone(), ctx.clone());
            let gone = crate::OnDrop({
                let (diary, ctx) = (diary.clone(), ctx.clone());
                move || diary.at(&ctx, "dropped")
            });
            async move {
                diary.at(&there, "asked");
                let _gone = gone;
                std::future::pending().await
            }
        })
    };
    let life = |sim: proc_daemon::sim::Sim, set: fn(Check) -> Check, lines: &[&str]| -> Life {
        let diary = Diary::default();
        let check = set(hangs(&diary)).fall(2);
        let spec = task("a", crate::idle).restart_policy(super::again()).liveness(check);
        let daemon = Daemon::new().with_subsystem(spec);
        telling(sim.daemon(daemon).script(go_after(12 * SECOND)), &diary, lines)
    };
    let clean = |report: &proc_daemon::ExitReport| assert!(report.is_clean(), "{report}");
    let lines = ["5s asked", "6s dropped", "10s asked", "11s dropped"];
    exactly(|sim| life(sim, |check| check, &lines), clean);
    let lines = ["5s asked", "8s dropped", "10s asked", "12s dropped"];
    exactly(|sim| life(sim, |check| check.timeout(3 * SECOND), &lines), clean);
    let lines = ["2s asked", "5s dropped", "6s asked", "9s dropped", "11.1s asked", "12s dropped"];
    let slow: fn(Check) -> Check = |check| check.every(2 * SECOND).timeout(3 * SECOND);
    exactly(|sim| life(sim, slow, &lines), clean);
}

/// An answer at the last moment is in time.
#[test]
fn an_answer_at_the_moment_of_the_timeout_is_in_time() {
    exactly(
        |sim| {
            let check = Check::new(|ctx| async move {
                ctx.runtime().sleep(SECOND).await;
                Ok(proc_daemon::Health::Up)
            });
            let spec = task("a", crate::idle).readiness(check.every(SECOND).rise(1));
            sim.daemon(Daemon::new().with_subsystem(spec)).script(async |s| {
                s.until_ready().await;
                assert_eq!(s.now().since(proc_daemon::Instant::ZERO), SECOND);
                assert_eq!(health(&s, "a"), Some(HealthState::Up));
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn one_that_has_nothing_to_say_is_not_asked_again_before_the_next_start() {
    let lines = ["0ns start", "1s 0", "60s asked"];
    lived(|spec, check| spec.liveness(check.every(SECOND)), "0", 60 * SECOND, &lines);
}

#[test]
fn a_startup_check_is_asked_at_once_and_every_second_and_one_good_answer_will_do() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let spec = task("a", crate::idle).startup(scripted(&diary, "----+"));
            let daemon = Daemon::new()
                .with_subsystem(spec)
                .with_subsystem(task("b", noting(&diary)).requires("a"));
            let life = sim.daemon(daemon).script(async |s| {
                s.advance(3500 * MS).await;
                assert_eq!(s.state("a"), proc_daemon::SubsystemState::Starting);
                assert_eq!(health(&s, "a"), Some(HealthState::Down));
                s.until_ready().await;
                assert_eq!(health(&s, "a"), Some(HealthState::Up));
                s.advance(60 * SECOND).await;
            });
            telling(
                life,
                &diary,
                &["0ns -", "1s -", "2s -", "3s -", "4s +", "4s start", "64s asked"],
            )
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn every_and_rise_of_a_startup_check() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let check = scripted(&diary, "+-++").every(300 * MS).rise(2);
            let daemon = Daemon::new().with_subsystem(task("a", crate::idle).startup(check));
            let life = sim.daemon(daemon).script(async |s| {
                s.until_ready().await;
                s.advance(5 * SECOND).await;
            });
            telling(life, &diary, &["0ns +", "300ms -", "600ms +", "900ms +"])
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// Who says itself when it is ready is ready when both have said so.
#[test]
fn a_startup_check_and_explicit_readiness_are_both_waited_for() {
    for (says_at, answers, ready_at) in [(5, "--+", 5), (1, "---+", 3)] {
        exactly(
            |sim| {
                let diary = Diary::default();
                let late = task("a", move |ctx: proc_daemon::Context| async move {
                    ctx.sleep(says_at * SECOND).await?;
                    ctx.ready();
                    crate::idle(ctx).await
                });
                let spec = late.explicit_ready().startup(scripted(&diary, answers));
                sim.daemon(Daemon::new().with_subsystem(spec)).script(async move |s| {
                    s.until_ready().await;
                    assert_eq!(s.now().since(proc_daemon::Instant::ZERO), ready_at * SECOND);
                })
            },
            |report| assert!(report.is_clean(), "{report}"),
        );
    }
}

#[test]
fn a_start_that_no_check_confirms_takes_too_long_after_30_s() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let spec = task("a", crate::idle).startup(scripted(&diary, "-"));
            let spec = spec.restart_policy(proc_daemon::RestartPolicy::never());
            sim.daemon(Daemon::new().with_subsystem(spec)).run()
        },
        |report| {
            assert_eq!((report.code, report.ran_for()), (75, 30 * SECOND), "{report}");
        },
    );
}

#[test]
fn the_configuration_says_how_often_and_whether_at_all() {
    let asked = |config: fn() -> Config, lines: &[&str]| {
        exactly(
            |sim| {
                let diary = Diary::default();
                let spec = task("a", crate::idle)
                    .startup(scripted(&diary, "-+"))
                    .liveness(scripted(&diary, "+"))
                    .heartbeat(9 * SECOND);
                let daemon = Daemon::builder(config()).with_subsystem(spec);
                let life = sim.daemon(daemon).script(go_after(8 * SECOND));
                telling(life, &diary, lines)
            },
            |report| assert!(report.is_clean(), "{report}"),
        );
    };
    let seconds_3 = || Config::builder().health_check_interval(3 * SECOND).build().unwrap();
    asked(seconds_3, &["0ns -", "1s +", "4s +", "7s +"]);
    let off = || Config::builder().health_checks(false).build().unwrap();
    asked(off, &["0ns -", "1s +"]);
}

#[test]
fn switched_off_checks_are_neither_waited_for_nor_shown() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let config = Config::builder().health_checks(false).build().unwrap();
            let spec = task("a", crate::idle).readiness(scripted(&diary, "-")).heartbeat(SECOND);
            let daemon = Daemon::builder(config).with_subsystem(spec);
            sim.daemon(daemon).script(async |s| {
                s.until_ready().await;
                s.advance(60 * SECOND).await;
                assert_eq!((health(&s, "a"), s.restarts("a")), (None, 0));
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}
