use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use proc_daemon_runtime::Signal;

use super::factory::Stateful;
use super::{Context, Spec};
use crate::boxed::Result;
use crate::sync::Mailbox;

/// One call of a handler.
pub(crate) type Call = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A signal handler of the user's.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) signal: Signal,
    pub(crate) call: Arc<dyn Fn(Signal, Context) -> Call + Send + Sync>,
    /// Where it was given.
    pub(crate) location: &'static Location<'static>,
}

/// The inboxes of all handlers: the driver posts, the subsystem of each handler reads.
#[derive(Default)]
pub(crate) struct Handlers(Vec<(Handler, Arc<Mailbox<()>>)>);

impl Handlers {
    pub(crate) fn new(handlers: Vec<Handler>) -> Self {
        Self(handlers.into_iter().map(|handler| (handler, Arc::default())).collect())
    }

    /// Has the handler of `signal` called.
    pub(crate) fn post(&self, signal: Signal) {
        for (handler, inbox) in &self.0 {
            if handler.signal == signal {
                inbox.post(());
            }
        }
    }

    /// The subsystems that run the handlers.
    pub(crate) fn specs(&self) -> impl Iterator<Item = Spec> {
        self.0.iter().map(|(handler, inbox)| {
            let name = format!("signal:{}", handler.signal);
            let state = (handler.clone(), Arc::clone(inbox));
            let mut spec = Spec::erased(name.into(), Arc::new(Stateful(state, serve)));
            spec = spec.background().optional();
            spec.location = handler.location;
            spec
        })
    }
}

/// Calls the handler for every batch of signals, one call at a time, until it is asked to stop.
async fn serve(ctx: Context, (handler, inbox): (Handler, Arc<Mailbox<()>>)) -> Result<()> {
    let mut batch = VecDeque::new();
    loop {
        let arrived = poll_fn(|cx| {
            inbox.drain(&mut batch, cx);
            if batch.is_empty() { Poll::Pending } else { Poll::Ready(()) }
        });
        if ctx.run_until_cancelled(arrived).await.is_err() {
            return Ok(());
        }
        batch.clear();
        (handler.call)(handler.signal, ctx.clone()).await?;
    }
}
