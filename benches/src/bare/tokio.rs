use std::future::Future;
use std::io;
use std::sync::Arc;

use proc_daemon::runtime::RuntimeOptions;
use proc_daemon_tokio::TokioHandle;
use tokio::runtime::{Builder, Runtime};

use super::Bare;
use crate::clock::Windows;
use crate::floors::{Delivery, tokio as floor};

/// tokio with timers and I/O; `CURRENT`: without workers.
#[derive(Clone)]
pub(crate) struct Tokio<const CURRENT: bool>(Arc<Runtime>);

impl<const CURRENT: bool> Tokio<CURRENT> {
    pub(crate) fn start() -> io::Result<Self> {
        let mut builder = match CURRENT {
            true => Builder::new_current_thread(),
            false => Builder::new_multi_thread(),
        };
        builder.enable_all().build().map(|runtime| Self(Arc::new(runtime)))
    }
}

impl<const CURRENT: bool> Bare for Tokio<CURRENT> {
    type Handle = TokioHandle;
    type Owned = proc_daemon_tokio::Tokio;
    const OPTIONS: RuntimeOptions = match CURRENT {
        true => RuntimeOptions::new().current_thread(),
        false => RuntimeOptions::new(),
    };

    fn handle(&self) -> TokioHandle {
        TokioHandle::adopt(self.0.handle()).expect("it has timers and I/O")
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        drop(self.0.spawn(future));
    }

    fn shared(&self, n: usize, hold: impl AsyncFnOnce()) -> impl Future<Output = Windows> {
        floor::shared(n, hold)
    }

    fn child(&self, n: usize, hold: impl AsyncFnOnce()) -> impl Future<Output = Windows> {
        floor::child(n, hold)
    }

    fn signal(
        &self,
        main: bool,
        raise: impl FnOnce(),
    ) -> impl Future<Output = io::Result<Delivery>> {
        floor::signal(main, raise)
    }
}
