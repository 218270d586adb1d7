//! `hunter LIVES SWEEP EXPLAIN BUG...`: hunts each bug under each policy and says what it took, one line each:
//! bug, policy, seeds, verdict, with tabs between; then what the laws find by themselves, as policy `laws`. Bug
//! 0 is none: it gets `SWEEP` lives, the others `LIVES`. With `EXPLAIN` 1 the first failure of each is told on
//! stderr, shrunk, with its timeline; that of bug 0 is told in any case.

#![forbid(unsafe_code)]

mod company;
mod crowd;
mod ends;
mod expectations;
mod kinds;
mod obedient;
mod reloads;
mod restarts;
#[path = "../../../sim/shape/mod.rs"]
mod shape;

use std::time::Duration;

use proc_daemon::planted;
use proc_daemon::sim::{self, Failure, Life, Policy, Sim, Verdict};

/// Far beyond what any of these lives lasts: a life that a bug keeps from its end gets here.
const TIME_LIMIT: Duration = Duration::from_secs(300);

fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u32>());
    let mut next = || numbers.next().transpose().expect("every argument is a number");
    let (Some(lives), Some(sweep), Some(explain)) = (next(), next(), next()) else {
        panic!("the numbers of lives come first");
    };
    // A panic is a verdict.
    std::panic::set_hook(Box::new(|_| {}));
    while let Some(bug) = next() {
        hunt(bug, if bug == 0 { sweep } else { lives }, bug == 0 || explain == 1);
    }
}

fn hunt(bug: u32, lives: u32, explain: bool) {
    planted::choose(bug);
    expectations::hold(true);
    let mut first: Option<(Policy, Box<Failure>)> = None;
    for policy in Policy::ALL {
        let failure = sim::hunt(0..u64::from(lives), |sim| life(sim.policy(policy))).err();
        say(bug, policy.as_str(), failure.as_deref());
        if let Some(failure) = failure
            && first.as_ref().is_none_or(|(_, known)| failure.after < known.after)
        {
            first = Some((policy, failure));
        }
    }
    let Some((policy, failure)) = first else { return };
    if explain {
        eprintln!("{}", sim::explain(&failure, |sim| life(sim.policy(policy))));
    }
    expectations::hold(false);
    let failures = Policy::ALL
        .into_iter()
        .filter_map(|policy| sim::hunt(0..u64::from(lives), |sim| life(sim.policy(policy))).err());
    say(bug, "laws", failures.min_by_key(|failure| failure.after).as_deref());
}

/// Near half of the lives are of random daemons with every fault; the daemons of most others do what they are asked.
fn life(sim: Sim) -> Life {
    let sim = sim.time_limit(TIME_LIMIT);
    let sim = if sim.choose(2, "probes") == 1 { sim.probes() } else { sim };
    match sim.choose(54, "life") {
        0..15 => {
            let daemon = shape::daemon(&sim);
            sim.daemon(daemon).faults(shape::faults()).lasting(Duration::from_secs(10)).run()
        }
        15..22 => obedient::life(sim),
        22..28 => ends::life(sim),
        28..31 => restarts::life(sim),
        31..43 => company::life(sim),
        43..53 => reloads::life(sim),
        _ => crowd::life(sim),
    }
}

fn say(bug: u32, policy: &str, failure: Option<&Failure>) {
    match failure {
        None => println!("{bug}\t{policy}\t-\t"),
        Some(failure) => {
            println!("{bug}\t{policy}\t{}\t{}", failure.after + 1, verdict(&failure.verdict));
        }
    }
}

/// The name of the law or of the expectation, else the kind of the verdict.
fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Panic { message, .. } => match message.split_once(": ") {
            Some((name, _)) if name.starts_with(expectations::PREFIX) => name.to_owned(),
            _ => "panic".to_owned(),
        },
        Verdict::Violation { law, .. } => format!("law `{law}`"),
        verdict => verdict.kind().to_owned(),
    }
}
