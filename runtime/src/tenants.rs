use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::{Census, Counted, Detached, ShutdownSummary, catch, discard};

/// The tasks and the blocking work of one runtime, and its end: for executors that neither count what runs on them nor
/// keep out what comes late.
///
/// Clones are the same tenants. They keep no runtime alive.
#[derive(Clone, Debug, Default)]
pub struct Tenants(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    tasks: Census,
    blocking: Census,
    staying: Census,
    closed: Mutex<bool>,
}

impl Tenants {
    /// What to hand to the executor for `future`: counted, its panic its own (L2). Nothing after the end: the future is
    /// dropped here.
    pub fn task<F: Future<Output = ()>>(&self, future: F) -> Option<Detached<F>> {
        let task = Detached::new(&self.0.tasks, future);
        // Not dropped under the lock: the user's destructor may spawn.
        let closed = *self.0.closed.lock();
        if closed { None } else { Some(task) }
    }

    /// What to hand to a thread that may block for `work`: its panic is its own (L2), and it is counted and waited for
    /// once it has started. Started after the end it drops `work`.
    pub fn work<W: FnOnce() + Send + 'static>(&self, work: W) -> impl FnOnce() + Send + use<W> {
        let tenants = self.clone();
        move || {
            let Some(_stays) = tenants.stay() else { return discard(work) };
            let _ = tenants.0.blocking.during(|| catch(work))();
        }
    }

    /// What the end waits for until it is dropped. Nothing after the end.
    #[must_use]
    pub fn stay(&self) -> Option<Counted> {
        // Under the lock: whoever closes waits for everyone who was let in.
        let closed = self.0.closed.lock();
        (!*closed).then(|| self.0.staying.enter())
    }

    /// From here on nothing starts. Stops the executor by `stop`, blocks up to `grace` until nobody stays, and says who
    /// is left. `stop` is handed one more who stays, for what takes its time after it has returned.
    ///
    /// A second end does nothing.
    pub fn end(&self, grace: Duration, stop: impl FnOnce(Counted)) -> ShutdownSummary {
        let last = {
            let mut closed = self.0.closed.lock();
            if std::mem::replace(&mut *closed, true) {
                return ShutdownSummary::default();
            }
            self.0.staying.enter()
        };
        let leaked = self.0.tasks.count();
        stop(last);
        let _ = self.0.staying.wait(grace);
        ShutdownSummary::new(leaked, self.0.blocking.count())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn who_is_left_is_counted_and_nobody_comes_late() {
        let tenants = Tenants::default();
        let task = tenants.task(pending());
        let ended = tenants.task(std::future::ready(())).unwrap();
        drop(ended);
        let late = tenants.work(|| panic!("it has not started before the end"));
        let inner = tenants.clone();
        tenants.work(move || {
            let mut stopped = false;
            let summary = inner.end(Duration::from_millis(1), |_| stopped = true);
            assert_eq!((summary.leaked_tasks, summary.blocked_threads), (1, 1));
            assert!(stopped, "the executor was not stopped");
        })();
        assert!(tenants.task(pending()).is_none() && tenants.stay().is_none());
        late();
        drop(task);
        let again = tenants.end(Duration::MAX, |_| panic!("it has been stopped"));
        assert_eq!(again, ShutdownSummary::default());
    }

    #[test]
    fn what_comes_late_may_spawn_as_it_is_dropped() {
        struct Spawns(Tenants);
        impl Drop for Spawns {
            fn drop(&mut self) {
                assert!(self.0.task(pending()).is_none() && self.0.stay().is_none());
            }
        }
        let tenants = Tenants::default();
        let _ = tenants.end(Duration::ZERO, drop);
        let spawns = Spawns(tenants.clone());
        let late = tenants.task(async move {
            let _spawns = &spawns;
            pending::<()>().await;
        });
        assert!(late.is_none());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "another thread is what it is about")]
    fn the_end_waits_for_who_stays() {
        let tenants = Tenants::default();
        let stays = tenants.stay();
        let (sender, receiver) = channel();
        let (told, reaped) = (sender.clone(), tenants.end(Duration::ZERO, drop));
        assert!(reaped.is_clean());
        drop(stays);
        let tenants = Tenants::default();
        let summary = tenants.end(Duration::MAX, |stays| {
            std::thread::spawn(move || {
                told.send(()).unwrap();
                drop(stays);
            });
        });
        receiver.try_recv().expect("it has waited");
        assert!(summary.is_clean());
    }

    #[test]
    fn a_panic_of_work_is_its_own() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("in drop");
            }
        }
        let tenants = Tenants::default();
        tenants.work(|| panic!("on purpose"))();
        let bomb = Bomb;
        let late = tenants.work(move || drop(bomb));
        assert!(tenants.end(Duration::MAX, drop).is_clean());
        late();
    }
}
