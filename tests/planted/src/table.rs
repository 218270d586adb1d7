//! The table: a bug a row, the seeds that each policy took, what found it first.

use std::fmt::Write;

use crate::arguments::Format;
use crate::hunt::{Found, Row};
use planted::bug::Bug;

/// Whether lives without a bug are clean and every bug was found.
pub(crate) fn is_complete(rows: &[Row]) -> bool {
    rows.iter().all(|row| (row.bug > 0) == first(row).is_some())
}

pub(crate) fn table(rows: &[Row], bugs: &[Bug], format: Format) -> String {
    let Some(policies) = rows.first().map(|row| row.policies.iter().map(|(name, _)| name)) else {
        return String::new();
    };
    let mut head = vec!["bug".to_owned()];
    head.extend(policies.cloned());
    head.extend(["found by", "by the laws alone", "what is wrong"].map(str::to_owned));
    let mut lines = vec![head];
    for row in rows {
        let bug = row.bug.checked_sub(1).and_then(|index| bugs.get(index));
        let mut line = vec![bug.map_or("none", |bug| bug.id).to_owned()];
        line.extend(row.policies.iter().map(|(_, found)| seeds(found.as_ref())));
        line.push(first(row).map_or("-", |found| &found.verdict).to_owned());
        line.push(row.by_law.as_ref().map_or("-", |found| &found.verdict).to_owned());
        line.push(bug.map_or("nothing: these lives must be clean", |bug| bug.what).to_owned());
        lines.push(line);
    }
    let mut text = match format {
        Format::Text => aligned(&lines),
        Format::Markdown => markdown(&lines),
    };
    text.push_str(&summary(rows, bugs));
    text
}

/// What took the fewest seeds.
fn first(row: &Row) -> Option<&Found> {
    row.policies.iter().filter_map(|(_, found)| found.as_ref()).min_by_key(|found| found.seeds)
}

fn seeds(found: Option<&Found>) -> String {
    found.map_or_else(|| "-".to_owned(), |found| found.seeds.to_string())
}

fn aligned(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().enumerate().map(|(column, cell)| {
            let width = width(column).unwrap_or_default();
            let number = column > 0 && column + 3 < line.len();
            if number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        let cells: Vec<String> = cells.collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

fn markdown(lines: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
        if index == 0 {
            let rules = (0..line.len())
                .map(|column| if column > 0 && column + 3 < line.len() { "---:" } else { "---" });
            let _ = writeln!(text, "|{}|", rules.collect::<Vec<_>>().join("|"));
        }
    }
    text
}

/// How many were found, and which of them by no law of the simulator.
fn summary(rows: &[Row], bugs: &[Bug]) -> String {
    let planted: Vec<&Row> = rows.iter().filter(|row| row.bug > 0).collect();
    let found: Vec<&&Row> = planted.iter().filter(|row| first(row).is_some()).collect();
    let id = |row: &Row| bugs.get(row.bug - 1).map_or("?", |bug| bug.id);
    let ids = |rows: &mut dyn Iterator<Item = &Row>| rows.map(id).collect::<Vec<_>>().join(", ");
    let mut text = format!("\n{} of {} bugs found\n", found.len(), planted.len());
    let missed = ids(&mut planted.iter().copied().filter(|row| first(row).is_none()));
    let lawless = ids(&mut found.iter().map(|row| **row).filter(|row| row.by_law.is_none()));
    for (what, who) in [("not found", missed), ("by an expectation and by no law", lawless)] {
        if !who.is_empty() {
            let _ = writeln!(text, "{what}: {who}");
        }
    }
    text
}
