//! Whether, how soon and how often a subsystem starts again, from outside: each option, in virtual time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::sim::{Life, Moment, Sim, Tape};
use proc_daemon::{
    Backoff, Context, Daemon, DaemonBuilder, End, EndKind, Exit, Instant, RestartPolicy, Result,
    ShutdownReason, Signal, Spec, SubsystemState, task, task_with,
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// What one start does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Ok,
    Error,
    Panic,
    /// Runs this long before it fails.
    Lasts(Duration),
    Says(Exit),
    SaysAndFails(Exit),
}

/// Starts as scripted, then lives until it is asked to stop.
fn scripted(name: &'static str, script: impl IntoIterator<Item = Does>) -> Spec {
    let script: VecDeque<Does> = script.into_iter().collect();
    task_with(name, Arc::new(Mutex::new(script)), async |ctx: Context, script: Arc<Mutex<_>>| {
        let does: Option<Does> = VecDeque::pop_front(&mut script.lock());
        match does {
            None => ctx.cancelled().await,
            Some(Does::Ok) => {}
            Some(Does::Error) => return Err("broke".into()),
            Some(Does::Panic) => std::panic::resume_unwind(Box::new("burst")),
            Some(Does::Lasts(time)) => {
                ctx.sleep(time).await?;
                return Err("broke".into());
            }
            Some(Does::Says(exit)) => return ctx.end(exit),
            Some(Does::SaysAndFails(exit)) => {
                ctx.end(exit)?;
                return Err("broke".into());
            }
        }
        Ok(())
    })
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

fn dull() -> Sim {
    Sim::from_tape(&Tape::dull()).allow_panics()
}

fn live(daemon: DaemonBuilder) -> Life {
    let life = dull().daemon(daemon).lasting(Duration::from_secs(3600)).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    life
}

/// With an idle companion, so that the daemon lives when the subsystem is over.
fn beside(spec: Spec) -> DaemonBuilder {
    Daemon::new().with_subsystem(spec).with_task("companion", idle)
}

/// When each generation of the first subsystem was spawned.
fn starts(life: &Life) -> Vec<Duration> {
    let launched = |moment: &Moment| matches!(moment, Moment::Launched { unit: 0, .. });
    let moments = life.moments().filter(|(_, moment)| launched(moment));
    moments.map(|(at, _)| at.since(Instant::ZERO)).collect()
}

fn millis(times: &[Duration]) -> Vec<u128> {
    times.iter().map(Duration::as_millis).collect()
}

/// No jitter, 100 ms always.
fn steady(policy: RestartPolicy) -> RestartPolicy {
    policy.backoff(Backoff::constant(100 * MS).jitter(0.0))
}

#[test]
fn each_policy_answers_each_end() {
    use Does::{Error, Ok, Panic};
    let never: fn() -> RestartPolicy = RestartPolicy::never;
    for (policy, does, started, code) in [
        (never, Ok, 1, 0),
        (never, Error, 1, 1),
        (never, Panic, 1, 70),
        (RestartPolicy::on_failure, Ok, 1, 0),
        (RestartPolicy::on_failure, Error, 2, 0),
        (RestartPolicy::on_failure, Panic, 2, 0),
        (RestartPolicy::always, Ok, 2, 0),
        (RestartPolicy::always, Error, 2, 0),
        (RestartPolicy::always, Panic, 2, 0),
    ] {
        let life = live(beside(scripted("s", [does]).restart_policy(steady(policy()))));
        assert_eq!(starts(&life).len(), started, "{does:?} {:?}", policy());
        assert_eq!(life.report().code, code, "{does:?} {:?}", policy());
    }
}

#[test]
fn the_default_starts_again_after_a_failure_and_gives_up_at_the_sixth_within_a_minute() {
    let five = live(beside(scripted("s", [Does::Error; 5])));
    assert_eq!((starts(&five).len(), five.report().code), (6, 0));
    let six = live(beside(scripted("s", [Does::Error; 6])));
    assert_eq!((starts(&six).len(), six.report().code), (6, 69));
    assert_eq!(six.report().reason, Some(ShutdownReason::StartFailed("s".into())));
    let panics = live(beside(scripted("s", [Does::Panic; 6])));
    assert_eq!(panics.report().code, 70);
}

#[test]
fn the_delays_are_those_of_the_schedule() {
    let policy = RestartPolicy::on_failure()
        .backoff(Backoff::exponential(50 * MS, 400 * MS).jitter(0.0))
        .unlimited();
    let life = live(beside(scripted("s", [Does::Error; 6]).restart_policy(policy.clone())));
    let starts = starts(&life);
    let delays: Vec<Duration> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(delays, policy.schedule(6));
    assert_eq!(millis(&delays), [50, 100, 200, 400, 400, 400]);
    let tripled = Backoff::exponential(10 * MS, 200 * MS).factor(3.0).jitter(0.0);
    let policy = RestartPolicy::on_failure().backoff(tripled).unlimited();
    let life = live(beside(scripted("s", [Does::Error; 4]).restart_policy(policy)));
    assert_eq!(millis(&self::starts(&life)), [0, 10, 40, 130, 330]);
    let none = RestartPolicy::on_failure().backoff(Backoff::none());
    let life = live(beside(scripted("s", [Does::Error; 5]).restart_policy(none)));
    assert_eq!(millis(&self::starts(&life)), [0; 6]);
}

#[test]
fn jitter_moves_each_delay_by_its_part() {
    let policy =
        RestartPolicy::on_failure().backoff(Backoff::constant(SECOND).jitter(0.5)).unlimited();
    let mut seen = Vec::new();
    for seed in 0..20 {
        let daemon = beside(scripted("s", [Does::Error; 5]).restart_policy(policy.clone()));
        let sim = Sim::new(seed).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
        let life = sim.daemon(daemon).run();
        let starts = starts(&life);
        seen.extend(starts.windows(2).map(|pair| pair[1] - pair[0]));
    }
    assert!(seen.iter().all(|delay| (500 * MS..=1000 * MS).contains(delay)), "{seen:?}");
    assert!(seen.iter().any(|delay| *delay < 600 * MS), "{seen:?}");
    assert!(
        seen.iter().filter(|delay| **delay == SECOND).count() > 20,
        "the cap cuts the other half"
    );
}

#[test]
fn a_long_run_resets_the_backoff_and_a_short_one_does_not() {
    let backoff = Backoff::exponential(100 * MS, 10 * SECOND).jitter(0.0).reset_after(5 * SECOND);
    for (lasts, last) in [(5 * SECOND - MS, 400), (5 * SECOND, 100)] {
        let script = [Does::Error, Does::Error, Does::Lasts(lasts)];
        let policy = RestartPolicy::on_failure().backoff(backoff);
        let life = live(beside(scripted("s", script).restart_policy(policy)));
        let starts = starts(&life);
        assert_eq!((starts[3] - starts[2] - lasts).as_millis(), last, "{lasts:?}");
    }
}

#[test]
fn a_failure_leaves_the_window_when_it_is_over() {
    let policy = steady(RestartPolicy::on_failure()).intensity(1, SECOND);
    for (lasts, code) in [(899 * MS, 69), (900 * MS, 0)] {
        let script = [Does::Error, Does::Lasts(lasts)];
        let life = live(beside(scripted("s", script).restart_policy(policy.clone())));
        assert_eq!(life.report().code, code, "{lasts:?} and 100 ms of backoff");
    }
    let none = steady(RestartPolicy::on_failure()).intensity(0, SECOND);
    assert_eq!(live(beside(scripted("s", [Does::Error]).restart_policy(none))).report().code, 69);
    let unlimited = steady(RestartPolicy::on_failure()).unlimited();
    let life = live(beside(scripted("s", [Does::Error; 500]).restart_policy(unlimited)));
    assert_eq!((starts(&life).len(), life.report().code), (501, 0));
}

#[derive(Debug, thiserror::Error)]
#[error("credentials refused")]
struct Refused;

#[test]
fn an_end_that_unless_names_is_final() {
    let refused = |times: usize| {
        let left = Arc::new(Mutex::new(times));
        task_with("s", left, async |_, left: Arc<Mutex<usize>>| {
            let mut left = left.lock();
            *left = left.checked_sub(1).ok_or(Refused)?;
            Err("line broke".into())
        })
    };
    let policy = steady(RestartPolicy::on_failure()).unless(|end| end.find::<Refused>().is_some());
    let life = live(beside(refused(3).restart_policy(policy)));
    assert_eq!((starts(&life).len(), life.report().code), (4, 1));
    let end = life.report().end_of("s").unwrap();
    assert!(end.find::<Refused>().is_some() && end.generation() == 4);
    let panics = steady(RestartPolicy::on_failure())
        .unless(|_| std::panic::resume_unwind(Box::new("in unless")))
        .intensity(2, SECOND);
    let life = live(beside(refused(9).restart_policy(panics)));
    assert_eq!((starts(&life).len(), life.report().code), (3, 69));
}

#[test]
fn what_a_subsystem_says_beats_its_policy() {
    use Does::{Says, SaysAndFails};
    for (does, started, code) in [
        (Says(Exit::Default), 2, 0),
        (Says(Exit::DoNotRestart), 1, 0),
        (Says(Exit::ShutdownDaemon(7)), 1, 7),
        (SaysAndFails(Exit::Default), 2, 0),
        (SaysAndFails(Exit::DoNotRestart), 1, 1),
        (SaysAndFails(Exit::ShutdownDaemon(7)), 1, 7),
    ] {
        let life =
            live(beside(scripted("s", [does]).restart_policy(steady(RestartPolicy::always()))));
        assert_eq!((starts(&life).len(), life.report().code), (started, code), "{does:?}");
        if code == 7 {
            let reason = ShutdownReason::SubsystemAsked("s".into(), 7);
            assert_eq!(life.report().reason, Some(reason));
        }
    }
}

#[test]
fn a_daemon_lives_on_without_what_is_optional() {
    let spec = scripted("s", [Does::Error]).restart_policy(RestartPolicy::never()).optional();
    let life = dull().daemon(beside(spec)).script(|s| async move {
        s.until("s", SubsystemState::Failed).await;
        s.advance(SECOND).await;
        let status = s.daemon().status();
        assert!(status.ready && status.degraded && status.live);
        assert_eq!(s.state("companion"), SubsystemState::Running);
        s.daemon().shutdown();
        assert!(!s.daemon().status().degraded, "it does not live on");
    });
    let report = life.expect_clean();
    assert_eq!(report.end_of("s").map(End::kind), Some(EndKind::Error));
    let alone = scripted("s", [Does::Error; 9]).restart_policy(steady(RestartPolicy::on_failure()));
    let life = live(Daemon::new().with_subsystem(alone.optional()));
    assert_eq!(life.report().reason, Some(ShutdownReason::NothingToRun));
    assert_eq!(life.report().code, 69);
    let once = scripted("s", [Does::Error]).restart_policy(RestartPolicy::never()).optional();
    assert_eq!(live(Daemon::new().with_subsystem(once)).report().code, 69, "nothing is left");
    let critical = scripted("s", [Does::Error]).restart_policy(RestartPolicy::never());
    assert_eq!(live(beside(critical.optional().critical())).report().code, 1);
}

#[test]
fn code_decides_what_becomes_of_the_daemon() {
    for (exit, code) in [(Exit::Default, 69), (Exit::DoNotRestart, 1), (Exit::ShutdownDaemon(9), 9)]
    {
        let policy = steady(RestartPolicy::on_failure()).intensity(1, SECOND);
        let spec = scripted("s", [Does::Error; 2]).restart_policy(policy).on_give_up(move |end| {
            assert_eq!((end.kind(), end.generation()), (EndKind::Error, 2));
            exit
        });
        let life = live(beside(spec));
        let ended_early = life.lasted() < SECOND;
        assert_eq!(ended_early, exit != Exit::DoNotRestart, "{exit:?}");
        let expected = if ended_early { code } else { 69 };
        assert_eq!(life.report().code, expected, "{exit:?}");
    }
}

#[test]
fn code_decides_before_what_requires_it_is_lost() {
    for (exit, code, ready) in [
        (Exit::Default, 1, false),
        (Exit::ShutdownDaemon(9), 9, false),
        (Exit::DoNotRestart, 1, true),
    ] {
        let lost = scripted("s", [Does::Lasts(SECOND)]).restart_policy(RestartPolicy::never());
        let needs = task("needs", idle).requires("s").on_give_up(move |end| {
            assert_eq!((end.kind(), end.ran_for()), (EndKind::DependencyStopped, SECOND));
            Exit::DoNotRestart
        });
        let daemon = beside(lost.on_give_up(move |_| exit)).with_subsystem(needs);
        let life = dull().daemon(daemon).script(move |s| async move {
            s.advance(2 * SECOND).await;
            assert_eq!(s.daemon().status().ready, ready, "{exit:?}");
        });
        let report = life.expect_clean();
        assert_eq!(report.code, if ready { 69 } else { code }, "{exit:?}: {report}");
    }
}

/// What it left in flight has 20 s; nobody waits for that.
#[test]
fn a_wish_for_the_end_is_heeded_at_once() {
    let leaves = task("s", |ctx: Context| async move {
        let work = ctx.in_flight();
        let child = ctx.spawn(async move {
            let _work = work;
            std::future::pending::<()>().await;
        });
        child.detach();
        ctx.sleep(SECOND).await?;
        ctx.end(Exit::ShutdownDaemon(7))
    });
    let life = dull().daemon(beside(leaves)).script(|s| async move {
        s.until("companion", SubsystemState::Stopped).await;
        assert_eq!(s.now(), Instant::from_epoch(SECOND));
        s.finish().await;
    });
    let report = life.expect_clean();
    assert_eq!(report.reason, Some(ShutdownReason::SubsystemAsked("s".into(), 7)));
    assert_eq!(report.code, 124, "the work in flight had to be aborted");
}

#[test]
fn what_requires_it_goes_with_it_and_what_comes_after_it_stays() {
    let gone = scripted("gone", [Does::Lasts(SECOND)]).restart_policy(RestartPolicy::never());
    let daemon = Daemon::new()
        .with_subsystem(gone.optional())
        .with_subsystem(task("needs", idle).requires("gone").optional())
        .with_subsystem(task("needs it too", idle).requires("needs").optional())
        .with_subsystem(task("after", idle).after("gone"));
    let life = dull().daemon(daemon).script(|s| async move {
        s.until("gone", SubsystemState::Failed).await;
        s.advance(SECOND).await;
        assert_eq!(s.state("needs"), SubsystemState::Failed);
        assert_eq!(s.state("needs it too"), SubsystemState::Failed);
        assert_eq!(s.state("after"), SubsystemState::Running);
    });
    let report = life.expect_clean();
    for name in ["needs", "needs it too"] {
        assert_eq!(report.end_of(name).map(End::kind), Some(EndKind::DependencyStopped), "{name}");
    }
    let gone = scripted("gone", [Does::Error]).restart_policy(RestartPolicy::never()).optional();
    let daemon =
        Daemon::new().with_subsystem(gone).with_subsystem(task("needs", idle).requires("gone"));
    assert_eq!(live(daemon).report().code, 69, "a critical one cannot be without it");
}

#[test]
fn while_it_is_in_backoff_the_daemon_is_not_ready_and_what_waits_for_it_waits() {
    let spec = scripted("s", [Does::Error]).restart_policy(steady(RestartPolicy::on_failure()));
    let daemon =
        Daemon::new().with_subsystem(spec).with_subsystem(task("needs", idle).requires("s"));
    let life = dull().daemon(daemon).script(|s| async move {
        s.until("s", SubsystemState::Backoff).await;
        let status = s.daemon().status();
        assert!(!status.ready && !status.degraded);
        assert_eq!(status.subsystems[0].restart_at, Some(s.now() + 100 * MS));
        assert_eq!(s.state("needs"), SubsystemState::Waiting);
        assert_eq!(s.restarts("s"), 0);
        s.until_ready().await;
        assert_eq!(s.now(), Instant::from_epoch(100 * MS));
        assert_eq!(s.restarts("s"), 1);
        assert_eq!(s.daemon().status().subsystems[0].restart_at, None);
    });
    assert_eq!(life.expect_clean().code, 0);
}

#[test]
fn a_stop_in_backoff_is_at_once_and_no_failure() {
    let slow = RestartPolicy::on_failure().backoff(Backoff::constant(50 * SECOND)).unlimited();
    let life = dull().daemon(beside(scripted("s", [Does::Error]).restart_policy(slow))).script(
        |s| async move {
            s.until("s", SubsystemState::Backoff).await;
            s.raise(Signal::Terminate);
            let report = s.finish().await;
            assert_eq!((report.code, s.now()), (0, Instant::ZERO));
        },
    );
    let _ = life.expect_clean();
}

#[test]
fn the_storm_guard_holds_back_a_thousand_failures_at_once() {
    let specs = |n: usize| {
        (0..n).map(|n| {
            scripted("", [Does::Lasts(SECOND)])
                .named(format!("s{n}"))
                .restart_policy(RestartPolicy::on_failure().backoff(Backoff::none()))
        })
    };
    let back = |daemon: DaemonBuilder| {
        let life = live(daemon);
        let again = |moment: &Moment| matches!(moment, Moment::Launched { generation: 2, .. });
        let last = life.moments().filter(|(_, moment)| again(moment)).last().unwrap().0;
        last.since(Instant::from_epoch(SECOND))
    };
    assert_eq!(back(Daemon::new().with_subsystems(specs(20))), Duration::ZERO);
    assert_eq!(back(Daemon::new().with_subsystems(specs(1000))), 49 * SECOND);
    let faster = Daemon::new().restarts_per_second(100).with_subsystems(specs(1000));
    assert_eq!(back(faster), 9 * SECOND);
    let unguarded = Daemon::new().restarts_per_second(0).with_subsystems(specs(1000));
    assert_eq!(back(unguarded), Duration::ZERO);
}

#[test]
fn whom_the_storm_guard_holds_back_starts_in_turn_when_it_is_said_and_by_name_at_once() {
    let specs = ["a", "b", "c", "d", "e"].map(|name| {
        scripted(name, [Does::Lasts(SECOND)])
            .restart_policy(RestartPolicy::on_failure().backoff(Backoff::none()))
    });
    let daemon = beside(task("idle", idle)).restarts_per_second(1).with_subsystems(specs);
    let life = dull().daemon(daemon).script(|s| async move {
        s.until("e", SubsystemState::Backoff).await;
        s.advance(MS).await;
        let at = |name: &str| s.daemon().subsystems().status(name).unwrap().restart_at;
        let turns = [2, 3, 4, 5].map(|n| Some(Instant::from_epoch(n * SECOND)));
        assert_eq!(["b", "c", "d", "e"].map(at), turns);
        s.daemon().subsystems().start("e").await.unwrap();
        s.daemon().subsystems().stop("b").await.unwrap();
        assert_eq!(s.now(), Instant::from_epoch(SECOND + MS));
        s.until("d", SubsystemState::Running).await;
        assert_eq!(s.now(), Instant::from_epoch(3 * SECOND), "it has moved up");
    });
    let _ = life.expect_clean();
}

#[test]
fn a_start_that_fails_is_tried_again_like_any_failure() {
    let slow = task("s", |ctx: Context| async move {
        if ctx.generation() < 3 {
            std::future::pending::<()>().await;
        }
        ctx.ready();
        idle(ctx).await
    });
    let slow = slow.explicit_ready().start_timeout(SECOND);
    let policy = steady(RestartPolicy::on_failure());
    let life = live(beside(slow.clone().restart_policy(policy)));
    assert_eq!(millis(&starts(&life)), [0, 1100, 2200]);
    assert_eq!(life.report().code, 0);
    let limited = steady(RestartPolicy::on_failure()).intensity(1, Duration::from_secs(60));
    assert_eq!(live(beside(slow.restart_policy(limited))).report().code, 75);
}

#[test]
fn the_sixth_start_in_a_row_that_takes_too_long_is_one_too_many_by_default() {
    let never_ready = task("s", |_| std::future::pending()).explicit_ready();
    let life = live(beside(never_ready));
    let starts = starts(&life);
    assert_eq!(starts.len(), 6);
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] > 30 * SECOND), "{starts:?}");
    assert_eq!(life.report().code, 75);
}

