use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::Waker;

use proc_daemon_runtime::{Instant, TaskName};

use crate::clock::Clock;
use crate::policy::Ready;
use crate::{Policy, TaskDump};

/// A task's future.
pub(crate) type BoxTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is polled.
pub(crate) enum Work {
    Task(BoxTask),
    /// The future that `block_on` was called with, on its stack.
    Main,
}

/// The tasks that are alive, and those of them that are ready.
///
/// 1. A task is at most once in the queue.
/// 2. Numbers are not reused; places are. A waker names both, so one of an ended task wakes nobody.
#[derive(Default)]
pub(crate) struct Tasks {
    slots: Vec<Slot>,
    free: Vec<u32>,
    names: Vec<TaskName>,
    pub(crate) ready: VecDeque<Ready>,
    alive: usize,
}

struct Slot {
    /// The number of the task that is here; none if this place is free.
    id: Option<u32>,
    /// None while it is polled, as its waker.
    work: Option<Work>,
    waker: Option<Waker>,
    queued: bool,
    blocking: bool,
    priority: u32,
    polls: u32,
    polled: u64,
    /// How often nothing had been ready when it was polled last, and how often it was polled since.
    rests: u64,
    restless: u32,
}

/// A task taken out to be polled.
pub(crate) struct Taken {
    pub(crate) slot: u32,
    pub(crate) id: u32,
    pub(crate) work: Work,
    pub(crate) waker: Waker,
}

impl Tasks {
    /// Adds a task, ready. Gives its place and number, of which `waker` makes its waker.
    pub(crate) fn add(
        &mut self,
        name: TaskName,
        work: Work,
        blocking: bool,
        priority: u32,
        waker: impl FnOnce(u32, u32) -> Waker,
    ) -> (u32, u32) {
        let id = number(self.names.len());
        self.names.push(name);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::FREE);
            number(self.slots.len() - 1)
        });
        self.slots[slot as usize] = Slot {
            id: Some(id),
            work: Some(work),
            waker: Some(waker(slot, id)),
            queued: true,
            blocking,
            priority,
            ..Slot::FREE
        };
        self.ready.push_back(Ready { slot, priority, tires: false });
        self.alive += 1;
        (slot, id)
    }

    /// Puts the task into the queue. False if it is there already, or over.
    pub(crate) fn wake(&mut self, slot: u32, id: u32, rests: u64) -> bool {
        let Some(this) = self.slots.get_mut(slot as usize) else { return false };
        if this.id != Some(id) || this.queued {
            return false;
        }
        this.queued = true;
        let tires = this.rests == rests && this.restless >= Policy::PATIENCE;
        self.ready.push_back(Ready { slot, priority: this.priority, tires });
        true
    }

    /// Takes out a task that was picked from the queue.
    pub(crate) fn take(&mut self, picked: Ready, clock: &Clock) -> Option<Taken> {
        let this = &mut self.slots[picked.slot as usize];
        if this.rests != clock.rests() {
            (this.rests, this.restless) = (clock.rests(), 0);
        }
        this.restless += 1;
        this.queued = false;
        this.priority = picked.priority;
        this.polls += 1;
        this.polled = clock.now();
        let (id, work, waker) = (this.id?, this.work.take()?, this.waker.take()?);
        Some(Taken { slot: picked.slot, id, work, waker })
    }

    /// The places of all tasks, in the order of their numbers.
    pub(crate) fn places(&self) -> Vec<u32> {
        let alive = (0..).zip(&self.slots).filter_map(|(place, slot)| Some((slot.id?, place)));
        let mut alive: Vec<(u32, u32)> = alive.collect();
        alive.sort_unstable();
        alive.into_iter().map(|(_, place)| place).collect()
    }

    /// Takes out a task that waits, to be polled without a reason. None for `main` and for blocking work.
    pub(crate) fn probe(&mut self, place: u32) -> Option<(u32, BoxTask, Waker)> {
        let this = &mut self.slots[place as usize];
        let id = this.id.filter(|_| !this.blocking)?;
        match this.work.take()? {
            Work::Task(task) => Some((id, task, this.waker.take()?)),
            main @ Work::Main => {
                this.work = Some(main);
                None
            }
        }
    }

    /// Puts a task that is pending back.
    pub(crate) fn put_back(&mut self, slot: u32, work: Work, waker: Waker) {
        let this = &mut self.slots[slot as usize];
        (this.work, this.waker) = (Some(work), Some(waker));
    }

    /// Removes a task that is over. Gives what is to be dropped without the lock.
    pub(crate) fn remove(&mut self, slot: u32) -> (Option<Work>, Option<Waker>) {
        let gone = std::mem::replace(&mut self.slots[slot as usize], Slot::FREE);
        self.free.push(slot);
        self.alive -= 1;
        if gone.queued {
            self.ready.retain(|ready| ready.slot != slot);
        }
        (gone.work, gone.waker)
    }

    /// The place of a task that is alive, the oldest first.
    pub(crate) fn oldest(&self) -> Option<u32> {
        let alive = (0..).zip(&self.slots).filter_map(|(place, slot)| Some((slot.id?, place)));
        alive.min().map(|(_, place)| place)
    }

    pub(crate) fn alive(&self) -> usize {
        self.alive
    }

    /// The name of the task with this number, over or not.
    pub(crate) fn name(&self, id: u32) -> Option<&TaskName> {
        self.names.get(id as usize)
    }

    pub(crate) fn names(&self) -> &[TaskName] {
        &self.names
    }

    /// Every task that is alive but `main`, by number.
    pub(crate) fn dump(&self) -> Vec<TaskDump> {
        let mut dumps: Vec<TaskDump> = self
            .slots
            .iter()
            .filter(|slot| !matches!(slot.work, Some(Work::Main)))
            .filter_map(|slot| {
                let id = slot.id?;
                let name = self.names[id as usize].clone();
                Some(TaskDump {
                    id,
                    site: name.site(),
                    name,
                    polls: slot.polls,
                    polled: (slot.polls > 0).then(|| Instant::from_nanos(slot.polled)),
                    ready: slot.queued,
                    blocking: slot.blocking,
                })
            })
            .collect();
        dumps.sort_by_key(|dump| dump.id);
        dumps
    }
}

impl Slot {
    const FREE: Self = Self {
        id: None,
        work: None,
        waker: None,
        queued: false,
        blocking: false,
        priority: 0,
        polls: 0,
        polled: 0,
        rests: 0,
        restless: 0,
    };
}

fn number(length: usize) -> u32 {
    u32::try_from(length).expect("fewer than four billion tasks")
}
