//! Lives that try to hide what went wrong in them.

use std::time::Duration;

use proc_daemon::sim::{
    self, Faults, Life, Moment, Sim, Verdict, any, audit, exhaust_points, subsystem,
};
use proc_daemon::{Config, Context, Daemon, DaemonBuilder, Result, Signal, SignalConfig, task};

use crate::told;

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

fn burst() {
    std::panic::resume_unwind(Box::new("burst"));
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        burst();
    }
}

fn panics(which: usize) -> DaemonBuilder {
    Daemon::new().with_task("s", move |ctx: Context| async move {
        match which {
            0 => burst(),
            1 => ctx.spawn(async { burst() }).detach(),
            2 => ctx.spawn_blocking(burst).detach(),
            3 => drop(Bomb),
            4 => ctx.runtime().spawn("raw".into(), Box::pin(async { burst() })),
            _ => {
                let _bomb = Bomb;
                std::future::pending::<()>().await;
            }
        }
        idle(ctx).await
    })
}

#[test]
fn a_panic_anywhere_is_a_verdict_unless_panics_are_allowed() {
    for which in 0..6 {
        let life = Sim::new(which as u64).daemon(panics(which)).run();
        assert!(matches!(life.verdict(), Verdict::Panic { .. }), "{which}: {}", life.verdict());
        let life = Sim::new(which as u64).allow_panics().daemon(panics(which)).run();
        assert!(life.verdict().is_clean(), "{which}: {}", life.verdict());
    }
}

#[test]
fn a_panic_of_a_raw_task_is_told_and_not_that_somebody_waits_for_it() {
    let daemon = panics(4);
    let life = Sim::new(0).daemon(daemon).script(|_| std::future::pending());
    assert!(matches!(life.verdict(), Verdict::Panic { .. }), "{}", life.verdict());
}

#[test]
fn a_guard_of_the_script_that_panics_does_not_hide_why_the_life_was_ended() {
    let faults = Faults::none().signal(Signal::User2, 1..=1, Duration::ZERO);
    let daemon = Daemon::new().with_task("idle", idle);
    let life = Sim::new(0).daemon(daemon).faults(faults).script(|_| async {
        let _bomb = Bomb;
        std::future::pending::<()>().await;
    });
    assert!(matches!(life.verdict(), Verdict::Killed(Signal::User2)), "{}", life.verdict());
}

/// With a sentinel of its own, this process would end.
#[test]
fn exit_when_stuck_has_no_meaning_here() {
    let daemon = Daemon::new().exit_when_stuck(true).with_task("idle", idle);
    let faults = Faults::none().signal(Signal::Quit, 1..=1, Duration::ZERO);
    let life = Sim::new(1).blocking_delay(Duration::ZERO).daemon(daemon).faults(faults).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    assert!(life.reached().contains(&"state dump"), "the dump is not the sentinel's");
}

#[test]
fn what_cannot_live_is_neither_audited_nor_exhausted() {
    let reads = |sim: Sim| {
        sim.daemon(Daemon::builder(Config::file("x.toml")).with_task("idle", idle)).run()
    };
    let text = told(|| audit(0..1, reads));
    assert!(text.contains("refused") && text.contains("x.toml"), "{text}");
    let text = told(|| {
        exhaust_points(0, Signal::Terminate, reads);
    });
    assert!(text.contains("refused") && text.contains("x.toml"), "{text}");
}

#[test]
fn a_life_that_ticks_without_end_is_given_up() {
    let daemon = Daemon::new().with_task("ticks", |ctx: Context| async move {
        while ctx.sleep(Duration::from_nanos(1)).await.is_ok() {}
        Ok(())
    });
    let life = Sim::from_tape(&sim::Tape::dull()).poll_limit(50_000).daemon(daemon).run();
    assert!(matches!(life.verdict(), Verdict::PollLimit(..)), "{}", life.verdict());
    assert!(life.verdict().to_string().contains("`ticks`"), "{}", life.verdict());
}

/// More than the driver starts in one poll: the start of each counts from when it was decided.
#[test]
fn a_crowd_that_starts_slowly_breaks_no_law() {
    let late = task("late", idle).explicit_ready().start_timeout(Duration::from_secs(1));
    let daemon = Daemon::new()
        .with_subsystems((0..700).map(|n| task(format!("s{n}"), idle)))
        .with_subsystem(late);
    let life = Sim::new(0).poll_cost(Duration::from_millis(1)).daemon(daemon).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
}

/// A life of two subsystems with these faults.
fn under(seed: u64, faults: Faults) -> Life {
    let daemon =
        Daemon::new().with_task("store", idle).with_task("http", |ctx: Context| async move {
            ctx.spawn_blocking(|| ()).await?;
            idle(ctx).await
        });
    Sim::new(seed).daemon(daemon).faults(faults).run()
}

