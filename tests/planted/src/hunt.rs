//! Runs the hunter, and reads what it says.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::arguments::Arguments;
use planted::Failure;

/// What became of one bug.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Its number; 0 is none.
    pub(crate) bug: usize,
    /// For each policy its name, and what it found.
    pub(crate) policies: Vec<(String, Option<Found>)>,
    /// What the laws find without the expectations, under any policy.
    pub(crate) by_law: Option<Found>,
}

/// A life that went wrong.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// How many seeds it took.
    pub(crate) seeds: u64,
    /// What was wrong.
    pub(crate) verdict: String,
}

/// Hunts these bugs.
pub(crate) fn run(
    hunter: &Path,
    arguments: &Arguments,
    bugs: &[usize],
) -> Result<Vec<Row>, Failure> {
    let mut command = Command::new(hunter);
    let numbers = [arguments.lives, arguments.sweep, u32::from(arguments.explains())];
    command.args(numbers.map(|number| number.to_string()));
    let mut child =
        command.args(bugs.iter().map(ToString::to_string)).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("the hunter has no output")?;
    let mut rows: Vec<Row> = Vec::new();
    for line in BufReader::new(output).lines() {
        take_in(&mut rows, &line?)?;
    }
    if !child.wait()?.success() {
        return Err("the hunter did not come to its end".into());
    }
    Ok(rows)
}

/// A line of the hunter: bug, policy or `laws`, seeds or `-`, verdict; tabs between.
fn take_in(rows: &mut Vec<Row>, line: &str) -> Result<(), Failure> {
    let [bug, policy, seeds, verdict] = line.splitn(4, '\t').collect::<Vec<_>>()[..] else {
        return Err(format!("the hunter says: {line}").into());
    };
    let bug = bug.parse()?;
    let found = match seeds {
        "-" => None,
        seeds => Some(Found { seeds: seeds.parse()?, verdict: verdict.to_owned() }),
    };
    if rows.last().is_none_or(|row| row.bug != bug) {
        rows.push(Row { bug, ..Row::default() });
    }
    if let Some(row) = rows.last_mut() {
        match policy {
            "laws" => row.by_law = found,
            policy => row.policies.push((policy.to_owned(), found)),
        }
    }
    Ok(())
}
