use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;

use super::body::Body;
use super::run::Run;
use super::{Context, Subsystem};
use crate::boxed::BoxError;

/// The task of one generation, ready to be spawned.
pub(crate) type BoxBody = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Makes the task of a generation. One box holds the body and the user's future.
pub(crate) trait Factory: Send + Sync {
    /// # Errors
    ///
    /// The user's own, from a fallible factory. Runs user code: it may panic.
    fn make(&self, run: &Arc<Run>) -> Result<BoxBody, BoxError>;
}

fn body<F>(run: &Arc<Run>, future: F) -> BoxBody
where
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    Box::pin(Body::new(Arc::clone(run), future))
}

fn context(run: &Arc<Run>) -> Context {
    Context::new(Arc::clone(run))
}

/// A value: every start runs the same one.
pub(crate) struct Shared<S>(pub(crate) Arc<S>);

impl<S: Subsystem> Factory for Shared<S> {
    fn make(&self, run: &Arc<Run>) -> Result<BoxBody, BoxError> {
        let (subsystem, ctx) = (Arc::clone(&self.0), context(run));
        Ok(body(run, async move { subsystem.run(ctx).await }))
    }
}

/// A function: every start calls it.
pub(crate) struct Function<F>(pub(crate) F);

impl<F, Fut> Factory for Function<F>
where
    F: Fn(Context) -> Fut + Send + Sync,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    fn make(&self, run: &Arc<Run>) -> Result<BoxBody, BoxError> {
        Ok(body(run, (self.0)(context(run))))
    }
}

/// A function and a state that is cloned for every start.
pub(crate) struct Stateful<S, F>(pub(crate) S, pub(crate) F);

impl<S, F, Fut> Factory for Stateful<S, F>
where
    S: Clone + Send + Sync,
    F: Fn(Context, S) -> Fut + Send + Sync,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    fn make(&self, run: &Arc<Run>) -> Result<BoxBody, BoxError> {
        Ok(body(run, (self.1)(context(run), self.0.clone())))
    }
}

/// A function that can be called once.
pub(crate) struct Once<F>(pub(crate) Mutex<Option<F>>);

impl<F, Fut> Factory for Once<F>
where
    F: FnOnce(Context) -> Fut + Send,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    fn make(&self, run: &Arc<Run>) -> Result<BoxBody, BoxError> {
        let function =
            self.0.lock().take().ok_or("a subsystem that runs once cannot start again")?;
        Ok(body(run, function(context(run))))
    }
}

/// A constructor: every start makes a new value.
pub(crate) struct Constructor<F>(pub(crate) F);

impl<F, S> Factory for Constructor<F>
where
    F: Fn() -> Result<S, BoxError> + Send + Sync,
    S: Subsystem,
{
    fn make(&self, run: &Arc<Run>) -> Result<BoxBody, BoxError> {
        let (subsystem, ctx) = ((self.0)()?, context(run));
        Ok(body(run, async move { subsystem.run(ctx).await }))
    }
}
