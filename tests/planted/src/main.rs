//! Plants bugs in a copy of the workspace and has the simulator find each of them:
//! `cargo run --release --manifest-path tests/planted/Cargo.toml --target-dir target/planted`.
//!
//! 1. The workspace is copied into a folder below the target folder.
//! 2. Every bug of `bugs/` is written into the copy as a switch, so that one build has all of them.
//! 3. `hunter/` is built against the copy. It lives lives from seeds, with one bug switched on or none.
//!
//! The table says how many seeds each policy took. Fails if lives without a bug go wrong, or if a bug is
//! found under no policy.

#![forbid(unsafe_code)]

mod arguments;
mod hunt;
mod table;

use std::process::ExitCode;

use arguments::Arguments;
use planted::{Failure, bugs, frame};

fn main() -> ExitCode {
    frame::end("planted", run)
}

/// True if the lives without a bug are clean and every bug is found.
fn run() -> Result<bool, Failure> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let all = bugs::all();
    let wanted = arguments.wanted(&all)?;
    let hunter = frame::build("planted", &all, "tests/planted/hunter", &[])?;
    eprintln!("planted: hunting");
    let rows = hunt::run(&hunter, &arguments, &wanted)?;
    print!("{}", table::table(&rows, &all, arguments.format));
    Ok(table::is_complete(&rows))
}
