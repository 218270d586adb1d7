//! A signal at every step of a life, one life each.
//!
//! 1. The life without a signal is clean, else there is nothing to compare with.
//! 2. Every step of the life *with* the signal is met: a stop has steps of its own.

use proc_daemon_runtime::Signal;

use super::check::guarded;
use super::failure::{self, Failure};
use super::hush::hushed;
use super::life::Life;
use super::shrink::shrink;
use super::subject::Sim;

/// Most steps of a life at which one signal, and two, are tried.
const MOST: u64 = 100_000;
const MOST_OF_PAIRS: u64 = 2_000;

/// Lives `life` once for every step of it, with `signal` arriving before that step: before the daemon starts, in
/// the middle of its start, while it runs, at each step of its stop. A step is a poll, the firing of the sleeps
/// that are due, or an act of a device. Gives how many lives that was.
///
/// # Panics
///
/// At the first life that goes wrong: with the step, and all that [`check`](super::check) tells. If the life
/// without the signal goes wrong, or has more than 100 000 steps.
#[track_caller]
pub fn exhaust_points<F>(seed: u64, signal: Signal, life: F) -> u64
where
    F: Fn(Sim) -> Life,
{
    let mut lives = 0;
    let mut step = 1;
    let mut steps = plain(seed, MOST, &life);
    while step <= steps {
        steps = steps.max(lived(seed, &[(step, signal)], &life).steps());
        lives += 1;
        step += 1;
    }
    lives
}

/// As [`exhaust_points`] with two signals, the second before the same step as the first or before any later one.
///
/// # Panics
///
/// As [`exhaust_points`], from 2 000 steps.
#[track_caller]
pub fn exhaust_pairs<F>(seed: u64, first: Signal, second: Signal, life: F) -> u64
where
    F: Fn(Sim) -> Life,
{
    let mut lives = 0;
    let mut one = 1;
    let mut steps = plain(seed, MOST_OF_PAIRS, &life);
    while one <= steps {
        let mut two = one;
        // From where the life with the first signal alone has ended, the second changes nothing.
        let mut last = lived(seed, &[(one, first)], &life).steps();
        steps = steps.max(last);
        while two <= last {
            last = last.max(lived(seed, &[(one, first), (two, second)], &life).steps());
            lives += 1;
            two += 1;
        }
        one += 1;
    }
    lives
}

/// The steps of the life without a signal.
#[track_caller]
fn plain<F: Fn(Sim) -> Life>(seed: u64, most: u64, life: &F) -> u64 {
    let steps = lived(seed, &[], life).steps();
    assert!(
        steps <= most,
        "the life of seed {seed} has {steps} steps, and every one of them would be a life of its own: make it \
         shorter, with `Sim::lasting` say; at most {most} are tried"
    );
    steps
}

/// One life, which must be clean.
#[track_caller]
fn lived<F: Fn(Sim) -> Life>(seed: u64, signals: &[(u64, Signal)], life: &F) -> Life {
    let raised = |sim: Sim| {
        let raise = |sim: Sim, (step, signal): &(u64, Signal)| sim.raise_at_step(*step, *signal);
        guarded(signals.iter().fold(sim, raise), life)
    };
    let lived = raised(Sim::new(seed));
    if !lived.verdict().is_clean() {
        panic!("{}", told(seed, signals, &lived, raised));
    }
    lived
}

/// The failure, shrunk with the signals at their steps.
fn told(seed: u64, signals: &[(u64, Signal)], lived: &Life, life: impl Fn(Sim) -> Life) -> String {
    let when: Vec<String> =
        signals.iter().map(|(step, signal)| format!("{signal} before step {step}")).collect();
    let calls: Vec<String> = signals
        .iter()
        .map(|(step, signal)| format!(".raise_at_step({step}, Signal::{signal:?})"))
        .collect();
    let (verdict, tape) = (lived.verdict().clone(), lived.tape().clone());
    let failure = Failure { seed, verdict, tape, after: 0 };
    let tape = shrink(&failure, &life);
    let shrunk = hushed(|| life(Sim::from_tape(&tape)));
    format!(
        "{}\nthis life again: Sim::new({seed}){}\n{}",
        if when.is_empty() { "without a signal".to_owned() } else { when.join(", ") },
        calls.concat(),
        failure::of_shrunk(&failure, lived.policy(), &tape, &shrunk),
    )
}
