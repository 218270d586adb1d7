use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// One choice that was not the dull one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Choice {
    /// What was chosen: `schedule`, `timer lateness`, a fault.
    pub site: Cow<'static, str>,
    /// Which choice at that site it was, from 0.
    pub ordinal: u32,
    /// What was chosen; 0, the dull answer, is not on a tape.
    pub value: u32,
    /// From how many.
    pub of: u32,
}

/// The choices of one life that were not dull; every other one is 0: first in first out, no fault.
///
/// Each choice is found by its site and its number there, not by its place on the tape. So a tape survives
/// that another one is removed, or that a new kind of choice is added to the simulator.
///
/// As text, one choice a line: `3/5 #12 schedule`. Lines that begin with `#` are comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tape {
    choices: Vec<Choice>,
}

impl Tape {
    /// The tape without a choice: the dullest life.
    #[must_use]
    pub const fn dull() -> Self {
        Self { choices: Vec::new() }
    }

    /// A tape of these choices.
    #[must_use]
    pub const fn new(choices: Vec<Choice>) -> Self {
        Self { choices }
    }

    /// The choices, in the order in which they were made.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.choices.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.choices.is_empty()
    }
}

impl Choice {
    /// A choice of `value` from `of`, the `ordinal`th at `site`. A site is one line of text: other white space
    /// in it becomes a blank.
    pub fn new(site: impl Into<Cow<'static, str>>, ordinal: u32, value: u32, of: u32) -> Self {
        let site = site.into();
        let tidied = tidy(&site);
        Self { site: if tidied == site { site } else { tidied.into() }, ordinal, value, of }
    }
}

/// The name of a site as a tape can hold it.
pub(crate) fn tidy(site: &str) -> String {
    let visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let trimmed = !site.starts_with(' ') && !site.ends_with(' ');
    // A tidy one, as nearly all are.
    if !site.is_empty() && trimmed && site.bytes().all(visible) && !site.contains("  ") {
        return site.to_owned();
    }
    let words: Vec<&str> =
        site.split(char::is_whitespace).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "?".to_owned() } else { words.join(" ") }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} #{} {}", self.value, self.of, self.ordinal, self.site)
    }
}

impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        self.choices.iter().try_for_each(|choice| writeln!(f, "{choice}"))
    }
}

const HEADER: &str = "# proc-daemon-sim tape 1";

/// Why a text is not a tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeError {
    line: usize,
    text: String,
}

impl fmt::Display for TapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, text } = self;
        write!(f, "line {line}: {text:?} is not a choice; one reads `3/5 #12 schedule`")
    }
}

impl std::error::Error for TapeError {}

impl FromStr for Tape {
    type Err = TapeError;

    fn from_str(text: &str) -> Result<Self, TapeError> {
        let lines = (1..).zip(text.lines()).map(|(number, line)| (number, line.trim()));
        let choices = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let parsed = choices.map(|(line, text)| {
            choice(text).ok_or_else(|| TapeError { line, text: text.to_owned() })
        });
        parsed.collect::<Result<_, _>>().map(Self::new)
    }
}

fn choice(line: &str) -> Option<Choice> {
    let (value, rest) = line.split_once('/')?;
    let (of, rest) = rest.split_once(" #")?;
    let (ordinal, site) = rest.split_once(' ')?;
    let (value, of) = (value.parse().ok()?, of.parse().ok()?);
    (value < of).then_some(())?;
    Some(Choice::new(site.to_owned(), ordinal.parse().ok()?, value, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_survives_its_text() {
        let choices = vec![Choice::new("schedule", 12, 3, 5), Choice::new("panic `db` 1", 0, 1, 2)];
        let tape = Tape::new(choices);
        assert_eq!(tape.to_string().parse(), Ok(tape));
    }

    #[test]
    fn a_site_of_any_text_survives() {
        for site in ["", " x", "x ", "x\ny", "# x", "1/2 #3 x"] {
            let tape = Tape::new(vec![Choice::new(site, 0, 1, 2)]);
            assert_eq!(tape.to_string().parse(), Ok(tape), "{site:?}");
        }
    }

    #[test]
    fn a_line_that_is_no_choice_is_named() {
        for bad in ["5/5 #1 x", "x", "1/2 x", "1/2 #x y", "1/2 #1"] {
            let error = format!("# c\n\n{bad}").parse::<Tape>().unwrap_err();
            assert!(error.to_string().starts_with("line 3: "), "{error}");
        }
    }
}
