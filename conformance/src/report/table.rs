use std::fmt::Write;

use super::Report;
use crate::outcome::{Line, Outcome};

pub(super) fn of(report: &Report) -> String {
    let (backends, scenarios) = (report.backends(), report.scenarios());
    let first = scenarios.iter().map(|scenario| scenario.title().len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut line = format!("{:first$}", "");
    for backend in &backends {
        let _ = write!(line, "  {backend}");
    }
    let _ = writeln!(text, "{}", line.trim_end());
    for scenario in &scenarios {
        let mut line = format!("{:first$}", scenario.title());
        for backend in &backends {
            let cell = report.cell(scenario.id, backend).map_or("missing", word);
            let _ = write!(line, "  {cell:width$}", width = backend.len());
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for line in report.failures() {
        let (title, message) = (line.scenario.title(), line.outcome.message());
        let _ = writeln!(text, "\nFAIL {} on {}: {}", title, line.backend, line.scenario.goal);
        let _ = writeln!(text, "  {}", message.replace('\n', "\n  "));
    }
    let _ = writeln!(text, "\n{}", report.totals());
    text
}

/// Short enough for a column.
const fn word(line: &Line) -> &'static str {
    match line.outcome {
        Outcome::Pass => "pass",
        Outcome::Fail(_) => "FAIL",
        Outcome::Absent(_) => "absent",
    }
}
