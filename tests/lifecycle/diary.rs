//! What bodies are made of: notes, gates, destructors.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Poll, Waker};

use parking_lot::Mutex;
use proc_daemon::{Context, Result};

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

    /// Notes `what` and when it was.
    pub(crate) fn at(&self, ctx: &Context, what: &str) {
        let at = ctx.now().since(proc_daemon::Instant::ZERO);
        self.note(format!("{at:?} {what}"));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }

    /// The place of a line that must be there once.
    #[track_caller]
    pub(crate) fn place(&self, line: &str) -> usize {
        let lines = self.lines();
        let mut places = (0..lines.len()).filter(|n| lines[*n] == line);
        let place = places.next().unwrap_or_else(|| panic!("no {line:?} in {lines:?}"));
        assert!(places.next().is_none(), "{line:?} twice in {lines:?}");
        place
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

/// Acts when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
