//! What bodies are made of: notes, destructors. `tests/lifecycle` compiles it too.

#![allow(dead_code, reason = "each crate that compiles it uses a part of it")]

use std::sync::Arc;

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

/// Acts when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
