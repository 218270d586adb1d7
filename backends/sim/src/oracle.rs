use std::borrow::Cow;

use proc_daemon_runtime::TaskName;

use crate::rng::Rng;
use crate::tape::tidy;
use crate::{Choice, Tape};

/// Answers every question that a life leaves open.
///
/// 1. The answer 0 is the dull one: first in first out, on time, no fault.
/// 2. From a seed, answers are drawn; from a tape, they are what the tape says, else 0.
/// 3. Every answer that is not 0 is noted, so that a life can be told as a tape.
#[derive(Debug)]
pub(crate) struct Oracle {
    rng: Option<Rng>,
    sites: Vec<Site>,
    taken: Vec<Taken>,
}

#[derive(Debug)]
struct Site {
    name: Name,
    asked: u32,
    /// What a tape answers here, by ordinal, the next one last.
    answers: Vec<(u32, u32)>,
}

/// What is chosen. In two parts it is asked for, and kept, without a new text.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Whole(Cow<'static, str>),
    /// This of that task or subsystem.
    Of(&'static str, TaskName),
}

#[derive(Debug)]
struct Taken {
    site: u16,
    ordinal: u32,
    value: u32,
    of: u32,
}

impl Oracle {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self { rng: Some(Rng::new(seed)), sites: Vec::new(), taken: Vec::new() }
    }

    pub(crate) fn taped(tape: &Tape) -> Self {
        let mut oracle = Self { rng: None, sites: Vec::new(), taken: Vec::new() };
        for choice in tape.choices() {
            let site = oracle.site(&choice.site);
            oracle.sites[site].answers.push((choice.ordinal, choice.value));
        }
        for site in &mut oracle.sites {
            site.answers.sort_unstable_by(|a, b| b.cmp(a));
        }
        oracle
    }

    /// Whether answers are drawn.
    pub(crate) const fn is_seeded(&self) -> bool {
        self.rng.is_some()
    }

    /// A number below `of`.
    pub(crate) fn choose(&mut self, of: u32, site: &str) -> u32 {
        self.decide(of, site, |rng| rng.below(of))
    }

    /// A number below `of`; from a seed, `draw` draws it.
    pub(crate) fn decide(
        &mut self,
        of: u32,
        site: &str,
        draw: impl FnOnce(&mut Rng) -> u32,
    ) -> u32 {
        if of < 2 {
            return 0;
        }
        let index = self.site(site);
        self.answer(index, of, draw)
    }

    /// As [`decide`](Self::decide), of the site "`what` of `whom`".
    fn decide_of(
        &mut self,
        of: u32,
        (what, whom): (&'static str, &TaskName),
        draw: impl FnOnce(&mut Rng) -> u32,
    ) -> u32 {
        if of < 2 {
            return 0;
        }
        let index = self.site_of(what, whom);
        self.answer(index, of, draw)
    }

    fn answer(&mut self, index: usize, of: u32, draw: impl FnOnce(&mut Rng) -> u32) -> u32 {
        let site = &mut self.sites[index];
        let ordinal = site.asked;
        site.asked += 1;
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
    pub(crate) fn chance(&mut self, chance: f64, site: &str) -> bool {
        millionths(chance).is_some_and(|below| self.decide(2, site, hit(below)) == 1)
    }

    /// As [`choose`](Self::choose), of the site "`what` of `whom`".
    pub(crate) fn choose_of(&mut self, of: u32, what: &'static str, whom: &TaskName) -> u32 {
        self.decide_of(of, (what, whom), |rng| rng.below(of))
    }

    /// As [`chance`](Self::chance), of the site "`what` of `whom`".
    pub(crate) fn chance_of(&mut self, chance: f64, what: &'static str, whom: &TaskName) -> bool {
        millionths(chance).is_some_and(|below| self.decide_of(2, (what, whom), hit(below)) == 1)
    }

    /// A number that only shapes later choices and is none itself; 0 from a tape.
    pub(crate) fn draw(&mut self, below: u32) -> u32 {
        self.rng.as_mut().map_or(0, |rng| rng.below(below))
    }

    /// Takes back what was chosen at a site, for something else has decided.
    pub(crate) fn forget(&mut self, site: &str) {
        let known = self.sites.iter().position(|known| known.name.is(site));
        self.taken.retain(|taken| Some(usize::from(taken.site)) != known);
    }

    /// What was chosen so far.
    pub(crate) fn tape(&self) -> Tape {
        let choice = |taken: &Taken| {
            let site = match &self.sites[usize::from(taken.site)].name {
                Name::Whole(name) => name.clone(),
                Name::Of(what, whom) => format!("{what} of `{}`", whom.as_str()).into(),
            };
            Choice::new(site, taken.ordinal, taken.value, taken.of)
        };
        Tape::new(self.taken.iter().map(choice).collect())
    }

    fn site(&mut self, name: &str) -> usize {
        let find = |sites: &[Site], name: &str| sites.iter().position(|site| site.name.is(name));
        find(&self.sites, name).unwrap_or_else(|| {
            let name = tidy(name);
            find(&self.sites, &name).unwrap_or_else(|| self.add(Name::Whole(name.into())))
        })
    }

    fn site_of(&mut self, what: &'static str, whom: &TaskName) -> usize {
        // A tape holds such a name tidied.
        if whom.contains(char::is_whitespace) {
            return self.site(&format!("{what} of `{}`", whom.as_str()));
        }
        let known = self.sites.iter().position(|site| site.name.is_of(what, whom));
        known.unwrap_or_else(|| self.add(Name::Of(what, whom.clone())))
    }

    fn add(&mut self, name: Name) -> usize {
        self.sites.push(Site { name, asked: 0, answers: Vec::new() });
        self.sites.len() - 1
    }
}

impl Name {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Whole(name) => name == text,
            Self::Of(what, whom) => spells(what, whom, text),
        }
    }

    fn is_of(&self, what: &str, whom: &TaskName) -> bool {
        match self {
            Self::Whole(name) => spells(what, whom, name),
            Self::Of(mine, other) => *mine == what && other == whom,
        }
    }
}

