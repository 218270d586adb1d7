//! Each fault strikes, whom it is to strike, when it is to strike.

use std::time::Duration;

use proc_daemon::sim::{Faults, Life, Moment, Sim, any, subsystem};
use proc_daemon::{Context, Daemon, DaemonBuilder, EndKind, RestartPolicy, Result, Signal, task};

const MS: Duration = Duration::from_millis(1);

async fn ticks(ctx: Context) -> Result {
    let mut ticks = ctx.interval(100 * MS);
    while ticks.tick().await.is_ok() {}
    Ok(())
}

pub(crate) fn two() -> DaemonBuilder {
    let once = RestartPolicy::never;
    Daemon::new()
        .with_subsystem(task("a", ticks).restart_policy(once()))
        .with_subsystem(task("b", ticks).restart_policy(once()).grace(500 * MS))
}

pub(crate) fn live(seed: u64, faults: Faults) -> Life {
    let life = Sim::new(seed).daemon(two()).faults(faults).lasting(Duration::from_secs(5)).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    life
}

pub(crate) fn kind(life: &Life, name: &str) -> Option<EndKind> {
    life.report().end_of(name).map(proc_daemon::End::kind)
}

/// How often a fault struck.
pub(crate) fn struck(life: &Life, wanted: &str) -> usize {
    let is = |moment: &Moment| matches!(moment, Moment::Fault { fault, .. } if *fault == wanted);
    life.moments().filter(|(_, moment)| is(moment)).count()
}

#[test]
fn a_panic_and_an_error_end_the_one_they_strike() {
    for seed in 0..40 {
        let life = live(seed, Faults::none().panic(subsystem("b"), 1.0));
        assert_eq!(kind(&life, "b"), Some(EndKind::Panic));
        assert_eq!(kind(&life, "a"), Some(EndKind::Requested));
        let life = live(seed, Faults::none().error(subsystem("a"), 1.0));
        assert_eq!(kind(&life, "a"), Some(EndKind::Error));
        assert!(kind(&life, "b").is_none_or(|kind| kind == EndKind::Requested));
    }
}

#[test]
fn a_chance_is_a_chance() {
    let hit = (0..400).filter(|seed| {
        let life = live(*seed, Faults::none().panic(any(), 0.1));
        life.report().code == 70
    });
    let hit = hit.count();
    assert!((40..130).contains(&hit), "{hit} of 400, each with two chances of a tenth");
    assert_eq!(live(1, Faults::none().panic(any(), 0.0)).report().code, 0);
}

#[test]
fn a_swarm_leaves_out_a_part() {
    let both = |faults: fn() -> Faults| {
        let lives = (0..200).map(|seed| live(seed, faults().deaf(subsystem("b"), 1.0)));
        lives.filter(|life| life.report().code == 124).count()
    };
    assert_eq!(both(Faults::none), 200);
    let swarm = both(Faults::swarm);
    assert!((60..140).contains(&swarm), "{swarm} of 200");
}

#[test]
fn a_slow_start_and_a_slow_stop_take_their_time() {
    let at_least = 300 * MS;
    for seed in 0..20 {
        let life = live(seed, Faults::none().slow_stop(subsystem("a"), at_least..=at_least));
        assert!(life.report().stopped_in() >= at_least, "{}", life.report());
        assert_eq!(kind(&life, "a"), Some(EndKind::Requested));
        let life = live(seed, Faults::none().slow_stop(subsystem("b"), 600 * MS..));
        assert_eq!(kind(&life, "b"), Some(EndKind::Aborted), "longer than its grace");
        let explicit = task("slow", |ctx: Context| async move {
            ctx.ready();
            ticks(ctx).await
        });
        let daemon = Daemon::new().with_subsystem(explicit.explicit_ready());
        let faults = Faults::none().slow_start(any(), at_least..=at_least);
        let life = Sim::new(seed).daemon(daemon).faults(faults).run();
        let ready = life.moments().find(|(_, moment)| *moment == Moment::Ready(true)).unwrap();
        assert!(ready.0 >= proc_daemon::Instant::from_epoch(at_least));
    }
}

#[test]
fn the_deaf_and_the_silent_are_aborted() {
    for seed in 0..20 {
        let life = live(seed, Faults::none().deaf(subsystem("b"), 1.0));
        assert_eq!(kind(&life, "b"), Some(EndKind::Aborted));
        assert_eq!(kind(&life, "a"), Some(EndKind::Requested));
        let life = live(seed, Faults::none().silence(subsystem("b"), 1.0));
        assert_eq!(kind(&life, "b"), Some(EndKind::Aborted));
    }
}

#[test]
fn a_stall_holds_up_everything() {
    let mut longest = Duration::ZERO;
    for seed in 0..40 {
        let faults = Faults::none().stall(subsystem("a"), 1.0, Duration::from_secs(60));
        let sim = Sim::new(seed).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
        let life = sim.daemon(two()).faults(faults).lasting(Duration::from_secs(5)).run();
        assert_eq!(struck(&life, "stall"), 1);
        longest = longest.max(life.lasted());
    }
    assert!(longest > Duration::from_secs(20), "{longest:?}");
}

