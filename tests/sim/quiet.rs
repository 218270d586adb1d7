//! After the quiet moment of a fault plan nothing begins, whatever its kind.

use std::collections::BTreeSet;
use std::time::Duration;

use proc_daemon::sim::{Faults, Moment, Sim, any, subsystem};
use proc_daemon::{Context, Daemon, EndKind, Instant, Result, Signal, task};

use crate::faults::{blocks, kind, live, struck, two};

const MS: Duration = Duration::from_millis(1);

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

#[test]
fn after_the_quiet_moment_no_fault_begins() {
    let quiet = 50 * MS;
    let all = || {
        Faults::none()
            .panic(any(), 0.1)
            .error(any(), 0.1)
            .slow_start(any(), ..80 * MS)
            .slow_stop(any(), MS..80 * MS)
            .deaf(any(), 0.3)
            .stall(any(), 0.5, 10 * MS)
            .spurious(any(), 0.5)
            .silence(any(), 0.2)
            .signal(Signal::Hangup, 5..9, 20 * MS)
            .signal(Signal::Terminate, 0..2, MS)
            .quiet_after(quiet)
    };
    let mut seen = BTreeSet::new();
    for seed in 0..300 {
        let daemon = two().with_task("c", blocks).with_task("once", |_| async { Ok(()) });
        let sim = Sim::new(seed).poll_cost(Duration::ZERO).daemon(daemon).faults(all());
        let life = sim.lasting(5000 * MS).run();
        assert!(life.verdict().is_clean(), "{}", life.verdict());
        for (at, moment) in life.moments() {
            let fault = match moment {
                Moment::Fault { fault, .. } => fault,
                Moment::Raised(Signal::Hangup) => "signal",
                _ => continue,
            };
            let at = at.since(Instant::ZERO);
            assert!(at <= quiet, "seed {seed}: {fault} at {at:?}");
            seen.insert(fault);
        }
    }
    assert_eq!(seen.len(), 9, "each was seen before that: {seen:?}");
}

#[test]
fn what_would_strike_at_the_stop_is_quiet_too() {
    for seed in 0..20 {
        let faults = |quiet| {
            let faults = Faults::none().deaf(subsystem("b"), 1.0);
            faults.slow_stop(subsystem("a"), 300 * MS..).quiet_after(quiet)
        };
        // Asked after five seconds.
        let life = live(seed, faults(4000 * MS));
        assert_eq!(life.report().code, 0);
        assert!(life.report().stopped_in() < 300 * MS, "{}", life.report());
        let life = live(seed, faults(Duration::from_secs(60)));
        assert_eq!((struck(&life, "deaf"), struck(&life, "slow stop")), (1, 1));
        assert_eq!(kind(&life, "b"), Some(EndKind::Aborted));
        assert!(life.report().stopped_in() >= 300 * MS, "{}", life.report());
    }
}

#[test]
fn blocking_work_is_stuck_until_the_quiet_moment() {
    let end = |seed, quiet| {
        let daemon = Daemon::new().with_task("blocks", |ctx: Context| async move {
            ctx.sleep(1000 * MS).await?;
            blocks(ctx).await
        });
        let faults = Faults::none().stuck_blocking(1.0).quiet_after(quiet);
        let life = Sim::new(seed).daemon(daemon).faults(faults).run();
        assert!(life.verdict().is_clean(), "{}", life.verdict());
        kind(&life, "blocks")
    };
    for seed in 0..20 {
        assert_eq!(end(seed, 900 * MS), Some(EndKind::Requested));
        assert_eq!(end(seed, 1500 * MS), Some(EndKind::Zombie));
    }
}

#[test]
fn a_start_after_the_quiet_moment_is_not_slow() {
    let late = |quiet| {
        let daemon = Daemon::new()
            .with_subsystem(
                task("early", |ctx: Context| async move {
                    ctx.runtime().sleep(100 * MS).await;
                    ctx.ready();
                    idle(ctx).await
                })
                .explicit_ready(),
            )
            .with_subsystem(task("late", idle).requires("early"));
        let faults = Faults::none().slow_start(subsystem("late"), MS..);
        let life = Sim::new(3).daemon(daemon).faults(faults.quiet_after(quiet)).run();
        assert!(life.verdict().is_clean(), "{}", life.verdict());
        struck(&life, "slow start")
    };
    assert_eq!((late(1000 * MS), late(50 * MS)), (1, 0));

    // Spawned before it, and polled after it: the other one's first poll takes that long.
    let first_poll = |quiet| {
        let tape =
            "# proc-daemon-sim tape 1\n1/2 #0 stall of `a`\n1024/1025 #0 length of stall of `a`";
        let faults = Faults::none().stall(subsystem("a"), 1.0, 100 * MS);
        let faults = faults.slow_start(subsystem("b"), MS..).quiet_after(quiet);
        let sim = Sim::from_tape(&tape.parse().expect("this is a tape"));
        let life = sim.daemon(two()).faults(faults).run();
        assert_eq!(struck(&life, "stall"), 1, "{}", life.verdict());
        struck(&life, "slow start")
    };
    assert_eq!((first_poll(100 * MS), first_poll(99 * MS)), (1, 0));
}
