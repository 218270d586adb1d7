//! The worlds that every law holds in.

use proc_daemon_runtime::{OwnedRuntime, RuntimeOptions};
use proc_daemon_sim::{Policy, SimOptions, Simulator};

/// Runs `law` in the dull world, and under every policy in worlds whose costs and delays a seed chose.
pub(crate) fn each_world(law: impl Fn(Simulator)) {
    law(Simulator::build(&RuntimeOptions::new()).unwrap());
    for policy in Policy::ALL {
        let mut options = SimOptions::default();
        options.policy = Some(policy);
        for seed in 0..6 {
            eprintln!("{policy}, seed {seed}");
            law(Simulator::seeded(seed, &options));
        }
    }
}
