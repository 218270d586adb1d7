//! One that starts, stops, restarts, adds and removes others by name.

use std::time::Duration;

use proc_daemon::sim::reached;
use proc_daemon::{Context, Result, Spec, task};

const MS: Duration = Duration::from_millis(1);

pub(super) fn manages(name: String) -> Spec {
    task(name, calls)
}

/// What it calls next depends on how often it has called, and on who it is.
async fn calls(ctx: Context) -> Result {
    let subsystems = ctx.subsystems();
    for call in ctx.id().as_u64().. {
        ctx.sleep(70 * MS).await?;
        let which = format!("s{}", call * 7 % 9);
        let answered = match call * 5 % 11 {
            0..=2 => ctx.run_until_cancelled(subsystems.start(&which)).await?.is_ok(),
            3 | 4 => ctx.run_until_cancelled(subsystems.stop(&which)).await?.is_ok(),
            5..=7 => ctx.run_until_cancelled(subsystems.restart(&which)).await?.is_ok(),
            8 => ctx.run_until_cancelled(subsystems.remove(&which)).await?.is_ok(),
            9 => {
                // Nobody waits for it.
                drop(subsystems.restart(&which));
                false
            }
            _ => {
                let added = task(which, idle).optional().after("s0");
                ctx.run_until_cancelled(subsystems.add(added)).await?.is_ok()
            }
        };
        if answered {
            reached("a call by name was done");
        }
    }
    Ok(())
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}
