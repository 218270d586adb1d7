use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;
use proc_daemon_runtime::{PanicPayload, TaskName};

use super::body::Body;
use super::called::Called;
use super::check::{Ask, BoxCheck};
use super::prepare::BoxPrepare;
use super::provided::is_own;
use super::run::Run;
use super::{Context, Subsystem};
use crate::boxed::Result;
use crate::health::Probe;

/// The task of one generation, ready to be spawned.
pub(crate) type BoxBody = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Makes the task of a generation. One box holds the body and the user's future.
///
/// User code - a closure's synchronous part, a constructor, a `clone` - runs at the task's first poll, not
/// here: the driver never runs it.
pub(crate) trait Factory: Send + Sync {
    fn make(self: Arc<Self>, run: &Arc<Run>) -> BoxBody;
}

/// A user's future.
pub(crate) type BoxRun = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Comes between a generation's task, or a check's, and the user's future. Only a simulation has one.
pub(crate) trait Wrap: Send + Sync {
    fn wrap(&self, run: &Arc<Run>, future: BoxRun) -> BoxRun;

    /// A child panicked, and nobody joins it.
    fn child_panicked(&self, run: &Run, child: Option<&TaskName>, payload: &PanicPayload);

    fn wrap_prepare(&self, run: &Arc<Run>, hook: BoxPrepare) -> BoxPrepare;

    fn wrap_check(&self, run: &Arc<Run>, probe: Probe, check: BoxCheck) -> BoxCheck;
}

fn body<F>(run: &Arc<Run>, future: F) -> BoxBody
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    match &run.shared.wrap {
        None => Box::pin(Body::new(Arc::clone(run), future)),
        Some(wrap) => {
            let wrapped = wrap.wrap(run, Box::pin(future));
            Box::pin(Body::new(Arc::clone(run), wrapped))
        }
    }
}

fn context(run: &Arc<Run>) -> Context {
    Context::new(Arc::clone(run))
}

/// A value: every start runs the same one.
pub(crate) struct Shared<S>(pub(crate) S);

impl<S: Subsystem> Factory for Shared<S> {
    fn make(self: Arc<Self>, run: &Arc<Run>) -> BoxBody {
        let ctx = context(run);
        body(run, async move { self.0.run(ctx).await })
    }
}

impl<S: Subsystem> Ask for Shared<S> {
    fn ask(self: Arc<Self>, run: &Arc<Run>) -> BoxCheck {
        let ctx = context(run);
        Box::pin(async move { self.0.health_check(ctx).await })
    }
}

/// A function: every start calls it.
pub(crate) struct Function<F>(pub(crate) F);

impl<F, Fut> Factory for Function<F>
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    fn make(self: Arc<Self>, run: &Arc<Run>) -> BoxBody {
        let ctx = context(run);
        body(run, Called::new(move || (self.0)(ctx)))
    }
}

/// A function and a state that is cloned for every start.
pub(crate) struct Stateful<S, F>(pub(crate) S, pub(crate) F);

impl<S, F, Fut> Factory for Stateful<S, F>
where
    S: Clone + Send + Sync + 'static,
    F: Fn(Context, S) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    fn make(self: Arc<Self>, run: &Arc<Run>) -> BoxBody {
        let ctx = context(run);
        body(run, Called::new(move || (self.1)(ctx, self.0.clone())))
    }
}

/// A function that can be called once.
pub(crate) struct Once<F>(pub(crate) Mutex<Option<F>>);

impl<F, Fut> Factory for Once<F>
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    fn make(self: Arc<Self>, run: &Arc<Run>) -> BoxBody {
        let (ctx, function) = (context(run), self.0.lock().take());
        body(run, async move {
            let function = function.ok_or("a subsystem that runs once cannot start again")?;
            function(ctx).await
        })
    }
}

/// One that was removed.
pub(crate) struct Removed;

impl Factory for Removed {
    fn make(self: Arc<Self>, run: &Arc<Run>) -> BoxBody {
        body(run, async { Err("it was removed".into()) })
    }
}

/// A constructor: every start makes a new value.
pub(crate) struct Constructor<F>(pub(crate) F);

impl<F, S> Factory for Constructor<F>
where
    F: Fn() -> Result<S> + Send + Sync + 'static,
    S: Subsystem,
{
    fn make(self: Arc<Self>, run: &Arc<Run>) -> BoxBody {
        let ctx = context(run);
        body(run, async move {
            let subsystem = (self.0)()?;
            if const { !is_own::<S, _, _>(&S::health_check) && !is_own::<S, _, _>(&S::prepare_reload) }
            {
                return subsystem.run(ctx).await;
            }
            let subsystem = Arc::new(subsystem);
            ctx.run().set_value(&subsystem);
            subsystem.run(ctx).await
        })
    }
}
