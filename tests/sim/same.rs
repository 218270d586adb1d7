//! The same seed is the same life: in this process and another one, in every build.

use std::process::Command;
use std::time::Duration;

use proc_daemon::sim::{self, Life, Policy, Sim};
use proc_daemon::{Config, Context, Daemon, task};

use crate::shape;

fn life(seed: u64) -> Life {
    let sim = Sim::new(seed);
    let daemon = shape::daemon(&sim);
    sim.daemon(daemon).faults(shape::faults()).lasting(Duration::from_secs(10)).run()
}

/// Of the seeds 0 to 19. A change of what the core does, or of what is written into the trace, changes them:
/// the test prints the new ones.
const GOLDEN: [u64; 20] = [0; 20];

#[test]
fn golden_hashes() {
    let hashes: Vec<u64> = (0..20).map(|seed| life(seed).trace_hash()).collect();
    let lines: String = hashes.iter().map(|hash| format!("    0x{hash:016x},\n")).collect();
    assert_eq!(hashes, GOLDEN, "the hashes are now\n{lines}");
}

#[test]
fn a_seed_is_one_life() {
    for seed in 0..500 {
        assert_eq!(life(seed).trace_hash(), life(seed).trace_hash(), "seed {seed}");
    }
}

#[test]
fn a_tape_is_the_life_it_was_taken_from() {
    for seed in 0..500 {
        let seeded = life(seed);
        let tape = seeded.tape().to_string().parse().expect("a tape's text is a tape");
        let again = sim::replay(&tape, |sim| {
            let daemon = shape::daemon(&sim);
            sim.daemon(daemon).faults(shape::faults()).lasting(Duration::from_secs(10)).run()
        });
        assert_eq!(seeded.trace_hash(), again.trace_hash(), "seed {seed}");
    }
}

/// Only does something in the child of the next test.
#[test]
fn prints_hashes() {
    if std::env::var_os("PRINT_HASHES").is_some() {
        for seed in 0..50 {
            println!("hash {seed} {:016x}", life(seed).trace_hash());
        }
    }
}

#[test]
fn two_processes_live_the_same_lives() {
    let hashes = || {
        let output = Command::new(std::env::current_exe().expect("this is a test"))
            .args(["--exact", "same::prints_hashes", "--nocapture"])
            .env("PRINT_HASHES", "1")
            .output()
            .expect("the test can be started");
        let text = String::from_utf8(output.stdout).expect("it prints text");
        let mut lines: Vec<String> = text
            .lines()
            .filter_map(|line| line.find("hash ").map(|at| line[at..].to_owned()))
            .collect();
        lines.sort_unstable();
        lines
    };
    let once = hashes();
    assert_eq!(once.len(), 50);
    assert_eq!(once, hashes());
}

/// Under first in first out, a subsystem that does nothing is not noticed by the others.
#[test]
fn an_idle_subsystem_changes_nothing_for_the_others() {
    async fn ticks(ctx: Context) -> proc_daemon::Result {
        let mut ticks = ctx.interval(Duration::from_millis(300));
        while ticks.tick().await.is_ok() {}
        Ok(())
    }
    let told = |idle: bool| {
        let config = Config::builder().lame_duck(Duration::from_secs(1)).build().unwrap();
        let mut daemon = Daemon::builder(config)
            .with_task("a", ticks)
            .with_subsystem(task("b", ticks).requires("a"));
        if idle {
            daemon = daemon.with_task("idle", |ctx| async move {
                ctx.cancelled().await;
                Ok(())
            });
        }
        let life = Sim::new(3)
            .policy(Policy::Fifo)
            .poll_cost(Duration::ZERO)
            .lateness(Duration::ZERO)
            .daemon(daemon)
            .run();
        assert!(life.verdict().is_clean(), "{}", life.verdict());
        life.moments()
            .filter(|(_, moment)| moment.unit().is_some_and(|unit| unit < 2))
            .map(|(at, moment)| format!("{at:?} {moment:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(false), told(true));
}
