use super::check::guarded;
use super::failure::Failure;
use super::hush::hushed;
use super::life::Life;
use super::subject::Sim;
use crate::backends::sim::{Choice, Tape, Verdict};

/// Most lives that a shrink may take.
const LIVES: u32 = 4000;

/// The shortest tape found that still fails in the same way: choices are taken back, in halves, then in ever
/// smaller parts, then made smaller. One that fails otherwise is not taken.
///
/// `life` must be the one that failed. The panic hook is silent about panics of this thread meanwhile.
#[must_use]
pub fn shrink<F>(failure: &Failure, life: F) -> Tape
where
    F: Fn(Sim) -> Life,
{
    let mut shrinker = Shrinker { life, kind: kind(&failure.verdict), lives: 0 };
    let mut choices = failure.tape.choices().to_vec();
    hushed(|| {
        shrinker.remove(&mut choices);
        shrinker.lower(&mut choices);
        shrinker.remove(&mut choices);
    });
    Tape::new(choices)
}

/// Lives the life of a tape again.
pub fn replay<F>(tape: &Tape, life: F) -> Life
where
    F: Fn(Sim) -> Life,
{
    life(Sim::from_tape(tape))
}

/// What a failure is: the same kind of verdict; of panics, those of one task whose first lines differ in
/// numbers alone.
fn kind(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Panic { task, message } => {
            let line = message.lines().next().unwrap_or_default();
            let words: String = line.chars().filter(|c| !c.is_ascii_digit()).collect();
            format!("panic in {task}: {words}")
        }
        other => other.kind().to_owned(),
    }
}

struct Shrinker<F> {
    life: F,
    /// What the failure is.
    kind: String,
    lives: u32,
}

impl<F: Fn(Sim) -> Life> Shrinker<F> {
    fn fails(&mut self, choices: &[Choice]) -> bool {
        if self.lives >= LIVES {
            return false;
        }
        self.lives += 1;
        let life = guarded(Sim::from_tape(&Tape::new(choices.to_vec())), &self.life);
        kind(life.verdict()) == self.kind
    }

    /// Takes parts out, from the end, for later choices follow from earlier ones.
    fn remove(&mut self, choices: &mut Vec<Choice>) {
        let mut size = choices.len();
        while size > 0 {
            let mut end = choices.len();
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut fewer = choices.clone();
                fewer.drain(start..end);
                if self.fails(&fewer) {
                    *choices = fewer;
                }
                end = start;
            }
            size /= 2;
        }
    }

    /// Makes values smaller: one at once, else by halves.
    fn lower(&mut self, choices: &mut [Choice]) {
        for index in 0..choices.len() {
            for value in [1, choices[index].value / 4, choices[index].value / 2] {
                let was = choices[index].value;
                if value == 0 || value >= was {
                    continue;
                }
                choices[index].value = value;
                if self.fails(choices) {
                    break;
                }
                choices[index].value = was;
            }
        }
    }
}
