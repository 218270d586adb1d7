//! A backend over futures-executor's thread pool, with a timer thread of its own and a thread for each piece of
//! blocking work.
//!
//! Tasks run on the pool; whoever blocks on the runtime polls its own future alone. Signals come from
//! the contract's own source.

mod timer;

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{io, thread};

use futures_executor::ThreadPool;
use futures_util::future::{AbortHandle, abortable};
use proc_daemon_runtime::signals::ThreadSignals;
use proc_daemon_runtime::{
    Capabilities, OwnedRuntime, Runtime, RuntimeOptions, ShutdownSummary, TaskName, Tenants,
};
use timer::Clock;

/// The runtime. Dropping it stops it without waiting.
pub struct Pool(Handle);

#[derive(Clone, Debug)]
pub struct Handle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: ThreadPool,
    clock: Clock,
    tenants: Tenants,
    alive: Mutex<Option<HashMap<u64, AbortHandle>>>, // `None` from the shutdown on
}

/// Another one each time.
fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl OwnedRuntime for Pool {
    type Runtime = Handle;

    fn build(options: &RuntimeOptions) -> io::Result<Self> {
        let refuse = |option, instead| Err(RuntimeOptions::unsupported("pool", option, instead));
        // An executor that others can poll runs its tasks inside `block_on` then; this one has workers alone.
        let Some(workers) = options.worker_count() else {
            return refuse("Threading::CurrentThread", "take Threading::Workers, for its pool");
        };
        if options.max_blocking_threads.is_some() {
            return refuse("max_blocking_threads", "each piece of work has a thread of its own");
        }
        let mut pool = ThreadPool::builder();
        pool.pool_size(workers.get());
        if let Some(name) = &options.thread_name {
            pool.name_prefix(name);
        }
        let inner = Inner {
            pool: pool.create()?,
            clock: Clock::start()?,
            tenants: Tenants::default(),
            alive: Mutex::new(Some(HashMap::new())),
        };
        Ok(Self(Handle(Arc::new(inner))))
    }

    fn handle(&self) -> Handle {
        self.0.clone()
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        futures_executor::block_on(future)
    }

    fn shutdown(self, grace: Duration) -> ShutdownSummary {
        self.0.end(grace)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let _ = self.0.end(Duration::ZERO);
    }
}

impl Handle {
    /// From here on nothing starts. No worker is joined: a task may block it for longer than the grace.
    fn end(&self, grace: Duration) -> ShutdownSummary {
        self.0.tenants.end(grace, |_| {
            let alive = self.0.alive.lock().unwrap().take();
            alive.into_iter().flatten().for_each(|(_, task)| task.abort());
            self.0.clock.stop();
        })
    }
}

impl Runtime for Handle {
    const NAME: &'static str = "pool";
    type Timer = Clock;
    type Signals = ThreadSignals;

    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::all().without_current_thread().without_blocking_cap();
        capabilities.timer_lateness(Duration::from_millis(1))
    }

    fn timer(&self) -> &Clock {
        &self.0.clock
    }

    fn signals(&self) -> &ThreadSignals {
        &ThreadSignals
    }

    fn spawn(&self, _: TaskName, future: impl Future<Output = ()> + Send + 'static) {
        let number = number();
        // A panic ends the task and not the worker; what is aborted is dropped on the pool.
        let Some(task) = self.0.tenants.task(future) else { return };
        let (task, abort) = abortable(task);
        let Some(alive) = &mut *self.0.alive.lock().unwrap() else { return };
        alive.insert(number, abort);
        let inner = Arc::clone(&self.0);
        self.0.pool.spawn_ok(async move {
            let _ = task.await;
            if let Some(alive) = &mut *inner.alive.lock().unwrap() {
                alive.remove(&number);
            }
        });
    }

    fn spawn_blocking(&self, _: TaskName, work: impl FnOnce() + Send + 'static) {
        // Without a thread it is dropped, and whoever joins it hears of that.
        let _ = thread::Builder::new().spawn(self.0.tenants.work(work));
    }
}
