//! The plan of what goes wrong in a life: what a user writes, and its part that acts upon the world.
//!
//! The part that strikes subsystems is `strike` and `wrap`; whether a plan makes sense is `fit`.
//!
//! 1. A plan is a value: it chooses nothing before the life begins.
//! 2. Each fault is a choice of the seed, 0 of which is that it does not strike.
//! 3. Nothing begins after the quiet moment.

use std::ops::RangeBounds;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use super::span::Span;
use crate::backends::sim::SimHandle;

/// What goes wrong in a life: each fault is a choice of the seed, so a failing life shrinks to the few that
/// matter.
///
/// A plan that cannot strike is refused, and the life is not lived: one that names a subsystem that there is
/// not, has an empty range (`5..5`), or a chance that is not from 0 to 1. The verdict says which fault it is.
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
    pub(super) signals: Vec<(Signal, Span<u32>, Duration)>,
    pub(super) jumps: u32,
    pub(super) stuck_blocking: f64,
    pub(super) quiet_after: Option<Duration>,
}

/// Which subsystems a fault can strike; [`any`] or [`subsystem`].
#[derive(Clone, Debug)]
pub struct Who(pub(super) Option<Arc<str>>);

/// Every subsystem.
#[must_use]
pub const fn any() -> Who {
    Who(None)
}

/// The subsystem with this name. A plan that names one that there is not is refused.
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
    SlowStart(Span<Duration>),
    SlowStop(Span<Duration>),
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

    /// No fault but those that are added; each life has a random part of them, stuck blocking work and the
    /// jumps of the wall clock among them, so that one fault does not hide another (swarm testing: Groce et
    /// al., ISSTA 2012).
    pub fn swarm() -> Self {
        Self { swarm: true, ..Self::default() }
    }

    /// No fault begins after this moment of virtual time. One that has begun goes on:
    ///
    /// | fault | begins |
    /// |---|---|
    /// | panic, error, silence, stall, spurious wake-up | when it strikes |
    /// | slow start | at the first poll of a start |
    /// | slow stop | when the subsystem would end after it was asked to stop |
    /// | deaf | at the first poll after it was asked to stop |
    /// | signal, jump of the wall clock | when it arrives |
    /// | stuck blocking work | when its thread has come |
    ///
    /// A signal or a jump that is due at the last moment may arrive the cost of one poll later. A moment that no
    /// clock reaches, `Duration::MAX` say, is none.
    pub fn quiet_after(mut self, at: Duration) -> Self {
        self.quiet_after = Some(at).filter(|at| !Instant::from_epoch(*at).is_never());
        self
    }
}

/// # Faults of subsystems
///
/// A chance, from 0 to 1, is that of one start. When the fault strikes is chosen too: one of the first polls, or
/// a moment of the life. A moment within a stall, of this subsystem or another one, is as late as the stall's
/// end: nothing is polled meanwhile.
///
/// A range of durations without an end goes on for an hour.
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
        self.with(who, Kind::SlowStart(Span::of(&within)))
    }

    /// Once asked to stop, the subsystem ends this much later than it would.
    pub fn slow_stop(self, who: Who, within: impl RangeBounds<Duration>) -> Self {
        self.with(who, Kind::SlowStop(Span::of(&within)))
    }

    /// Once asked to stop, the subsystem is not polled any more: it does not hear of it.
    pub fn deaf(self, who: Who, chance: f64) -> Self {
        self.with(who, Kind::Deaf(chance))
    }

    /// One poll of the subsystem takes up to `most`, and everything else stands still meanwhile: it blocks
    /// its thread. Signals arrive at their moment within it and are heard at its end.
    pub fn stall(self, who: Who, chance: f64, most: Duration) -> Self {
        self.with(who, Kind::Stall(chance, most))
    }

    /// The subsystem is polled once without a reason.
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
    /// first one arrives at any moment of the life. A range without an end goes on for 16 more; one that goes
    /// beyond 100 000 is refused.
    pub fn signal(mut self, signal: Signal, times: impl RangeBounds<u32>, gap: Duration) -> Self {
        self.signals.push((signal, Span::of(&times), gap));
        self
    }

    /// The wall clock jumps up to so many times, by up to a day, either way. More than 100 000 are refused.
    pub fn wall_clock_jumps(mut self, most: u32) -> Self {
        self.jumps = most;
        self
    }

    /// The chance that a piece of blocking work never returns.
    pub fn stuck_blocking(mut self, chance: f64) -> Self {
        self.stuck_blocking = chance;
        self
    }
}

impl Faults {
    /// Leaves out a part of the faults, if this is a swarm.
    pub(super) fn settle(mut self, handle: &SimHandle) -> Self {
        if self.swarm {
            self.subsystems.retain(|_| handle.choose(2, "swarm") == 1);
            self.signals.retain(|_| handle.choose(2, "swarm") == 1);
            if self.jumps > 0 && handle.choose(2, "swarm") == 0 {
                self.jumps = 0;
            }
            if self.stuck_blocking > 0.0 && handle.choose(2, "swarm") == 0 {
                self.stuck_blocking = 0.0;
            }
        }
        self
    }

    /// Until when faults begin, in a life of this length.
    pub(super) fn end(&self, lasting: Duration) -> Duration {
        self.quiet_after.map_or(lasting, |quiet| quiet.min(lasting))
    }

    /// Has the world's faults act, within a life of this length.
    pub(super) fn schedule(&self, handle: &SimHandle, lasting: Duration) {
        let end = self.end(lasting);
        for (signal, times, gap) in &self.signals {
            let Some((from, to)) = times.ends() else { continue };
            let times = from + handle.choose(to - from + 1, "signals");
            let mut at = moment(handle, end, "first signal");
            for _ in 0..times {
                handle.raise_at(at, *signal);
                let pause = handle.duration(Duration::ZERO, *gap, "pause between signals");
                if handle.choose(4, "signals at one instant") != 1 {
                    at = at + pause;
                }
                if at > Instant::from_epoch(end) {
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
