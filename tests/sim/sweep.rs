use std::time::Duration;

use proc_daemon::sim::{self, Life, Sim};

use crate::{behaviour, foreign, shape};

/// A daemon of random shape with every fault, for ten seconds.
fn life(sim: Sim) -> Life {
    let daemon = shape::daemon(&sim);
    let sim = if sim.choose(4, "probes") == 1 { sim.probes() } else { sim };
    sim.daemon(daemon).faults(shape::faults()).lasting(Duration::from_secs(10)).run()
}

#[test]
fn no_law_is_broken_in_20_000_lives_of_random_daemons() {
    let sweep = sim::check(0..20_000, life);
    sweep.expect_sometimes(sim::SITUATIONS).expect_sometimes(&behaviour::MET);
    sweep.expect_sometimes(&foreign::MET);
    println!("{sweep}");
}
