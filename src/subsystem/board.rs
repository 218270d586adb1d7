use std::collections::BTreeMap;
use std::ops::Deref;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use parking_lot::{Mutex, RwLock};
use proc_daemon_runtime::{AnyRuntime, Instant, TaskName, discard};

use super::{Kind, Needs, Row};
use crate::state::SubsystemState;
use crate::sync::{Latch, Ticket};

/// What can be read about every subsystem at any time, by any thread: the deadman reads it when every worker is
/// blocked and the engine cannot be asked.
///
/// The driver writes the states, each generation its own sign of life. Rows are there when the daemon is built, and are
/// read without a lock. Those that were added are behind one, which is held to look a row up, to enter and to forget
/// one, and never while code of the user's runs; nothing is kept of one that was forgotten.
#[derive(Debug, Default)]
pub(crate) struct Board {
    rows: OnceLock<Box<[Row]>>,
    /// The numbers of these by name, once one was looked for.
    by_name: OnceLock<Box<[u32]>>,
    /// Those that were added while it runs.
    added: RwLock<Added>,
    /// Who depends on whom, of the first rows.
    needs: OnceLock<Box<dyn Needs>>,
    /// What those that were added depend on. Its lock may be held when that of `added` is taken, not the other way round.
    needs_of_added: Mutex<BTreeMap<u32, Dependencies>>,
    ready: AtomicBool,
    /// A shutdown has begun, or the run is over: nobody counts on anybody.
    closed: AtomicBool,
    clock: Mutex<Clock>,
    /// Set when everything has been ready once, or never will be.
    settled: Latch,
}

/// What a subsystem depends on, by number.
type Dependencies = Box<[(u32, Kind)]>;

#[derive(Debug, Default)]
struct Added {
    rows: BTreeMap<u32, Arc<Row>>,
    by_name: BTreeMap<Arc<str>, u32>,
}

/// A row, as it was found.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Built(&'a Row),
    Added(Arc<Row>),
}

impl Deref for Found<'_> {
    type Target = Row;

    fn deref(&self) -> &Row {
        match self {
            Self::Built(row) => row,
            Self::Added(row) => row,
        }
    }
}

/// What tells the time.
#[derive(Debug, Default)]
enum Clock {
    #[default]
    Unset,
    Runs(AnyRuntime),
    Stopped(Instant),
}

impl Board {
    /// Fixes the rows, and who depends on whom. The first call counts.
    pub(crate) fn open(&self, rows: Box<[Row]>, needs: impl Needs + 'static) {
        let _ = self.needs.set(Box::new(needs));
        let _ = self.rows.set(rows);
    }

    /// A row more, and what it depends on. The driver's part.
    pub(crate) fn add(&self, unit: u32, row: Row, needs: &[(u32, Kind)]) {
        if !needs.is_empty() {
            self.needs_of_added.lock().insert(unit, needs.into());
        }
        let (name, row) = (row.name.to_shared(), Arc::new(row));
        let mut added = self.added.write();
        added.by_name.insert(name, unit);
        added.rows.insert(unit, row);
    }

    /// `unit` was removed, and nothing more is told of it. The driver's part.
    pub(crate) fn forget(&self, unit: u32) {
        if let Some(row) = self.first().get(unit as usize) {
            return row.forget_told();
        }
        self.needs_of_added.lock().remove(&unit);
        let gone = {
            let mut added = self.added.write();
            let gone = added.rows.remove(&unit);
            if let Some(row) = &gone
                && added.by_name.get(row.name.as_str()) == Some(&unit)
            {
                added.by_name.remove(row.name.as_str());
            }
            gone
        };
        // It may hold the last of an error of the user's.
        discard(gone);
    }

    #[inline]
    fn first(&self) -> &[Row] {
        self.rows.get().map_or(&[], |rows| rows)
    }