#[test]
fn a_spurious_wake_up_is_a_poll_more_and_nothing_else() {
    let polls = |seed, faults| {
        let life = live(seed, faults);
        assert_eq!(life.report().code, 0);
        life.polls()
    };
    let more = (0..20).filter(|seed| {
        polls(*seed, Faults::none().spurious(any(), 1.0)) > polls(*seed, Faults::none())
    });
    assert!(more.count() > 10);
}

#[test]
fn signals_come_as_often_as_is_said() {
    let mut counts = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let life = live(seed, Faults::none().signal(Signal::Hangup, 2..5, 10 * MS));
        let raised = |moment: &Moment| *moment == Moment::Raised(Signal::Hangup);
        counts.insert(life.moments().filter(|(_, moment)| raised(moment)).count());
    }
    // Those after the end of the life do not come.
    assert!(counts.is_superset(&[2, 3, 4].into()) && counts.iter().all(|n| *n < 5), "{counts:?}");
}

#[test]
fn the_wall_clock_jumps_and_nothing_else_changes() {
    let watch = || {
        Daemon::new().with_task("watch", |ctx: Context| async move {
            let (wall, steady) = (ctx.wall_clock(), ctx.now());
            let mut ticks = ctx.interval(Duration::from_millis(500));
            while ticks.tick().await.is_ok() {
                let passed = ctx.now().since(steady);
                if ctx.wall_clock() != wall + passed {
                    proc_daemon::sim::reached("jumped");
                }
            }
            Ok(())
        })
    };
    let sweep = proc_daemon::sim::check(0..100, |sim| {
        let plain = Sim::new(sim.choose(9, "other").into()).daemon(watch()).run();
        assert!(!plain.reached().contains(&"jumped"));
        let life = sim.daemon(watch()).faults(Faults::none().wall_clock_jumps(3)).run();
        assert_eq!(life.report().code, 0);
        life
    });
    sweep.expect_sometimes(&["jumped"]);
}

#[test]
fn blocking_work_that_never_returns_is_left_behind() {
    let blocking = Daemon::new().with_task("blocking", |ctx: Context| async move {
        ctx.spawn_blocking(|| ()).await?;
        Ok(())
    });
    let faults = Faults::none().stuck_blocking(1.0);
    let life = Sim::new(3).daemon(blocking).faults(faults).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    assert_eq!(kind(&life, "blocking"), Some(EndKind::Zombie));
    assert_eq!(life.report().code, 124);
}

/// Loops through work on a thread that may block.
pub(crate) async fn blocks(ctx: Context) -> Result {
    loop {
        ctx.spawn_blocking(|| ()).await?;
        ctx.sleep(20 * MS).await?;
    }
}

#[test]
fn a_swarm_leaves_out_stuck_blocking_and_jumps_too() {
    let (mut stuck, mut jumped, mut both) = (0, 0, 0);
    for seed in 0..200 {
        let faults = Faults::swarm().stuck_blocking(1.0).wall_clock_jumps(9);
        let daemon = Daemon::new().with_task("blocks", blocks);
        let life = Sim::new(seed).daemon(daemon).faults(faults).lasting(1000 * MS).run();
        let this = kind(&life, "blocks") == Some(EndKind::Zombie);
        let other = life.trace().records().iter().any(|r| r.kind == proc_daemon::sim::Kind::Jump);
        (stuck, jumped, both) =
            (stuck + u32::from(this), jumped + u32::from(other), both + u32::from(this && other));
    }
    assert!((60..140).contains(&stuck), "stuck in {stuck} of 200");
    assert!((50..140).contains(&jumped), "jumps in {jumped} of 200");
    assert!((20..80).contains(&both), "both in {both} of 200");
}

/// A stall from the first poll to 4 s, an error that is due at 2 s and a signal at 1 s, of a life of 8 s.
const STALLED: &str = "# proc-daemon-sim tape 1
1/2 #0 stall of `a`
1024/1025 #0 length of stall of `a`
1/2 #0 error of `a`
1/2 #1 at a poll or a moment
3/8 #0 early or late
128/1025 #0 first signal
3/8 #1 early or late
256/1025 #0 moment of a fault
";

#[test]
fn within_a_stall_a_signal_arrives_at_its_moment_and_a_fault_strikes_at_the_stalls_end() {
    let once = task("a", |ctx: Context| async move {
        ctx.cancelled().await;
        Ok(())
    });
    let daemon = Daemon::new().with_subsystem(once.restart_policy(RestartPolicy::never()));
    let faults = Faults::none().stall(any(), 1.0, 4000 * MS).error(any(), 1.0).signal(
        Signal::Hangup,
        1..=1,
        Duration::ZERO,
    );
    let sim = Sim::from_tape(&STALLED.parse().expect("this is a tape"));
    let life = sim.daemon(daemon).faults(faults).lasting(8000 * MS).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    let moments = life.moments().filter_map(|(at, moment)| match moment {
        Moment::Fault { fault, .. } => Some((fault, at.as_nanos() / 1_000_000)),
        Moment::Raised(_) => Some(("raised", at.as_nanos() / 1_000_000)),
        Moment::Signal(_) => Some(("heard", at.as_nanos() / 1_000_000)),
        _ => None,
    });
    let moments: Vec<_> = moments.collect();
    assert_eq!(moments, [("stall", 0), ("raised", 1000), ("error", 4000), ("heard", 4000)]);
}
