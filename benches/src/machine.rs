use std::path::Path;
use std::process::Command;

/// What the figures depend on besides the code, one line each: name and value.
pub(crate) fn describe() -> Vec<(&'static str, String)> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let command = format!("cargo bench -p proc-daemon-bench -- {}", args.join(" "));
    vec![
        ("command", command.trim_end_matches(" -- ").to_owned()),
        ("commit", commit()),
        ("cpu", cpu()),
        ("system", first_line("uname", &["-sr"])),
        ("rustc", first_line(option_env!("RUSTC").unwrap_or("rustc"), &["--version"])),
        ("profile", if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
        ("peer on", peer().to_owned()),
        ("versions", versions()),
    ]
}

const fn peer() -> &'static str {
    match (cfg!(feature = "peer-tokio"), cfg!(feature = "peer-async-std")) {
        (true, _) => "tokio",
        (false, true) => "async-std",
        (false, false) => "nothing",
    }
}

fn commit() -> String {
    let here = env!("CARGO_MANIFEST_DIR");
    let commit = first_line("git", &["-C", here, "rev-parse", "--short=12", "HEAD"]);
    let dirty = first_line("git", &["-C", here, "status", "--porcelain", "--", ".."]);
    if dirty == UNKNOWN { commit } else { format!("{commit} with local changes") }
}

const UNKNOWN: &str = "unknown";

fn first_line(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().ok();
    let text = output.and_then(|output| String::from_utf8(output.stdout).ok());
    let line = text.as_deref().and_then(|text| text.lines().next());
    line.unwrap_or(UNKNOWN).to_owned()
}

fn cpu() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    format!("{}, {cores} cores", model.map_or(UNKNOWN, |(_, model)| model))
}

/// The crates that the figures compare, by the lock file.
fn versions() -> String {
    const NAMES: [&str; 9] = [
        "async-executor",
        "async-std",
        "event-listener",
        "madsim",
        "proc-daemon",
        "smol",
        "tokio",
        "tokio-util",
        "async-io",
    ];
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let locks = ["../Cargo.lock", "madsim/Cargo.lock"].map(|lock| here.join(lock));
    let texts = locks.map(|lock| std::fs::read_to_string(lock).unwrap_or_default());
    let mut found = Vec::new();
    let mut name = "";
    for line in texts.iter().flat_map(|text| text.lines()) {
        if let Some(value) = quoted(line, "name = ") {
            name = value;
        } else if let Some(version) = quoted(line, "version = ")
            && NAMES.contains(&name)
        {
            let one = format!("{name} {version}");
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    if found.is_empty() { UNKNOWN.to_owned() } else { found.join(", ") }
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.strip_prefix('"')?.strip_suffix('"')
}