#[test]
fn nonsense_is_an_error_of_build_with_the_numbers() {
    let said = |policy: RestartPolicy| {
        let spec = task("s", idle).restart_policy(policy);
        Daemon::new().with_subsystem(spec).build().unwrap_err().to_string()
    };
    let policy = RestartPolicy::on_failure;
    let unreachable = said(policy().backoff(Backoff::constant(20 * SECOND).jitter(0.0)));
    assert!(unreachable.contains("6 failures take 1m 40s"), "{unreachable}");
    assert!(unreachable.contains("`s`") && unreachable.contains("restart.rs:"), "{unreachable}");
    for (policy, wanted) in [
        (policy().intensity(3, Duration::ZERO), "of which it allows 3;"),
        (RestartPolicy::never().intensity(4, Duration::ZERO), "of which it allows 4;"),
        (policy().backoff(Backoff::exponential(SECOND, MS)), "cap (1ms) is below its base (1s)"),
        (policy().backoff(Backoff::DEFAULT.jitter(1.5)), "not 1.5"),
        (policy().backoff(Backoff::DEFAULT.factor(0.5)), "not 0.5"),
    ] {
        let text = said(policy);
        assert!(text.contains(wanted), "{text}");
    }
    let once = Spec::once("once", idle).restart_policy(RestartPolicy::always());
    let text = Daemon::new().with_subsystem(once).build().unwrap_err().to_string();
    assert!(text.contains("`once`") && text.contains("never()"), "{text}");
    assert!(Daemon::new().with_subsystem(Spec::once("once", idle)).build().is_ok());
    let hasty = task("hasty", idle).start_timeout(Duration::ZERO);
    let text = Daemon::new().with_subsystem(hasty).build().unwrap_err().to_string();
    assert!(text.contains("`hasty`: its start timeout is 0s"), "{text}");
    let abrupt = task("abrupt", idle).grace(Duration::ZERO);
    assert!(Daemon::new().with_subsystem(abrupt).build().is_ok(), "no grace is an abort at once");
}
