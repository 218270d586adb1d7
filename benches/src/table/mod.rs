//! Results as text, as Markdown, as JSON.

mod render;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bare::Backend;
use crate::job::{Row, Unit};
use crate::machine;
use crate::results::{Key, Results, Spread};
use crate::rows::PEER;
use render::{Section, figure};

/// How tables are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For PERFORMANCE.md.
    Markdown,
    /// For programs.
    Json,
}

impl Format {
    /// The format called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "md" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Everything, in `format`.
#[must_use]
pub fn print(results: &Results, format: Format) -> String {
    if format == Format::Json {
        return format!("{:#}\n", to_json(results));
    }
    let mut out = String::new();
    for (name, value) in machine::describe() {
        out.push_str(&match format {
            Format::Markdown => format!("- {name}: {value}\n"),
            _ => format!("{name:>8}: {value}\n"),
        });
    }
    let rows = Row::ALL.into_iter().map(|row| section(results, row));
    for section in rows.chain([growth(results)]).filter(|section| !section.rows.is_empty()) {
        out.push_str(&section.render(format));
    }
    if !results.failures().is_empty() {
        out.push_str("\nwhat did not work\n");
    }
    for (what, error) in results.failures() {
        out.push_str(&format!("- {what}: {error}\n"));
    }
    out
}

/// The lines of a table, by what they are about; floors first, peers last.
fn lines(results: &Results, row: Row) -> Vec<(Backend, usize, &str)> {
    const FLOORS: [&str; 11] = [
        "shared",
        "child",
        "bare",
        "bare-main",
        "empty",
        "generic",
        "paused",
        "madsim",
        "arc-swap",
        "std",
        "sleep",
    ];
    let rank = |variant: &str| match FLOORS.iter().position(|floor| *floor == variant) {
        Some(floor) => floor,
        None => FLOORS.len() + usize::from(variant == PEER),
    };
    let of_row = results.keys().filter(|key| key.row == row);
    let lines: BTreeSet<_> =
        of_row.map(|key| (key.backend, key.n, rank(&key.variant), key.variant.as_str())).collect();
    lines.into_iter().map(|(backend, n, _, variant)| (backend, n, variant)).collect()
}

fn section(results: &Results, row: Row) -> Section {
    let mut head: Vec<String> = ["backend", "n", "variant"].map(Into::into).to_vec();
    for (metric, _) in row.metrics() {
        let each = row.per_subsystem().contains(metric);
        head.push(if each { format!("{metric} each") } else { (*metric).to_owned() });
    }
    head.extend(row.per_subsystem().iter().map(|metric| format!("{metric} beyond shared")));
    head.extend(row.ratios().iter().map(|(metric, base)| format!("{metric} / {base}")));

    let lines = lines(results, row).into_iter().map(|(backend, n, variant)| {
        let key = |metric: &str| Key {
            row,
            backend,
            n,
            variant: variant.to_owned(),
            metric: metric.to_owned(),
        };
        let mut cells = vec![backend.to_string(), n.to_string(), variant.to_owned()];
        for (metric, unit) in row.metrics() {
            let each = if row.per_subsystem().contains(metric) { n } else { 1 };
            let value = results.value(&key(metric));
            cells.push(value.map_or_else(String::new, |value| figure(value.median, *unit, each)));
        }
        for metric in row.per_subsystem() {
            cells.push(beyond(results, &key(metric)).unwrap_or_default());
        }
        for (metric, base) in row.ratios() {
            let own = variant == *base;
            let ratio = results.ratio(&key(metric), base).filter(|_| !own);
            cells.push(ratio.map_or_else(String::new, multiple));
        }
        cells
    });
    Section { title: row.title(), note: row.note(), head, rows: lines.collect() }
}

/// How much more than the shared floor one subsystem takes.
fn beyond(results: &Results, key: &Key) -> Option<String> {
    let base = Key { variant: "shared".into(), ..key.clone() };
    if key.variant == base.variant {
        return None;
    }
    let more = results.value(key)?.median - results.value(&base)?.median;
    let (_, unit) = key.row.metrics().iter().find(|(metric, _)| *metric == key.metric)?;
    Some(figure(more, *unit, key.n))
}

/// `1.24 (1.19-1.31)`.
fn multiple(ratio: Spread) -> String {
    let Spread { median, least, greatest } = ratio;
    if least < greatest {
        format!("{median:.2} ({least:.2}-{greatest:.2})")
    } else {
        format!("{median:.2}")
    }
}

/// The power of n between 10 000 and 100 000: 1 is linear.
fn growth(results: &Results) -> Section {
    const METRICS: [&str; 3] = ["start", "stop", "work"];
    let lines = lines(results, Row::StartStop).into_iter().filter(|(_, n, _)| *n == 10_000);
    let rows = lines.filter_map(|(backend, n, variant)| {
        let power = |metric: &str| {
            let (variant, metric) = (variant.to_owned(), metric.to_owned());
            let key = Key { row: Row::StartStop, backend, n, variant, metric };
            Some(format!("{:.2}", results.growth(&key, 100_000)?))
        };
        let powers: Option<Vec<String>> = METRICS.iter().map(|metric| power(metric)).collect();
        Some([vec![backend.to_string(), variant.to_owned()], powers?].concat())
    });
    let rows = rows.collect();
    let head = ["backend", "variant"].iter().chain(&METRICS).map(|&name| name.into()).collect();
    Section { title: "growth: the power of n from 10 000 to 100 000", note: None, head, rows }
}

fn to_json(results: &Results) -> Value {
    let machine: serde_json::Map<String, Value> =
        machine::describe().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let spread = |spread: Spread| json!([spread.least, spread.median, spread.greatest]);
    let values = results.keys().map(|key| {
        let bases: BTreeSet<&str> = key.row.ratios().iter().map(|(_, base)| *base).collect();
        let ratios: serde_json::Map<String, Value> = bases
            .into_iter()
            .filter_map(|base| Some((base.to_owned(), spread(results.ratio(key, base)?))))
            .collect();
        let metrics = key.row.metrics();
        let unit = metrics.iter().find(|(metric, _)| *metric == key.metric).map(|(_, unit)| *unit);
        json!({
            "row": key.row.name(),
            "backend": key.backend.name(),
            "n": key.n,
            "variant": key.variant,
            "metric": key.metric,
            "unit": unit.map(Unit::name),
            "samples": results.count(key),
            "value": results.value(key).map(spread),
            "ratio": ratios,
        })
    });
    json!({
        "machine": machine,
        "values": values.collect::<Vec<_>>(),
        "failures": results.failures(),
    })
}
