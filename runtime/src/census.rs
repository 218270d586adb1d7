use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// A count of things alive, for the [`ShutdownSummary`](crate::ShutdownSummary).
///
/// Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Census(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    count: AtomicUsize,
    /// Somebody waits, or has: only then is a count of none told.
    awaited: AtomicBool,
    lock: Mutex<()>,
    none: Condvar,
}

impl Census {
    /// Counts one more until the guard is dropped.
    pub fn enter(&self) -> Counted {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(&self.0))
    }

    /// Counts one more while `work` runs.
    pub fn during<T, W: FnOnce() -> T>(&self, work: W) -> impl FnOnce() -> T + use<T, W> {
        let census = self.clone();
        move || {
            let _counted = census.enter();
            work()
        }
    }

    /// How many guards are alive.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Blocks the thread until no guard is alive, at most for `grace`. Gives how many are.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "a thread waits in real time"
    )]
    pub fn wait(&self, grace: Duration) -> usize {
        self.0.awaited.store(true, Ordering::SeqCst);
        let until = std::time::Instant::now().checked_add(grace);
        let mut lock = self.0.lock.lock();
        while self.0.count.load(Ordering::SeqCst) > 0 {
            let timed_out = match until {
                Some(until) => self.0.none.wait_until(&mut lock, until).timed_out(),
                None => {
                    self.0.none.wait(&mut lock);
                    false
                }
            };
            if timed_out {
                break;
            }
        }
        self.0.count.load(Ordering::SeqCst)
    }
}

/// One thing in a [`Census`]; dropping it counts it out.
#[derive(Debug)]
#[must_use]
pub struct Counted(Arc<Inner>);

impl Drop for Counted {
    fn drop(&mut self) {
        // One that waits has said so before it has read the count: it sees this, or is told of it.
        if self.0.count.fetch_sub(1, Ordering::SeqCst) == 1 && self.0.awaited.load(Ordering::SeqCst)
        {
            drop(self.0.lock.lock());
            self.0.none.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn work_counts_while_it_runs() {
        let census = Census::default();
        let inner = census.clone();
        let work = census.during(move || inner.count());
        assert_eq!((census.count(), work(), census.count()), (0, 1, 0));
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "another thread and real time are what it is about"
    )]
    fn it_waits_for_the_last_and_no_longer_than_the_grace() {
        let census = Census::default();
        assert_eq!(census.wait(Duration::MAX), 0);
        let guard = census.enter();
        let (began, grace) = (std::time::Instant::now(), Duration::from_millis(1));
        assert_eq!(census.wait(grace), 1);
        assert!(began.elapsed() >= grace, "it has not waited");
        drop(guard);
        for _ in 0..50 {
            let guards = [census.enter(), census.enter()];
            let waits = census.clone();
            let waiter = thread::spawn(move || waits.wait(Duration::MAX));
            // Until it is there to be woken; it looks, and mostly waits again.
            while !census.0.none.notify_one() {
                thread::yield_now();
            }
            for guard in guards {
                thread::yield_now();
                drop(guard);
            }
            assert_eq!(waiter.join().unwrap(), 0);
        }
    }
}
