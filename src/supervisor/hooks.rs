//! The user's code that decides for a subsystem, and what it says to the engine.

use std::sync::Arc;

use proc_daemon_runtime::catch;

use super::engine::Say;
use crate::end::End;
use crate::exit::Exit;
use crate::restart::Unless;
use crate::subsystem::{OnGiveUp, Prepare};

/// The user's code that decides for one subsystem. A panic in it counts as no answer.
pub(crate) struct Hooks {
    /// Whether an end is final.
    pub(crate) unless: Option<Unless>,
    pub(crate) on_give_up: Option<OnGiveUp>,
    /// Shown a proposed configuration.
    pub(crate) prepare: Option<Arc<dyn Prepare>>,
}

impl Hooks {
    /// Whether there is any.
    pub(crate) fn is_some(&self) -> bool {
        self.unless.is_some() || self.on_give_up.is_some() || self.prepare.is_some()
    }

    /// Whether a failure is final.
    pub(super) fn is_final(&self, end: &End) -> bool {
        let unless = self.unless.as_ref().filter(|_| end.is_failure());
        unless.is_some_and(|unless| catch(|| unless(end)).unwrap_or(false))
    }

    /// What becomes of the daemon without it.
    pub(super) fn gave_up(&self, end: &End) -> Say {
        let answer = self.on_give_up.as_ref().map(|decide| catch(|| decide(end)));
        say(answer.and_then(Result::ok).unwrap_or_default())
    }
}

/// What a subsystem, or the user's code about it, wants, as the engine knows it.
pub(super) fn say(exit: Exit) -> Say {
    match exit {
        Exit::Default => Say::Nothing,
        Exit::DoNotRestart => Say::Final,
        Exit::ShutdownDaemon(code) => Say::Shutdown(code),
    }
}
