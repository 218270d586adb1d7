use std::sync::{Arc, OnceLock};
use std::task::Wake;
use std::time::{Duration, Instant};

/// How long each part took; see the crate's table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Windows {
    pub(crate) build: Duration,
    pub(crate) start: Duration,
    pub(crate) stop: Duration,
    pub(crate) free: Duration,
}

/// Takes the windows of one run, in order.
pub(crate) struct Stopwatch {
    windows: Windows,
    since: Instant,
}

impl Stopwatch {
    pub(crate) fn begin() -> Self {
        Self { windows: Windows::default(), since: Instant::now() }
    }

    pub(crate) fn built(&mut self) {
        let now = Instant::now();
        self.windows.build = now - self.since;
        self.since = now;
    }

    pub(crate) fn started(&mut self, at: Instant) {
        self.windows.start = at - self.since;
    }

    pub(crate) fn requested(&mut self) {
        self.since = Instant::now();
    }

    pub(crate) fn stopped(&mut self, at: Instant) {
        self.windows.stop = at.saturating_duration_since(self.since);
        self.since = at;
    }

    pub(crate) fn freed(mut self) -> Windows {
        self.windows.free = self.since.elapsed();
        self.windows
    }
}

/// A waker that keeps when it was woken first: what is published on a thread is timed on that thread.
#[derive(Default)]
pub(crate) struct Stamp(OnceLock<Instant>);

impl Stamp {
    pub(crate) fn at(&self) -> Option<Instant> {
        self.0.get().copied()
    }
}

impl Wake for Stamp {
    fn wake(self: Arc<Self>) {
        let _ = self.0.set(Instant::now());
    }
}
