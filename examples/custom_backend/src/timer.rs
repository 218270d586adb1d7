use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant as Moment;
use std::{io, thread};

use proc_daemon_runtime::{Alarm, ClockSleep, Instant, Timer};

use crate::number;

/// A clock, and the thread that wakes who sleeps by it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    epoch: Moment,
    waiting: Mutex<Option<Waiting>>, // `None` once it is stopped
    changed: Condvar,
}

/// By deadline and number.
type Waiting = BTreeMap<(Instant, u64), Waker>;

impl Clock {
    pub(crate) fn start() -> io::Result<Self> {
        let (waiting, changed) = (Mutex::new(Some(Waiting::new())), Condvar::new());
        let clock = Self(Arc::new(Shared { epoch: Moment::now(), waiting, changed }));
        let wakes = clock.clone();
        thread::Builder::new().name("timer".into()).spawn(move || wakes.run())?;
        Ok(clock)
    }

    pub(crate) fn stop(&self) {
        self.0.waiting.lock().unwrap().take();
        self.0.changed.notify_one();
    }

    fn run(&self) {
        let mut guard = self.0.waiting.lock().unwrap();
        while let Some(waiting) = &mut *guard {
            let now = self.now();
            guard = match waiting.first_entry() {
                None => self.0.changed.wait(guard).unwrap(),
                Some(first) if first.key().0 > now => {
                    let until = first.key().0.since(now);
                    self.0.changed.wait_timeout(guard, until).unwrap().0
                }
                Some(due) => {
                    let waker = due.remove();
                    drop(guard);
                    waker.wake();
                    self.0.waiting.lock().unwrap()
                }
            };
        }
    }

    fn change(&self, change: impl FnOnce(&mut Waiting) -> Option<Waker>) {
        // A waker may be the last owner of something that takes this lock.
        let replaced = self.0.waiting.lock().unwrap().as_mut().and_then(change);
        drop(replaced);
    }
}

impl Timer for Clock {
    type Sleep = ClockSleep<Self>;

    fn now(&self) -> Instant {
        Instant::from_epoch(self.0.epoch.elapsed())
    }

    fn sleep_until(&self, at: Instant) -> ClockSleep<Self> {
        ClockSleep::new(self.clone(), at)
    }
}

impl Alarm for Clock {
    type Entry = Option<Entry>;

    fn poll_alarm(
        &self,
        mut entry: Pin<&mut Self::Entry>,
        moved: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if let Some(at) = moved {
            entry.set(Some(Entry { clock: self.clone(), key: (at, number()) }));
        }
        if let Some(Entry { key, .. }) = entry.as_ref().get_ref() {
            self.change(|waiting| waiting.insert(*key, cx.waker().clone()));
            self.0.changed.notify_one();
        }
        Poll::Pending
    }
}

pub struct Entry {
    clock: Clock,
    key: (Instant, u64),
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.clock.change(|waiting| waiting.remove(&self.key));
    }
}
