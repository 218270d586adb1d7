//! Who checks the checker: backends, tasks and cores with one thing wrong each, and the scenarios of the
//! conformance kit that must find it.
//! `cargo run --release --manifest-path tests/mutants/Cargo.toml --target-dir target/mutants`.
//!
//! 1. The workspace is copied into a folder below the target folder, with every bug of `edits.rs` and of
//!    `tests/planted/` as a switch. The simulated lives that a real one is held to have none of them.
//! 2. `subject/` is built against the copy: the kit on tokio behind a wrapper that has one thing wrong.
//! 3. Without a mutant every scenario must pass. Each mutant must fail those that are declared for it in
//!    `table/`, with the declared words, and not by a hang; one that survives or hangs is run again, five times in all.
//!
//! Fails also if a scenario is declared for no mutant. `--matrix` runs each mutant against all scenarios of its
//! tier, and prints who finds it besides.

#![forbid(unsafe_code)]

mod arguments;
mod edits;
mod report;
mod subject;
mod table;

use std::process::ExitCode;

use arguments::Arguments;
use planted::{Failure, frame};

/// It is built for one run, which waits more than it computes.
const BUILD: [(&str, &str); 1] = [("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")];

fn main() -> ExitCode {
    frame::end("mutants", run)
}

/// True if everything was found, for the declared reason.
fn run() -> Result<bool, Failure> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let bugs = edits::all();
    let mutants = table::all(&bugs)?;
    let subject = frame::build("mutants", &bugs, "tests/mutants/subject", &BUILD)?;
    eprintln!("mutants: the kit without a mutant");
    let sound = subject::sound(&subject)?;
    eprintln!("mutants: running {}", mutants.len());
    let runs = subject::all(&subject, &mutants, &sound, &arguments)?;
    let report = report::Report::new(&runs, &sound, &arguments);
    print!("{}", report.text(arguments.format));
    Ok(report.is_complete())
}
