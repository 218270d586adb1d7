use std::fmt;

/// What a subsystem answers to a proposed configuration: see [`Subsystem::prepare_reload`].
///
/// Dropped without being committed, it leaves everything as it was: what was set up for the proposed
/// configuration belongs into the commit, and is dropped with it.
///
/// [`Subsystem::prepare_reload`]: crate::Subsystem::prepare_reload
#[derive(Default)]
#[must_use = "return it from the hook"]
pub struct Prepared {
    word: Word,
}

/// What it comes to.
#[derive(Default)]
pub(crate) enum Word {
    #[default]
    Nothing,
    Live,
    Restart,
    Commit(Box<dyn FnOnce() + Send>),
}

impl Prepared {
    /// The answer of one that was not asked.
    pub(crate) const NOTHING: Self = Self { word: Word::Nothing };

    /// It goes on running and reads its settings again by itself.
    pub const fn live() -> Self {
        Self { word: Word::Live }
    }

    /// It is to start again with the proposed configuration, once that is published.
    pub const fn restart() -> Self {
        Self { word: Word::Restart }
    }

    /// It goes on running; `commit` is called once the proposed configuration is published, after the commits of
    /// whatever it depends on. On the daemon's own task: it must not block. It cannot fail; if it panics, its
    /// subsystem starts again.
    pub fn commit(commit: impl FnOnce() + Send + 'static) -> Self {
        Self { word: Word::Commit(Box::new(commit)) }
    }

    pub(crate) fn into_word(self) -> Word {
        self.word
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.word {
            Word::Nothing => "Prepared::default()",
            Word::Live => "Prepared::live()",
            Word::Restart => "Prepared::restart()",
            Word::Commit(_) => "Prepared::commit(..)",
        })
    }
}
