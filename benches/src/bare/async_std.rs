use std::future::Future;
use std::io;

use proc_daemon_async_std::AsyncStdHandle;

use super::Bare;
use crate::clock::Windows;
use crate::floors::{Delivery, event as floor};

/// async-std's executor, which is process-wide.
#[derive(Clone)]
pub(crate) struct AsyncStd;

impl Bare for AsyncStd {
    type Handle = AsyncStdHandle;
    type Owned = proc_daemon_async_std::AsyncStd;

    fn handle(&self) -> AsyncStdHandle {
        AsyncStdHandle::global()
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_std::task::block_on(future)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        drop(async_std::task::spawn(future));
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