/// Why the plan was refused.
fn refusal(faults: Faults) -> String {
    let life = under(0, faults);
    assert!(matches!(life.verdict(), Verdict::Refused(_)), "{}", life.verdict());
    assert_eq!(life.polls(), 0, "nothing was lived");
    life.verdict().to_string()
}

#[test]
fn a_fault_for_a_subsystem_that_does_not_exist_is_refused_with_the_names() {
    let text = refusal(Faults::swarm().deaf(subsystem("htpp"), 0.5));
    let wanted = "refused: the fault `deaf` is for `htpp`, which does not exist: there are `store`, \
                  `http`; did you mean `http`?";
    assert_eq!(text, wanted);
    let text = refusal(Faults::none().panic(subsystem("db"), 0.0));
    assert!(text.ends_with("`db`, which does not exist: there are `store`, `http`"), "{text}");

    let none = || Sim::new(0).daemon(Daemon::new());
    let life = none().faults(Faults::none().error(subsystem("x"), 0.5)).run();
    assert!(life.verdict().to_string().ends_with("there is no subsystem"), "{}", life.verdict());
    let life = none().faults(Faults::none().error(any(), 0.5)).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    let many = Daemon::new().with_subsystems((0..700).map(|n| task(format!("s{n}"), idle)));
    let life = Sim::new(0).daemon(many).faults(Faults::none().error(subsystem("x"), 0.5)).run();
    assert!(life.verdict().to_string().ends_with("`s29` and 670 more"), "{}", life.verdict());

    // A handler is a subsystem of its own.
    let signals = SignalConfig::unix().with_custom_handler(Signal::User2, |_, _| async { Ok(()) });
    let daemon = Daemon::new().with_task("idle", idle).with_signal_config(signals);
    let faults = Faults::none().panic(subsystem("signal:SIGUSR2"), 1.0);
    assert_eq!(Sim::new(0).daemon(daemon).faults(faults).run().report().code, 70);
}

#[test]
fn a_check_says_that_its_faults_were_refused() {
    let life = |sim: Sim| {
        let daemon = Daemon::new().with_task("idle", idle);
        sim.daemon(daemon).faults(Faults::none().silence(subsystem("ilde"), 0.5)).run()
    };
    let failure = sim::hunt(0..5, life).expect_err("nothing was lived");
    let text = sim::explain(&failure, life);
    assert!(text.contains("did you mean `idle`?"), "{text}");
}

#[test]
#[expect(clippy::reversed_empty_ranges, reason = "what is tested")]
fn a_fault_that_can_never_strike_is_refused_and_everything_is_told_at_once() {
    const S: Duration = Duration::from_secs(1);
    let text = refusal(
        Faults::swarm()
            .slow_start(any(), 5 * S..5 * S)
            .slow_stop(subsystem("http"), 5 * S..=4 * S)
            .slow_stop(any(), ..Duration::ZERO)
            .signal(Signal::Hangup, 5..5, S)
            .signal(Signal::User1, 7..2, S)
            .signal(Signal::Quit, 0..=u32::MAX, S)
            .wall_clock_jumps(u32::MAX)
            .stall(any(), f64::NAN, S)
            .error(subsystem("store"), 50.0)
            .stuck_blocking(-0.1),
    );
    let wanted = "\
refused: the fault `slow_start` of any subsystem would never strike: the range 5s..5s is empty
the fault `slow_stop` of `http` would never strike: the range 5s..=4s is empty
the fault `slow_stop` of any subsystem would never strike: the range ..0ns is empty
the fault `stall` of any subsystem is a chance from 0 to 1, not NaN
the fault `error` of `store` is a chance from 0 to 1, not 50
the fault `signal` of SIGHUP would never strike: the range 5..5 is empty
the fault `signal` of SIGUSR1 would never strike: the range 7..2 is empty
the fault `signal` of SIGQUIT strikes at most 100000 times, not 4294967295
the fault `wall_clock_jumps` strikes at most 100000 times, not 4294967295
the fault `stuck_blocking` is a chance from 0 to 1, not -0.1";
    assert_eq!(text, wanted);
}

