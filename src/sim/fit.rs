//! Whether a fault plan fits the daemon that it is for.
//!
//! 1. Everything that is wrong is told at once, each on a line of its own.
//! 2. A plan that fits makes nothing overflow, however large its numbers are.

use std::fmt::Display;

use super::faults::{Faults, Kind, Who};
use super::span::{Span, Step};
use crate::config::nearest;

/// Most signals of one fault, and jumps.
const MOST: u32 = 100_000;
/// Most names in a text.
const NAMES: usize = 30;

impl Faults {
    /// What is wrong with this plan for a daemon of these subsystems, if anything.
    pub(super) fn unfit(&self, names: &[&str]) -> Option<String> {
        let mut wrong = Vec::new();
        for (who, kind) in &self.subsystems {
            if let Some(name) = who.0.as_deref().filter(|name| !names.contains(name)) {
                wrong.push(unknown(kind.name(), name, names));
            }
            let what = || format!("the fault `{}` of {}", kind.name(), whom(who));
            wrong.extend(match kind {
                Kind::SlowStart(span) | Kind::SlowStop(span) => empty(span, what),
                Kind::Panic(chance)
                | Kind::Error(chance)
                | Kind::Deaf(chance)
                | Kind::Stall(chance, _)
                | Kind::Spurious(chance)
                | Kind::Silence(chance) => no_chance(*chance, what),
            });
        }
        for (signal, times, _) in &self.signals {
            let what = || format!("the fault `signal` of {signal}");
            wrong.extend(empty(times, what));
            wrong.extend(too_many(times.ends().map_or(0, |(_, to)| to), what));
        }
        wrong.extend(too_many(self.jumps, || "the fault `wall_clock_jumps`".to_owned()));
        wrong.extend(no_chance(self.stuck_blocking, || "the fault `stuck_blocking`".to_owned()));
        wrong.dedup();
        (!wrong.is_empty()).then(|| wrong.join("\n"))
    }
}

impl Kind {
    const fn name(&self) -> &'static str {
        match self {
            Self::Panic(_) => "panic",
            Self::Error(_) => "error",
            Self::SlowStart(_) => "slow_start",
            Self::SlowStop(_) => "slow_stop",
            Self::Deaf(_) => "deaf",
            Self::Stall(..) => "stall",
            Self::Spurious(_) => "spurious",
            Self::Silence(_) => "silence",
        }
    }
}

fn whom(who: &Who) -> String {
    who.0.as_deref().map_or_else(|| "any subsystem".to_owned(), |name| format!("`{name}`"))
}

fn unknown(fault: &str, name: &str, names: &[&str]) -> String {
    let near = nearest(name, names.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let known: Vec<_> = names.iter().take(NAMES).map(|known| format!("`{known}`")).collect();
    let more = names.len().saturating_sub(NAMES);
    let there = match (names.len(), more) {
        (0, _) => "there is no subsystem".to_owned(),
        (_, 0) => format!("there are {}", known.join(", ")),
        _ => format!("there are {} and {more} more", known.join(", ")),
    };
    format!("the fault `{fault}` is for `{name}`, which does not exist: {there}{near}")
}

fn empty<T: Step>(span: &Span<T>, what: impl Fn() -> String) -> Option<String> {
    let empty = span.ends().is_none();
    empty.then(|| format!("{} would never strike: the range {span} is empty", what()))
}

fn no_chance(chance: f64, what: impl Fn() -> String) -> Option<String> {
    wrong_unless((0.0..=1.0).contains(&chance), what, "is a chance from 0 to 1", chance)
}

fn too_many(times: u32, what: impl Fn() -> String) -> Option<String> {
    wrong_unless(times <= MOST, what, "strikes at most 100000 times", times)
}

fn wrong_unless(
    holds: bool,
    what: impl Fn() -> String,
    rule: &str,
    is: impl Display,
) -> Option<String> {
    (!holds).then(|| format!("{} {rule}, not {is}", what()))
}
