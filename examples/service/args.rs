//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use proc_daemon::DaemonBuilder;

/// A TCP service that speaks HTTP/1.1, run by proc-daemon.
#[derive(Parser)]
#[command(name = "service", after_help = RuntimeName::in_this_build())]
pub(crate) struct Args {
    /// The configuration file. The default is a path in the repository; a deployment names its own.
    #[arg(long, value_name = "PATH", default_value = "examples/daemon.toml")]
    pub(crate) config: PathBuf,

    /// The runtime to run on. Without it: tokio if it is in this build, else smol, else async-std.
    #[arg(long, value_name = "NAME")]
    runtime: Option<RuntimeName>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RuntimeName {
    Tokio,
    Smol,
    AsyncStd,
}

/// Owns the process until the daemon has ended.
type Launcher = fn(DaemonBuilder) -> ExitCode;

/// The exit code for a bad command line, by the table that exit code 78 is from (`sysexits.h`). The
/// framework leaves this one to the program.
const USAGE: u8 = 64;

impl Args {
    /// What runs the daemon on the chosen runtime.
    pub(crate) fn launcher(&self) -> Result<Launcher, clap::Error> {
        let name = self.runtime.or_else(|| RuntimeName::compiled().next());
        let name = name.unwrap_or(RuntimeName::Tokio);
        name.launcher().ok_or_else(|| {
            let text = format!(
                "the runtime {name} is not in this build; this adds it:\n\n  \
                 cargo run --example service --features {name} -- --runtime {name}",
                name = name.as_str()
            );
            Self::command().error(ErrorKind::InvalidValue, text)
        })
    }
}

impl RuntimeName {
    /// None if the runtime's feature is off.
    const fn launcher(self) -> Option<Launcher> {
        // A daemon that runs on one runtime has one line instead: `.main()` takes the one that its
        // features chose, `.main_on::<Smol>()` names it.
        match self {
            #[cfg(feature = "tokio")]
            Self::Tokio => Some(DaemonBuilder::main_on::<proc_daemon::backends::tokio::Tokio>),
            #[cfg(feature = "smol")]
            Self::Smol => Some(DaemonBuilder::main_on::<proc_daemon::backends::smol::Smol>),
            #[cfg(feature = "async-std")]
            Self::AsyncStd => {
                Some(DaemonBuilder::main_on::<proc_daemon::backends::async_std::AsyncStd>)
            }
            #[allow(unreachable_patterns, reason = "with every feature nothing is left")]
            _ => None,
        }
    }

    /// The runtimes whose feature is on, in the order of preference.
    fn compiled() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied().filter(|name| name.launcher().is_some())
    }

    fn in_this_build() -> String {
        let names: Vec<&str> = Self::compiled().map(Self::as_str).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        format!("Runtimes in this build: {names}")
    }

    /// As on the command line, which is also the name of the feature.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::AsyncStd => "async-std",
        }
    }
}

/// Prints what clap has to say: help and version to stdout, a mistake to stderr.
pub(crate) fn explain(problem: &clap::Error) -> ExitCode {
    // Nobody reading is no failure of ours.
    let _ = problem.print();
    if problem.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}
