//! Each option of a simulation, seen from outside.

use std::process::{Command, Output};
use std::time::Duration;

use proc_daemon::sim::{self, Life, Moment, Policy, Sim, Verdict};
use proc_daemon::{Context, Daemon, DaemonBuilder, Result, Signal, SubsystemState};

const MS: Duration = Duration::from_millis(1);

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

fn one() -> DaemonBuilder {
    Daemon::new().with_task("idle", idle)
}

/// Nothing is left to the seed.
fn dull() -> Sim {
    Sim::from_tape(&sim::Tape::dull())
}

/// When something happened first.
fn at(life: &Life, what: impl Fn(&Moment) -> bool) -> Option<Duration> {
    let found = life.moments().find(|(_, moment)| what(moment));
    found.map(|(at, _)| at.since(proc_daemon::Instant::ZERO))
}

#[test]
fn lasting_is_when_the_daemon_is_asked_to_end() {
    for seconds in [1, 30, 7200] {
        let life = dull().daemon(one()).lasting(Duration::from_secs(seconds)).run();
        let stop = at(&life, |moment| *moment == Moment::Shutdown);
        assert_eq!(stop, Some(Duration::from_secs(seconds)));
        assert_eq!(life.lasted(), Duration::from_secs(seconds));
    }
    let life = dull().daemon(one()).run();
    assert_eq!(life.lasted(), Duration::from_secs(30));
    let faults = sim::Faults::none().quiet_after(Duration::from_secs(120));
    let life = dull().daemon(one()).faults(faults).run();
    assert_eq!(life.lasted(), Duration::from_secs(150));
}

#[test]
fn a_daemon_that_handles_sigterm_is_ended_by_it_and_another_one_by_a_request() {
    let by_signal = dull().daemon(one()).run();
    assert_eq!(by_signal.report().reason.as_ref().map(ToString::to_string).unwrap(), "SIGTERM");
    let without = dull().daemon(one().without_signals()).run();
    let reason = without.report().reason.as_ref().map(ToString::to_string).unwrap();
    assert_eq!(reason, "requested: the simulated life is over");
}

#[test]
fn config_text_takes_the_place_of_the_daemons_own() {
    let life = dull()
        .daemon(one())
        .config_text("[shutdown]\nlame_duck_ms = 1500")
        .lasting(Duration::from_secs(1))
        .run();
    assert_eq!(life.lasted(), Duration::from_millis(2500));
    let bad = dull().daemon(one()).config_text("[shutdown]\nlame_duck = 1").run();
    assert_eq!(bad.report().code, 78, "{}", bad.report());
}

#[test]
fn a_poll_costs_what_it_is_said_to() {
    for cost in [Duration::ZERO, MS, 7 * MS] {
        let life = dull().poll_cost(cost).daemon(one()).script(|_| async {});
        let polls = u32::try_from(life.polls()).unwrap();
        assert_eq!(life.lasted(), cost * polls);
    }
}

#[test]
fn sleeps_are_late_by_at_most_what_is_said() {
    let mut latest = Duration::ZERO;
    for seed in 0..30 {
        let sim = Sim::new(seed).poll_cost(Duration::ZERO).lateness(90 * MS);
        let _ = sim.daemon(one()).script(|s| async move {
            s.advance(Duration::from_secs(1)).await;
            let late = s.now().since(proc_daemon::Instant::ZERO) - Duration::from_secs(1);
            assert!(late <= 90 * MS, "{late:?}");
        });
        let life = Sim::new(seed).poll_cost(Duration::ZERO).lateness(90 * MS).daemon(one()).run();
        latest = latest.max(life.lasted() - Duration::from_secs(30));
    }
    assert!(latest >= 60 * MS, "{latest:?}");
}

#[test]
fn blocking_work_waits_for_its_thread() {
    let blocking = || {
        Daemon::new().with_task("blocking", |ctx: Context| async move {
            ctx.spawn_blocking(|| ()).await?;
            Ok(())
        })
    };
    let lasted = |seed| {
        let sim = Sim::new(seed).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
        sim.blocking_delay(300 * MS).daemon(blocking()).run().lasted()
    };
    let all: Vec<Duration> = (0..30).map(lasted).collect();
    assert!(all.iter().all(|lasted| *lasted <= 300 * MS), "{all:?}");
    assert!(all.iter().any(|lasted| *lasted >= 200 * MS), "{all:?}");
}

#[test]
fn a_policy_that_is_set_is_the_one() {
    for policy in Policy::ALL {
        assert_eq!(Sim::new(5).policy(policy).daemon(one()).run().policy(), policy);
    }
    let policies: std::collections::BTreeSet<_> =
        (0..50).map(|seed| Sim::new(seed).daemon(one()).run().policy()).collect();
    assert_eq!(policies.len(), Policy::ALL.len(), "a seed picks its own");
}

#[test]
fn a_signal_is_raised_at_the_step_that_was_named() {
    let raised = |poll| {
        let life = dull().raise_at_step(poll, Signal::Terminate).daemon(one()).run();
        let records = life.trace().records().iter();
        let before = records.take_while(|record| record.kind != sim::Kind::Signal);
        before.filter(|record| record.kind == sim::Kind::Poll).count()
    };
    for poll in 1..6 {
        assert_eq!(raised(poll), usize::try_from(poll).unwrap() - 1);
    }
}

#[test]
fn a_panic_is_the_verdict_unless_it_is_allowed() {
    let panics = || {
        Daemon::new().with_task("panics", |_| async {
            let none: Option<()> = None;
            none.ok_or("nothing").map_err(|text| std::panic::resume_unwind(Box::new(text)))
        })
    };
    let life = dull().daemon(panics()).run();
    assert!(matches!(life.verdict(), Verdict::Panic { .. }), "{}", life.verdict());
    let life = dull().allow_panics().daemon(panics()).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    assert_eq!(life.report().code, 70);
}

