//! What came of a run: one row for each scenario on each backend, always.

mod json;
mod junit;
mod markdown;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use crate::outcome::{Outcome, Row};

/// The rows of a run.
#[derive(Clone, Debug, Default)]
#[must_use = "a report says whether the backend conforms: look at `is_conformant`"]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    pub(crate) const fn new(rows: Vec<Row>) -> Self {
        Self { rows }
    }

    /// One for each scenario on each row of the backend.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Those that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.outcome.is_failure())
    }

    /// Whether something was executed, and nothing failed.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        self.rows.iter().any(|row| row.outcome == Outcome::Pass) && self.failures().next().is_none()
    }

    /// 0 if it [conforms](Self::is_conformant), else 1.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.is_conformant() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Scenarios down, backends across; then what failed, and a line of totals.
    #[must_use]
    pub fn table(&self) -> String {
        table::of(self)
    }

    /// The table for a page in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::of(self)
    }

    /// An array of `{backend, id, name, tier, outcome, millis, message}`.
    #[must_use]
    pub fn json(&self) -> String {
        json::of(self)
    }

    /// One test suite for each backend, in the XML that CI services read.
    #[must_use]
    pub fn junit(&self) -> String {
        junit::of(self)
    }

    /// The backends, in the order of the run.
    fn backends(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !names.contains(&row.backend.as_str()) {
                names.push(&row.backend);
            }
        }
        names
    }

    /// The scenarios, in the order of the run.
    fn scenarios(&self) -> Vec<crate::Scenario> {
        let mut scenarios: Vec<crate::Scenario> = Vec::new();
        for row in &self.rows {
            if !scenarios.iter().any(|known| known.id == row.scenario.id) {
                scenarios.push(row.scenario);
            }
        }
        scenarios
    }

    fn cell(&self, id: &str, backend: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.scenario.id == id && row.backend == backend)
    }

    /// `412 passed, 1 FAILED, 6 declared absent; 96 scenarios on 6 rows in 31.2s`.
    fn totals(&self) -> String {
        let count =
            |wanted: &str| self.rows.iter().filter(|row| row.outcome.as_str() == wanted).count();
        let took: Duration = self.rows.iter().map(|row| row.took).sum();
        format!(
            "{} passed, {} FAILED, {} declared absent: {} scenarios on {} rows, {:.1}s of work",
            count("pass"),
            count("FAIL"),
            count("declared-absent"),
            self.scenarios().len(),
            self.backends().len(),
            took.as_secs_f64()
        )
    }
}
