use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use parking_lot::Mutex;
use proc_daemon_runtime::{TaskName, catch};

use super::environment::{Environment, in_check};
use super::failure::{self, Failure};
use super::hush::hushed;
use super::life::Life;
use super::shrink::{replay, shrink};
use super::subject::Sim;
use super::sweep::Sweep;
use crate::backends::sim::{Tape, Verdict};

/// Lives a life for each seed, on every core, and stops at the first that goes wrong: that one is shrunk,
/// written to a file and told with the end of its timeline and the command that replays it. A panic of `life`
/// itself, after the life was lived, is a failure of that life.
///
/// `SIM_SEED=n` lives that seed alone, `SIM_SEEDS=n` or `a..b` those in the place of `seeds`,
/// `SIM_TAPE=file` the life of a tape; `SIM_TRACE=text` or `json` shows the timeline of a single life on
/// stderr, `perfetto` writes it to a file.
///
/// The seeds are collected first: they must be finite.
///
/// While a failure is shrunk, the panic hook is silent about panics of this thread: they are that failure.
///
/// # Panics
///
/// If a life goes wrong.
#[track_caller]
pub fn check<F>(seeds: impl Iterator<Item = u64>, life: F) -> Sweep
where
    F: Fn(Sim) -> Life + Sync,
{
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(error) => panic!("{error}"),
    };
    if let Some(tape) = &environment.tape {
        let life = guarded(Sim::from_tape(tape), &life);
        environment.show(&life);
        assert!(life.verdict().is_clean(), "{}", failure::of_life(&life));
        let mut sweep = Sweep::default();
        sweep.add(&life);
        sweep.chosen = true;
        return sweep;
    }
    let seeds: Vec<u64> = environment.seeds.clone().unwrap_or_else(|| seeds.collect());
    match swept(&seeds, &life, &environment) {
        Ok(sweep) => Sweep { chosen: environment.seeds.is_some(), ..sweep },
        Err(failure) => {
            let (mut text, tape) = told(&failure, &life);
            environment.commands(&mut text, failure.seed, tape.as_ref());
            panic!("{text}")
        }
    }
}

/// As [`check`], and gives the first failure, not shrunk, instead of panicking. Reads no environment. The seeds must be finite.
///
/// # Errors
///
/// The failure with the lowest place among `seeds`.
pub fn hunt<F>(seeds: impl Iterator<Item = u64>, life: F) -> Result<Sweep, Box<Failure>>
where
    F: Fn(Sim) -> Life + Sync,
{
    let seeds: Vec<u64> = seeds.collect();
    swept(&seeds, &life, &Environment::default())
}

fn swept<F>(seeds: &[u64], life: &F, environment: &Environment) -> Result<Sweep, Box<Failure>>
where
    F: Fn(Sim) -> Life + Sync,
{
    let next = AtomicU64::new(0);
    let first = Mutex::new(None::<Box<Failure>>);
    let work = || {
        let mut sweep = Sweep::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let over = first.lock().as_ref().is_some_and(|failure| failure.after < index);
            let seed = usize::try_from(index).ok().and_then(|index| seeds.get(index));
            let Some(&seed) = seed.filter(|_| !over) else { return sweep };
            let life = guarded(Sim::new(seed), life);
            if seeds.len() == 1 {
                environment.show(&life);
            }
            if life.verdict().is_clean() {
                sweep.add(&life);
            } else {
                let (verdict, tape) = (life.verdict().clone(), life.tape().clone());
                let failure = Failure { seed, verdict, tape, after: index };
                let mut first = first.lock();
                if first.as_ref().is_none_or(|known| index < known.after) {
                    *first = Some(Box::new(failure));
                }
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(seeds.len().max(1));
    let mut all = Sweep::default();
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        all.join(work());
        for other in others {
            match other.join() {
                Ok(sweep) => all.join(sweep),
                Err(payload) => resume_unwind(payload),
            }
        }
    });
    first.into_inner().map_or(Ok(all), Err)
}

/// A life, with a panic of the code around it as its verdict.
pub(super) fn guarded<F: Fn(Sim) -> Life>(sim: Sim, life: &F) -> Life {
    let shadow = sim.shadow();
    match in_check(|| catch(|| life(sim))) {
        Ok(life) => life,
        Err(payload) => {
            let task = TaskName::literal("check");
            shadow.ruined(Verdict::Panic { task, message: payload.to_string() })
        }
    }
}

/// A failure in words: the verdict, the policy, the few choices that it takes, and the end of the timeline of
/// the life with these alone. `life` must be the one that failed.
#[must_use]
pub fn explain<F>(failure: &Failure, life: F) -> String
where
    F: Fn(Sim) -> Life,
{
    told(failure, &life).0
}

/// The words, and the shrunk tape if the failure could be repeated.
fn told<F: Fn(Sim) -> Life>(failure: &Failure, life: &F) -> (String, Option<Tape>) {
    let guard = |sim: Sim| guarded(sim, life);
    let again = hushed(|| guard(Sim::new(failure.seed)));
    if again.verdict().kind() != failure.verdict.kind() {
        let text = format!(
            "seed {} led to two verdicts: {}, and {}; the life depends on something that the seed does \
             not choose, and `sim::audit` finds where",
            failure.seed,
            failure.verdict,
            again.verdict(),
        );
        return (format!("{}\n", Verdict::Nondeterminism(text)), None);
    }
    let tape = shrink(failure, guard);
    let shrunk = hushed(|| replay(&tape, guard));
    let text = failure::of_shrunk(failure, again.policy(), &tape, &shrunk);
    (text, Some(tape))
}
