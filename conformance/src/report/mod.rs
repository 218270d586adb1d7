//! What came of a run: one line for each scenario on each row, always.

mod json;
mod junit;
mod markdown;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use crate::outcome::{Line, Outcome};

/// The lines of a run.
#[derive(Clone, Debug, Default)]
#[must_use = "a report says whether the backend conforms: look at `is_conformant`"]
pub struct Report {
    lines: Vec<Line>,
}

impl Report {
    pub(crate) const fn new(lines: Vec<Line>) -> Self {
        Self { lines }
    }

    /// One for each scenario on each row of the backend.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Those that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.outcome.is_failure())
    }

    /// Whether something was executed, and nothing failed.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        self.lines.iter().any(|line| line.outcome == Outcome::Pass)
            && self.failures().next().is_none()
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
        for line in &self.lines {
            if !names.contains(&line.backend.as_str()) {
                names.push(&line.backend);
            }
        }
        names
    }

    /// The scenarios, in the order of the run.
    fn scenarios(&self) -> Vec<crate::Scenario> {
        let mut scenarios: Vec<crate::Scenario> = Vec::new();
        for line in &self.lines {
            if !scenarios.iter().any(|known| known.id == line.scenario.id) {
                scenarios.push(line.scenario);
            }
        }
        scenarios
    }

    fn cell(&self, id: &str, backend: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.scenario.id == id && line.backend == backend)
    }

    /// `412 passed, 1 FAILED, 6 declared absent: 96 scenarios on 6 rows, 31.2s of work`.
    #[must_use]
    pub fn totals(&self) -> String {
        let count =
            |wanted: &str| self.lines.iter().filter(|line| line.outcome.as_str() == wanted).count();
        let took: Duration = self.lines.iter().map(|line| line.took).sum();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, Need, Scenario, Tier};

    fn line(backend: &str, id: &'static str, outcome: Outcome) -> Line {
        let scenario = Scenario::new(Tier::Law, id, "it_holds", "It \"holds\".", "Looked at.");
        Line { backend: backend.into(), scenario, outcome, took: Duration::from_millis(3) }
    }

    fn report() -> Report {
        let failed =
            Failure { place: Some("laws.rs:7:1".into()), ..Failure::new("1 < 2 & \"x\"\nno") };
        Report::new(vec![
            line("a", "X-01", Outcome::Pass),
            line("a", "X-02", Outcome::Absent(Need::Stops)),
            line("b", "X-01", Outcome::Fail(failed)),
        ])
    }

    #[test]
    fn a_table_has_a_cell_for_each_and_says_what_failed() {
        let text = report().table();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["a", "b"]);
        assert!(lines[1].starts_with("X-01 it_holds") && lines[1].ends_with("FAIL"), "{text}");
        assert!(lines[2].contains("absent") && lines[2].ends_with("missing"), "{text}");
        assert!(text.contains("laws.rs:7:1: 1 < 2 & \"x\"\n  no"), "{text}");
        assert!(text.contains("1 passed, 1 FAILED, 1 declared absent: 2 scenarios on 2 rows"));
    }

    #[test]
    fn json_is_one_array_of_lines() {
        let json: serde_json::Value = serde_json::from_str(&report().json()).unwrap();
        assert_eq!(json.as_array().unwrap().len(), 3);
        let failed = &json[2];
        assert_eq!(failed["backend"], "b");
        assert_eq!(failed["id"], "X-01");
        assert_eq!(failed["name"], "it_holds");
        assert_eq!(failed["tier"], "law");
        assert_eq!(failed["outcome"], "FAIL");
        assert_eq!(failed["millis"], 3.0);
        assert_eq!(failed["message"], "laws.rs:7:1: 1 < 2 & \"x\"\nno");
        assert_eq!(json[1]["outcome"], "declared-absent");
        assert_eq!(json[1]["message"], "stops");
    }

    #[test]
    fn junit_counts_failures_and_escapes_what_they_say() {
        let text = report().junit();
        assert!(text.contains(r#"<testsuite name="a" tests="2" failures="0""#), "{text}");
        assert!(text.contains(r#"<testsuite name="b" tests="1" failures="1""#), "{text}");
        assert!(text.contains("1 &lt; 2 &amp; &quot;x&quot;&#10;no"), "{text}");
        assert!(text.contains(r#"name="declared-absent" value="stops""#), "{text}");
    }

    #[test]
    fn markdown_has_a_line_for_each_scenario() {
        let text = report().markdown();
        assert!(text.starts_with("| id | scenario | a | b |\n|---|---|---|---|\n"), "{text}");
        assert!(text.contains("| X-02 | It \"holds\". | no `stops` | missing |"), "{text}");
    }

    #[test]
    fn where_nothing_was_executed_nothing_conforms() {
        assert!(!Report::default().is_conformant());
        let absent = Report::new(vec![line("a", "X-01", Outcome::Absent(Need::Stops))]);
        assert!(!absent.is_conformant());
        assert!(!report().is_conformant());
        assert!(Report::new(vec![line("a", "X-01", Outcome::Pass)]).is_conformant());
    }
}