#[test]
fn a_time_limit_ends_the_life() {
    let life = dull().time_limit(Duration::from_secs(5)).daemon(one()).run();
    assert!(matches!(life.verdict(), Verdict::TimeLimit(..)), "{}", life.verdict());
}

#[test]
fn until_waits_for_a_state_and_says_how_long() {
    let slow = Daemon::new().with_subsystem(
        proc_daemon::task("slow", |ctx: Context| async move {
            ctx.runtime().sleep(80 * MS).await;
            ctx.ready();
            idle(ctx).await
        })
        .explicit_ready(),
    );
    let _ = dull()
        .daemon(slow)
        .script(|s| async move {
            assert_eq!(s.until("slow", SubsystemState::Running).await, 80 * MS);
            assert_eq!(s.until("slow", SubsystemState::Running).await, Duration::ZERO);
        })
        .expect_clean();
    let life = dull().daemon(one()).script(|s| async move {
        s.raise(Signal::Terminate);
        s.until("idle", SubsystemState::Failed).await;
    });
    let verdict = life.verdict().to_string();
    assert!(verdict.contains("`idle` was never failed"), "{verdict}");
}

#[test]
fn what_is_chosen_is_the_seeds_and_dull_on_a_dull_tape() {
    let chosen = |sim: Sim| (sim.choose(1000, "number"), sim.chance(0.5, "coin"));
    assert_eq!(chosen(dull()), (0, false));
    assert_eq!(chosen(Sim::new(1)), chosen(Sim::new(1)));
    assert_ne!(chosen(Sim::new(1)).0, chosen(Sim::new(2)).0);
    let tape = sim::Tape::new(vec![sim::Choice::new("number", 0, 17, 1000)]);
    assert_eq!(chosen(Sim::from_tape(&tape)), (17, false));
    let staged = Sim::from_tape(&sim::Tape::new(vec![sim::Choice::new("staged", 0, 3, 5)]));
    let _ = staged.daemon(one()).script(|s| async move {
        assert_eq!(s.choose(5, "staged"), 3);
        s.reached("the end");
    });
}

/// The child of the next tests: a check over ten seeds.
#[test]
fn environment_child() {
    if std::env::var_os("ENVIRONMENT_CHILD").is_some() {
        let sweep = sim::check(0..10, |sim| {
            let fail = std::env::var_os("FAIL").is_some();
            assert!(!fail || sim.choose(2, "fail") == 0, "it was to fail");
            sim.daemon(one()).run()
        });
        println!("lives {}", sweep.lives);
    }
    if std::env::var_os("ENVIRONMENT_CHILD_ALONE").is_some() {
        let _ = Sim::new(7).daemon(one()).run().expect_clean();
    }
}

fn child(environment: &[(&str, &str)]) -> (Output, String) {
    child_of("ENVIRONMENT_CHILD", environment)
}

fn child_of(which: &str, environment: &[(&str, &str)]) -> (Output, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "options::environment_child", "--nocapture"])
        .env(which, "1")
        .env("RUST_BACKTRACE", "0")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output, String::from_utf8(text).unwrap())
}

#[test]
fn a_failing_check_leaves_a_tape_that_fails_again() {
    let (output, text) = child(&[("FAIL", "1")]);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("1/2 #0 fail"), "{text}");
    let seed = text.split("SIM_SEED=").nth(1).unwrap().split(' ').next().unwrap();
    let tape = text.split("SIM_TAPE=").nth(1).unwrap().split(" cargo").next().unwrap();
    for (variable, value) in [("SIM_SEED", seed), ("SIM_TAPE", tape)] {
        let (again, text) = child(&[("FAIL", "1"), (variable, value)]);
        assert!(!again.status.success() && text.contains("it was to fail"), "{text}");
        let (mended, text) = child(&[(variable, value)]);
        assert!(mended.status.success(), "{text}");
    }
}

#[test]
fn the_environment_picks_seeds_and_shows_timelines() {
    for (variable, value, wanted) in [
        ("SIM_SEEDS", "3", "lives 3"),
        ("SIM_SEEDS", "100..107", "lives 7"),
        ("SIM_SEED", "42", "lives 1"),
    ] {
        let (output, text) = child(&[(variable, value)]);
        assert!(output.status.success() && text.contains(wanted), "{variable}={value}: {text}");
    }
    for (show, wanted) in [("text", "idle"), ("json", "\"seed\":42")] {
        let (output, text) = child(&[("SIM_SEED", "42"), ("SIM_TRACE", show)]);
        assert!(output.status.success() && text.contains(wanted), "SIM_TRACE={show}: {text}");
    }
    let (_, text) = child(&[("SIM_SEED", "42"), ("SIM_TRACE", "perfetto")]);
    let file = text.lines().find_map(|line| line.split_once("perfetto.dev: ")).unwrap().1;
    assert!(std::fs::read_to_string(file).unwrap().contains("traceEvents"), "{text}");
    for (variable, value) in
        [("SIM_SEED", "x"), ("SIM_SEEDS", "9..3"), ("SIM_TRACE", "pdf"), ("SIM_TAPE", "none")]
    {
        let (output, text) = child(&[(variable, value)]);
        assert!(
            !output.status.success() && text.contains(&format!("{variable}={value}: ")),
            "{text}"
        );
    }
}

#[test]
fn a_life_outside_of_a_check_is_shown_as_well() {
    let alone = |environment| child_of("ENVIRONMENT_CHILD_ALONE", environment).1;
    assert!(alone(&[("SIM_TRACE", "text")]).contains("SIGTERM"));
    assert!(!alone(&[]).contains("SIGTERM"));
}
