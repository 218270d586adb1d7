//! A configuration that changes while the daemon runs: one subsystem takes it live, one starts again, one refuses
//! what it cannot do.
//!
//! `cargo run --example hot_reload -- hot.toml`, with this in the file, and then edit it:
//!
//! ```toml
//! hot_reload = true
//! [greeter]
//! text = "hello"
//! every_ms = 1000
//! [server]
//! port = 8080
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use proc_daemon::{Change, Config, Context, Daemon, Prepared, Result, task};
use serde::Deserialize;

#[derive(Deserialize)]
struct Greeter {
    text: String,
    every_ms: u64,
}

#[derive(Deserialize)]
struct Server {
    port: u16,
}

/// Reads its settings each time: a change needs no restart.
async fn greet(ctx: Context) -> Result<()> {
    loop {
        let greeter = ctx.settings::<Greeter>();
        println!("{} (generation {})", greeter.text, ctx.daemon().status().config_generation);
        ctx.sleep(Duration::from_millis(greeter.every_ms)).await?;
    }
}

/// Old and new side by side: an error refuses the whole change, and nothing of it is applied.
async fn judge(change: Change) -> Result<Prepared> {
    if change.proposed::<Greeter>().every_ms == 0 {
        return Err("greeter.every_ms = 0 would never rest".into());
    }
    Ok(Prepared::live())
}

/// Has no hook: when its section changes, it starts again with the new one.
async fn serve(ctx: Context) -> Result<()> {
    println!("serving on port {}, start {}", ctx.settings::<Server>().port, ctx.generation());
    ctx.cancelled().await;
    Ok(())
}

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: hot_reload FILE");
        return ExitCode::from(64);
    };
    Daemon::builder(Config::file(path))
        .with_subsystem(task("greeter", greet).with_settings::<Greeter>("greeter").on_reload(judge))
        .with_subsystem(task("server", serve).with_settings::<Server>("server"))
        .main()
}
