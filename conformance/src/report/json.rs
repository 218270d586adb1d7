use serde::Serialize;

use super::Report;

#[derive(Serialize)]
struct Line<'a> {
    backend: &'a str,
    id: &'a str,
    name: &'a str,
    tier: &'a str,
    outcome: &'a str,
    millis: f64,
    message: String,
}

pub(super) fn of(report: &Report) -> String {
    let lines = report.rows.iter().map(|row| Line {
        backend: &row.backend,
        id: row.scenario.id,
        name: row.scenario.name,
        tier: row.scenario.tier.as_str(),
        outcome: row.outcome.as_str(),
        millis: (row.took.as_secs_f64() * 1e6).round() / 1e3,
        message: row.outcome.message(),
    });
    let lines: Vec<Line<'_>> = lines.collect();
    serde_json::to_string_pretty(&lines).expect("it is plain text")
}
