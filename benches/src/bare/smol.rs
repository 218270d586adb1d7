use std::future::{Future, pending};
use std::io;
use std::sync::Arc;
use std::thread;

use proc_daemon_smol::SmolHandle;
use smol::Executor;

use super::Bare;
use crate::clock::Windows;
use crate::floors::{Delivery, event as floor};

/// An executor with a worker per core that end with the process.
#[derive(Clone)]
pub(crate) struct Smol(Arc<Executor<'static>>);

impl Smol {
    pub(crate) fn start() -> io::Result<Self> {
        let executor = Arc::new(Executor::new());
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let executor = Arc::clone(&executor);
            let work = move || smol::block_on(executor.run(pending::<()>()));
            thread::Builder::new().name("smol-worker".into()).spawn(work)?;
        }
        Ok(Self(executor))
    }
}

impl Bare for Smol {
    type Handle = SmolHandle;
    type Owned = proc_daemon_smol::Smol;

    fn handle(&self) -> SmolHandle {
        SmolHandle::adopt(&self.0)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        smol::block_on(future)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(future).detach();
    }

    fn shared(&self, n: usize, hold: impl AsyncFnOnce()) -> impl Future<Output = Windows> {
        floor::shared(self, n, hold)
    }

    fn child(&self, n: usize, hold: impl AsyncFnOnce()) -> impl Future<Output = Windows> {
        floor::child(self, n, hold)
    }

    fn signal(
        &self,
        main: bool,
        raise: impl FnOnce(),
    ) -> impl Future<Output = io::Result<Delivery>> {
        floor::signal(self, main, raise)
    }
}
