//! What one generation's own future does, told to the book.
//!
//! 1. It is seen at the future itself, on the inner side of the task: nothing here comes from the engine.
//! 2. What an older generation does changes nothing of a newer one's entry.

use std::sync::Arc;

use super::book::{Came, Unit};
use super::story::SharedStory;
use crate::backends::sim::SimHandle;
use crate::health::Probe;
use crate::shutdown::is_stopping;
use crate::subsystem::{Run, Told};

/// Tells the story what one generation's future does.
pub(super) struct Seen {
    pub(super) story: SharedStory,
    pub(super) run: Arc<Run>,
}

impl Seen {
    fn unit(&self, with: impl FnOnce(&mut Unit)) {
        let mut story = self.story.lock();
        let unit = story.book.as_mut().and_then(|book| book.units.get_mut(self.run.unit as usize));
        if let Some(unit) = unit.filter(|unit| unit.generation == self.run.generation) {
            with(unit);
        }
    }

    /// After a poll: whether it has said that it is ready.
    pub(super) fn look(&self, handle: &SimHandle) {
        if self.run.has_told(Told::Ready) {
            let rests = handle.rests();
            self.unit(|unit| {
                unit.ready_at.get_or_insert(rests);
            });
        }
    }

    /// Before a poll of a check: whether anybody wants to know.
    pub(super) fn is_asked(&self, probe: Probe) {
        let mut wanted = true;
        self.unit(|unit| wanted = !unit.live || unit.pulse.is_wanted(probe));
        if !wanted {
            let (name, probe) = (&self.run.row().name, probe.as_str());
            let seen =
                format!("the {probe} check of `{name}` goes on, and checks are switched off");
            self.story.lock().broken("asked if it is wanted", seen);
        }
    }

    pub(super) fn kind(&self, error: &(dyn std::error::Error + 'static)) -> Came {
        let told = self.run.has_told(Told::Stopping);
        if told && is_stopping(error) { Came::Stopping } else { Came::Error }
    }

    /// The first end that is a failure counts, else the last.
    pub(super) fn came(&self, came: Came) {
        self.unit(|unit| match unit.outcome {
            Some(Came::Error | Came::Panic) => {}
            _ => unit.outcome = Some(came),
        });
    }

    pub(super) fn dropped(&self, handle: &SimHandle) {
        let rests = handle.rests();
        let busy = self.run.is_busy();
        let mut unheard = false;
        self.unit(|unit| {
            unit.dropped = true;
            unheard = unit.aborted_at.is_some_and(|at| at != rests);
            unit.busy |= busy;
            unit.dropped_at = Some(rests);
        });
        if unheard {
            let name = &self.run.row().name;
            let seen = format!("`{name}` was aborted, and the life came to rest before it ended");
            self.story.lock().broken("heard at once", seen);
        }
    }
}
