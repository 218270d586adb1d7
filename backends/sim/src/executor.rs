//! The loop: performs one turn after the other.
//!
//! 1. The user's code - a poll, a waker, a device's act, a destructor - runs here, and the lock is not held.
//! 2. A task's panic ends that task alone; one of the main future ends the loop.

use std::future::Future;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Waker};

use proc_daemon_runtime::{Instant, TaskName, Timer, catch};

use crate::handle::{Entered, SimHandle};
use crate::tasks::{BoxTask, Taken, Work};
use crate::timers::Act;
use crate::trace::{Kind, Record};
use crate::turn::Turn;
use crate::watchdog;
use crate::world::{State, World};
use crate::{SimTimer, Verdict};

impl World {
    /// Polls `main` and every task until `main` resolves, or nothing more can come of it.
    pub(crate) fn run<F: Future>(
        self: &Arc<Self>,
        name: TaskName,
        main: F,
    ) -> Result<F::Output, Verdict> {
        let _entered = Entered::new(SimHandle::new(Arc::clone(self)));
        let _watched = watchdog::enter(self);
        let mut main = std::pin::pin!(main);
        let _place = Place { world: self, slot: self.state().add(self, name, Work::Main, false) };
        let mut state = self.state();
        loop {
            match state.turn() {
                Turn::Halt(verdict) => return Err(verdict),
                Turn::Act(act) => {
                    drop(state);
                    self.perform(act);
                    state = self.state();
                }
                Turn::Probe => {
                    drop(state);
                    self.probe();
                    state = self.state();
                }
                Turn::Wake(waker) => {
                    drop(state);
                    waker.wake();
                    state = self.state();
                }
                Turn::Poll(Taken { slot, id, work: Work::Task(task), waker }) => {
                    drop(state);
                    state = self.poll_task(slot, id, task, waker);
                }
                Turn::Poll(Taken { slot, work: Work::Main, waker, .. }) => {
                    drop(state);
                    let polled = main.as_mut().poll(&mut Context::from_waker(&waker));
                    state = self.state();
                    state.polled(slot, Work::Main, waker);
                    if let Poll::Ready(output) = polled {
                        let halt = state.halt.clone();
                        // The output's destructor is the user's: not with the lock held.
                        drop(state);
                        return halt.map_or(Ok(output), Err);
                    }
                }
            }
        }
    }

    /// Polls what is ready, and what that makes ready, without letting time pass.
    pub(crate) fn settle(self: &Arc<Self>) {
        let _entered = Entered::new(SimHandle::new(Arc::clone(self)));
        let _watched = watchdog::enter(self);
        let most = self.state().settled.restless_polls;
        for _ in 0..most {
            let turn = {
                let mut state = self.state();
                if state.tasks.ready.is_empty() {
                    return;
                }
                state.clock.poll();
                state.pick()
            };
            if let Turn::Poll(Taken { slot, id, work: Work::Task(task), waker }) = turn {
                drop(self.poll_task(slot, id, task, waker));
            }
        }
    }

    /// Polls a task. Gives the lock that it takes afterwards.
    fn poll_task(
        &self,
        slot: u32,
        id: u32,
        mut task: BoxTask,
        waker: Waker,
    ) -> MutexGuard<'_, State> {
        let polled = catch(|| task.as_mut().poll(&mut Context::from_waker(&waker)));
        let panic = match polled {
            Ok(Poll::Pending) => {
                let mut state = self.state();
                state.polled(slot, Work::Task(task), waker);
                return state;
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
        drop((gone, waker));
        // The payload is the user's value: its destructor may panic too.
        let _ = catch(|| drop(panic));
        self.state()
    }

    /// Polls every task at a rest. Each waits for a wake-up, so nothing may come of it: neither its end, nor
    /// anybody's wake-up, nor a new sleep.
    fn probe(&self) {
        let places = {
            let state = self.state();
            self.clock.probe(true);
            state.tasks.places()
        };
        for place in places {
            let Some((id, mut task, waker)) = self.state().tasks.probe(place) else { continue };
            let before = {
                let mut state = self.state();
                state.enter(place, id, &waker);
                state.trace.hash()
            };
            let polled = catch(|| task.as_mut().poll(&mut Context::from_waker(&waker)));
            let mut state = self.state();
            state.current = Record::NOBODY;
            state.tasks.put_back(place, Work::Task(task), waker);
            let still = state.tasks.ready.is_empty() && state.trace.hash() == before;
            if !still || !matches!(polled, Ok(Poll::Pending)) {
                let who = state.tasks.dump().into_iter().filter(|task| task.id == id).collect();
                state.halt.get_or_insert(Verdict::LostWakeup(who));
                break;
            }
        }
        self.clock.probe(false);
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
