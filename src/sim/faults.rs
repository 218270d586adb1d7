use std::ops::{Bound, RangeBounds};
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use crate::backends::sim::SimHandle;

/// What goes wrong in a life: each fault is a choice of the seed, so a failing life shrinks to the few that
/// matter.
///
/// ```
/// use std::time::Duration;
/// use proc_daemon::Signal;
/// use proc_daemon::sim::{Faults, any, subsystem};
///
/// let faults = Faults::swarm()
///     .panic(subsystem("db"), 0.1)
///     .slow_stop(any(), Duration::ZERO..Duration::from_secs(40))
///     .signal(Signal::Hangup, 1..20, Duration::from_millis(50))
///     .quiet_after(Duration::from_secs(120));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "hand it to `Sim::faults`"]
pub struct Faults {
    swarm: bool,
    pub(super) subsystems: Vec<(Who, Kind)>,
    signals: Vec<(Signal, (u32, u32), Duration)>,
    jumps: u32,
    pub(super) stuck_blocking: f64,
    pub(super) quiet_after: Option<Duration>,
}

/// Which subsystems a fault can strike; [`any`] or [`subsystem`].
#[derive(Clone, Debug)]
pub struct Who(Option<Arc<str>>);

/// Every subsystem.
#[must_use]
pub const fn any() -> Who {
    Who(None)
}

/// The subsystem with this name.
#[must_use]
pub fn subsystem(name: &str) -> Who {
    Who(Some(name.into()))
}

impl Who {
    pub(super) fn is(&self, name: &str) -> bool {
        self.0.as_deref().is_none_or(|mine| mine == name)
    }
}

/// What can happen to a subsystem.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Panic(f64),
    Error(f64),
    SlowStart(Duration, Duration),
    SlowStop(Duration, Duration),
    Deaf(f64),
    Stall(f64, Duration),
    Spurious(f64),
    Silence(f64),
}

/// # Which of them
impl Faults {
    /// No fault but those that are added; each of them in every life.
    pub fn none() -> Self {
        Self::default()
    }

    /// No fault but those that are added; each life has a random part of them, so that one fault does not
    /// hide another (swarm testing: Groce et al., ISSTA 2012).
    pub fn swarm() -> Self {
        Self { swarm: true, ..Self::default() }
    }

    /// No panic, error, stall, silence, spurious wake-up, slow start, signal or jump begins after this moment. A
    /// subsystem that was made deaf or slow to stop stays so, and blocking work may still be stuck.
    pub fn quiet_after(mut self, at: Duration) -> Self {
        self.quiet_after = Some(at);
        self
    }
}

/// # Faults of subsystems
///
/// A chance is that of one start. When the fault strikes is chosen too: one of the first polls, or a moment
/// of the life.
impl Faults {
    /// The subsystem panics. The panic runs no hook and is printed nowhere.
    pub fn panic(self, who: Who, chance: f64) -> Self {
        self.with(who, Kind::Panic(chance))
    }

    /// The subsystem returns an error.
    pub fn error(self, who: Who, chance: f64) -> Self {
        self.with(who, Kind::Error(chance))
    }

    /// The subsystem's future is first polled this much after its start.
    pub fn slow_start(self, who: Who, within: impl RangeBounds<Duration>) -> Self {
        let (from, to) = bounds(&within);
        self.with(who, Kind::SlowStart(from, to))
    }

    /// Once asked to stop, the subsystem ends this much later than it would.
    pub fn slow_stop(self, who: Who, within: impl RangeBounds<Duration>) -> Self {
        let (from, to) = bounds(&within);
        self.with(who, Kind::SlowStop(from, to))
    }

    /// Once asked to stop, the subsystem is not polled any more: it does not hear of it.
    pub fn deaf(self, who: Who, chance: f64) -> Self {
        self.with(who, Kind::Deaf(chance))
    }

    /// One poll of the subsystem takes up to `most`, and everything else stands still meanwhile: it blocks
    /// its thread.
    pub fn stall(self, who: Who, chance: f64, most: Duration) -> Self {
        self.with(who, Kind::Stall(chance, most))
    }

    /// The subsystem is polled without a reason, now and then.
    pub fn spurious(self, who: Who, chance: f64) -> Self {
        self.with(who, Kind::Spurious(chance))
    }

