//! The runner's command line.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::trial::{LIMIT, Trial};
use crate::{child, list, panics, run};

/// Runs the conformance kit's scenarios on backends, and prints them side by side.
#[derive(Parser)]
#[command(name = "proc-daemon-conformance", version)]
struct Arguments {
    /// Runs only scenarios whose row, id or name contains one of these, in capitals or not
    filters: Vec<String>,
    /// On which backends: a name, or `all`. May be given several times
    #[arg(long, default_value = "all", value_name = "NAME")]
    backend: Vec<String>,
    /// What is printed on standard output
    #[arg(long, value_enum, default_value_t = Format::Table, conflicts_with = "repeat")]
    format: Format,
    /// Runs everything so often, and prints the runs in which something failed, or else the last
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    /// When a scenario has hung, in words such as 30s, 2m or 500ms; by default 45s
    #[arg(long, value_name = "TIME", value_parser = limit)]
    limit: Option<Duration>,
    /// How many scenarios run at once; by default as many as there are cores
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Lists the scenarios with their laws and goals, and runs none; in each format but junit
    #[arg(long)]
    list: bool,
    /// Prints panics as they happen: those of scenarios' own daemons too
    #[arg(long)]
    loud: bool,
}

/// A scenario takes some time.
fn limit(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("every scenario takes longer: take 45s, say".to_owned()),
        limit => limit.map_err(|error| error.to_string()),
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Junit,
    Md,
}

/// A backend that is compiled in, and what makes its trials: runtimes are built to ask them what they can.
type Backend = (&'static str, fn() -> Vec<Trial>);

/// Every backend there is a feature for, whether it is compiled in or not.
const FEATURES: [&str; 4] = ["tokio", "async-std", "smol", "sim"];

const BACKENDS: &[Backend] = &[
    #[cfg(feature = "tokio")]
    ("tokio", || crate::Suite::<proc_daemon_tokio::Tokio>::new().trials()),
    #[cfg(feature = "async-std")]
    ("async-std", || crate::Suite::<proc_daemon_async_std::AsyncStd>::new().trials()),
    #[cfg(feature = "smol")]
    ("smol", || crate::Suite::<proc_daemon_smol::Smol>::new().trials()),
    #[cfg(feature = "sim")]
    ("sim", Trial::simulated),
];

/// Runs what the arguments of this process say.
///
/// The exit code is 0 if everything passed, 1 if something failed, 2 if the arguments name nothing.
#[must_use]
pub fn main() -> ExitCode {
    // No other backend's threads in a process of its own.
    let own = |path: &str| {
        let own = BACKENDS.iter().find(|(name, _)| path.starts_with(&format!("{name}/")));
        own.map_or_else(Vec::new, |(_, trials)| trials())
    };
    if let Err(unknown) = child::run_if_asked(own) {
        eprintln!("error: {unknown}");
        return ExitCode::from(2);
    }
    let arguments = Arguments::parse();
    let trials = match chosen(&arguments) {
        Ok(trials) => trials,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    if arguments.list {
        return listed(&trials, arguments.format);
    }
    panics::install(arguments.loud);
    repeated(&arguments, &trials)
}

fn repeated(arguments: &Arguments, trials: &[Trial]) -> ExitCode {
    let threads = arguments.threads.unwrap_or_else(run::threads);
    let repeat = arguments.repeat.unwrap_or(1);
    let mut flawed = 0;
    for run in 1..=repeat {
        let progress = Progress::new(trials.len());
        let report = run::all(trials, threads, &|_| progress.one());
        progress.clear();
        flawed += u32::from(!report.is_conformant());
        if repeat > 1 {
            eprintln!("run {run} of {repeat}: {}", report.totals());
        }
        if !report.is_conformant() || (run == repeat && flawed == 0) {
            let text = match arguments.format {
                Format::Table => report.table(),
                Format::Json => report.json() + "\n",
                Format::Junit => report.junit(),
                Format::Md => report.markdown(),
            };
            // Whoever reads it may have gone.
            let _ = std::io::stdout().write_all(text.as_bytes());
        }
    }
    if repeat > 1 {
        eprintln!("{flawed} of {repeat} runs failed");
    }
    if flawed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn chosen(arguments: &Arguments) -> Result<Vec<Trial>, String> {
    let known: Vec<&str> = BACKENDS.iter().map(|(name, _)| *name).collect();
    if known.is_empty() {
        return Err("no backend is compiled in: build with `--features all-backends`".to_owned());
    }
    for name in &arguments.backend {
        if name != "all" && !known.contains(&name.as_str()) {
            let (known, all) = (known.join(", "), FEATURES.join(", "));
            return Err(if FEATURES.contains(&name.as_str()) {
                format!(
                    "no backend `{name}` is compiled in, only {known}: build with \
                     `--features {name}` or `--features all-backends`"
                )
            } else {
                format!("there is no backend `{name}`: take one of {all}, or `all`")
            });
        }
    }
    let wanted = |name: &str| arguments.backend.iter().any(|asked| asked == "all" || asked == name);
    let matches =
        |trial: &Trial| arguments.filters.is_empty() || trial.is_called(&arguments.filters);
    let trials: Vec<Trial> = BACKENDS
        .iter()
        .filter(|(name, _)| wanted(name))
        .flat_map(|(_, trials)| trials())
        .filter(matches)
        .map(|trial| trial.limit(arguments.limit.unwrap_or(LIMIT)))
        .collect();
    if trials.is_empty() {
        let filters = arguments.filters.join("`, `");
        return Err(format!("nothing is called `{filters}`: see --list"));
    }
    Ok(trials)
}

fn listed(trials: &[Trial], format: Format) -> ExitCode {
    let text = match format {
        Format::Table => list::text(trials),
        Format::Json => list::json(trials),
        Format::Md => list::markdown(trials),
        Format::Junit => {
            eprintln!("error: junit is for what was run: list as table, json or md");
            return ExitCode::from(2);
        }
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// A line on a terminal that says how far it is.
struct Progress {
    all: usize,
    done: std::sync::atomic::AtomicUsize,
    shown: bool,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self { all, done: 0.into(), shown: std::io::stderr().is_terminal() }
    }

    fn one(&self) {
        let done = self.done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        if self.shown {
            eprint!("\r{done} of {}", self.all);
        }
    }

    fn clear(&self) {
        if self.shown {
            eprint!("\r\x1b[2K");
        }
    }
}
