//! The bare runtimes, as a program without proc-daemon uses them.
//!
//! Floors and daemons share one of these: the daemon adopts what the floor spawns on.

mod async_std;
mod smol;
mod tokio;

use std::fmt;
use std::future::Future;
use std::io;

use proc_daemon::runtime::{OwnedRuntime, Runtime, RuntimeOptions};

use crate::clock::Windows;
use crate::floors::Delivery;

pub(crate) use self::async_std::AsyncStd;
pub(crate) use self::smol::Smol;
pub(crate) use self::tokio::Tokio;

/// A runtime and how many threads it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// tokio, a worker per core.
    Tokio,
    /// tokio, no worker.
    TokioCurrent,
    /// async-std, a worker per core.
    AsyncStd,
    /// smol, a worker per core.
    Smol,
    /// One thread on virtual time: the simulator, and what it is compared with; and what needs no runtime.
    Virtual,
}

impl Backend {
    /// Every backend on real time.
    pub const REAL: [Self; 4] = [Self::Tokio, Self::TokioCurrent, Self::AsyncStd, Self::Smol];

    /// The name in tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::TokioCurrent => "tokio-current",
            Self::AsyncStd => "async-std",
            Self::Smol => "smol",
            Self::Virtual => "virtual",
        }
    }

    /// The backend called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::REAL.into_iter().chain([Self::Virtual]).find(|backend| backend.name() == name)
    }

    /// Whether the peer of this build runs on it.
    #[must_use]
    pub const fn has_peer(self) -> bool {
        match self {
            Self::Tokio | Self::TokioCurrent => cfg!(feature = "peer-tokio"),
            Self::AsyncStd => cfg!(all(feature = "peer-async-std", not(feature = "peer-tokio"))),
            Self::Smol | Self::Virtual => false,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A running runtime with nothing of ours in it.
pub(crate) trait Bare: Clone + Send + Sync + 'static {
    /// What a daemon adopts.
    type Handle: Runtime;
    /// What `main_on` builds, and with which options.
    type Owned: OwnedRuntime;
    const OPTIONS: RuntimeOptions = RuntimeOptions::new();

    fn handle(&self) -> Self::Handle;
    fn block_on<F: Future>(&self, future: F) -> F::Output;
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static);

    /// The floor with one stop for all tasks.
    fn shared(&self, n: usize, hold: impl AsyncFnOnce()) -> impl Future<Output = Windows>;
    /// The floor with one stop for each task.
    fn child(&self, n: usize, hold: impl AsyncFnOnce()) -> impl Future<Output = Windows>;
    /// Signal stream, token, task; `raise` is called when they wait. `main`: the stream is awaited in
    /// `block_on`, as a daemon has it, else in a task.
    fn signal(
        &self,
        main: bool,
        raise: impl FnOnce(),
    ) -> impl Future<Output = io::Result<Delivery>>;
}
