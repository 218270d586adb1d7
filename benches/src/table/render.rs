use super::Format;
use crate::job::Unit;

/// One table.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) note: Option<&'static str>,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Section {
    pub(super) fn render(&self, format: Format) -> String {
        let markdown = format == Format::Markdown;
        let widths = self.widths();
        let mut out = if markdown {
            format!("\n### {}\n\n", self.title)
        } else {
            format!("\n{}\n", self.title)
        };
        if let Some(note) = self.note {
            out.push_str(&if markdown { format!("{note}\n\n") } else { format!("  {note}\n") });
        }
        out.push_str(&line(&self.head, &widths, markdown));
        if markdown {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            out.push_str(&line(&rule, &widths, true));
        }
        let mut backend = None;
        for row in &self.rows {
            let changed = backend.replace(&row[0]).is_some_and(|last| *last != row[0]);
            if changed && !markdown {
                out.push('\n');
            }
            out.push_str(&line(row, &widths, markdown));
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let all = std::iter::once(&self.head).chain(&self.rows);
        all.fold(vec![0; self.head.len()], |mut widths, row| {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.len());
            }
            widths
        })
    }
}

fn line(cells: &[String], widths: &[usize], markdown: bool) -> String {
    let cells = cells.iter().zip(widths).enumerate().map(|(column, (cell, &width))| {
        if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
    });
    let cells: Vec<String> = cells.collect();
    if markdown {
        format!("| {} |\n", cells.join(" | "))
    } else {
        format!("  {}\n", cells.join("  "))
    }
}

impl Unit {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Bytes => "B",
            Self::Count => "",
            Self::Percent => "%",
            Self::PerSecond => "/s",
        }
    }
}

/// `value / each` with its unit.
pub(super) fn figure(value: f64, unit: Unit, each: usize) -> String {
    let value = value / f64::from(u32::try_from(each.max(1)).unwrap_or(u32::MAX));
    match unit {
        Unit::Nanos => match value {
            ns if ns.abs() < 100.0 => format!("{ns:.1} ns"),
            ns if ns < 1e4 => format!("{ns:.0} ns"),
            ns if ns < 1e6 => format!("{:.1} us", ns / 1e3),
            ns => format!("{:.2} ms", ns / 1e6),
        },
        Unit::Bytes if value.abs() >= 1e6 => format!("{:.0} KiB", value / 1024.0),
        Unit::Bytes => format!("{value:.0} B"),
        Unit::Count => format!("{value:.2}"),
        Unit::Percent => format!("{value:.3} %"),
        Unit::PerSecond => format!("{value:.0} /s"),
    }
}
