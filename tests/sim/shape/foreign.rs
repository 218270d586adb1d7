//! Subsystems whose contexts and handles are in the hands of others.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::task::Poll;
use std::time::Duration;

use proc_daemon::sim::{Sim, reached};
use proc_daemon::{Context, Spec, task, task_with};

use super::behaviour::{holds, idle};

const MS: Duration = Duration::from_millis(1);

/// Contexts that their owners have given away; they may have ended since.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Contexts>);

#[expect(clippy::disallowed_types, reason = "whoever includes these files may depend on nothing")]
type Contexts = std::sync::Mutex<Vec<Context>>;

impl Shared {
    fn give(&self, ctx: &Context) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(ctx.clone());
    }

    fn all(&self) -> Vec<Context> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(super) fn any(sim: &Sim, name: String, time: Duration, shared: &Shared) -> Spec {
    let shared = shared.clone();
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
            shared.give(&ctx);
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
            shared.give(&ctx);
            Ok(ctx.sleep(time).await?)
        }),
        kind @ (5 | 6) => {
            let with = [ready, work, child, shutdown][sim.choose(4, "with others") as usize];
            let every = if kind == 5 { 200 * MS } else { 3 * MS };
            task_with(name, shared, move |ctx: Context, shared: Shared| async move {
                shared.give(&ctx);
                for _ in 0..20 {
                    let others = shared.all();
                    for other in others.iter().filter(|other| other.id() != ctx.id()) {
                        reached(if other.is_shutdown() {
                            "a context was used after its stop"
                        } else {
                            "a context in the hands of another"
                        });
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
        let (mut sleep, mut announced) = (pin!(sleep), pin!(handle.wait_initiated()));
        // It ends with the daemon at the latest.
        poll_fn(|cx| match announced.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => sleep.as_mut().poll(cx),
        })
        .await;
        if handle.initiate_shutdown("a raw task") {
            reached("a raw task asked for the end");
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
