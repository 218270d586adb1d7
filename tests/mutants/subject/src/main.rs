//! The kit on tokio with one thing wrong: `MUTANT` names it, `MUTANT_NUMBER` is that of its planted switch, or 0;
//! `MUTANT_ONLY` lists the scenarios, or is empty for all; `MUTANT_LIMIT` is when one hangs, in seconds. Variables
//! and not arguments, since the kit starts this program again without any.
//!
//! Prints the kit's report as lines: `mutant`, id, tier, outcome, whether it hung, message; with tabs between.

#![forbid(unsafe_code)]

mod chosen;
mod handle;
mod owned;
mod signals;
mod sleep;
mod timer;

use std::env;
use std::time::Duration;

use owned::Broken;
use proc_daemon_conformance::{Outcome, Suite};
use proc_daemon_runtime::RuntimeOptions;
use proc_daemon_tokio::Tokio;

fn main() {
    let text = |name: &str| env::var(name).unwrap_or_default();
    let number = |name: &str| text(name).parse::<u32>().expect("it is a number");
    std::panic::set_hook(Box::new(|_| {}));
    proc_daemon_runtime::planted::choose(number("MUTANT_NUMBER"));
    let only = text("MUTANT_ONLY");
    let wanted = |id: &str| only.is_empty() || only.split(',').any(|one| one == id);
    let options = RuntimeOptions::new().workers(2).thread_name("conformance");
    let limit = Duration::from_secs(u64::from(number("MUTANT_LIMIT")));
    let suite = Suite::<Broken<Tokio>>::bare().row("multi-thread", options).limit(limit);
    let report = suite.report_of(wanted);
    for line in report.lines() {
        let (hung, message) = match &line.outcome {
            Outcome::Fail(failure) => (failure.hang, failure.message.replace(['\n', '\t'], " ")),
            _ => (false, String::new()),
        };
        let (id, tier, outcome) = (line.scenario.id, line.scenario.tier, line.outcome.as_str());
        println!("mutant\t{id}\t{tier}\t{outcome}\t{hung}\t{message}");
    }
    // What hangs must not keep the process.
    std::process::exit(0);
}