#[test]
fn no_number_is_too_large() {
    const MOST: Duration = Duration::MAX;
    let plans: [fn() -> Faults; 12] = [
        || Faults::none().slow_start(any(), MOST..),
        || Faults::none().slow_start(any(), MOST..=MOST),
        || Faults::none().slow_stop(any(), MOST..),
        || Faults::none().slow_stop(any(), ..MOST),
        || Faults::none().stall(any(), 1.0, MOST),
        || Faults::none().stall(subsystem("http"), 1.0, MOST).panic(any(), 1.0),
        || Faults::none().signal(Signal::Hangup, 99_000.., MOST),
        || Faults::none().signal(Signal::Hangup, 100_000..=100_000, Duration::ZERO),
        || Faults::none().signal(Signal::Terminate, 3.., MOST),
        || Faults::none().wall_clock_jumps(100_000),
        || Faults::none().error(any(), 1.0).stuck_blocking(1.0).quiet_after(MOST),
        || Faults::none().spurious(any(), 1.0).quiet_after(MOST - Duration::from_nanos(1)),
    ];
    for (plan, faults) in (0..).zip(plans) {
        for seed in 0..3 {
            let idle = || Daemon::new().with_task("http", idle);
            let lives = [
                under(seed, faults()),
                Sim::new(seed).daemon(idle()).faults(faults()).lasting(MOST).run(),
            ];
            for life in lives {
                let gone = matches!(life.verdict(), Verdict::Panic { .. } | Verdict::Refused(_));
                assert!(!gone, "plan {plan}, seed {seed}: {}", life.verdict());
                assert!(!life.lanes(9).is_empty());
            }
        }
    }
    // A moment that no clock reaches is none: nothing lasts for ever on its account.
    let life = under(0, Faults::none().quiet_after(MOST));
    assert_eq!((life.report().code, life.lasted().as_secs()), (0, 30));
}

#[test]
fn a_life_that_lasts_for_ever_ends_by_itself_or_not_at_all() {
    let ends = |daemon: DaemonBuilder| {
        Sim::new(0).daemon(daemon).lasting(Duration::MAX).run().verdict().kind().to_owned()
    };
    let year = Duration::from_secs(365 * 24 * 3600);
    let job = move |ctx: Context| async move { Ok(ctx.sleep(year).await?) };
    assert_eq!(ends(Daemon::new().with_task("job", job)), "clean");
    assert_eq!(ends(Daemon::new().with_task("idle", idle)), "deadlock");
}

/// How often it struck.
fn struck(life: &Life, wanted: &str) -> usize {
    let is = |moment: &Moment| matches!(moment, Moment::Fault { fault, .. } if *fault == wanted);
    life.moments().filter(|(_, moment)| is(moment)).count()
}

#[test]
fn a_range_of_a_few_nanoseconds_is_one_and_a_fault_of_no_length_none() {
    let (ns, mut stalls) = (Duration::from_nanos, 0);
    for seed in 0..20 {
        let tiny =
            || Faults::none().slow_start(any(), ns(1)..ns(3)).slow_stop(any(), ns(1)..=ns(1));
        let life = under(seed, tiny().stall(any(), 1.0, ns(1)));
        for fault in ["slow start", "slow stop"] {
            assert!(struck(&life, fault) >= 1, "seed {seed}: {fault}");
        }
        // One that is to strike at a poll that does not come does not.
        stalls += usize::from(struck(&life, "stall") >= 1);
        let none = || Faults::none().slow_start(any(), ..ns(1)).slow_stop(any(), ns(0)..=ns(0));
        let life = under(seed, none().stall(any(), 1.0, ns(0)).spurious(any(), 0.0));
        assert!(!life.moments().any(|(_, moment)| matches!(moment, Moment::Fault { .. })));
    }
    let some = (0..50).filter(|seed| {
        struck(&under(*seed, Faults::none().slow_stop(any(), ..ns(3))), "slow stop") > 0
    });
    assert!(some.count() > 20, "a draw from 0 to 2 ns is not always 0");
    assert!(stalls >= 15, "{stalls}");
}

/// Blocking work that is dropped before it has begun.
#[test]
fn a_panic_in_the_destructor_of_unbegun_blocking_work_is_a_verdict() {
    let daemon = || {
        let holds = task("holds", |ctx: Context| async move {
            let bomb = Bomb;
            ctx.spawn_blocking(move || drop(bomb)).detach();
            ctx.shutdown("at once");
            std::future::pending::<()>().await;
            Ok(())
        });
        Daemon::new().with_subsystem(holds.grace(Duration::from_millis(1)))
    };
    let late = |seed| {
        // Its thread comes before it is left behind.
        Sim::new(seed).blocking_delay(Duration::from_millis(150)).daemon(daemon()).run()
    };
    let verdicts: Vec<Verdict> = (0..20).map(|seed| late(seed).verdict().clone()).collect();
    assert!(verdicts.iter().all(|verdict| verdict.kind() == "panic"), "{verdicts:?}");
}
