//! The command line.

use planted::bug::Bug;

/// What is to be hunted, and how the table looks.
pub(crate) struct Arguments {
    pub(crate) format: Format,
    /// The bugs with these identifiers alone.
    only: Vec<String>,
    /// How many lives a bug is hunted through under each policy.
    pub(crate) lives: u32,
    /// How many lives without a bug, under each policy.
    pub(crate) sweep: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Markdown,
}

const USAGE: &str = "usage: planted [--format text|md] [--only ID]... [--lives N] [--sweep N]";

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments =
            Self { format: Format::Text, only: Vec::new(), lives: 3000, sweep: 10_000 };
        while let Some(word) = words.next() {
            let value = words.next().ok_or(USAGE)?;
            let number = || value.parse().map_err(|_| format!("{word} {value}: not a number"));
            match (word.as_str(), value.as_str()) {
                ("--format", "text") => arguments.format = Format::Text,
                ("--format", "md") => arguments.format = Format::Markdown,
                ("--only", _) => arguments.only.push(value),
                ("--lives", _) => arguments.lives = number()?,
                ("--sweep", _) => arguments.sweep = number()?,
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(arguments)
    }

    /// Whether a failing life of each bug is shown: of those that were asked for by name.
    pub(crate) fn explains(&self) -> bool {
        !self.only.is_empty()
    }

    /// The numbers of the bugs to hunt; 0, none, is always among them.
    pub(crate) fn wanted(&self, all: &[Bug]) -> Result<Vec<usize>, String> {
        if self.only.is_empty() {
            return Ok((0..=all.len()).collect());
        }
        let number = |id: &String| {
            let index = all.iter().position(|bug| bug.id == id);
            index.map(|index| index + 1).ok_or_else(|| format!("there is no bug `{id}`"))
        };
        let numbers: Result<Vec<usize>, String> = self.only.iter().map(number).collect();
        Ok([vec![0], numbers?].concat())
    }
}
