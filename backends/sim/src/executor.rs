//! The loop: pick, poll, and when nothing is ready, let time pass.
//!
//! 1. Time moves only when nothing is ready, and by the cost of a poll.
//! 2. The sleeps that are over by then fire as one batch, in a chosen order.
//! 3. While tasks are ready without end, they fire every [`LOOK`] polls all the same.
//! 4. A device acts at its moment, before them: late by the cost of one poll at most.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proc_daemon_runtime::{Instant, TaskName, Timer, catch};

use crate::handle::{Entered, SimHandle};
use crate::policy::Policy;
use crate::tasks::{Taken, Work};
use crate::timers::Act;
use crate::trace::{Kind, Record};
use crate::world::{State, World};
use crate::{SimTimer, Verdict, tasks::BoxTask};

/// Every so many polls without a rest, sleeps are looked at.
const LOOK: u64 = 32;

/// What the loop does next.
enum Turn {
    Poll(Taken),
    /// Wake them, in this order.
    Fire(Vec<(u64, Waker)>),
    Act(Act),
    /// Poll everybody without a reason.
    Probe,
    Halt(Verdict),
}

impl World {
    /// Polls `main` and every task until `main` resolves, or nothing more can come of it.
    pub(crate) fn run<F: Future>(
        self: &Arc<Self>,
        name: TaskName,
        main: F,
    ) -> Result<F::Output, Verdict> {
        let _entered = Entered::new(SimHandle::new(Arc::clone(self)));
        let mut main = std::pin::pin!(main);
        let _place = Place { world: self, slot: self.state().add(self, name, Work::Main, false) };
        loop {
            let turn = self.state().turn();
            match turn {
                Turn::Halt(verdict) => return Err(verdict),
                Turn::Act(act) => self.perform(act),
                Turn::Probe => self.probe(),
                Turn::Fire(due) => self.fire(due),
                Turn::Poll(Taken { slot, id, work: Work::Task(task), waker }) => {
                    self.poll_task(slot, id, task, &waker);
                }
                Turn::Poll(Taken { slot, work: Work::Main, waker, .. }) => {
                    let polled = main.as_mut().poll(&mut Context::from_waker(&waker));
                    let halt = {
                        let mut state = self.state();
                        state.polled(slot, Work::Main);
                        state.halt.clone()
                    };
                    // The output's destructor is the user's: not with the lock held.
                    if let Poll::Ready(output) = polled {
                        return halt.map_or(Ok(output), Err);
                    }
                }
            }
        }
    }

    /// Polls what is ready, and what that makes ready, without letting time pass.
    pub(crate) fn settle(self: &Arc<Self>) {
        let _entered = Entered::new(SimHandle::new(Arc::clone(self)));
        let most = self.state().settled.restless_polls;
        for _ in 0..most {
            let turn = {
                let mut state = self.state();
                if state.tasks.ready.is_empty() {
                    return;
                }
                state.polls += 1;
                state.pick()
            };
            if let Turn::Poll(Taken { slot, id, work: Work::Task(task), waker }) = turn {
                self.poll_task(slot, id, task, &waker);
            }
        }
    }

    fn poll_task(&self, slot: u32, id: u32, mut task: BoxTask, waker: &Waker) {
        let polled = catch(|| task.as_mut().poll(&mut Context::from_waker(waker)));
        let panic = match polled {
            Ok(Poll::Pending) => {
                self.state().polled(slot, Work::Task(task));
                return;
            }
            Ok(Poll::Ready(())) => catch(|| drop(task)).err(),
            Err(payload) => {
                // A destructor that panics as well is treated alike.
                let _ = catch(|| drop(task));
                Some(payload)
            }
        };
        let gone = {
            let mut state = self.state();
            state.pass();
            let kind = if panic.is_some() { Kind::Panic } else { Kind::Done };
            state.note(kind, 0, 0);
            if let Some(payload) = &panic {
                let name = state.tasks.name(id).cloned().unwrap_or(TaskName::literal("?"));
                state.panics.push((name, payload.to_string()));
            }
            state.current = Record::NOBODY;
            state.tasks.remove(slot)
        };
        drop(gone);
        // The payload is the user's value: its destructor may panic too.
        let _ = catch(|| drop(panic));
    }

    /// Polls every task at a rest. Each waits for a wake-up, so nothing may come of it: neither its end, nor
    /// anybody's wake-up, nor a new sleep.
    fn probe(&self) {
        let places = {
            let mut state = self.state();
            state.probing = true;
            state.tasks.places()
        };
        for place in places {
            let Some((id, mut task, waker)) = self.state().tasks.probe(place) else { continue };
            let before = {
                let mut state = self.state();
                state.current = id;
                state.trace.hash()
            };
            let polled = catch(|| task.as_mut().poll(&mut Context::from_waker(&waker)));
            let mut state = self.state();
            state.current = Record::NOBODY;
            state.tasks.put_back(place, Work::Task(task));
            let still = state.tasks.ready.is_empty() && state.trace.hash() == before;
            if !still || !matches!(polled, Ok(Poll::Pending)) {
                let who = state.tasks.dump().into_iter().filter(|task| task.id == id).collect();
                state.halt.get_or_insert(Verdict::LostWakeup(who));
                break;
            }
        }
        self.state().probing = false;
    }

    fn fire(&self, due: Vec<(u64, Waker)>) {
        for (at, waker) in due {
            self.state().note(Kind::Due, at, 0);
            waker.wake();
        }
    }
}

