//! The subsystem `janitor`: saves the count now and then, so that a power cut loses little of it.

use std::time::Duration;

use proc_daemon::{Context, Result};
use tracing::{info, warn};

use crate::announce;
use crate::store::Store;

const EVERY: Duration = Duration::from_secs(10);

pub(crate) async fn run(ctx: Context, store: Store) -> Result<()> {
    // Last in the order, it is the one to say that everything is ready.
    ctx.ready();
    let ready = ctx.daemon().ready();
    // A child, for that may take long: the source of quotes may be away.
    ctx.spawn(async move {
        if ready.await {
            announce("ready");
        }
    })
    .detach();
    let mut sweeps = ctx.interval(EVERY);
    while sweeps.tick().await.is_ok() {
        let store = store.clone();
        let saved = ctx.spawn_blocking(move || store.save()).await?;
        // A full disk may have room again at the next sweep. An error returned from here would end the
        // daemon.
        if let Err(error) = saved {
            warn!("the count is not saved: {error}");
        }
    }
    info!("janitor stopped");
    Ok(())
}
