use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures_lite::StreamExt;
use futures_lite::future::zip;
use signal_hook::consts::SIGTERM;
use signal_hook_async_std::Signals;

use super::Delivery;
use crate::bare::Bare;
use crate::clock::{Stopwatch, Windows};
use crate::flag::Flag;
use crate::gate::FIRST;

/// How many tasks are left.
struct Left {
    count: AtomicUsize,
    none: Flag,
}

impl Left {
    fn new(n: usize) -> Arc<Self> {
        let none = Flag::default();
        if n == 0 {
            none.set();
        }
        Arc::new(Self { count: AtomicUsize::new(n), none })
    }
}

/// Counts its task out, however that ends.
struct Guard(Arc<Left>);

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none.set();
        }
    }
}

async fn idle(stop: Arc<Flag>, _guard: Guard) {
    FIRST.arrive();
    stop.wait().await;
}

pub(crate) async fn shared<B: Bare>(bare: &B, n: usize, hold: impl AsyncFnOnce()) -> Windows {
    let mut watch = Stopwatch::begin();
    let (stop, left) = (Arc::new(Flag::default()), Left::new(n));
    FIRST.expect(n);
    watch.built();
    for _ in 0..n {
        bare.spawn(idle(Arc::clone(&stop), Guard(Arc::clone(&left))));
    }
    watch.started(FIRST.all().await);
    hold().await;
    watch.requested();
    stop.set();
    left.none.wait().await;
    watch.stopped(Instant::now());
    drop((stop, left));
    watch.freed()
}

pub(crate) async fn child<B: Bare>(bare: &B, n: usize, hold: impl AsyncFnOnce()) -> Windows {
    let mut watch = Stopwatch::begin();
    let (mut stops, left) = (Vec::with_capacity(n), Left::new(n));
    FIRST.expect(n);
    watch.built();
    for _ in 0..n {
        let stop = Arc::new(Flag::default());
        stops.push(Arc::clone(&stop));
        bare.spawn(idle(stop, Guard(Arc::clone(&left))));
    }
    watch.started(FIRST.all().await);
    hold().await;
    watch.requested();
    stops.iter().for_each(|stop| stop.set());
    left.none.wait().await;
    watch.stopped(Instant::now());
    drop((stops, left));
    watch.freed()
}

pub(crate) async fn signal<B: Bare>(
    bare: &B,
    main: bool,
    raise: impl FnOnce(),
) -> io::Result<Delivery> {
    let mut stream = Signals::new([SIGTERM])?;
    let (stop, left) = (Arc::new(Flag::default()), Left::new(2));
    let cancelled = Arc::new(OnceLock::new());
    FIRST.expect(1);
    let (waits, guard, seen) =
        (Arc::clone(&stop), Guard(Arc::clone(&left)), Arc::clone(&cancelled));
    bare.spawn(async move {
        FIRST.arrive();
        waits.wait().await;
        let _ = seen.set(Instant::now());
        drop(guard);
    });
    let guard = Guard(Arc::clone(&left));
    let hear = async move {
        stream.next().await;
        stop.set();
        drop(guard);
    };
    let raise = async {
        FIRST.all().await;
        let raised = Instant::now();
        raise();
        raised
    };
    let raised = if main {
        zip(raise, hear).await.0
    } else {
        bare.spawn(hear);
        raise.await
    };
    left.none.wait().await;
    let stopped = Instant::now();
    Ok(Delivery::new(raised, cancelled.get().copied().unwrap_or(stopped), stopped))
}
