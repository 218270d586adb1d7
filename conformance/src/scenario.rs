use std::fmt;

use proc_daemon_runtime::{Capabilities, RuntimeOptions};

/// What is known of a scenario before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// Its id, which does not change: `SLEEP-03`.
    pub id: &'static str,
    /// The law, as a sentence: `a_due_sleep_is_ready_at_once`.
    pub name: &'static str,
    /// What it is about.
    pub tier: Tier,
    /// What must hold.
    pub goal: &'static str,
    /// How that is found out.
    pub method: &'static str,
    /// The capabilities without which it has no meaning; with none it cannot be declared away.
    pub needs: &'static [Need],
    pub(crate) place: Place,
}

/// The two levels of the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Tier {
    /// A law of the contract: the backend alone.
    Law,
    /// A daemon's life: the core on the backend.
    Core,
}

/// A capability that a backend may declare absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Need {
    /// The row has two workers: not a capability, but how the runtime of this row is built.
    Workers,
    /// Time passes by itself, and other threads act meanwhile: [`Capabilities::real_time`].
    RealTime,
    /// A shutdown drops the tasks: [`Capabilities::stops`].
    Stops,
    /// Tasks can run on the thread that blocks on the runtime: [`Capabilities::current_thread`].
    CurrentThread,
    /// The threads for blocking work can be limited: [`Capabilities::blocking_cap`].
    BlockingCap,
}

/// Where a scenario runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a thread of its own.
    Thread,
    /// In a process of its own: it changes what is process-wide, or blocks what others use.
    Process,
    /// In a process of its own, which it ends with this code.
    Exit(u8),
}

impl Scenario {
    pub(crate) const fn new(
        tier: Tier,
        id: &'static str,
        name: &'static str,
        goal: &'static str,
        method: &'static str,
    ) -> Self {
        Self { id, name, tier, goal, method, needs: &[], place: Place::Thread }
    }

    pub(crate) const fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    pub(crate) const fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The number of the contract's law that it checks, `L5`: none for what has no number of its own.
    #[must_use]
    pub fn law(&self) -> Option<&'static str> {
        crate::laws::law_of(self.id)
    }

    /// `SLEEP-03 a_due_sleep_is_ready_at_once`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.id, self.name)
    }
}

impl Tier {
    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Core => "core",
        }
    }
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Workers, Self::RealTime, Self::Stops, Self::CurrentThread, Self::BlockingCap];

    /// Whether a backend that is built like this declares that it has it.
    #[must_use]
    pub fn declared(self, capabilities: &Capabilities, options: &RuntimeOptions) -> bool {
        match self {
            Self::Workers => options.worker_count().is_some_and(|workers| workers.get() > 1),
            Self::RealTime => capabilities.real_time,
            Self::Stops => capabilities.stops,
            Self::CurrentThread => capabilities.current_thread,
            Self::BlockingCap => capabilities.blocking_cap,
        }
    }

    /// The name of the field of [`Capabilities`], or `workers`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workers => "workers",
            Self::RealTime => "real_time",
            Self::Stops => "stops",
            Self::CurrentThread => "current_thread",
            Self::BlockingCap => "blocking_cap",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
