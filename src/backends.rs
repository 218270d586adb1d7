//! The backends, each behind its feature. The only file of this crate that names a runtime.

#[cfg(feature = "async-std")]
pub use proc_daemon_async_std as async_std;
#[cfg(feature = "sim")]
pub use proc_daemon_sim as sim;
#[cfg(feature = "smol")]
pub use proc_daemon_smol as smol;
#[cfg(feature = "tokio")]
pub use proc_daemon_tokio as tokio;

use std::io;

#[cfg(any(feature = "tokio", feature = "async-std", feature = "smol", feature = "sim"))]
use proc_daemon_runtime::Ambient;
use proc_daemon_runtime::AnyRuntime;

/// The runtime that `main` builds: tokio if its feature is on, else smol, else async-std. A daemon that
/// means one runtime, whatever features its dependencies switch on, names it with `main_on`.
#[cfg(feature = "tokio")]
pub type Default = tokio::Tokio;

/// The runtime that `main` builds.
#[cfg(all(feature = "smol", not(feature = "tokio")))]
pub type Default = smol::Smol;

/// The runtime that `main` builds.
#[cfg(all(feature = "async-std", not(any(feature = "tokio", feature = "smol"))))]
pub type Default = async_std::AsyncStd;

/// The runtime that this code is being polled on, by context and not by features: tokio's current
/// handle, else an async-std task, else smol's global executor.
pub(crate) fn ambient() -> io::Result<AnyRuntime> {
    #[allow(unused_mut, reason = "without a backend nothing is tried")]
    let mut tried: Vec<String> = Vec::new();
    // A simulation is never entered by accident, and runs on a thread that may have a runtime as well.
    #[cfg(feature = "sim")]
    if let Ok(handle) = sim::SimHandle::current() {
        return Ok(handle.into());
    }
    #[cfg(feature = "tokio")]
    if let Some(found) = attempt::<tokio::TokioHandle>(&mut tried) {
        return found;
    }
    #[cfg(feature = "async-std")]
    if let Some(found) = attempt::<async_std::AsyncStdHandle>(&mut tried) {
        return found;
    }
    #[cfg(feature = "smol")]
    if let Some(found) = attempt::<smol::SmolHandle>(&mut tried) {
        return found;
    }
    if tried.is_empty() {
        tried.push("no backend feature (`tokio`, `smol`, `async-std`) is on".into());
    }
    let text = format!("{}; or hand a runtime over with `run_on`, or use `main`", tried.join("; "));
    Err(io::Error::new(io::ErrorKind::NotFound, text))
}

/// The runtime that this code is being polled on, if it would not let another one block its thread.
pub(crate) fn occupied() -> Option<&'static str> {
    #[cfg(feature = "tokio")]
    if <tokio::TokioHandle as Ambient>::current().is_ok() {
        return Some("tokio");
    }
    #[cfg(feature = "async-std")]
    if <async_std::AsyncStdHandle as Ambient>::current().is_ok() {
        return Some("async-std");
    }
    None
}

/// None: the code is not polled on that runtime, look further.
#[cfg(any(feature = "tokio", feature = "async-std", feature = "smol"))]
fn attempt<R: Ambient>(tried: &mut Vec<String>) -> Option<io::Result<AnyRuntime>> {
    match R::current() {
        Ok(runtime) => Some(Ok(runtime.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tried.push(error.to_string());
            None
        }
        Err(error) => Some(Err(error)),
    }
}
