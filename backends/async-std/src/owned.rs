use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_global_executor::{GlobalExecutorConfig, init_with_config};
use parking_lot::Mutex;
use proc_daemon_runtime::{OwnedRuntime, RuntimeOptions, ShutdownSummary, catch};

use crate::AsyncStdHandle;

/// async-std's executor, which is process-wide: the first of these starts it, with its size and name.
///
/// Dropping it ends what it spawns from then on, as `shutdown(Duration::ZERO)` does.
#[derive(Debug)]
pub struct AsyncStd {
    handle: AsyncStdHandle,
}

/// The workers and the name that the executor was started with.
static STARTED: Mutex<Option<(usize, Arc<str>)>> = Mutex::new(None);

fn unsupported(option: &str, instead: &str) -> io::Error {
    RuntimeOptions::unsupported("async-std", option, instead)
}

/// Starts the executor, or checks that it was started like this.
fn start(workers: usize, name: &str) -> io::Result<()> {
    let wanted = format!("{workers} workers named {name:?}");
    let mut started = STARTED.lock();
    if let Some((running, called)) = &*started {
        if (*running, &**called) == (workers, name) {
            return Ok(());
        }
        let text = format!(
            "its executor is process-wide and runs already, with {running} workers named {called:?}"
        );
        return Err(unsupported(&wanted, &text));
    }
    let name: Arc<str> = name.into();
    let called = Arc::clone(&name);
    // No variable of the environment can have this name, so none overrides the size.
    let config = GlobalExecutorConfig::default()
        .with_env_var("\0")
        .with_min_threads(workers)
        .with_max_threads(workers)
        .with_thread_name_fn(move || called.to_string());
    catch(|| init_with_config(config)).map_err(|panic| io::Error::other(panic.to_string()))?;
    // A configuration that comes too late is dropped, and its closure with it.
    if Arc::strong_count(&name) == 1 {
        let text = "its executor is process-wide and other code has started it: build this one first, \
                    or take AsyncStdHandle::global()";
        return Err(unsupported(&wanted, text));
    }
    *started = Some((workers, name));
    Ok(())
}

impl OwnedRuntime for AsyncStd {
    type Runtime = AsyncStdHandle;

    fn build(options: &RuntimeOptions) -> io::Result<Self> {
        if options.max_blocking_threads.is_some() {
            let instead = "its blocking pool is process-wide, set BLOCKING_MAX_THREADS";
            return Err(unsupported("max_blocking_threads", instead));
        }
        let Some(workers) = options.worker_count() else {
            let instead = "its executor keeps at least one worker, take Threading::Workers";
            return Err(unsupported("Threading::CurrentThread", instead));
        };
        let name = options.thread_name.as_deref();
        start(workers.get(), name.unwrap_or("async-std/runtime"))?;
        Ok(Self { handle: AsyncStdHandle::global() })
    }

    fn handle(&self) -> AsyncStdHandle {
        self.handle.clone()
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        async_std::task::block_on(future)
    }

    /// The executor cannot be stopped: tasks stay, and are counted.
    fn shutdown(self, grace: Duration) -> ShutdownSummary {
        self.handle.tenants.end(grace, drop)
    }
}

impl Drop for AsyncStd {
    fn drop(&mut self) {
        let _ = self.handle.tenants.end(Duration::ZERO, drop);
    }
}
