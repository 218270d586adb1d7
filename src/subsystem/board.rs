use std::panic::Location;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};

use parking_lot::Mutex;
use proc_daemon_runtime::{Instant, TaskName, discard};

use crate::config::ErasedSection;
use crate::end::End;
use crate::health::HealthState;
use crate::state::SubsystemState;
use crate::sync::{Append, Latch, Ticket};

/// What can be read about every subsystem at any time, by any thread, without a lock: the deadman reads
/// it when every worker is blocked and the engine cannot be asked.
///
/// The driver writes the states, each generation its own sign of life. Rows are there when the daemon
/// is built; one that was added stays, also when its subsystem is removed.
#[derive(Debug, Default)]
pub(crate) struct Board {
    rows: OnceLock<Box<[Row]>>,
    /// Those that were added while it runs.
    added: Append<Row>,
    ready: AtomicBool,
    /// Set when everything has been ready once, or never will be.
    settled: Latch,
}

/// One subsystem.
#[derive(Debug)]
pub(crate) struct Row {
    /// With the place where it was given to the builder.
    pub(crate) name: TaskName,
    /// The sections it owns; none needs no allocation.
    pub(crate) sections: Box<[ErasedSection]>,
    state: AtomicU8,
    /// A [`HealthState`]; 0 if it is not watched.
    health: AtomicU8,
    generation: AtomicU32,
    since: AtomicU64,
    /// When the next start is due, if it is in backoff.
    due: AtomicU64,
    /// When its last poll began, in nanoseconds; the lowest bit says that it has not returned.
    polled: AtomicU64,
    end: Mutex<Option<Box<End>>>,
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

impl Board {
    /// Fixes the rows. The first call counts.
    pub(crate) fn open(&self, rows: Box<[Row]>) {
        let _ = self.rows.set(rows);
    }

    /// A row more. The driver's part.
    pub(crate) fn add(&self, row: Row) {
        self.added.push(row);
    }

    fn first(&self) -> &[Row] {
        self.rows.get().map_or(&[], |rows| rows)
    }

    /// How many there are, those that were removed among them.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.first().len()).unwrap_or(u32::MAX).saturating_add(self.added.len())
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        let added = (0..self.added.len()).filter_map(|index| self.added.get(index));
        self.first().iter().chain(added)
    }

    /// The number of the subsystem with this name that has not been removed.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let mut rows = (0..).zip(self.rows());
        let is = |row: &Row| row.name.as_str() == name && row.state() != SubsystemState::Removed;
        rows.find(|(_, row)| is(row)).map(|(unit, _)| unit)
    }

    /// Whether a subsystem that counts as alive still has a task.
    pub(crate) fn anything_left(&self) -> bool {
        let has_task = |row: &Row| row.polled.load(Ordering::Relaxed) & GONE == 0;
        self.rows().any(|row| row.state().is_alive() && has_task(row))
    }

    /// Whether every subsystem is ready and no shutdown has begun.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
        self.settled.set();
    }

    /// Whether it was ready, once that is settled.
    pub(crate) fn poll_settled(&self, ticket: &mut Ticket, cx: &mut Context<'_>) -> Poll<bool> {
        self.settled.poll_wait(ticket, cx).map(|()| self.is_ready())
    }

    pub(crate) fn leave(&self, ticket: &mut Ticket) {
        self.settled.leave(ticket);
    }

    pub(crate) fn row(&self, unit: u32) -> &Row {
        let first = self.first();
        let added = || {
            let index = unit - u32::try_from(first.len()).unwrap_or(u32::MAX);
            self.added.get(index).expect("a row is there before anybody knows its number")
        };
        first.get(unit as usize).unwrap_or_else(added)
    }

    /// The row, if there is one.
    pub(crate) fn get(&self, unit: u32) -> Option<&Row> {
        (unit < self.len()).then(|| self.row(unit))
    }
}

impl Row {
    pub(crate) fn new(
        name: TaskName,
        location: &'static Location<'static>,
        sections: Box<[ErasedSection]>,
    ) -> Self {
        Self {
            name: name.at(location),
            sections,
            state: AtomicU8::new(SubsystemState::Registered as u8),
            health: AtomicU8::new(0),
            generation: AtomicU32::new(0),
            since: AtomicU64::new(0),
            due: AtomicU64::new(0),
            polled: AtomicU64::new(0),
            end: Mutex::new(None),
        }
    }

    /// The driver's part: how its last generation ended.
    pub(crate) fn publish_end(&self, end: End) {
        let last = self.end.lock().replace(Box::new(end));
        // It may hold the last of an error of the user's: its destructor may panic, and may look at this.
        discard(last);
    }

    pub(crate) fn last_end(&self) -> Option<End> {
        self.end.lock().as_deref().cloned()
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
        self.due.store(at.as_nanos(), Ordering::Relaxed);
    }

    /// When the next start is due; none unless it is in backoff.
    pub(crate) fn due(&self) -> Option<Instant> {
        (self.state() == SubsystemState::Backoff)
            .then(|| Instant::from_nanos(self.due.load(Ordering::Relaxed)))
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

    /// None before the first poll.
    pub(crate) fn life(&self) -> Option<Life> {
        let polled = self.polled.load(Ordering::Relaxed);
        (polled != 0).then(|| Life {
            polled: Instant::from_nanos(polled & !(IN_POLL | GONE)),
            in_poll: polled & IN_POLL != 0,
        })
    }
}
