use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures_lite::future::zip;
use tokio::signal::unix::{SignalKind, signal as listen};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Delivery;
use crate::clock::{Stopwatch, Windows};
use crate::gate::FIRST;

async fn idle(token: CancellationToken) {
    FIRST.arrive();
    token.cancelled().await;
}

pub(crate) async fn shared(n: usize, hold: impl AsyncFnOnce()) -> Windows {
    let mut watch = Stopwatch::begin();
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    FIRST.expect(n);
    watch.built();
    for _ in 0..n {
        tracker.spawn(idle(token.clone()));
    }
    finish(watch, token, tracker, hold).await
}

pub(crate) async fn child(n: usize, hold: impl AsyncFnOnce()) -> Windows {
    let mut watch = Stopwatch::begin();
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    FIRST.expect(n);
    watch.built();
    for _ in 0..n {
        tracker.spawn(idle(token.child_token()));
    }
    finish(watch, token, tracker, hold).await
}

async fn finish(
    mut watch: Stopwatch,
    token: CancellationToken,
    tracker: TaskTracker,
    hold: impl AsyncFnOnce(),
) -> Windows {
    watch.started(FIRST.all().await);
    hold().await;
    watch.requested();
    token.cancel();
    tracker.close();
    tracker.wait().await;
    watch.stopped(Instant::now());
    drop((token, tracker));
    watch.freed()
}

pub(crate) async fn signal(main: bool, raise: impl FnOnce()) -> io::Result<Delivery> {
    let mut stream = listen(SignalKind::terminate())?;
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    let cancelled = Arc::new(OnceLock::new());
    FIRST.expect(1);
    let (stop, seen) = (token.clone(), Arc::clone(&cancelled));
    tracker.spawn(async move {
        idle(token).await;
        let _ = seen.set(Instant::now());
    });
    tracker.close();
    let hear = async move {
        stream.recv().await;
        stop.cancel();
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
        tracker.spawn(hear);
        raise.await
    };
    tracker.wait().await;
    let stopped = Instant::now();
    Ok(Delivery::new(raised, cancelled.get().copied().unwrap_or(stopped), stopped))
}
