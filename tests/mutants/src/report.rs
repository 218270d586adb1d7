//! What came of it: the matrix, and what is amiss.

use std::fmt::Write;

use crate::arguments::{Arguments, Format};
use crate::subject::{Outcome, Run};
use crate::table::Class;

pub(crate) struct Report<'a> {
    runs: &'a [Run<'a>],
    amiss: Vec<String>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(runs: &'a [Run<'a>], sound: &[Outcome], arguments: &Arguments) -> Self {
        let mut amiss: Vec<String> = runs.iter().flat_map(|run| run.amiss()).collect();
        if arguments.only.is_empty() {
            amiss.extend(vacuous(runs, sound));
        }
        Self { runs, amiss }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.amiss.is_empty()
    }

    pub(crate) fn text(&self, format: Format) -> String {
        let mut text = match format {
            Format::Text => self.lines(),
            Format::Markdown => self.markdown(),
            Format::Messages => self.messages(),
        };
        for amiss in &self.amiss {
            let _ = writeln!(text, "AMISS: {amiss}");
        }
        text
    }

    fn lines(&self) -> String {
        let mut text = String::new();
        for run in self.runs {
            let (declared, others) = (run.declared().join(" "), run.others().join(" "));
            let _ = writeln!(text, "{:32} {declared}  {others}", run.mutant.name);
        }
        text
    }

    fn messages(&self) -> String {
        let mut text = String::new();
        for (run, outcome) in self.runs.iter().flat_map(|run| run.failures().map(move |o| (run, o)))
        {
            let how = if outcome.hung { "hang" } else { "fail" };
            let _ =
                writeln!(text, "{}\t{}\t{how}\t{}", run.mutant.name, outcome.id, outcome.message);
        }
        text
    }

    fn markdown(&self) -> String {
        let mut text = String::from(HEAD);
        for (class, title) in TITLES {
            let runs = || self.runs.iter().filter(move |run| run.mutant.class == class);
            let _ = writeln!(text, "## {title}: {}\n", runs().count());
            text.push_str("| mutant | what is wrong | found by, in these words |\n|---|---|---|\n");
            for run in runs() {
                let kills = run.mutant.kills.iter();
                let kills: Vec<String> =
                    kills.map(|(id, phrase)| format!("{id}: {}", escaped(phrase))).collect();
                let (name, what) = (run.mutant.name, escaped(run.mutant.what));
                let _ = writeln!(text, "| {name} | {what} | {} |", kills.join("<br>"));
            }
            text.push('\n');
        }
        text
    }
}

const HEAD: &str = "# Who checks the checker

Each scenario of the kit fails on something that has one thing wrong, and says what. Written by
`cargo run --release --manifest-path tests/mutants/Cargo.toml --target-dir target/mutants -- --format md`,
which runs all of this, and fails if a mutant is not found, is found in other words or by a hang, or if a
scenario finds none. Without a mutant every scenario passes on the same build.

";

const TITLES: [(Class, &str); 3] = [
    (Class::Wrapper, "Backends: a wrapper over tokio"),
    (Class::Task, "`Task`: bugs planted in `runtime/`"),
    (Class::Core, "The core: bugs planted in `src/`"),
];

/// For a cell of a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

impl Run<'_> {
    fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| !outcome.passed)
    }

    fn declared(&self) -> Vec<String> {
        self.mutant.kills.iter().map(|(id, _)| (*id).to_owned()).collect()
    }

    fn others(&self) -> Vec<String> {
        let declared = |id: &str| self.mutant.kills.iter().any(|(known, _)| *known == id);
        let others = self.failures().filter(|outcome| !declared(&outcome.id));
        others
            .map(
                |outcome| {
                    if outcome.hung { format!("({})", outcome.id) } else { outcome.id.clone() }
                },
            )
            .collect()
    }

    fn amiss(&self) -> Vec<String> {
        let name = self.mutant.name;
        if self.mutant.kills.is_empty() {
            return vec![format!("`{name}` has no scenario that is declared to find it")];
        }
        let mut amiss = Vec::new();
        for (id, phrase) in self.mutant.kills {
            match self.outcomes.iter().find(|outcome| outcome.id == *id) {
                None => amiss.push(format!("`{name}`: there is no scenario {id}")),
                Some(outcome) if outcome.passed => {
                    amiss.push(format!("`{name}` survives {id}"));
                }
                Some(outcome) if outcome.hung => {
                    amiss.push(format!("`{name}` hangs {id}: {}", outcome.message));
                }
                Some(outcome)
                    if !phrase.split(" || ").any(|words| outcome.message.contains(words)) =>
                {
                    let message = &outcome.message;
                    amiss.push(format!(
                        "`{name}` is found by {id} for another reason than `{phrase}`: {message}"
                    ));
                }
                Some(_) => {}
            }
        }
        amiss
    }
}

/// Scenarios that no mutant is declared for.
fn vacuous(runs: &[Run<'_>], sound: &[Outcome]) -> Vec<String> {
    let declared = |id: &str| runs.iter().any(|run| run.mutant.kills.iter().any(|(k, _)| *k == id));
    let vacuous = sound.iter().filter(|outcome| !declared(&outcome.id));
    vacuous.map(|outcome| format!("{} finds no mutant", outcome.id)).collect()
}