    /// All of them with their numbers, in the order of these: as they are now.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, Found<'_>)> {
        let added: Vec<(u32, Arc<Row>)> =
            self.added.read().rows.iter().map(|(unit, row)| (*unit, Arc::clone(row))).collect();
        let first = (0..).zip(self.first()).map(|(unit, row)| (unit, Found::Built(row)));
        first.chain(added.into_iter().map(|(unit, row)| (unit, Found::Added(row))))
    }

    /// The number of the subsystem with this name that has not been removed.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let first = self.first();
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: Box<[u32]> = (0..).zip(first).map(|(unit, _)| unit).collect();
            by_name.sort_unstable_by_key(|unit| first[*unit as usize].name.as_str());
            by_name
        });
        let built = by_name.binary_search_by_key(&name, |unit| &first[*unit as usize].name).ok();
        let built = built.map(|place| by_name[place]);
        let there = |unit: &u32| self.row(*unit).state() != SubsystemState::Removed;
        let added = || self.added.read().by_name.get(name).copied();
        built.filter(there).or_else(|| added().filter(there))
    }

    /// The names of those that have not been removed.
    pub(crate) fn names(&self) -> Vec<TaskName> {
        let rows = self.rows().filter(|(_, row)| row.state() != SubsystemState::Removed);
        rows.map(|(_, row)| row.name.clone()).collect()
    }

    /// Whether a subsystem that counts as alive still has a task.
    pub(crate) fn anything_left(&self) -> bool {
        self.rows().any(|(_, row)| row.state().is_alive() && row.has_task())
    }

    /// Whether every subsystem is ready and no shutdown has begun.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
        self.settled.set();
    }

    /// Nobody counts on anybody any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Whether those that depend on `unit` may count on it.
    pub(crate) fn counts_on(&self, unit: u32) -> bool {
        !self.closed.load(Ordering::Acquire) && self.row(unit).is_ready()
    }

    /// What `unit` waits for, in the order of registration.
    pub(crate) fn waits_for(&self, unit: u32) -> Vec<u32> {
        let mut waits = Vec::new();
        if self.row(unit).state() != SubsystemState::Waiting {
            return waits;
        }
        let mut visit = |on: u32, is_needed: bool| {
            let row = self.row(on);
            if !row.is_ready() && (is_needed || !row.state().is_over()) {
                waits.push(on);
            }
        };
        if (unit as usize) < self.first().len() {
            self.needs.get().into_iter().for_each(|needs| needs.each(unit, &mut visit));
        } else if let Some(needs) = self.needs_of_added.lock().get(&unit) {
            needs.iter().for_each(|(on, kind)| visit(*on, *kind >= Kind::Requires));
        }
        waits.sort_unstable();
        waits.dedup();
        waits
    }

    /// From here on, until it ends, the clock of `runtime` tells the time.
    pub(crate) fn clock_runs(&self, runtime: AnyRuntime) {
        *self.clock.lock() = Clock::Runs(runtime);
    }

    /// The run is over.
    pub(crate) fn clock_stops(&self, at: Instant) {
        let last = std::mem::replace(&mut *self.clock.lock(), Clock::Stopped(at));
        // The last of a runtime may be the last of its tasks.
        drop(last);
    }

    /// By the runtime's clock: 0 before the run, and after it the moment of its end.
    pub(crate) fn now(&self) -> Instant {
        match &*self.clock.lock() {
            Clock::Unset => Instant::ZERO,
            Clock::Runs(runtime) => runtime.now(),
            Clock::Stopped(at) => *at,
        }
    }

    /// Whether it was ready, once that is settled.
    pub(crate) fn poll_settled(&self, ticket: &mut Ticket, cx: &mut Context<'_>) -> Poll<bool> {
        self.settled.poll_wait(ticket, cx).map(|()| self.is_ready())
    }

    pub(crate) fn leave(&self, ticket: &mut Ticket) {
        self.settled.leave(ticket);
    }

    /// The row of one that is there. In the place of one that was forgotten a row without a name that says so.
    #[inline]
    pub(crate) fn row(&self, unit: u32) -> Found<'_> {
        match self.first().get(unit as usize) {
            Some(row) => Found::Built(row),
            None => self.later(unit),
        }
    }

    #[cold]
    fn later(&self, unit: u32) -> Found<'_> {
        let gone = || {
            let row = Row::new(TaskName::literal("?"), Location::caller(), Box::default());
            row.publish(SubsystemState::Removed, 0, Instant::ZERO);
            Found::Added(Arc::new(row))
        };
        self.added(unit).map_or_else(gone, Found::Added)
    }

    /// The row, if there is one.
    pub(crate) fn get(&self, unit: u32) -> Option<Found<'_>> {
        match self.first().get(unit as usize) {
            Some(row) => Some(Found::Built(row)),
            None => self.added(unit).map(Found::Added),
        }
    }

    /// The row of one that the daemon was built from.
    pub(crate) fn built(&self, unit: u32) -> &Row {
        &self.first()[unit as usize]
    }

    /// The row of one that was added.
    pub(crate) fn added(&self, unit: u32) -> Option<Arc<Row>> {
        self.added.read().rows.get(&unit).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of those that were built, none depends on another.
    #[derive(Debug)]
    struct Nobody;

    impl Needs for Nobody {
        fn each(&self, _: u32, _: &mut dyn FnMut(u32, bool)) {}
    }

    fn row(name: &str) -> Row {
        Row::new(name.to_owned().into(), Location::caller(), Box::default())
    }

    #[test]
    fn nothing_is_kept_of_what_was_added_and_forgotten() {
        let board = Board::default();
        board.open(["store", "http", "admin"].map(row).into(), Nobody);
        for unit in 3..100_003 {
            assert_eq!(board.find("guest"), None);
            board.add(unit, row("guest"), &[(0, Kind::Requires)]);
            assert_eq!((board.find("guest"), board.find("http")), (Some(unit), Some(1)));
            board.row(unit).publish(SubsystemState::Removed, 1, Instant::ZERO);
            board.forget(unit);
            assert!(board.get(unit).is_none());
        }
        let added = board.added.read();
        assert_eq!((added.rows.len(), added.by_name.len()), (0, 0));
        drop(added);
        assert_eq!(board.needs_of_added.lock().len(), 0);
        assert_eq!(board.rows().count(), 3);
        assert_eq!(board.row(7).state(), SubsystemState::Removed);
    }

    #[test]
    fn a_name_is_that_of_the_one_that_is_there() {
        let board = Board::default();
        board.open(["b", "a"].map(row).into(), Nobody);
        board.add(2, row("c"), &[]);
        assert_eq!(
            ["a", "b", "c", "d"].map(|name| board.find(name)),
            [Some(1), Some(0), Some(2), None]
        );
        board.row(1).publish(SubsystemState::Removed, 1, Instant::ZERO);
        assert_eq!(board.find("a"), None);
        board.add(3, row("a"), &[]);
        board.forget(1);
        assert_eq!(board.find("a"), Some(3));
        // It was removed, and another one of its name came before it was forgotten.
        board.row(3).publish(SubsystemState::Removed, 1, Instant::ZERO);
        board.add(4, row("a"), &[]);
        board.forget(3);
        assert_eq!(board.find("a"), Some(4));
        assert!(board.rows().map(|(unit, _)| unit).eq([0, 1, 2, 4]));
    }
}
