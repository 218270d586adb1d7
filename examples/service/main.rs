//! A service to deploy: HTTP over TCP in five subsystems, the same code on tokio, async-std and smol.
//!
//! ```text
//! cargo run --example service
//! curl http://127.0.0.1:8080/                  # the greeting
//! curl http://127.0.0.1:8080/slow?ms=5000      # an answer that takes 5 s
//! kill -TERM $(pidof service)                  # while that one is on its way
//! ```
//!
//! The slow answer completes, then the subsystems stop, dependents first:
//!
//! ```text
//!   store <--requires-- http <--after-- janitor        ticker, quotes
//!   starts first                 stops first           depend on nothing: start and stop at any time
//! ```
//!
//! `quotes` follows another program's socket, if the configuration names one. When that program goes away, `quotes`
//! fails and is started again, later each time, until it is back; `/status` shows it.
//!
//! stdout has two lines, for whoever started it: `listening on ADDRESS` and `ready`. Logs go to stderr.

mod args;
mod connection;
mod http;
mod janitor;
mod quotes;
mod request;
mod response;
mod routes;
mod settings;
mod store;
mod ticker;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use proc_daemon::{Config, Daemon, DaemonBuilder, RestartPolicy, Section, Subsystem, task_with};

use args::Args;
use http::Http;
use quotes::Quotes;
use settings::{HttpSettings, StoreSettings};
use store::Store;

fn main() -> ExitCode {
    let launched = Args::try_parse().and_then(|args| {
        // Which runtime it is shows here and nowhere else.
        let run = args.launcher()?;
        Ok(run(daemon(args)))
    });
    launched.unwrap_or_else(|problem| args::explain(&problem))
}

fn daemon(args: Args) -> DaemonBuilder {
    // One store, many holders: a clone shares.
    let store = Store::default();
    let quotes = Quotes::default();

    // Nothing is read yet. The file is, once the signal handlers are in place: a TERM from here on is
    // never lost.
    Daemon::builder(Config::file(args.config))
        .with_subsystem(
            store
                .clone()
                .into_spec()
                // Ready when it says so, by `ctx.ready()`: what requires it starts after that.
                .explicit_ready()
                // What is not a count will be none the next time. A disk that is away may come back.
                .restart_policy(RestartPolicy::on_failure().unless(Store::is_hopeless))
                .with_settings::<StoreSettings>("store"),
        )
        .with_subsystem(
            Http::new(store.clone(), quotes.clone())
                .requires("store")
                .explicit_ready()
                // The section is read and checked before anything starts; a bad one is exit 78.
                .with_settings(Section::<HttpSettings>::new("http").check(HttpSettings::check))
                // Another greeting is taken as it is; another address takes another start.
                .on_reload(HttpSettings::reload),
        )
        .with_subsystem(quotes.spec())
        // For a subsystem that is one function, `task_with` hands over a clone of its state.
        .with_subsystem(task_with("ticker", store.clone(), ticker::run))
        .with_subsystem(task_with("janitor", store, janitor::run).after("http"))
}

/// Writes a line to stdout, at once. Nobody may be reading it, and that is no reason to stop serving:
/// `println!` would panic.
fn announce(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