/// Whether `text` is "`what` of `whom`".
fn spells(what: &str, whom: &str, text: &str) -> bool {
    let rest = text.strip_prefix(what).and_then(|rest| rest.strip_prefix(" of `"));
    rest.and_then(|rest| rest.strip_suffix('`')) == Some(whom)
}

const MILLION: u32 = 1_000_000;

/// A chance in millionths; none if it is none. Not a number is no chance either.
fn millionths(chance: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0..=1e6")]
    (chance > 0.0).then(|| (chance.min(1.0) * f64::from(MILLION)) as u32)
}

fn hit(below: u32) -> impl FnOnce(&mut Rng) -> u32 {
    move |rng| u32::from(rng.below(MILLION) < below)
}

impl Site {
    fn answer(&mut self, ordinal: u32) -> u32 {
        while self.answers.last().is_some_and(|(at, _)| *at < ordinal) {
            self.answers.pop();
        }
        match self.answers.last() {
            Some(&(at, value)) if at == ordinal => value,
            _ => 0,
        }
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
    fn a_site_in_two_parts_is_the_site_of_that_name() {
        for whom in ["db", "a  b"].map(TaskName::from) {
            let mut seeded = Oracle::seeded(3);
            let answers: Vec<u32> = (0..9).map(|_| seeded.choose_of(9, "fall", &whom)).collect();
            let tape = seeded.tape();
            let name = tidy(&format!("fall of `{}`", whom.as_str()));
            assert!(tape.choices().iter().all(|choice| choice.site == name), "{tape}");
            let mut taped = Oracle::taped(&tape);
            let again: Vec<u32> = (0..9).map(|_| taped.choose_of(9, "fall", &whom)).collect();
            assert_eq!(again, answers);
            let mut whole = Oracle::taped(&tape);
            let (text, parts) = (whole.choose(9, &name), whole.choose_of(9, "fall", &whom));
            assert_eq!([text, parts], answers[..2], "one counts on where the other was");
        }
    }

    #[test]
    fn the_dull_tape_answers_zero_and_an_answer_out_of_range_is_the_last() {
        assert!(life(&mut Oracle::taped(&Tape::dull())).iter().all(|answer| *answer == 0));
        let tape = Tape::new(vec![Choice::new("a", 0, 9, 10)]);
        assert_eq!(Oracle::taped(&tape).choose(3, "a"), 2);
    }
}
