use crate::rng::Rng;
use crate::sites::{Site, Sites};
use crate::{Choice, Tape};

/// Answers every question that a life leaves open.
///
/// 1. The answer 0 is the dull one: first in first out, on time, no fault.
/// 2. From a seed, answers are drawn; from a tape, they are what the tape says, else 0.
/// 3. Every answer that is not 0 is noted, so that a life can be told as a tape.
#[derive(Debug)]
pub(crate) struct Oracle {
    rng: Option<Rng>,
    sites: Sites,
    taken: Vec<Taken>,
}

#[derive(Debug)]
struct Taken {
    site: u16,
    ordinal: u32,
    value: u32,
    of: u32,
}

impl Oracle {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { rng: Some(Rng::new(seed)), sites: Sites::default(), taken: Vec::new() }
    }

    pub(crate) fn taped(tape: &Tape) -> Self {
        let mut sites = Sites::default();
        for choice in tape.choices() {
            let site = sites.find(choice.site.as_ref().into());
            sites.all[site].answers.push((choice.ordinal, choice.value));
        }
        for site in &mut sites.all {
            site.answers.sort_unstable_by(|a, b| b.cmp(a));
        }
        Self { rng: None, sites, taken: Vec::new() }
    }

    /// Whether answers are drawn.
    pub(crate) const fn is_seeded(&self) -> bool {
        self.rng.is_some()
    }

    /// A number below `of`.
    pub(crate) fn choose<'a>(&mut self, of: u32, site: impl Into<Site<'a>>) -> u32 {
        self.decide(of, site, |rng| rng.below(of))
    }

    /// A number below `of`; from a seed, `draw` draws it.
    pub(crate) fn decide<'a>(
        &mut self,
        of: u32,
        site: impl Into<Site<'a>>,
        draw: impl FnOnce(&mut Rng) -> u32,
    ) -> u32 {
        if of < 2 {
            return 0;
        }
        let index = self.sites.find(site.into());
        let site = &mut self.sites.all[index];
        let ordinal = site.times;
        site.times += 1;
        let value = match &mut self.rng {
            Some(rng) => draw(rng),
            None => site.answer(ordinal).min(of - 1),
        };
        debug_assert!(value < of);
        if value > 0 {
            let site = u16::try_from(index).unwrap_or(u16::MAX);
            self.taken.push(Taken { site, ordinal, value, of });
        }
        value
    }

    /// True with this chance, to the millionth. A chance of 0 asks nothing.
    pub(crate) fn chance<'a>(&mut self, chance: f64, site: impl Into<Site<'a>>) -> bool {
        const MILLION: u32 = 1_000_000;
        // Not a number is no chance either.
        if chance.is_nan() || chance <= 0.0 {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0..=1e6")]
        let below = (chance.min(1.0) * f64::from(MILLION)) as u32;
        self.decide(2, site, |rng| u32::from(rng.below(MILLION) < below)) == 1
    }

    /// A number that only shapes later choices and is none itself; 0 from a tape.
    pub(crate) fn draw(&mut self, below: u32) -> u32 {
        self.rng.as_mut().map_or(0, |rng| rng.below(below))
    }

    /// Takes back what was chosen at a site, for something else has decided.
    pub(crate) fn forget(&mut self, site: Site<'_>) {
        let place = self.sites.find(site);
        self.taken.retain(|taken| usize::from(taken.site) != place);
    }

    /// What was chosen so far.
    pub(crate) fn tape(&self) -> Tape {
        let choice = |taken: &Taken| {
            let site = self.sites.all[usize::from(taken.site)].name.clone();
            Choice::new(site, taken.ordinal, taken.value, taken.of)
        };
        Tape::new(self.taken.iter().map(choice).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(oracle: &mut Oracle) -> Vec<u32> {
        (0..50).flat_map(|_| [oracle.choose(3, "a"), oracle.choose(7, "b")]).collect()
    }

    #[test]
    fn a_tape_answers_as_its_seed_did() {
        let mut seeded = Oracle::seeded(3);
        let answers = life(&mut seeded);
        let mut taped = Oracle::taped(&seeded.tape());
        assert_eq!(life(&mut taped), answers);
        assert_eq!(taped.tape(), seeded.tape());
    }

    #[test]
    fn removing_a_choice_changes_that_answer_alone() {
        let mut seeded = Oracle::seeded(3);
        let mut answers = life(&mut seeded);
        let mut choices = seeded.tape().choices().to_vec();
        let gone = choices.remove(20);
        let place = gone.ordinal as usize * 2 + usize::from(gone.site == "b");
        answers[place] = 0;
        assert_eq!(life(&mut Oracle::taped(&Tape::new(choices))), answers);
    }

    #[test]
    fn the_dull_tape_answers_zero_and_an_answer_out_of_range_is_the_last() {
        assert!(life(&mut Oracle::taped(&Tape::dull())).iter().all(|answer| *answer == 0));
        let tape = Tape::new(vec![Choice::new("a", 0, 9, 10)]);
        assert_eq!(Oracle::taped(&tape).choose(3, "a"), 2);
    }
}
