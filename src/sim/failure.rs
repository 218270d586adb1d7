use std::fmt::Write;

use super::life::Life;
use crate::backends::sim::{Policy, Tape, Verdict};

/// A life in which something was wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What was wrong.
    pub verdict: Verdict,
    /// Its choices.
    pub tape: Tape,
    /// How many lives had been fine before it.
    pub after: u64,
}

/// Most choices and rows of a timeline in a text.
const CHOICES: usize = 40;
pub(super) const ROWS: usize = 60;

/// What a life came to, for a person: verdict, policy, choices, the end of the timeline.
pub(super) fn of_life(life: &Life) -> String {
    let mut text = String::new();
    let _ = match life.seed() {
        Some(seed) => writeln!(text, "a simulated life of seed {seed} went wrong"),
        None => writeln!(text, "a simulated life from a tape went wrong"),
    };
    let _ = writeln!(text, "verdict: {}", life.verdict());
    let _ = writeln!(text, "policy: {}", life.policy());
    let _ = writeln!(text, "trace: {:016x}, {} polls", life.trace_hash(), life.polls());
    let tape = life.tape();
    let _ = writeln!(text, "choices that were not dull: {}", tape.len());
    choices(&mut text, tape);
    timeline(&mut text, life);
    text
}

/// What a shrunk failure came to.
pub(super) fn of_shrunk(failure: &Failure, policy: Policy, shrunk: &Tape, life: &Life) -> String {
    let mut text = String::new();
    let Failure { seed, verdict, tape, after } = failure;
    let _ = writeln!(text, "seed {seed} went wrong, after {after} lives that did not");
    let _ = writeln!(text, "verdict: {verdict}");
    let _ = writeln!(text, "policy: {policy}");
    let _ = writeln!(text, "of {} choices that were not dull, these are needed:", tape.len());
    choices(&mut text, shrunk);
    if life.verdict().to_string() != verdict.to_string() {
        let _ = writeln!(text, "verdict of the life with these alone: {}", life.verdict());
    }
    timeline(&mut text, life);
    text
}

fn choices(text: &mut String, tape: &Tape) {
    for choice in tape.choices().iter().take(CHOICES) {
        let _ = writeln!(text, "  {choice}");
    }
    if tape.is_empty() {
        let _ = writeln!(text, "  none: the dull life fails too");
    }
    if tape.len() > CHOICES {
        let _ = writeln!(text, "  and {} more", tape.len() - CHOICES);
    }
}

fn timeline(text: &mut String, life: &Life) {
    let _ = writeln!(text, "the end of the timeline:");
    text.push_str(&life.lanes(ROWS));
}
