//! Subsystems whose contexts and handles are in the hands of others.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::sim::{Sim, reached};
use proc_daemon::{Context, Spec, task, task_with};

use crate::behaviour::{holds, idle};

const MS: Duration = Duration::from_millis(1);

/// What is met in some life.
pub(crate) const MET: [&str; 3] = [RAW, FOREIGN, AFTER_ITS_STOP];
const RAW: &str = "a raw task asked for the end";
const FOREIGN: &str = "a context in the hands of another";
const AFTER_ITS_STOP: &str = "a context was used after its stop";

/// Contexts that their owners have given away; they may have ended since.
pub(crate) type Shared = Arc<Mutex<Vec<Context>>>;

fn give(shared: &Shared, ctx: &Context) {
    shared.lock().push(ctx.clone());
}

pub(crate) fn any(sim: &Sim, name: String, time: Duration, shared: &Shared) -> Spec {
    let shared = Arc::clone(shared);
    match sim.choose(7, "foreign") {
        1 => task(name, move |ctx: Context| async move {
            raw(&ctx, time);
            idle(ctx).await
        }),
        2 => task(name, move |ctx: Context| async move {
            ctx.sleep(time).await?;
            ctx.daemon().shutdown();
            Ok(())
        }),
        3 => task_with(name, shared, move |ctx: Context, shared: Shared| async move {
            give(&shared, &ctx);
            let child = ctx.clone();
            let ready = async move {
                child.runtime().sleep(time).await;
                child.ready();
                child.ready();
            };
            ctx.spawn(ready).detach();
            idle(ctx).await
        })
        .explicit_ready(),
        4 => task_with(name, shared, move |ctx: Context, shared: Shared| async move {
            give(&shared, &ctx);
            Ok(ctx.sleep(time).await?)
        }),
        kind @ (5 | 6) => {
            let with = [ready, work, child, shutdown][sim.choose(4, "with others") as usize];
            let every = if kind == 5 { 200 * MS } else { 3 * MS };
            task_with(name, shared, move |ctx: Context, shared: Shared| async move {
                give(&shared, &ctx);
                for _ in 0..20 {
                    let others = shared.lock().clone();
                    for other in others.iter().filter(|other| other.id() != ctx.id()) {
                        reached(if other.is_shutdown() { AFTER_ITS_STOP } else { FOREIGN });
                        with(&ctx, other);
                    }
                    // It goes on while others have been asked to stop, and itself.
                    ctx.runtime().sleep(every).await;
                }
                Ok(())
            })
        }
        _ => task(name, |ctx: Context| async move {
            ctx.shutdown("at the first poll");
            idle(ctx).await
        }),
    }
}

/// A task of the runtime, of which the daemon knows nothing, asks for the end.
fn raw(ctx: &Context, time: Duration) {
    let (handle, sleep) = (ctx.shutdown_handle(), ctx.runtime().sleep(time));
    let task = async move {
        // It ends with the daemon at the latest.
        futures_lite::future::or(sleep, async { drop(handle.wait_initiated().await) }).await;
        if handle.initiate_shutdown("a raw task") {
            reached(RAW);
        }
    };
    ctx.runtime().spawn("raw".into(), Box::pin(task));
}

fn ready(_: &Context, other: &Context) {
    other.ready();
}

fn work(ctx: &Context, other: &Context) {
    holds(ctx, other, 50 * MS);
}

fn child(ctx: &Context, other: &Context) {
    holds(other, ctx, 20 * MS);
}

fn shutdown(_: &Context, other: &Context) {
    other.shutdown("somebody else's context");
}
