//! The same seed is the same life: in this process and another one, in every build.

use std::process::Command;
use std::time::Duration;

use proc_daemon::sim::{self, Life, Policy, Sim};
use proc_daemon::{Config, Context, Daemon, Signal, task};

use crate::shape;

fn life(seed: u64) -> Life {
    let sim = Sim::new(seed);
    let daemon = shape::daemon(&sim);
    sim.daemon(daemon).faults(shape::faults()).lasting(Duration::from_secs(10)).run()
}

/// Of the seeds 0 to 19. A change of what the core does, or of what is written into the trace, changes them:
/// the test prints the new ones.
const GOLDEN: [u64; 20] = [
    0xfb2e3bcbed48721f,
    0x224d865717436cd4,
    0x3533a71ce04449ff,
    0xa24997b70c2a361d,
    0xce140dac80bdb170,
    0x6207105fa2900cb9,
    0x910e291ed28bd99c,
    0x7211affce3505a89,
    0xb7524d835e3fb874,
    0xbb2615b211e9fc1a,
    0xb40ea492f528f0cb,
    0x2d096ca68b3c022c,
    0x8d1582ff60a0d19e,
    0xb69c97e6bcc42c4f,
    0x0f99893fa4978e96,
    0x34cf57516aaa37f4,
    0x3e07f51773bb8677,
    0x4132677de4b7fa27,
    0x7e79a65f21b01faa,
    0xde85c9de320c954f,
];

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

/// Every record of a few lives, one after the other.
fn traces() -> Vec<u8> {
    let lives = (0..30).map(life);
    lives
        .flat_map(|life| {
            life.trace().records().iter().flat_map(|r| r.to_bytes()).collect::<Vec<_>>()
        })
        .collect()
}

/// Only does something in the child of the next test.
#[test]
fn writes_traces() {
    if let Some(path) = std::env::var_os("WRITE_TRACES") {
        std::fs::write(path, traces()).expect("the folder is the parent's");
    }
}

#[test]
fn two_processes_live_the_same_lives_byte_for_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("traces");
    let status = Command::new(std::env::current_exe().expect("this is a test"))
        .args(["--exact", "same::writes_traces"])
        .env("WRITE_TRACES", &path)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("the test can be started");
    assert!(status.success());
    let theirs = std::fs::read(path).expect("the child has written it");
    assert!(theirs.len() > 32 * 1000, "{} bytes", theirs.len());
    assert!(theirs == traces(), "the other process lived other lives");
}

/// However often it is said, and whenever: SIGTERM is one wish.
#[test]
fn sigterm_said_often_is_sigterm_said_once() {
    let ends = |seed: u64, times: u32| {
        let sim =
            Sim::new(seed).policy(Policy::Fifo).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
        let daemon = shape::signalled_as_usual(&sim);
        let life = sim.daemon(daemon).script(move |s| async move {
            s.advance(Duration::from_millis(seed % 90)).await;
            for _ in 0..times {
                s.raise(Signal::Terminate);
                s.advance(Duration::from_millis(17)).await;
            }
        });
        let report = life.expect_clean();
        let ends = report.subsystems().iter().map(|s| s.end.as_ref().map(proc_daemon::End::kind));
        (report.code, ends.collect::<Vec<_>>())
    };
    for seed in 0..300 {
        let once = ends(seed, 1);
        for times in [2, 3, 20] {
            assert_eq!(ends(seed, times), once, "seed {seed}, {times} times");
        }
    }
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
