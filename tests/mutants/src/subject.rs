//! Runs the subject once for each mutant, and reads what it says.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use planted::Failure;

use crate::arguments::Arguments;
use crate::table::{Class, Mutant};

/// When a scenario hangs, in seconds. What the kit bounds itself, it bounds by a third of it.
const LIMIT: u32 = 12;

/// How often one that survives or hangs is run. What some mutants have wrong takes two threads to be seen, one of them
/// late; and a machine that stands still for some seconds is told to be a hang.
const TRIES: usize = 5;

/// What one scenario came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) id: String,
    pub(crate) tier: String,
    pub(crate) passed: bool,
    pub(crate) hung: bool,
    pub(crate) message: String,
}

/// A mutant and what the scenarios made of it.
pub(crate) struct Run<'a> {
    pub(crate) mutant: &'a Mutant,
    pub(crate) outcomes: Vec<Outcome>,
}

/// Every scenario, with nothing wrong: each must pass.
pub(crate) fn sound(subject: &Path) -> Result<Vec<Outcome>, Failure> {
    let outcomes = run(subject, "", 0, "")?;
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.passed)
        .map(|outcome| format!("{}: {}", outcome.id, outcome.message))
        .collect();
    if !failed.is_empty() {
        return Err(format!("without a mutant these fail:\n{}", failed.join("\n")).into());
    }
    Ok(outcomes)
}

/// Every mutant that is wanted, some at once.
pub(crate) fn all<'a>(
    subject: &Path,
    mutants: &'a [Mutant],
    sound: &[Outcome],
    arguments: &Arguments,
) -> Result<Vec<Run<'a>>, Failure> {
    let wanted: Vec<&Mutant> = mutants.iter().filter(|m| arguments.wants(m.name)).collect();
    let (next, (sender, receiver)) = (AtomicUsize::new(0), channel());
    let one = |mutant: &Mutant| -> Result<Vec<Outcome>, String> {
        let only = scenarios(mutant, sound, arguments.matrix).join(",");
        let once = || run(subject, mutant.name, mutant.number, &only);
        let mut outcomes = once();
        for _ in 1..TRIES {
            match &outcomes {
                Ok(told) if is_open(mutant, told) => outcomes = once(),
                _ => break,
            }
        }
        outcomes.map_err(|error| error.to_string())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from) + 1;
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next, one, wanted) = (sender.clone(), &next, &one, &wanted);
            scope.spawn(move || {
                while let Some((place, mutant)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    wanted.get(place).map(|mutant| (place, *mutant))
                } {
                    let outcome = one(mutant);
                    sender.send((place, mutant, outcome)).expect("it is received below");
                }
            });
        }
    });
    drop(sender);
    let mut runs: Vec<_> = receiver.iter().collect();
    runs.sort_by_key(|(place, ..)| *place);
    let runs =
        runs.into_iter().map(|(_, mutant, outcomes)| Ok(Run { mutant, outcomes: outcomes? }));
    runs.collect()
}

/// Whether a scenario that is to find it passed, or hung.
fn is_open(mutant: &Mutant, outcomes: &[Outcome]) -> bool {
    let open = |outcome: &Outcome| outcome.passed || outcome.hung;
    let declared = |outcome: &Outcome| mutant.kills.iter().any(|(id, _)| *id == outcome.id);
    outcomes.iter().any(|outcome| declared(outcome) && open(outcome))
}

fn scenarios(mutant: &Mutant, sound: &[Outcome], matrix: bool) -> Vec<String> {
    let declared = |id: &str| mutant.kills.iter().any(|(known, _)| *known == id);
    let tier = if mutant.class == Class::Core { "core" } else { "law" };
    let wanted = |outcome: &&Outcome| declared(&outcome.id) || matrix && outcome.tier == tier;
    sound.iter().filter(wanted).map(|outcome| outcome.id.clone()).collect()
}

fn run(subject: &Path, name: &str, number: u32, only: &str) -> Result<Vec<Outcome>, Failure> {
    let output = Command::new(subject)
        .env("MUTANT", name)
        .env("MUTANT_NUMBER", number.to_string())
        .env("MUTANT_ONLY", only)
        .env("MUTANT_LIMIT", LIMIT.to_string())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let outcomes: Vec<Outcome> = text.lines().filter_map(outcome).collect();
    if !output.status.success() || outcomes.is_empty() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the kit on `{name}` ended, {}: {errors}", output.status).into());
    }
    Ok(outcomes)
}

/// A line of the subject: `mutant`, id, tier, outcome, whether it hung, message; tabs between.
fn outcome(line: &str) -> Option<Outcome> {
    let ["mutant", id, tier, outcome, hung, message] = line.splitn(6, '\t').collect::<Vec<_>>()[..]
    else {
        return None;
    };
    Some(Outcome {
        id: id.to_owned(),
        tier: tier.to_owned(),
        passed: outcome == "pass",
        hung: hung == "true",
        message: message.to_owned(),
    })
}
