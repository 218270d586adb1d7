//! The loop: pick, poll, and when nothing is ready, let time pass.
//!
//! 1. Time moves only when nothing is ready, and by the cost of a poll.
//! 2. Everything that is due by then fires as one batch, in a chosen order.
//! 3. While tasks are ready without end, what is due fires every [`LOOK`] polls all the same.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proc_daemon_runtime::{Signal, TaskName, catch};

use crate::handle::{Entered, SimHandle};
use crate::policy::Policy;
use crate::tasks::{Taken, Work};
use crate::timers::{Act, Due};
use crate::trace::{Kind, Record};
use crate::world::{State, World};
use crate::{Verdict, tasks::BoxTask};

/// Every so many polls without a rest, timers are looked at.
const LOOK: u64 = 32;

/// What the loop does next.
enum Turn {
    Poll(Taken),
    /// Wake and act, in this order.
    Fire(Vec<(u64, Due)>),
    Raise(Signal),
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
        self.state().add(self, name, Work::Main, false);
        loop {
            let turn = self.state().turn();
            match turn {
                Turn::Halt(verdict) => return Err(verdict),
                Turn::Raise(signal) => self.raise(signal),
                Turn::Fire(due) => self.fire(due),
                Turn::Poll(Taken { slot, id, work: Work::Task(task), waker }) => {
                    self.poll_task(slot, id, task, &waker);
                }
                Turn::Poll(Taken { slot, work: Work::Main, waker, .. }) => {
                    let polled = self.poll_main(slot, main.as_mut(), &waker);
                    if let Poll::Ready(output) = polled {
                        return Ok(output);
                    }
                }
            }
        }
    }

    /// Polls what is ready, and what that makes ready, without letting time pass.
    pub(crate) fn settle(&self) {
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

    /// A panic of `main` is its caller's.
    fn poll_main<F: Future>(&self, slot: u32, main: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
        let polled = main.poll(&mut Context::from_waker(waker));
        if polled.is_pending() {
            self.state().polled(slot, Work::Main);
        } else {
            let gone = {
                let mut state = self.state();
                state.pass();
                state.note(Kind::Done, 0, 0);
                state.current = Record::NOBODY;
                state.tasks.remove(slot)
            };
            drop(gone);
        }
        polled
    }

    fn fire(&self, due: Vec<(u64, Due)>) {
        for (at, due) in due {
            match due {
                Due::Wake(waker) => {
                    self.state().note(Kind::Due, at, 0);
                    waker.wake();
                }
                Due::Act(act) => self.perform(act),
            }
        }
    }
}

impl State {
    fn turn(&mut self) -> Turn {
        if let Some(verdict) = &self.halt {
            return Turn::Halt(verdict.clone());
        }
        if let Some(&(at, signal)) = self.at_poll.front()
            && at <= self.polls
        {
            self.at_poll.pop_front();
            return Turn::Raise(signal);
        }
        let resting = self.tasks.ready.is_empty();
        if resting {
            self.restless = 0;
            self.rests += 1;
            if let Some(halt) = self.let_time_pass() {
                return Turn::Halt(halt);
            }
        }
        if (resting || self.restless.is_multiple_of(LOOK))
            && let Some(due) = self.due()
        {
            return Turn::Fire(due);
        }
        self.polls += 1;
        self.restless += 1;
        if self.restless > self.settled.restless_polls {
            return Turn::Halt(Verdict::Livelock(self.tasks.dump()));
        }
        self.pick()
    }

    /// Moves time to the next thing that is due, or a little beyond.
    fn let_time_pass(&mut self) -> Option<Verdict> {
        let Some(next) = self.timers.next() else {
            return Some(Verdict::Deadlock(self.tasks.dump()));
        };
        if next > self.now {
            let late = match self.settled.lateness {
                0 => 0,
                most => most / 3 * u64::from(self.oracle.choose(4, "timer lateness")),
            };
            self.now = next.saturating_add(late);
            self.moved = self.now;
        }
        let limit = self.settled.time_limit;
        (self.now > limit)
            .then(|| Verdict::TimeLimit(Duration::from_nanos(limit), self.tasks.dump()))
    }

    fn due(&mut self) -> Option<Vec<(u64, Due)>> {
        if self.timers.next()? > self.now {
            return None;
        }
        let mut due = Vec::new();
        self.timers.take_due(self.now, &mut due);
        let policy = self.settled.policy;
        for index in 0..due.len() - 1 {
            let left = u32::try_from(due.len() - index).unwrap_or(u32::MAX);
            let pick = self.oracle.decide(left, "timer order", |rng| match policy {
                Policy::Fifo => 0,
                Policy::Lifo => left - 1,
                _ => rng.below(left),
            });
            due.swap(index, index + pick as usize);
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

/// Blocking work as a task of its own, run whole when its thread has come.
pub(crate) async fn blocking(
    sleep: Option<crate::SimSleep>,
    stuck: bool,
    work: impl FnOnce() + Send + 'static,
) {
    if let Some(sleep) = sleep {
        sleep.await;
    }
    if stuck {
        std::future::pending::<()>().await;
    }
    work();
}

impl SimHandle {
    /// Has `act` done at `at`.
    pub(crate) fn act_at(&self, at: proc_daemon_runtime::Instant, act: Act) {
        self.world().at(at, act);
    }
}
