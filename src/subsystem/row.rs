use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

use once_cell::race::OnceBox;
use parking_lot::Mutex;
use proc_daemon_runtime::{Instant, TaskName, discard};

use crate::config::ErasedSection;
use crate::end::End;
use crate::health::HealthState;
use crate::state::SubsystemState;

/// One subsystem. Many are gone through at a start and at a stop: a row is one line of the processor's cache, and what
/// most have nothing of is elsewhere.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Row {
    /// With the place where it was given to the builder.
    pub(crate) name: TaskName,
    state: AtomicU8,
    /// A [`HealthState`]; 0 if it is not watched.
    health: AtomicU8,
    /// Those that depend on it may count on it.
    ready: AtomicBool,
    generation: AtomicU32,
    since: AtomicU64,
    /// When its last poll began, in nanoseconds; the lowest bit says that it has not returned.
    polled: AtomicU64,
    rare: OnceBox<Rare>,
}

const _: () = assert!(size_of::<Row>() == 64);

/// What most rows have nothing of.
#[derive(Debug, Default)]
struct Rare {
    /// The sections it owns.
    sections: Box<[ErasedSection]>,
    /// When the next start is due, if it is in backoff.
    due: AtomicU64,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// How its last generation ended.
    end: Option<End>,
    /// Why its health is not up.
    reason: Option<Arc<str>>,
}

/// The sign of life of one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) polled: Instant,
    pub(crate) in_poll: bool,
}

const IN_POLL: u64 = 1;
/// Set when the task is over; no clock gets there.
const GONE: u64 = 1 << 63;

impl Row {
    pub(crate) fn new(
        name: TaskName,
        location: &'static Location<'static>,
        sections: Box<[ErasedSection]>,
    ) -> Self {
        let rare = OnceBox::new();
        if !sections.is_empty() {
            let _ = rare.set(Box::new(Rare { sections, ..Rare::default() }));
        }
        Self {
            name: name.at(location),
            state: AtomicU8::new(SubsystemState::Registered as u8),
            health: AtomicU8::new(0),
            generation: AtomicU32::new(0),
            since: AtomicU64::new(0),
            polled: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            rare,
        }
    }

    fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// The sections it owns.
    pub(crate) fn sections(&self) -> &[ErasedSection] {
        self.rare.get().map_or(&[], |rare| &rare.sections)
    }

    /// The driver's part: how its last generation ended.
    pub(crate) fn publish_end(&self, end: End) {
        let last = self.rare().told.lock().end.replace(end);
        // It may hold the last of an error of the user's: its destructor may panic, and may look at this.
        discard(last);
    }

    pub(super) fn forget_told(&self) {
        if let Some(rare) = self.rare.get() {
            let last = std::mem::take(&mut *rare.told.lock());
            discard(last);
        }
    }

    pub(crate) fn last_end(&self) -> Option<End> {
        self.rare.get()?.told.lock().end.clone()
    }

    /// The driver's part: why its health is not up.
    pub(crate) fn set_reason(&self, reason: Option<Arc<str>>) {
        if reason.is_some() || self.rare.get().is_some() {
            self.rare().told.lock().reason = reason;
        }
    }

    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        self.rare.get()?.told.lock().reason.clone()
    }

    /// The driver's part: whether those that depend on it may count on it.
    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// Not one that has failed, although code of the user's is still to say what becomes of the daemon without it.
    pub(super) fn is_ready(&self) -> bool {
        use SubsystemState::{Failed, Removed, Zombie};
        let failed = matches!(self.state(), Failed | Zombie | Removed);
        self.ready.load(Ordering::Acquire) && !failed
    }

    /// Where it was given to the builder: `src/main.rs:12:10`.
    pub(crate) fn location(&self) -> String {
        self.name.site().map(ToString::to_string).unwrap_or_default()
    }

    /// The driver's part: what the engine decided.
    pub(crate) fn publish(&self, state: SubsystemState, generation: u32, now: Instant) {
        self.generation.store(generation, Ordering::Relaxed);
        self.since.store(now.as_nanos(), Ordering::Relaxed);
        self.state.store(state as u8, Ordering::Release);
    }

    pub(crate) fn state(&self) -> SubsystemState {
        SubsystemState::from_u8(self.state.load(Ordering::Acquire))
    }

    pub(crate) fn set_health(&self, health: Option<HealthState>) {
        self.health.store(HealthState::to_u8(health), Ordering::Relaxed);
    }

    /// None: it is not watched.
    pub(crate) fn health(&self) -> Option<HealthState> {
        HealthState::from_u8(self.health.load(Ordering::Relaxed))
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Relaxed)
    }

    pub(crate) fn since(&self) -> Instant {
        Instant::from_nanos(self.since.load(Ordering::Relaxed))
    }

    pub(crate) fn set_due(&self, at: Instant) {
        self.rare().due.store(at.as_nanos(), Ordering::Relaxed);
    }

    /// When the next start is due; none unless it is in backoff.
    pub(crate) fn due(&self) -> Option<Instant> {
        let rare = self.rare.get().filter(|_| self.state() == SubsystemState::Backoff)?;
        Some(Instant::from_nanos(rare.due.load(Ordering::Relaxed)))
    }

    pub(crate) fn poll_begins(&self, now: Instant) {
        self.polled.store(now.as_nanos() | IN_POLL, Ordering::Relaxed);
    }

    pub(crate) fn poll_ends(&self) {
        // One writer: the generation's own task.
        let began = self.polled.load(Ordering::Relaxed);
        self.polled.store(began & !IN_POLL, Ordering::Relaxed);
    }

    /// The generation's task is over, whatever the engine has been told.
    pub(crate) fn task_ends(&self) {
        self.polled.fetch_or(GONE, Ordering::Relaxed);
    }

    /// Whether the generation's task may be polled again.
    pub(super) fn has_task(&self) -> bool {
        self.polled.load(Ordering::Relaxed) & GONE == 0
    }

    /// None before the first poll.
    pub(crate) fn life(&self) -> Option<Life> {
        let polled = self.polled.load(Ordering::Relaxed);
        (polled != 0).then(|| Life {
            polled: Instant::from_nanos(polled & !(IN_POLL | GONE)),
            in_poll: polled & IN_POLL != 0,
        })
    }
}
