//! The smallest daemon: one task, until Ctrl-C: `cargo run --example hello`.

use std::process::ExitCode;
use std::time::Duration;

use proc_daemon::{Context, Daemon, Result};

/// Prints a line a second until it is asked to stop: then the sleep is an error.
async fn heartbeat(ctx: Context) -> Result {
    println!("running; Ctrl-C ends it");
    while ctx.sleep(Duration::from_secs(1)).await.is_ok() {
        println!("beat");
    }
    println!("good bye");
    Ok(())
}

fn main() -> ExitCode {
    Daemon::new().with_task("heartbeat", heartbeat).main()
}
