//! The scenarios in words, for `--list`.

use std::fmt::Write;

use serde::Serialize;

use crate::trial::Trial;

#[derive(Serialize)]
struct Item<'a> {
    backend: &'a str,
    id: &'a str,
    name: &'a str,
    tier: &'a str,
    law: Option<&'a str>,
    needs: Vec<&'a str>,
    goal: &'a str,
    method: &'a str,
}

/// `ROW::ID::NAME`, then the law's number, the goal and the method.
pub(crate) fn text(trials: &[Trial]) -> String {
    let mut text = String::new();
    for trial in trials {
        let scenario = &trial.scenario;
        let law = scenario.law().map(|law| format!("{law}: ")).unwrap_or_default();
        let (path, goal, method) = (trial.path(), scenario.goal, scenario.method);
        let _ = writeln!(text, "{path}\n    {law}{goal}\n    {method}");
    }
    text
}

/// An array with an object for each scenario on each row.
pub(crate) fn json(trials: &[Trial]) -> String {
    let items = trials.iter().map(|trial| Item {
        backend: &trial.row,
        id: trial.scenario.id,
        name: trial.scenario.name,
        tier: trial.scenario.tier.as_str(),
        law: trial.scenario.law(),
        needs: trial.scenario.needs.iter().map(|need| need.as_str()).collect(),
        goal: trial.scenario.goal,
        method: trial.scenario.method,
    });
    let items: Vec<Item<'_>> = items.collect();
    serde_json::to_string_pretty(&items).expect("it is plain text") + "\n"
}

/// A table with a line for each scenario, whatever the rows.
pub(crate) fn markdown(trials: &[Trial]) -> String {
    let mut text = String::from("| id | law | must hold | method |\n|---|---|---|---|\n");
    let mut known: Vec<&str> = Vec::new();
    for scenario in trials.iter().map(|trial| &trial.scenario) {
        if !known.contains(&scenario.id) {
            known.push(scenario.id);
            let law = scenario.law().unwrap_or_default();
            let (id, goal, method) = (scenario.id, scenario.goal, scenario.method);
            let _ = writeln!(text, "| {id} | {law} | {goal} | {method} |");
        }
    }
    text
}
