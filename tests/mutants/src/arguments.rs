//! The command line.

/// What is run, and how it is told.
pub(crate) struct Arguments {
    pub(crate) format: Format,
    /// The mutants with these names alone.
    pub(crate) only: Vec<String>,
    /// Each mutant against all scenarios of its tier.
    pub(crate) matrix: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Markdown,
    /// Each failure with its message, tabs between.
    Messages,
}

const USAGE: &str = "usage: mutants [--matrix] [--format text|md|messages] [--only NAME]...";

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { format: Format::Text, only: Vec::new(), matrix: false };
        while let Some(word) = words.next() {
            if word == "--matrix" {
                arguments.matrix = true;
                continue;
            }
            let value = words.next().ok_or(USAGE)?;
            match (word.as_str(), value.as_str()) {
                ("--format", "text") => arguments.format = Format::Text,
                ("--format", "md") => arguments.format = Format::Markdown,
                ("--format", "messages") => arguments.format = Format::Messages,
                ("--only", _) => arguments.only.push(value),
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(arguments)
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}
