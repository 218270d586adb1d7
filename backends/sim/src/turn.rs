//! What the loop does next.
//!
//! 1. Time moves only when nothing is ready, and by the cost of a poll.
//! 2. The sleeps that are over by then fire as one batch, in a chosen order, and nothing comes between two of them
//!    but what their wakers do.
//! 3. While tasks are ready without end, they fire every [`LOOK`] polls all the same.
//! 4. A device acts at its moment, before them: late by the cost of one poll at most.

use std::cmp::Reverse;
use std::task::Waker;
use std::time::Duration;

use proc_daemon_runtime::TaskName;

use crate::Verdict;
use crate::policy::Policy;
use crate::sites::{LATENESS, TIMER_ORDER};
use crate::tasks::{Taken, Work};
use crate::timers::{Act, Sleeper};
use crate::trace::{Kind, Record};
use crate::world::State;

/// Every so many polls without a rest, sleeps are looked at.
const LOOK: u64 = 32;

/// What the loop does next.
pub(crate) enum Turn {
    Poll(Taken),
    /// Wake the one whose sleep is over.
    Wake(Waker),
    Act(Act),
    /// Poll everybody without a reason.
    Probe,
    Halt(Verdict),
}

impl State {
    pub(crate) fn turn(&mut self) -> Turn {
        loop {
            if let Some(waker) = self.fire() {
                return Turn::Wake(waker);
            }
            if let Some(verdict) = &self.halt {
                return Turn::Halt(verdict.clone());
            }
            if let Some(signal) = self.signal_of_this_step() {
                return signal;
            }
            let resting = self.tasks.ready.is_empty();
            if resting {
                if let Some(turn) = self.rest() {
                    return turn;
                }
                // Time has moved on, and nothing of that moment has happened.
                self.steps += 1;
                if let Some(signal) = self.signal_of_this_step() {
                    return signal;
                }
            }
            let now = self.clock.now();
            if let Some((_, act)) = self.acts.take_due(now) {
                self.steps += 1;
                return Turn::Act(act);
            }
            let look = resting || self.restless.is_multiple_of(LOOK);
            if look && self.timers.next().is_some_and(|next| next <= now) {
                self.steps += 1;
                self.line_up(now);
                continue;
            }
            self.steps += 1;
            return self.poll();
        }
    }

    fn signal_of_this_step(&mut self) -> Option<Turn> {
        let &(at, signal) = self.at_step.front()?;
        if at > self.steps + 1 {
            return None;
        }
        self.at_step.pop_front();
        Some(Turn::Act(Act::Raise(signal)))
    }

    fn poll(&mut self) -> Turn {
        self.restless += 1;
        let limit = self.settled.poll_limit;
        if self.clock.poll() > limit {
            return Turn::Halt(Verdict::PollLimit(limit, self.tasks.dump()));
        }
        if self.restless > self.settled.restless_polls {
            return Turn::Halt(self.livelock());
        }
        self.pick()
    }

    #[cold]
    fn livelock(&self) -> Verdict {
        Verdict::Livelock { tasks: self.tasks.dump(), lately: self.lately() }
    }

    /// Who was polled in the last [`LOOK`] polls, and how often; tasks of one name and place are one.
    fn lately(&self) -> Vec<(TaskName, u64)> {
        let records = self.trace.records().iter().rev();
        let polls = records.filter(|record| record.kind == Kind::Poll);
        let mut lately: Vec<(TaskName, u64)> = Vec::new();
        for name in polls.filter_map(|record| self.tasks.name(record.task)).take(LOOK as usize) {
            let alike = |known: &TaskName| **known == **name && known.site() == name.site();
            match lately.iter_mut().find(|(known, _)| alike(known)) {
                Some((_, count)) => *count += 1,
                None => lately.push((name.clone(), 1)),
            }
        }
        lately.sort_by_key(|(_, count)| Reverse(*count));
        lately
    }

