//! Holds the layer table of ARCHITECTURE.md: a file imports lower layers and its own folder, and no file
//! but `backends.rs` names a runtime.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the core, from the lowest layer up. `daemon` and `error` are one room: a report holds
/// the error that prevented a start, an error holds the report of what did start.
const LAYERS: [&[&str]; 11] = [
    &["duration", "sync"],
    &["backoff", "boxed", "end", "exit", "health", "id", "reason", "state", "strategy", "timeouts"],
    &["control", "restart", "shutdown", "signal", "config"],
    &["reload"],
    &["event"],
    &["subsystem"],
    &["supervisor"],
    &["backends", "logging", "sentinel", "watcher"],
    &["daemon", "error"],
    &["sim"],
    &["lib"],
];

const ONE_ROOM: [&str; 2] = ["daemon", "error"];

const RUNTIMES: [&str; 6] =
    ["tokio", "async_std", "async-std", "smol", "proc_daemon_tokio", "proc_daemon_smol"];

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|modules| modules.contains(&module));
    found.unwrap_or_else(|| panic!("`{module}` is in no layer: add it to the table"))
}

/// Every source file of the core without its tests, with the module at the top that it belongs to.
fn sources() -> Vec<(PathBuf, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let top = inside.iter().next().unwrap().to_string_lossy();
                let top = top.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path, top, code(&text)));
            }
        }
    }
    assert!(sources.len() > 50, "only {} files were found", sources.len());
    sources
}

/// The text without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The modules at the top that `code` names as `crate::module`.
fn imports(code: &str) -> Vec<String> {
    let word = |rest: &str| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned)
    };
    code.split("crate::").skip(1).filter_map(word).collect()
}

#[test]
fn a_file_imports_lower_layers_and_its_own_folder() {
    let mut wrong = Vec::new();
    for (path, top, code) in sources() {
        for import in imports(&code) {
            let one_room = ONE_ROOM.contains(&top.as_str()) && ONE_ROOM.contains(&import.as_str());
            if import == top || one_room || top == "lib" {
                continue;
            }
            // A public type named by its paved path is the root's: only the root may do that.
            let is_type = import.starts_with(|c: char| c.is_uppercase());
            if is_type || layer(&import) >= layer(&top) {
                wrong.push(format!("{}: `{top}` imports `{import}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_backends_names_a_runtime() {
    let mut wrong = Vec::new();
    for (path, top, code) in sources() {
        // Features gate `main`, which names the default backend by its alias.
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("#[cfg(any(feature"));
        for line in lines.filter(|_| top != "backends") {
            let words: Vec<&str> =
                line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').collect();
            if RUNTIMES.iter().any(|runtime| words.contains(runtime)) {
                wrong.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_keep_their_size() {
    for (path, _, _) in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
    }
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert_eq!(imports("use crate::daemon::Daemon;\nlet x = crate::Error;"), ["daemon", "Error"]);
    assert!(code("a\n  // crate::x\n#[cfg(test)]\nmod tests { }").trim() == "a");
}