    /// The subsystem's future is not polled any more after some poll, until it is aborted: what it waits for
    /// never comes.
    pub fn silence(self, who: Who, chance: f64) -> Self {
        self.with(who, Kind::Silence(chance))
    }

    fn with(mut self, who: Who, kind: Kind) -> Self {
        self.subsystems.push((who, kind));
        self
    }
}

/// # Faults of the world
impl Faults {
    /// The signal arrives so many times, each at most `gap` after the one before, some at one instant. The
    /// first one arrives at any moment of the life.
    pub fn signal(mut self, signal: Signal, times: impl RangeBounds<u32>, gap: Duration) -> Self {
        let from = match times.start_bound() {
            Bound::Included(&n) => n,
            Bound::Excluded(&n) => n.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let to = match times.end_bound() {
            Bound::Included(&n) => n,
            Bound::Excluded(&n) => n.saturating_sub(1),
            Bound::Unbounded => from.saturating_add(16),
        };
        self.signals.push((signal, (from, to.max(from)), gap));
        self
    }

    /// The wall clock jumps up to so many times, by up to a day, either way.
    pub fn wall_clock_jumps(mut self, most: u32) -> Self {
        self.jumps = most;
        self
    }

    /// The chance that a piece of blocking work never returns. A swarm never leaves it out.
    pub fn stuck_blocking(mut self, chance: f64) -> Self {
        self.stuck_blocking = chance;
        self
    }
}

fn bounds(range: &impl RangeBounds<Duration>) -> (Duration, Duration) {
    const UNBOUNDED: Duration = Duration::from_secs(3600);
    let from = match range.start_bound() {
        Bound::Included(&from) | Bound::Excluded(&from) => from,
        Bound::Unbounded => Duration::ZERO,
    };
    let to = match range.end_bound() {
        Bound::Included(&to) => to,
        Bound::Excluded(&to) => to.saturating_sub(Duration::from_nanos(1)),
        Bound::Unbounded => from + UNBOUNDED,
    };
    (from, to.max(from))
}

impl Faults {
    /// Leaves out a part of the faults, if this is a swarm.
    pub(super) fn settle(mut self, handle: &SimHandle) -> Self {
        if self.swarm {
            self.subsystems.retain(|_| handle.choose(2, "swarm") == 1);
            self.signals.retain(|_| handle.choose(2, "swarm") == 1);
            if handle.choose(2, "swarm") == 0 {
                self.jumps = 0;
            }
        }
        self
    }

    /// Has the world's faults act, within a life of this length.
    pub(super) fn schedule(&self, handle: &SimHandle, lasting: Duration) {
        let end = self.quiet_after.unwrap_or(lasting).min(lasting);
        for (signal, (from, to), gap) in &self.signals {
            let times = from + handle.choose(to - from + 1, "signals");
            let mut at = moment(handle, end, "first signal");
            for _ in 0..times {
                handle.raise_at(at, *signal);
                let pause = handle.duration(Duration::ZERO, *gap, "pause between signals");
                at = at
                    + if handle.choose(4, "signals at one instant") == 1 {
                        Duration::ZERO
                    } else {
                        pause
                    };
                if at.since(Instant::ZERO) > end {
                    break;
                }
            }
        }
        for _ in 0..handle.choose(self.jumps + 1, "wall clock jumps") {
            const DAY: u64 = 86_400_000_000_000;
            let by = handle.duration(Duration::ZERO, Duration::from_nanos(2 * DAY), "jump");
            let nanos = i64::try_from(by.as_nanos()).unwrap_or(0) - DAY.cast_signed();
            handle.jump_at(moment(handle, end, "moment of a jump"), nanos);
        }
    }
}

/// A moment of the life: three in eight are among its first milliseconds, where most happens.
pub(super) fn moment(handle: &SimHandle, end: Duration, site: &str) -> Instant {
    let span = match handle.choose(8, "early or late") {
        0 => return Instant::ZERO,
        1 => end.min(Duration::from_millis(2)),
        2 => end.min(Duration::from_millis(200)),
        _ => end,
    };
    Instant::from_epoch(handle.duration(Duration::ZERO, span, site))
}
