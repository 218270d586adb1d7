use serde::Serialize;

use super::Report;

#[derive(Serialize)]
struct Item<'a> {
    backend: &'a str,
    id: &'a str,
    name: &'a str,
    tier: &'a str,
    outcome: &'a str,
    millis: f64,
    message: String,
}

pub(super) fn of(report: &Report) -> String {
    let items = report.lines.iter().map(|line| Item {
        backend: &line.backend,
        id: line.scenario.id,
        name: line.scenario.name,
        tier: line.scenario.tier.as_str(),
        outcome: line.outcome.as_str(),
        millis: (line.took.as_secs_f64() * 1e6).round() / 1e3,
        message: line.outcome.message(),
    });
    let items: Vec<Item<'_>> = items.collect();
    serde_json::to_string_pretty(&items).expect("it is plain text")
}
