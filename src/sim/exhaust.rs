//! A signal at every step of a life, one life each.
//!
//! 1. The life without a signal is clean, else there is nothing to compare with.
//! 2. Up to its signal, a life is the one without it: each step of that one is a place for a signal, and no other.

use proc_daemon_runtime::Signal;

use super::check::guarded;
use super::environment::keep;
use super::failure::{self, Failure};
use super::hush::hushed;
use super::life::Life;
use super::shrink::shrink;
use super::subject::Sim;

/// Most steps of a life at which one signal, and two, are tried.
const MOST: u64 = 100_000;
const MOST_OF_PAIRS: u64 = 2_000;

/// Lives `life` once for every step of it, with `signal` arriving before that step: before the daemon starts, in
/// the middle of its start, while it runs, at each step of its stop. A step is a poll, time that moves
/// on, the firing of the sleeps that are due, or an act of a device. Gives how many lives that was.
///
/// Between two steps of a dull life hours may pass: what depends on how long ago something was is for
/// [`Faults::signal`](super::Faults::signal).
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
    let steps = plain(seed, MOST, &life);
    for step in 1..=steps {
        let _ = lived(seed, &[(step, signal)], step - 1, &life);
    }
    steps
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
    for one in 1..=plain(seed, MOST_OF_PAIRS, &life) {
        // The life with the first alone: at each of its steps, the second may come.
        let last = lived(seed, &[(one, first)], lives, &life).steps();
        short_enough(seed, last, MOST);
        for two in one..=last {
            let _ = lived(seed, &[(one, first), (two, second)], lives, &life);
            lives += 1;
        }
    }
    lives
}

/// The steps of the life without a signal.
#[track_caller]
fn plain<F: Fn(Sim) -> Life>(seed: u64, most: u64, life: &F) -> u64 {
    let steps = lived(seed, &[], 0, life).steps();
    short_enough(seed, steps, most);
    steps
}

#[track_caller]
fn short_enough(seed: u64, steps: u64, most: u64) {
    assert!(
        steps <= most,
        "a life of seed {seed} has {steps} steps, and every one of them would be a life of its own: make it \
         shorter, with `Sim::lasting` say; at most {most} are tried"
    );
}

/// One life, which must be clean.
#[track_caller]
fn lived<F: Fn(Sim) -> Life>(seed: u64, signals: &[(u64, Signal)], after: u64, life: &F) -> Life {
    let raised = |sim: Sim| {
        let raise = |sim: Sim, (step, signal): &(u64, Signal)| sim.raise_at_step(*step, *signal);
        guarded(signals.iter().fold(sim, raise), life)
    };
    let lived = raised(Sim::new(seed));
    if !lived.verdict().is_clean() {
        panic!("{}", told(seed, signals, after, &lived, raised));
    }
    lived
}

/// The failure, shrunk with the signals at their steps.
fn told(
    seed: u64,
    signals: &[(u64, Signal)],
    after: u64,
    lived: &Life,
    life: impl Fn(Sim) -> Life,
) -> String {
    let when: Vec<String> =
        signals.iter().map(|(step, signal)| format!("{signal} before step {step}")).collect();
    let calls: Vec<String> = signals
        .iter()
        .map(|(step, signal)| format!(".raise_at_step({step}, Signal::{signal:?})"))
        .collect();
    let calls = calls.concat();
    let (verdict, tape) = (lived.verdict().clone(), lived.tape().clone());
    let failure = Failure { seed, verdict, tape, after };
    let tape = shrink(&failure, &life);
    let shrunk = hushed(|| life(Sim::from_tape(&tape)));
    let text = failure::of_shrunk(&failure, lived.policy(), &tape, &shrunk);
    let when = match when.is_empty() {
        true => "without a signal of this exhaustion".to_owned(),
        false => when.join(", "),
    };
    let kept = match keep("sim-tapes", &format!("{seed}-exhausted"), "tape", &tape.to_string()) {
        Ok(path) => format!("the short one: the same from the tape {}", path.display()),
        Err(error) => format!("the tape could not be kept: {error}"),
    };
    format!(
        "{when}\n{text}this life again: Sim::new({seed}){calls}, in a `check` of that seed alone\n{kept}"
    )
}
