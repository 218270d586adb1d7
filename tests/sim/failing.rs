//! Lives that go wrong: what the simulator says of them.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proc_daemon::sim::{self, Faults, Life, Sim, Verdict, any, audit, check, hunt};
use proc_daemon::{
    Config, ConfigSource, Context, Daemon, DaemonBuilder, Result, Signal, task, task_with,
};

use crate::told;

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

/// The writer flushes only if the reader has gone before it: an order that nobody has asked for.
fn order_bug(sim: Sim) -> Life {
    let gone = Arc::new(AtomicBool::new(false));
    let daemon = Daemon::new()
        .with_subsystem(task_with("reader", Arc::clone(&gone), async |ctx: Context, gone| {
            ctx.cancelled().await;
            gone.store(true, Ordering::Relaxed);
            Ok(())
        }))
        .with_subsystem(task_with("writer", gone, async |ctx: Context, gone: Arc<AtomicBool>| {
            ctx.cancelled().await;
            assert!(gone.load(Ordering::Relaxed), "the reader still reads");
            Ok(())
        }))
        .with_task("other", idle);
    let faults = Faults::swarm().slow_stop(any(), ..Duration::from_secs(5)).signal(
        Signal::Hangup,
        1..9,
        Duration::from_secs(1),
    );
    sim.daemon(daemon).faults(faults).run()
}

