use std::time::Duration;

/// What a runtime declares it can and cannot do, so that a check can hold it to the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// How much later than its deadline a sleep fires on an idle machine, at most.
    pub timer_lateness: Duration,
    /// Whether tasks are dropped when the runtime is shut down; a process-wide executor keeps them.
    pub stops: bool,
    /// Whether the runtime can be built with `Threading::CurrentThread`.
    pub current_thread: bool,
    /// Whether `max_blocking_threads` can be honoured.
    pub blocking_cap: bool,
    /// Whether time passes by itself while threads wait; not so in a simulation.
    pub real_time: bool,
}

impl Capabilities {
    /// Everything, with timers of microseconds.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            timer_lateness: Duration::from_micros(500),
            stops: true,
            current_thread: true,
            blocking_cap: true,
            real_time: true,
        }
    }

    /// Declares how late a sleep may fire; 20 ms at least on Windows, whose own timers step by 15.6 ms.
    #[must_use]
    pub fn timer_lateness(mut self, lateness: Duration) -> Self {
        const STEP: Duration = Duration::from_millis(if cfg!(windows) { 20 } else { 0 });
        self.timer_lateness = lateness.max(STEP);
        self
    }

    /// Declares that the executor is process-wide: it cannot be stopped, nor run on one thread.
    #[must_use]
    pub const fn process_wide(mut self) -> Self {
        self.stops = false;
        self.current_thread = false;
        self
    }

    /// Declares that tasks run on workers alone.
    #[must_use]
    pub const fn without_current_thread(mut self) -> Self {
        self.current_thread = false;
        self
    }

    /// Declares that the blocking pool has a size of its own.
    #[must_use]
    pub const fn without_blocking_cap(mut self) -> Self {
        self.blocking_cap = false;
        self
    }

    /// Declares that time passes only when nothing is ready, and that every thread but one is a stranger to it.
    #[must_use]
    pub const fn virtual_time(mut self) -> Self {
        self.real_time = false;
        self
    }
}