impl State {
    fn turn(&mut self) -> Turn {
        if let Some(verdict) = &self.halt {
            return Turn::Halt(verdict.clone());
        }
        if let Some(&(at, signal)) = self.at_step.front()
            && at <= self.steps + 1
        {
            self.at_step.pop_front();
            return Turn::Act(Act::Raise(signal));
        }
        let resting = self.tasks.ready.is_empty();
        if resting {
            self.restless = 0;
            let next = self.timers.next().into_iter().chain(self.acts.next()).min();
            let later = next.is_none_or(|next| next > self.now);
            if self.settled.probes && later && !std::mem::replace(&mut self.probed, true) {
                return Turn::Probe;
            }
            self.probed = false;
            self.rests += 1;
            if let Some(halt) = self.let_time_pass() {
                return Turn::Halt(halt);
            }
        }
        if let Some((_, act)) = self.acts.take_due(self.now) {
            self.steps += 1;
            return Turn::Act(act);
        }
        if (resting || self.restless.is_multiple_of(LOOK))
            && let Some(due) = self.due()
        {
            self.steps += 1;
            return Turn::Fire(due);
        }
        self.steps += 1;
        self.polls += 1;
        self.restless += 1;
        let limit = self.settled.poll_limit;
        if self.polls > limit {
            return Turn::Halt(Verdict::PollLimit(limit, self.tasks.dump()));
        }
        if self.restless > self.settled.restless_polls {
            return Turn::Halt(Verdict::Livelock(self.tasks.dump()));
        }
        self.pick()
    }

    /// Moves time to what is next: a device's act at its moment, or a sleep, that or a little later.
    fn let_time_pass(&mut self) -> Option<Verdict> {
        let act = self.acts.next().unwrap_or(u64::MAX);
        let next = match (self.timers.next(), self.acts.next()) {
            (None, None) => return Some(Verdict::Deadlock(self.tasks.dump())),
            (Some(sleep), _) if sleep < act && sleep > self.now => {
                let late = match self.settled.lateness {
                    0 => 0,
                    most => most / 3 * u64::from(self.oracle.choose(4, "timer lateness")),
                };
                sleep.saturating_add(late).min(act)
            }
            (Some(sleep), _) => sleep.min(act),
            (None, Some(act)) => act,
        };
        if next > self.now {
            self.now = next;
            self.moved = next;
        }
        let limit = self.settled.time_limit;
        (self.now > limit)
            .then(|| Verdict::TimeLimit(Duration::from_nanos(limit), self.tasks.dump()))
    }

    /// Moves time to the next signal or jump that comes by `until`, if one does before anything else is to be done.
    pub(crate) fn meanwhile(&mut self, until: u64) -> Option<Act> {
        let passive = |act: &Act| matches!(act, Act::Raise(_) | Act::Jump(_));
        let (at, act) = self.acts.take_due_if(until, passive)?;
        self.now = self.now.max(at);
        Some(act)
    }

    /// The sleeps that are over, in a chosen order.
    fn due(&mut self) -> Option<Vec<(u64, Waker)>> {
        let mut due = vec![self.timers.take_due(self.now)?];
        due.extend(std::iter::from_fn(|| self.timers.take_due(self.now)));
        let policy = self.settled.policy;
        for index in 0..due.len() - 1 {
            let left = u32::try_from(due.len() - index).unwrap_or(u32::MAX);
            let pick = self.oracle.decide(left, "timer order", |rng| match policy {
                Policy::Fifo => 0,
                Policy::Lifo => left - 1,
                _ => rng.below(left),
            });
            due[index..=index + pick as usize].rotate_right(1);
        }
        Some(due)
    }

    fn pick(&mut self) -> Turn {
        loop {
            let picked = self.scheduler.pick(&mut self.tasks.ready, &mut self.oracle);
            // A task that is over is not in the queue: this finds one at once.
            if let Some(taken) = self.tasks.take(picked, self.now) {
                self.current = taken.id;
                self.note(Kind::Poll, self.polls, 0);
                return Turn::Poll(taken);
            }
        }
    }

    /// A poll has returned pending.
    fn polled(&mut self, slot: u32, work: Work) {
        self.pass();
        self.current = Record::NOBODY;
        self.tasks.put_back(slot, work);
    }

    /// The time of a poll passes.
    fn pass(&mut self) {
        self.now = self.now.saturating_add(self.settled.poll_cost);
    }
}

/// The place of a main future, which it leaves however its polling comes to an end.
struct Place<'a> {
    world: &'a World,
    slot: u32,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let gone = {
            let mut state = self.world.state();
            state.note(Kind::Done, 0, 0);
            state.current = Record::NOBODY;
            state.tasks.remove(self.slot)
        };
        drop(gone);
    }
}

/// Blocking work as a task of its own, run whole when its thread has come. It never returns if that is by the
/// moment `stuck`.
pub(crate) async fn blocking(
    timer: SimTimer,
    sleep: Option<crate::SimSleep>,
    stuck: Option<Instant>,
    work: impl FnOnce() + Send + 'static,
) {
    if let Some(sleep) = sleep {
        sleep.await;
    }
    if stuck.is_some_and(|until| timer.now() <= until) {
        std::future::pending::<()>().await;
    }
    work();
}

impl SimHandle {
    /// Has `act` done at `at`.
    pub(crate) fn act_at(&self, at: Instant, act: Act) {
        self.world().at(at, act);
    }
}
