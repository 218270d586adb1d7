//! The subsystem `ticker`: once a second, says how busy it is.

use std::time::Duration;

use proc_daemon::{Context, Result};
use tracing::{debug, info};

use crate::store::Store;

pub(crate) async fn run(ctx: Context, store: Store) -> Result<()> {
    let mut before = store.served();
    let mut ticks = ctx.interval(Duration::from_secs(1));
    // `Err(Stopping)`: asked to stop.
    while ticks.tick().await.is_ok() {
        let now = store.served();
        debug!("{} requests since the last tick", now - before);
        before = now;
    }
    info!("ticker stopped");
    Ok(())
}
