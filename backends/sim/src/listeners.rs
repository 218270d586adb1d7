use std::task::{Context, Poll, Waker};

use proc_daemon_runtime::{Signal, SignalSet};

/// Who listens to which signals, and what they have yet to see.
///
/// 1. Handlers are sticky, as a process's are: once a signal was listened to, it is swallowed for ever.
/// 2. Before anybody listens, signals are kept: a program that is under test installs its handlers first.
#[derive(Default)]
pub(crate) struct Listeners {
    listeners: Vec<Listener>,
    installed: SignalSet,
    early: SignalSet,
    listened: bool,
    number: u64,
}

struct Listener {
    number: u64,
    /// The task that began to listen.
    by: u32,
    set: SignalSet,
    pending: SignalSet,
    waker: Option<Waker>,
}

impl Listeners {
    /// A new listener's number, and the first early signal that nobody will ever listen to.
    pub(crate) fn add(&mut self, set: SignalSet, by: u32) -> (u64, Option<Signal>) {
        self.number += 1;
        self.installed = self.installed.iter().chain(set.iter()).collect();
        let early = std::mem::take(&mut self.early);
        let pending: SignalSet = early.iter().filter(|signal| set.contains(*signal)).collect();
        self.listened = true;
        let number = self.number;
        self.listeners.push(Listener { number, by, set, pending, waker: None });
        (number, early.iter().find(|signal| !set.contains(*signal) && kills(*signal)))
    }

    /// Whom to wake, and whether the signal's default action ends the process.
    pub(crate) fn raise(&mut self, signal: Signal) -> (Vec<Waker>, bool) {
        if !self.installed.contains(signal) {
            if self.listened {
                return (Vec::new(), kills(signal));
            }
            self.early = self.early.with(signal);
        }
        let hear = self.listeners.iter_mut().filter(|listener| listener.set.contains(signal));
        let wakers = hear.filter_map(|listener| {
            listener.pending = listener.pending.with(signal);
            listener.waker.take()
        });
        (wakers.collect(), false)
    }

    /// The next signal that this listener has yet to see. Gives back a waker that is to be dropped without
    /// the lock.
    pub(crate) fn poll(&mut self, number: u64, cx: &Context<'_>) -> (Poll<Signal>, Option<Waker>) {
        let listener = self.listeners.iter_mut().find(|listener| listener.number == number);
        let Some(listener) = listener else { return (Poll::Pending, None) };
        match listener.pending.pop() {
            Some(signal) => (Poll::Ready(signal), None),
            None => (Poll::Pending, listener.waker.replace(cx.waker().clone())),
        }
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<Waker> {
        let index = self.listeners.iter().position(|listener| listener.number == number)?;
        self.listeners.remove(index).waker
    }

    /// Who listens.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = u32> {
        self.listeners.iter().map(|listener| listener.by)
    }

    pub(crate) fn count(&self) -> usize {
        self.listeners.len()
    }
}

/// Whether the default action of a signal ends the process.
const fn kills(signal: Signal) -> bool {
    !matches!(signal, Signal::WindowChange)
}
