//! The timeline as text: a column for the time, one for the daemon, and one for each subsystem, in which a
//! bar says that it is alive.

use std::fmt::Write;

use proc_daemon_runtime::{Instant, TaskName};

use super::rows::{Cell, Row, Rows};
use super::time::readable;
use crate::sim::{Life, Moment};

/// About how many characters fit into a line.
const LINE: usize = 140;
/// Most characters of a subsystem's name in the header.
const NAME: usize = 20;
const GAP: &str = "  ";

pub(in crate::sim) fn lanes(life: &Life, rows: usize) -> String {
    draw(life.subsystems(), life.moments(), life.trace().dropped(), rows)
}

/// The last `most` rows; `lost` records before the first moment are not known any more.
fn draw(
    names: &[TaskName],
    moments: impl IntoIterator<Item = (Instant, Moment)>,
    lost: u64,
    most: usize,
) -> String {
    let Rows { rows, mut alive } = Rows::of(names.len(), moments, lost > 0);
    let (before, shown) = rows.split_at(rows.len().saturating_sub(most));
    let mut text = String::new();
    if lost > 0 {
        let _ = writeln!(text, "(the first {lost} records of this life were not kept)");
    }
    if !before.is_empty() {
        let _ = writeln!(text, "(earlier rows left out: {})", before.len());
    }
    before.iter().for_each(|row| pass(row, &mut alive));
    let table = Table::new(names, shown);
    table.header(&mut text, names);
    let mut time = String::new();
    for row in shown {
        let was = alive.clone();
        pass(row, &mut alive);
        if table.shows(row) {
            table.row(&mut text, row, &was, &mut time);
        }
    }
    table.footer(&mut text);
    text
}

/// Who is alive after `row`.
fn pass(row: &Row, alive: &mut [bool]) {
    for cell in &row.cells {
        if let Some(alive) = cell.unit.and_then(|unit| alive.get_mut(unit as usize)) {
            *alive = cell.alive;
        }
    }
}

/// Which columns there are, and how wide.
struct Table {
    time: usize,
    daemon: usize,
    /// The subsystems that are shown, with the widths of their columns.
    columns: Vec<(u32, usize)>,
    /// How many are not shown, and to how many of these something happened in the rows.
    others: (usize, usize),
}

impl Table {
    fn new(names: &[TaskName], rows: &[Row]) -> Self {
        let times = rows.iter().map(|row| readable(row.at).len());
        let time = times.fold("time".len(), usize::max);
        let mut daemon = "daemon".len();
        // A column's width, and whether something happened in it.
        let mut widths: Vec<(usize, bool)> =
            names.iter().map(|name| (name.chars().count().min(NAME), false)).collect();
        for cell in rows.iter().flat_map(|row| &row.cells) {
            let word = cell.word.chars().count();
            match cell.unit.and_then(|unit| widths.get_mut(unit as usize)) {
                Some((width, busy)) => (*width, *busy) = ((*width).max(2 + word), true),
                None => daemon = daemon.max(word),
            }
        }
        let mut left = LINE.saturating_sub(time + GAP.len() + daemon);
        let all = widths.iter().map(|(width, _)| GAP.len() + width).sum::<usize>() <= left;
        let (mut columns, mut others) = (Vec::new(), (0, 0));
        for (unit, (width, busy)) in (0..).zip(widths) {
            let fits = GAP.len() + width <= left;
            if all || busy && fits {
                left -= GAP.len() + width;
                columns.push((unit, width));
            } else {
                others = (others.0 + 1, others.1 + usize::from(busy));
            }
        }
        Self { time, daemon, columns, others }
    }

    /// Whether something of `row` is in a column that is shown.
    fn shows(&self, row: &Row) -> bool {
        let is_shown = |unit| self.columns.iter().any(|(shown, _)| *shown == unit);
        row.cells.iter().any(|cell| cell.unit.is_none_or(is_shown))
    }

    fn header(&self, text: &mut String, names: &[TaskName]) {
        let columns = self.columns.iter().map(|(unit, width)| fit(&names[*unit as usize], *width));
        self.line(text, "time", "daemon", columns);
        let rule = |width: &usize| "─".repeat(*width);
        let columns = self.columns.iter().map(|(_, width)| rule(width));
        self.line(text, &rule(&self.time), &rule(&self.daemon), columns);
    }

    /// `was` says who was alive before it, `time` is what the row before it shows.
    fn row(&self, text: &mut String, row: &Row, was: &[bool], time: &mut String) {
        let at = readable(row.at);
        let shown = if *time == at { "" } else { &at };
        let cell = |unit: Option<u32>| row.cells.iter().find(|cell| cell.unit == unit);
        let daemon = cell(None).map_or("", |cell| &*cell.word);
        let columns = self.columns.iter().map(|(unit, _)| {
            let was = was.get(*unit as usize).copied().unwrap_or_default();
            lane(was, cell(Some(*unit)))
        });
        self.line(text, shown, daemon, columns);
        *time = at;
    }

    fn line(
        &self,
        text: &mut String,
        time: &str,
        daemon: &str,
        columns: impl Iterator<Item = String>,
    ) {
        let mut line = format!("{time:>0$}{GAP}{daemon:<1$}", self.time, self.daemon);
        for ((_, width), column) in self.columns.iter().zip(columns) {
            let _ = write!(line, "{GAP}{column:<width$}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }

    fn footer(&self, text: &mut String) {
        let _ = match self.others {
            (0, _) => return,
            (others, 0) => {
                writeln!(text, "(subsystems not shown: {others}; nothing happened to them)")
            }
            (others, busy) => writeln!(
                text,
                "(subsystems not shown: {others}; something happened to {busy} of them)"
            ),
        };
    }
}

/// A subsystem's part of a row: its bar, and what happened.
fn lane(was_alive: bool, cell: Option<&Cell>) -> String {
    let Some(cell) = cell else {
        return if was_alive { "│" } else { "" }.to_owned();
    };
    let mark = match (was_alive, cell.alive) {
        (false, false) => ' ',
        (false, true) => '┌',
        (true, true) => '├',
        (true, false) => '└',
    };
    format!("{mark} {}", cell.word)
}

/// `name` in at most `width` characters.
fn fit(name: &str, width: usize) -> String {
    let name = name.replace(char::is_control, "?");
    if name.chars().count() <= width {
        return name;
    }
    name.chars().take(width - 1).chain(['…']).collect()
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