    /// Nothing is ready. Afterwards something is due, unless a turn is given.
    fn rest(&mut self) -> Option<Turn> {
        self.restless = 0;
        if self.settled.probes {
            let next = self.timers.next().into_iter().chain(self.acts.next()).min();
            let later = next.is_none_or(|next| next > self.clock.now());
            if later && !std::mem::replace(&mut self.probed, true) {
                return Some(Turn::Probe);
            }
            self.probed = false;
        }
        self.clock.rest();
        self.let_time_pass().map(Turn::Halt)
    }

    /// Moves time to what is next: a device's act at its moment, or a sleep, that or a little later.
    fn let_time_pass(&mut self) -> Option<Verdict> {
        let now = self.clock.now();
        let act = self.acts.next().unwrap_or(u64::MAX);
        let next = match (self.timers.next(), self.acts.next()) {
            (None, None) => return Some(Verdict::Deadlock(self.tasks.dump())),
            (Some(sleep), _) if sleep < act && sleep > now => {
                let late = match self.settled.lateness {
                    0 => 0,
                    most => most / 3 * u64::from(self.oracle.choose(4, LATENESS)),
                };
                sleep.saturating_add(late).min(act)
            }
            (Some(sleep), _) => sleep.min(act),
            (None, Some(act)) => act,
        };
        if next > now {
            self.clock.move_to(next);
            self.moved = next;
        }
        let limit = self.settled.time_limit;
        (next.max(now) > limit)
            .then(|| Verdict::TimeLimit(Duration::from_nanos(limit), self.tasks.dump()))
    }

    /// Moves time to the next signal or jump that comes by `until`, if one does before anything else is to be done.
    pub(crate) fn meanwhile(&mut self, until: u64) -> Option<Act> {
        let passive = |act: &Act| matches!(act, Act::Raise(_) | Act::Jump(_));
        let (at, act) = self.acts.take_due_if(until, passive)?;
        if at > self.clock.now() {
            self.clock.move_to(at);
        }
        Some(act)
    }

    /// Takes out the sleeps that are over, in a chosen order.
    fn line_up(&mut self, now: u64) {
        while let Some(due) = self.timers.take_due(now) {
            self.firing.push_back(due);
        }
        let policy = self.settled.policy;
        let all = self.firing.len();
        if all < 2 {
            return;
        }
        let due = self.firing.make_contiguous();
        for index in 0..all - 1 {
            let left = u32::try_from(all - index).unwrap_or(u32::MAX);
            let pick = self.oracle.decide(left, TIMER_ORDER, |rng| match policy {
                Policy::Fifo => 0,
                Policy::Lifo => left - 1,
                _ => rng.below(left),
            });
            due[index..=index + pick as usize].rotate_right(1);
        }
    }

    /// Fires the sleeps that are lined up, until a waker is to be called without the lock.
    fn fire(&mut self) -> Option<Waker> {
        while let Some((at, sleeper)) = self.firing.pop_front() {
            self.note(Kind::Due, at, 0);
            match sleeper {
                Sleeper::Task { slot, id } => self.wake(slot, id),
                Sleeper::Other { waker, .. } => return Some(waker),
            }
        }
        None
    }

    pub(crate) fn pick(&mut self) -> Turn {
        loop {
            let picked = self.scheduler.pick(&mut self.tasks.ready, &mut self.oracle);
            // A task that is over is not in the queue: this finds one at once.
            if let Some(taken) = self.tasks.take(picked, &self.clock) {
                self.enter(taken.slot, taken.id, &taken.waker);
                self.note(Kind::Poll, self.clock.polls(), 0);
                return Turn::Poll(taken);
            }
        }
    }

    /// A poll has returned pending.
    pub(crate) fn polled(&mut self, slot: u32, work: Work, waker: Waker) {
        self.pass();
        self.current = Record::NOBODY;
        self.tasks.put_back(slot, work, waker);
    }

    /// The time of a poll passes.
    pub(crate) fn pass(&mut self) {
        self.clock.move_to(self.clock.now().saturating_add(self.settled.poll_cost));
    }
}
