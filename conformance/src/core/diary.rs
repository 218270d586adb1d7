//! What bodies are made of: notes, gates, destructors.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Poll, Waker};

use parking_lot::Mutex;
use proc_daemon::{Context, Daemon, Result, SubsystemState};
use proc_daemon_runtime::discard;

/// A subsystem that ends when it is asked to.
pub(crate) async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

/// What happened, in order, told from anywhere.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.lock().push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

/// Opens once; whoever waits for it is woken.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Gate {
    pub(crate) fn open(&self) {
        let waiting = {
            let mut gate = self.0.lock();
            gate.0 = true;
            std::mem::take(&mut gate.1)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn opened(&self) -> impl Future<Output = ()> + Send + use<> {
        let gate = self.clone();
        poll_fn(move |cx| {
            let mut gate = gate.0.lock();
            if gate.0 {
                return Poll::Ready(());
            }
            gate.1.push(cx.waker().clone());
            Poll::Pending
        })
    }
}

/// Resolves when `name` is in `state`.
///
/// # Panics
///
/// If the daemon ends before.
pub(crate) async fn until(daemon: &Daemon, name: &str, state: SubsystemState) {
    let mut events = daemon.subscribe_events();
    while daemon.status().state_of(name) != Some(state) {
        let event = events.next_event().await;
        discard(event.unwrap_or_else(|| panic!("`{name}` was never {state}")));
    }
}

/// Acts when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
