use std::time::Duration;

use proc_daemon::sim::{self, Life, Sim};

use crate::shape;

/// A daemon of random shape with every fault, for ten seconds.
fn life(sim: Sim) -> Life {
    let daemon = shape::daemon(&sim);
    let sim = if sim.choose(4, "probes") == 1 { sim.probes() } else { sim };
    sim.daemon(daemon).faults(shape::faults()).lasting(Duration::from_secs(10)).run()
}

#[test]
fn no_law_is_broken_in_20_000_lives_of_random_daemons() {
    let sweep = sim::check(0..20_000, life);
    sweep.expect_sometimes(sim::SITUATIONS);
    sweep.expect_sometimes(&[
        "a type of the user's ran",
        "a constructor failed",
        "a function that can be called once",
        "an end with work in flight",
        "an end with a child",
        "a raw task asked for the end",
        "a context in the hands of another",
        "a context was used after its stop",
        "a call by name was done",
    ]);
    println!("{sweep}");
}
