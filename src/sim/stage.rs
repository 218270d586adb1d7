use std::future::{Future, poll_fn};
use std::panic::Location;
use std::task::Poll;
use std::time::Duration;

use proc_daemon_runtime::{Instant, Runtime, Signal, Timer};

use super::story::SharedStory;
use crate::backends::sim::SimHandle;
use crate::config::Edited;
use crate::daemon::{Daemon, ExitReport};
use crate::state::SubsystemState;

/// What a script holds: the daemon from outside, time, and signals. A clone is the same stage.
///
/// Time passes only in what is awaited.
#[derive(Clone)]
pub struct Stage {
    pub(super) handle: SimHandle,
    pub(super) daemon: Daemon,
    pub(super) story: SharedStory,
    pub(super) edited: Edited,
}

/// # Waiting
impl Stage {
    /// Waits until every subsystem is ready.
    ///
    /// # Panics
    ///
    /// If a shutdown begins before that; the text says where it was waited for.
    #[track_caller]
    pub fn until_ready(&self) -> impl Future<Output = ()> + use<> {
        let (daemon, place) = (self.daemon.clone(), Location::caller());
        async move {
            if !daemon.ready().await {
                panic!("{place}: the daemon will not be ready: {}", why(&daemon));
            }
        }
    }

    /// Waits until the subsystem named `name` is in `state`; gives how long that took.
    ///
    /// # Panics
    ///
    /// If there is no such subsystem, at once; or if the daemon ends before that. The text says where it was
    /// waited for.
    #[track_caller]
    pub fn until(
        &self,
        name: &str,
        state: SubsystemState,
    ) -> impl Future<Output = Duration> + use<> {
        let _ = self.state(name);
        let (stage, name, began) = (self.clone(), name.to_owned(), self.now());
        let place = Location::caller();
        let mut stopped = Box::pin(self.daemon.stopped());
        async move {
            let over = poll_fn(|cx| {
                if stage.daemon.status().state_of(&name) == Some(state) {
                    return Poll::Ready(false);
                }
                stage.story.lock().waiting.push(cx.waker().clone());
                stopped.as_mut().poll(cx).map(|_| true)
            });
            if over.await {
                let why = why(&stage.daemon);
                panic!("{place}: `{name}` was never {state}: the daemon has ended: {why}");
            }
            stage.now().since(began)
        }
    }

    /// Lets this much time pass.
    pub fn advance(&self, time: Duration) -> impl Future<Output = ()> + use<> {
        self.handle.timer().sleep(time)
    }

    /// Waits until the daemon has ended.
    pub fn finish(&self) -> impl Future<Output = ExitReport> + use<> {
        self.daemon.stopped()
    }
}

/// # Acting
impl Stage {
    /// A signal arrives.
    pub fn raise(&self, signal: Signal) {
        self.handle.raise(signal);
    }

    /// The configuration is edited, whole: what is read from now on is `toml`. With `hot_reload = true` the daemon
    /// learns of it as of a file that is watched; else by a signal, or [`Daemon::reload`].
    pub fn edit_config(&self, toml: &str) {
        self.edited.set(toml);
        self.daemon.touch();
    }

    /// Notes that a situation was reached; see [`reached`](super::reached).
    pub fn reached(&self, situation: &'static str) {
        self.handle.reached(situation);
    }

    /// A number below `of`, chosen by the seed; `site` says what is chosen. 0 is the dull answer, to which
    /// a failing life shrinks.
    #[must_use]
    pub fn choose(&self, of: u32, site: &str) -> u32 {
        self.handle.choose(of, site)
    }
}

/// # Looking
impl Stage {
    /// The state of the subsystem named `name`.
    ///
    /// # Panics
    ///
    /// If there is none, with the names that there are.
    #[must_use]
    #[track_caller]
    pub fn state(&self, name: &str) -> SubsystemState {
        let status = self.daemon.status();
        match status.state_of(name) {
            Some(state) => state,
            None => {
                let names: Vec<_> = status.subsystems.iter().map(|known| &known.name).collect();
                panic!("there is no subsystem `{name}`, only {names:?}")
            }
        }
    }

    /// How often the subsystem named `name` was started again; 0 if there is none.
    #[must_use]
    pub fn restarts(&self, name: &str) -> u64 {
        let status = self.daemon.status();
        status.subsystems.iter().find(|known| known.name == name).map_or(0, |known| known.restarts)
    }

    /// The current moment; the life begins at 0.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.handle.timer().now()
    }

    /// The daemon.
    #[must_use]
    pub fn daemon(&self) -> Daemon {
        self.daemon.clone()
    }
}

fn why(daemon: &Daemon) -> String {
    daemon.cause().map_or_else(|| "it has not begun".to_owned(), |reason| reason.to_string())
}
