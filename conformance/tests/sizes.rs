//! A backend is an adapter: its size is held to a bound, and to the table in the kit's docs.

use std::fs;
use std::path::Path;

/// Lines of code, at most. Blank lines and comments are not counted.
const MOST: usize = 250;

/// A name in the docs, and the crates that are counted together. The simulator is not an adapter: it is a clock, an
/// executor and a schedule of its own, and is held to the limits of any other code.
const BACKENDS: [(&str, &[&str]); 4] = [
    ("tokio", &["backends/tokio"]),
    ("async-std, with async-io", &["backends/async-std", "backends/async-io"]),
    ("smol, with async-io", &["backends/smol", "backends/async-io"]),
    ("examples/custom_backend", &["examples/custom_backend"]),
];

fn lines(name: &str) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let files = fs::read_dir(root.join(name).join("src")).expect("it has sources");
    let count = |file: fs::DirEntry| {
        let text = fs::read_to_string(file.path()).expect("a flat folder of sources");
        let code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        text.lines().filter(code).count()
    };
    files.map(|file| count(file.expect("it can be read"))).sum()
}

#[test]
fn each_backend_is_small_and_the_docs_say_how_small() {
    let docs = include_str!("../src/lib.rs");
    for (name, crates) in BACKENDS {
        let lines: usize = crates.iter().map(|name| lines(name)).sum();
        println!("{lines:>4} lines of code: {name}");
        assert!(lines < MOST, "{name} has {lines} lines of code, {MOST} are too many");
        let row = format!("//! | {name} | {lines} |\n");
        assert!(docs.contains(&row), "the table in conformance/src/lib.rs needs this row:\n{row}");
    }
}