#[test]
fn a_failure_tells_seed_policy_choices_timeline_and_how_to_live_it_again() {
    let text = told(|| {
        check(0..1000, order_bug);
    });
    for part in [
        "seed ",
        "verdict: panic in `writer`: the reader still reads",
        "policy: ",
        "choices that were not dull, these are needed:",
        " schedule",
        "the end of the timeline:",
        "SIGTERM",
        "this life again: SIM_SEED=",
        "the short one: SIM_TAPE=",
        "failing::a_failure_tells_seed_policy_choices_timeline_and_how_to_live_it_again",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn a_failure_is_hunted_and_shrunk_by_hand() {
    let Err(failure) = hunt(0..1000, order_bug) else { panic!("no life failed") };
    assert_eq!(failure.verdict.kind(), "panic");
    let tape = sim::shrink(&failure, order_bug);
    assert!(tape.len() <= 3 && tape.len() < failure.tape.len(), "{tape}");
    let life = sim::replay(&tape, order_bug);
    assert_eq!(life.verdict().kind(), "panic");
    assert!(sim::replay(&sim::Tape::dull(), order_bug).verdict().is_clean());
}

#[test]
fn a_panic_of_the_code_around_a_life_is_a_failure_of_that_seed() {
    let failure = hunt(0..10, |sim: Sim| {
        let odd = sim.choose(2, "odd") == 1;
        let life = sim.daemon(Daemon::new().with_task("idle", idle)).run();
        assert!(!odd, "an odd one");
        life
    });
    let failure = failure.unwrap_err();
    assert!(failure.verdict.to_string().contains("an odd one"), "{}", failure.verdict);
    assert!(failure.tape.choices().iter().any(|choice| choice.site == "odd"));
    let text = sim::explain(&failure, |sim: Sim| {
        let odd = sim.choose(2, "odd") == 1;
        let life = sim.daemon(Daemon::new().with_task("idle", idle)).run();
        assert!(!odd, "an odd one");
        life
    });
    assert!(text.contains("running") && text.contains("SIGTERM raised"), "{text}");
}

#[test]
fn a_situation_that_no_life_met_is_a_failure() {
    let sweep = check(0..5, |sim| sim.daemon(Daemon::new().with_task("idle", idle)).run());
    // Other seeds may be asked for from outside.
    let lives = sweep.lives;
    let text = told(move || {
        sweep.expect_sometimes(&["left behind"]);
    });
    assert!(text.contains(&format!("no life of {lives} met [\"left behind\"]")), "{text}");
}

#[test]
fn a_script_that_panics_is_the_verdict() {
    let life = Sim::new(1).daemon(Daemon::new().with_task("idle", idle)).script(|s| async move {
        s.until_ready().await;
        assert_eq!(s.state("idle"), proc_daemon::SubsystemState::Stopped);
    });
    assert!(matches!(life.verdict(), Verdict::Panic { .. }), "{}", life.verdict());
    let text = told(|| {
        life.expect_clean();
    });
    assert!(text.contains("seed 1") && text.contains("panic in `script`"), "{text}");
}

/// Counts how often it was asked, in this thread.
fn count() -> u64 {
    thread_local!(static COUNT: Cell<u64> = const { Cell::new(0) });
    COUNT.replace(COUNT.get() + 1)
}

#[test]
fn audit_finds_a_thread_local_that_leaks_into_the_life() {
    let text = told(|| {
        audit(0..3, |sim| {
            let daemon = Daemon::new().with_task("leaky", |ctx| async move {
                ctx.sleep(Duration::from_secs(5 + count() % 2)).await?;
                Ok(())
            });
            sim.daemon(daemon).run()
        });
    });
    for part in
        ["seed 0", "once:", "again:", "`leaky` spawned at tests/sim/failing.rs:", "sleeps until"]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the leak that is to be found")]
fn audit_finds_the_real_clock() {
    let text = told(|| {
        audit(0..3, |sim| {
            let daemon = Daemon::new().with_task("clock", |ctx| async move {
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
                ctx.sleep(Duration::from_nanos(u64::from(now.subsec_nanos()))).await?;
                Ok(())
            });
            sim.daemon(daemon).run()
        });
    });
    assert!(text.contains("the same seed led to two lives"), "{text}");
    assert!(text.contains("`clock` spawned at"), "{text}");
}

#[test]
fn audit_passes_what_is_simulated() {
    audit(0..50, |sim| sim.daemon(Daemon::new().with_task("idle", idle)).run());
}

/// The verdict on a daemon.
fn verdict(daemon: DaemonBuilder) -> String {
    Sim::new(0).daemon(daemon).run().verdict().to_string()
}

#[test]
fn what_would_read_the_real_world_is_refused_by_name() {
    let lazy = verdict(Daemon::builder(Config::file("lazy.toml")).with_task("idle", idle));
    assert!(lazy.contains("refused") && lazy.contains("`lazy.toml`"), "{lazy}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eager.toml");
    std::fs::write(&path, "").unwrap();
    let eager = verdict(Daemon::builder(Config::load_from_file(&path)).with_task("idle", idle));
    assert!(eager.contains("refused") && eager.contains("eager.toml"), "{eager}");
    let in_memory = || ConfigSource::text("").env_from([("DAEMON_SHUTDOWN_TIMEOUT_MS", "70")]);
    let daemon = |source| verdict(Daemon::builder(source).with_task("idle", idle));
    for (source, reads) in [
        (ConfigSource::text("").env_prefix("X"), "`the environment`"),
        (in_memory().conf_d("more.d"), "`more.d`"),
    ] {
        let refused = daemon(source);
        assert!(refused.contains("refused") && refused.contains(reads), "{refused}");
    }
    assert!(!daemon(in_memory()).contains("refused"));
    let text = Sim::new(0)
        .daemon(Daemon::builder(Config::file("lazy.toml")).with_task("idle", idle))
        .config_text("shutdown.timeout_ms = 70")
        .run();
    assert!(text.verdict().is_clean(), "{}", text.verdict());
}

#[test]
fn nothing_to_simulate_and_a_bad_daemon_are_refused() {
    let none = Sim::new(0).run();
    assert!(none.verdict().to_string().contains("call `Sim::daemon`"), "{}", none.verdict());
    let cycle = verdict(
        Daemon::new()
            .with_subsystem(task("a", idle).requires("b"))
            .with_subsystem(task("b", idle).requires("a")),
    );
    assert!(cycle.contains("refused") && cycle.contains('a'), "{cycle}");
}

#[test]
fn a_task_that_outlives_the_daemon_is_a_leak_with_its_place() {
    let leaky = verdict(Daemon::new().with_task("leaky", |ctx: Context| async move {
        let never = Box::pin(std::future::pending());
        ctx.runtime().spawn("forgotten".into(), never);
        ctx.cancelled().await;
        Ok(())
    }));
    assert!(leaky.contains("leak") && leaky.contains("`forgotten`"), "{leaky}");
    assert!(leaky.contains("tests/sim/failing.rs:"), "{leaky}");
}

#[test]
fn a_sleep_that_outlives_everything_is_a_leak_of_the_task_that_polled_it() {
    let sleeps = |forget: bool| {
        verdict(Daemon::new().with_task("sleepy", move |ctx: Context| async move {
            let mut sleep = ctx.runtime().sleep(Duration::from_secs(3600));
            let _ = futures_lite::future::poll_once(&mut sleep).await;
            if forget {
                Box::leak(Box::new(sleep));
            }
            ctx.cancelled().await;
            Ok(())
        }))
    };
    let leaky = sleeps(true);
    assert!(leaky.contains("leak") && leaky.contains("1 sleep of task `sleepy`"), "{leaky}");
    assert_eq!(sleeps(false), "clean");
}

/// What a factory holds is dropped before anybody looks.
#[test]
fn a_sleep_that_the_daemon_keeps_between_generations_is_no_leak() {
    let kept = Arc::new(parking_lot::Mutex::new(None));
    let daemon = Daemon::new().with_subsystem(task_with("keeps", kept, async |ctx, kept| {
        let ctx: Context = ctx;
        let mut sleep = ctx.runtime().sleep(Duration::from_secs(3600));
        let _ = futures_lite::future::poll_once(&mut sleep).await;
        *kept.lock() = Some(sleep);
        ctx.cancelled().await;
        Ok(())
    }));
    assert_eq!(verdict(daemon), "clean");
}

#[test]
fn a_loop_that_never_waits_is_a_livelock() {
    let daemon = Daemon::new().with_task("busy", |_| async {
        loop {
            futures_lite::future::yield_now().await;
        }
    });
    let life = Sim::new(0).poll_cost(Duration::ZERO).daemon(daemon).run();
    let busy = life.verdict().to_string();
    assert!(busy.contains("livelock") && busy.contains("`busy`"), "{busy}");
}

#[test]
fn a_signal_that_nobody_handles_kills() {
    let faults = Faults::none().signal(Signal::User2, 1..=1, Duration::ZERO);
    let life = Sim::new(0).daemon(Daemon::new().with_task("idle", idle)).faults(faults).run();
    assert!(matches!(life.verdict(), Verdict::Killed(Signal::User2)), "{}", life.verdict());
}

#[test]
fn a_script_that_waits_for_nothing_is_a_deadlock() {
    let daemon = Daemon::new().with_task("idle", idle);
    let life = Sim::new(0).daemon(daemon).script(|_| std::future::pending());
    assert!(matches!(life.verdict(), Verdict::Deadlock(_)), "{}", life.verdict());
}

#[test]
fn a_life_without_an_end_is_given_up() {
    let daemon = Daemon::new().with_task("ticks", |ctx: Context| async move {
        while ctx.sleep(Duration::from_secs(3600)).await.is_ok() {}
        Ok(())
    });
    let limit = Duration::from_secs(48 * 3600);
    let life = Sim::new(0).time_limit(limit).daemon(daemon).script(|_| std::future::pending());
    assert!(matches!(life.verdict(), Verdict::TimeLimit(..)), "{}", life.verdict());
}

/// Tells nobody that its flag is up.
#[test]
fn a_task_that_nobody_wakes_is_found_by_probes() {
    let daemon = || {
        let flag = Arc::new(AtomicBool::new(false));
        let waits = task_with("waits", Arc::clone(&flag), |_, flag: Arc<AtomicBool>| {
            std::future::poll_fn(move |_| match flag.load(Ordering::Relaxed) {
                true => std::task::Poll::Ready(Ok(())),
                false => std::task::Poll::Pending,
            })
        });
        let raises = task_with("raises", flag, async |ctx: Context, flag: Arc<AtomicBool>| {
            ctx.sleep(Duration::from_secs(1)).await?;
            flag.store(true, Ordering::Relaxed);
            idle(ctx).await
        });
        Daemon::new().with_subsystem(waits).with_subsystem(raises)
    };
    let life = Sim::new(0).probes().daemon(daemon()).run();
    let verdict = life.verdict().to_string();
    assert!(verdict.contains("lost wake-up") && verdict.contains("`waits`"), "{verdict}");
    assert!(
        Sim::new(0).daemon(daemon()).run().verdict().is_clean(),
        "without them it is a slow stop"
    );
}

/// Another life in the same closure is somebody else's.
#[test]
fn a_panic_around_a_life_is_told_with_the_policy_and_the_timeline_of_that_life() {
    let around = |sim: Sim| {
        let life = sim.daemon(Daemon::new().with_task("mine", idle)).run();
        let other = Sim::new(0).daemon(Daemon::new().with_task("other", idle)).run();
        assert!(life.polls() == 0, "it has lived, as has {}", other.policy());
        life
    };
    for seed in 0..8 {
        let failure = hunt(seed..seed + 1, around).unwrap_err();
        let text = sim::explain(&failure, around);
        let policy = Sim::new(seed).daemon(Daemon::new().with_task("mine", idle)).run().policy();
        assert!(text.contains(&format!("policy: {policy}\n")), "{policy} {text}");
        assert!(text.contains("mine") && !text.contains("other "), "{text}");
        assert!(sim::shrink(&failure, around).is_empty(), "the dull life fails too");
    }
}

#[test]
fn a_daemon_that_refuses_its_configuration_was_not_simulated() {
    let daemon = || Daemon::new().with_task("idle", idle);
    let life = Sim::new(0).daemon(daemon()).config_text("shutdown.timeot_ms = 5").run();
    let verdict = life.verdict().to_string();
    assert!(verdict.contains("refused") && verdict.contains("timeot_ms"), "{verdict}");
    assert_eq!(life.report().code, 78, "a test of just that looks at the report");
}

#[test]
fn a_script_names_a_subsystem_that_there_is_and_may_do_so_at_once() {
    let daemon = || Daemon::new().with_task("idle", idle);
    let life = Sim::new(0).daemon(daemon()).script(|s| async move {
        assert_eq!(s.state("idle"), proc_daemon::SubsystemState::Registered);
        s.until("idle", proc_daemon::SubsystemState::Running).await;
    });
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    let life = Sim::new(0).daemon(daemon()).script(|s| async move {
        s.until("idel", proc_daemon::SubsystemState::Running).await;
    });
    let verdict = life.verdict().to_string();
    assert!(verdict.contains("no subsystem `idel`, only [\"idle\"]"), "{verdict}");
}

#[test]
fn what_is_waited_for_in_vain_is_told_with_its_place() {
    let daemon = Daemon::new().with_task("fails", |_| async { Err("no disk".into()) });
    let life = Sim::new(0).daemon(daemon).script(|s| async move {
        s.until("fails", proc_daemon::SubsystemState::Zombie).await;
    });
    let verdict = life.verdict().to_string();
    assert!(verdict.contains("tests/sim/failing.rs:"), "{verdict}");
}

#[test]
fn audit_compares_verdicts() {
    use std::sync::atomic::AtomicU32;
    let lived = AtomicU32::new(0);
    let text = told(|| {
        audit(0..1, |sim| {
            let life = sim.daemon(Daemon::new().with_task("idle", idle)).run();
            assert_eq!(lived.fetch_add(1, Ordering::Relaxed), 0, "a second life");
            life
        });
    });
    assert!(text.contains("two verdicts") && text.contains("a second life"), "{text}");
}
