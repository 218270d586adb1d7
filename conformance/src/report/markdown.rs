use std::fmt::Write;

use super::Report;
use crate::outcome::Outcome;

pub(super) fn of(report: &Report) -> String {
    let backends = report.backends();
    let mut text = String::from("| id | scenario |");
    for backend in &backends {
        let _ = write!(text, " {backend} |");
    }
    let _ = write!(text, "\n|---|---|{}\n", "---|".repeat(backends.len()));
    for scenario in report.scenarios() {
        let _ = write!(text, "| {} | {} |", scenario.id, scenario.goal);
        for backend in &backends {
            let cell = match report.cell(scenario.id, backend).map(|line| &line.outcome) {
                None => "missing".to_owned(),
                Some(Outcome::Absent(need)) => format!("no `{need}`"),
                Some(outcome) => outcome.as_str().to_owned(),
            };
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    for line in report.failures() {
        let message = line.outcome.message();
        let _ = write!(
            text,
            "\n{} on {}:\n\n```text\n{message}\n```\n",
            line.scenario.id, line.backend
        );
    }
    let _ = write!(text, "\n{}\n", report.totals());
    text
}
