use std::borrow::Cow;
use std::fmt;

use crate::tape::tidy;

/// Which question is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Site<'a> {
    /// One of the simulator's own, by its place among [`OWN`].
    Own(usize),
    Named(Name<'a>),
}

/// The simulator's own questions.
const OWN: [&str; 7] = [
    "poll cost",
    "timer lateness, at most",
    "blocking, at most",
    "timer lateness",
    "timer order",
    "schedule",
    "blocking",
];

pub(crate) const POLL_COST: Site<'_> = Site::Own(0);
pub(crate) const MOST_LATENESS: Site<'_> = Site::Own(1);
pub(crate) const MOST_BLOCKING: Site<'_> = Site::Own(2);
pub(crate) const LATENESS: Site<'_> = Site::Own(3);
pub(crate) const TIMER_ORDER: Site<'_> = Site::Own(4);
pub(crate) const SCHEDULE: Site<'_> = Site::Own(5);
pub(crate) const BLOCKING: Site<'_> = Site::Own(6);

impl<'a> From<&'a str> for Site<'a> {
    fn from(what: &'a str) -> Self {
        Self::Named(Name { what, who: None })
    }
}

/// What is being chosen: `schedule`, or for somebody: ``panic of `db` ``.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    pub(crate) what: &'a str,
    pub(crate) who: Option<&'a str>,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            None => f.write_str(self.what),
            Some(who) => write!(f, "{} of `{who}`", self.what),
        }
    }
}

impl Name<'_> {
    fn is(self, text: &str) -> bool {
        let Some(who) = self.who else { return text == self.what };
        let rest = text.strip_prefix(self.what).and_then(|rest| rest.strip_prefix(" of `"));
        rest.and_then(|rest| rest.strip_suffix('`')) == Some(who)
    }

    /// Where it is guessed to be: by where its parts are, which are literals or live as long as the life.
    fn guess(self) -> usize {
        let who = self.who.map_or(0, |who| who.as_ptr().addr());
        (self.what.as_ptr().addr() ^ who >> 3) % GUESSES
    }
}

/// The sites at which a life may be asked: the simulator's own, then the others in the order of their first
/// questions.
///
/// 1. A name is tidy, so that it survives a tape's text, and it is there once.
/// 2. A guess says where a name was found last; it is not believed.
#[derive(Debug)]
pub(crate) struct Sites {
    pub(crate) all: Vec<Asked>,
    guesses: [u8; GUESSES],
}

const GUESSES: usize = 64;

/// What was asked at a site, and what will be answered.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) name: Cow<'static, str>,
    pub(crate) times: u32,
    /// What a tape answers here, by ordinal, the next one last.
    pub(crate) answers: Vec<(u32, u32)>,
}

impl Default for Sites {
    fn default() -> Self {
        let mut all = Vec::with_capacity(2 * OWN.len());
        all.extend(OWN.map(|name| Asked::new(name.into())));
        Self { all, guesses: [0; GUESSES] }
    }
}

impl Sites {
    /// The place of a site, a new one if need be.
    pub(crate) fn find(&mut self, site: Site<'_>) -> usize {
        match site {
            Site::Own(place) => place,
            Site::Named(name) => self.named(name),
        }
    }

    fn named(&mut self, name: Name<'_>) -> usize {
        let guess = name.guess();
        let guessed = usize::from(self.guesses[guess]);
        if self.all.get(guessed).is_some_and(|site| name.is(&site.name)) {
            return guessed;
        }
        let known = self.all.iter().position(|site| name.is(&site.name));
        let place = known.unwrap_or_else(|| self.add(&name.to_string()));
        self.guesses[guess] = u8::try_from(place).unwrap_or(0);
        place
    }

    fn add(&mut self, name: &str) -> usize {
        let name = tidy(name);
        self.all.iter().position(|site| site.name == name).unwrap_or_else(|| {
            self.all.push(Asked::new(name.into()));
            self.all.len() - 1
        })
    }
}

impl Asked {
    const fn new(name: Cow<'static, str>) -> Self {
        Self { name, times: 0, answers: Vec::new() }
    }

    pub(crate) fn answer(&mut self, ordinal: u32) -> u32 {
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

    fn parts<'a>(what: &'a str, who: &'a str) -> Site<'a> {
        Site::Named(Name { what, who: Some(who) })
    }

    #[test]
    fn a_name_in_parts_is_its_text_and_no_other() {
        let mut sites = Sites::default();
        let db = sites.find(parts("panic", "db"));
        assert_eq!(sites.all[db].name, "panic of `db`");
        assert_eq!(sites.find("panic of `db`".into()), db);
        let others =
            [parts("panic", "d"), parts("error", "db"), "panic of".into(), "panic of `".into()];
        for other in others {
            assert_ne!(sites.find(other), db, "{other:?}");
            assert_eq!(sites.find(parts("panic", "db")), db);
        }
    }

    #[test]
    fn many_names_are_told_apart_whatever_is_guessed() {
        let mut sites = Sites::default();
        let names: Vec<String> = (0..600).map(|number| format!("site {number}")).collect();
        for round in 0..2 {
            for (place, name) in (OWN.len()..).zip(&names) {
                assert_eq!(sites.find(name.as_str().into()), place, "round {round}");
            }
        }
        assert_eq!(sites.all.len(), OWN.len() + names.len());
    }

    #[test]
    fn a_site_is_known_by_its_tidied_name() {
        let mut sites = Sites::default();
        let site = sites.find(" a\n b".into());
        assert_eq!(sites.find("a b".into()), site);
        assert_ne!(sites.find(parts(" a\n", "b")), site);
        assert_eq!(sites.find(" a\n b".into()), site);
    }

    #[test]
    fn the_simulators_own_are_known_by_their_names() {
        let mut sites = Sites::default();
        for (place, name) in OWN.iter().enumerate() {
            assert_eq!((sites.find((*name).into()), sites.find(Site::Own(place))), (place, place));
        }
        assert_eq!(sites.find(SCHEDULE), sites.find("schedule".into()));
    }
}
