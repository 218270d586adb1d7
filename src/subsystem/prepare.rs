//! The hook that is shown a proposed configuration, and the task that asks it.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proc_daemon_runtime::{PanicPayload, catch, discard};

use super::Subsystem;
use super::factory::Shared;
use super::report::What;
use super::run::Run;
use crate::boxed::Result;
use crate::reload::{Change, Prepared};

/// The user's hook, called.
pub(crate) type BoxPrepare = Pin<Box<dyn Future<Output = Result<Prepared>> + Send>>;

/// What is asked. User code runs at the first poll of what this gives, not here: the driver never runs it.
pub(crate) trait Prepare: Send + Sync {
    fn prepare(self: Arc<Self>, run: &Arc<Run>, change: Change) -> BoxPrepare;
}

/// A function.
pub(super) struct Hook<F>(pub(super) F);

impl<F, Fut> Prepare for Hook<F>
where
    F: Fn(Change) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Prepared>> + Send + 'static,
{
    fn prepare(self: Arc<Self>, _: &Arc<Run>, change: Change) -> BoxPrepare {
        Box::pin(async move { (self.0)(change).await })
    }
}

impl<S: Subsystem> Prepare for Shared<S> {
    fn prepare(self: Arc<Self>, _: &Arc<Run>, change: Change) -> BoxPrepare {
        Box::pin(async move { self.0.prepare_reload(change).await })
    }
}

/// The value that a constructor made for the start that is alive.
pub(super) struct ByTheValue<S>(PhantomData<fn(S)>);

impl<S: Subsystem> ByTheValue<S> {
    pub(super) const NEW: Self = Self(PhantomData);
}

impl<S: Subsystem> Prepare for ByTheValue<S> {
    fn prepare(self: Arc<Self>, run: &Arc<Run>, change: Change) -> BoxPrepare {
        let run = Arc::clone(run);
        Box::pin(async move {
            match run.value::<S>() {
                Some(value) => value.prepare_reload(change).await,
                // It has not been made yet, or has ended: it starts with what is published.
                None => Ok(Prepared::restart()),
            }
        })
    }
}

/// One question, as a task: asks, drops the user's code, reports. Dropped before, it reports nothing.
pub(crate) struct Asking {
    hook: Option<BoxPrepare>,
    run: Arc<Run>,
    number: u32,
    /// It has gone to the back of the queue: that has the runtime wake another worker, should the user's code block
    /// this one.
    queued: bool,
}

impl Asking {
    pub(crate) fn new(hook: BoxPrepare, run: &Arc<Run>, number: u32) -> Self {
        Self { hook: Some(hook), run: Arc::clone(run), number, queued: false }
    }
}

impl Future for Asking {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !std::mem::replace(&mut this.queued, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(hook) = &mut this.hook else { return Poll::Ready(()) };
        let mut answer = match catch(|| hook.as_mut().poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(answer)) => answer,
            Err(payload) => panicked(payload),
        };
        let hook = this.hook.take();
        if let Err(payload) = catch(|| drop(hook)) {
            discard(std::mem::replace(&mut answer, panicked(payload)));
        }
        this.run.report(What::Prepared { number: this.number, answer: Box::new(answer) });
        Poll::Ready(())
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        discard(self.hook.take());
    }
}

fn panicked(payload: PanicPayload) -> Result<Prepared> {
    let text = format!("panicked: {payload}");
    // A payload is the user's value: its destructor may panic as well.
    discard(payload);
    Err(text.into())
}
