//! (1) One task, Ctrl-C.
use proc_daemon::{Context, Daemon, Result};
use std::{process::ExitCode, time::Duration};

async fn heartbeat(ctx: Context) -> Result {
    while ctx.sleep(Duration::from_secs(1)).await.is_ok() {
        println!("beat");
    }
    Ok(())
}
fn main() -> ExitCode {
    Daemon::new()
        .with_task("heartbeat", heartbeat)
        // un-annotated closure, `?` on io::Error, anyhow and an own error, plain `Ok(())`
        .with_task("reader", |ctx| async move {
            let text = std::fs::read_to_string("/etc/hostname")?;
            let n: u32 = text.trim().parse().unwrap_or(0);
            anyhow_helper().await?;
            own_helper()?;
            if n == 7 {
                return Err("seven".into());
            }
            ctx.cancelled().await;
            Ok(())
        })
        // never returns Ok: nothing left to infer
        .with_task("forever", |ctx| async move {
            loop {
                ctx.sleep(Duration::from_secs(1)).await?;
            }
        })
        .main()
}
async fn anyhow_helper() -> anyhow::Result<()> {
    anyhow::bail!("x")
}
#[derive(Debug, thiserror::Error)]
#[error("own")]
struct Own;
fn own_helper() -> std::result::Result<(), Own> {
    Err(Own)
}
