use std::time::Duration;

/// How a check is run, and how many answers in a row it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProbeRules {
    /// Before the first one.
    pub(crate) delay: Duration,
    pub(crate) every: Duration,
    pub(crate) timeout: Duration,
    /// So many good ones are up.
    pub(crate) rise: u32,
    /// So many bad ones are down.
    pub(crate) fall: u32,
}

/// The last answers of a check, and the verdict so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gauge {
    /// None: not known yet.
    verdict: Option<bool>,
    last: Option<bool>,
    /// How many answers like the last there were in a row.
    in_a_row: u32,
}

impl Gauge {
    /// Takes in an answer; gives the verdict if it has changed.
    pub(crate) fn note(&mut self, good: bool, rules: &ProbeRules) -> Option<bool> {
        if self.last.replace(good) != Some(good) {
            self.in_a_row = 0;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        let enough = if good { rules.rise } else { rules.fall };
        let changes = self.in_a_row >= enough && self.verdict != Some(good);
        if changes {
            self.verdict = Some(good);
        }
        changes.then_some(good)
    }

    /// The verdict, the last answer, and how often it was given in a row, as far as that matters.
    #[cfg(test)]
    pub(crate) fn seen(&self, rules: &ProbeRules) -> (Option<bool>, Option<bool>, u32) {
        (self.verdict, self.last, self.in_a_row.min(rules.rise.max(rules.fall)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: ProbeRules = ProbeRules {
        delay: Duration::ZERO,
        every: Duration::from_secs(5),
        timeout: Duration::from_secs(1),
        rise: 2,
        fall: 3,
    };

    /// `+` and `-` are answers, the verdicts come out.
    fn verdicts(answers: &str) -> String {
        let mut gauge = Gauge::default();
        let mut note = |answer| match gauge.note(answer == '+', &RULES) {
            None => '.',
            Some(true) => 'U',
            Some(false) => 'D',
        };
        answers.chars().map(&mut note).collect()
    }

    #[test]
    fn it_takes_so_many_in_a_row() {
        assert_eq!(verdicts("++"), ".U");
        assert_eq!(verdicts("---"), "..D");
        assert_eq!(verdicts("+-+-++"), ".....U");
        assert_eq!(verdicts("++--+---"), ".U.....D");
        assert_eq!(verdicts("++---++---"), ".U..D.U..D");
        assert_eq!(verdicts("+++++"), ".U...");
    }
}
