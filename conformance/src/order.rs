//! What a daemon's events must have in common on every runtime.
//!
//! # Invariants
//!
//! 1. An event is named by what it tells without its times, and by how often that was told before.
//! 2. The order of a scenario is what all its simulated lives agree on: which events there are, and which of
//!    two comes first. What they disagree on is open.
//! 3. A trace keeps an order if it has each of its events, and none that no simulated life has, and has none of two
//!    the other way round. That something runs may be missing: what ends at once is not always seen running.
//! 4. A life that is held to an order has a trace of each daemon in it: the world writes down what it runs, and what a
//!    life runs by itself it has from [`World::daemon`](crate::world::World::daemon).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proc_daemon::{Daemon, Events, SubsystemEvent, SubsystemState};
use proc_daemon_runtime::discard;

/// The events of one daemon's life, by name, in the order in which they were told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trace {
    events: Vec<String>,
}

/// What the daemons of a life tell, in the order in which they were first watched.
#[derive(Default)]
pub(crate) struct Traces {
    over: RefCell<Vec<Trace>>,
    watched: RefCell<Vec<Recorder>>,
}

impl Traces {
    /// Writes down what `daemon` tells from here on.
    pub(crate) fn watch(&self, daemon: &Daemon) {
        self.watched.borrow_mut().push(Recorder::new(daemon));
    }

    /// The daemons that were watched have ended.
    pub(crate) fn end(&self) {
        let watched = self.watched.take().into_iter();
        self.over.borrow_mut().extend(watched.map(Recorder::finish));
    }

    pub(crate) fn take(&self) -> Vec<Trace> {
        self.over.take()
    }
}

/// Writes a [`Trace`] down.
struct Recorder(Events);

/// More events than any scenario has that is about order.
const KEPT: usize = 4096;

impl Recorder {
    fn new(daemon: &Daemon) -> Self {
        Self(daemon.subscribe_events_with(KEPT))
    }

    fn finish(mut self) -> Trace {
        let mut told = BTreeMap::<String, u32>::new();
        let mut events = Vec::new();
        while let Some(event) = self.0.try_next_event() {
            let Some(name) = name(&event) else { continue };
            let times = told.entry(name.clone()).or_default();
            *times += 1;
            events.push(if *times == 1 { name } else { format!("{name} ({times})") });
            // It may hold the last count of an error whose destructor panics.
            discard(event);
        }
        if self.0.missed() > 0 {
            events.push(format!("{} more", self.0.missed()));
        }
        Trace { events }
    }
}

/// As in [`Recorder::finish`]: what is left in it may panic.
impl Drop for Recorder {
    fn drop(&mut self) {
        while let Some(event) = self.0.try_next_event() {
            discard(event);
        }
    }
}

/// What `event` tells that is the same on every runtime.
///
/// Not whether everything is ready, and not the states between two others: whether they are there to be told is a
/// matter of who is faster.
fn name(event: &SubsystemEvent) -> Option<String> {
    Some(match event {
        SubsystemEvent::ReadyChanged { .. } => return None,
        SubsystemEvent::StateChanged { state, .. }
            if !matches!(
                state,
                SubsystemState::Starting
                    | SubsystemState::Running
                    | SubsystemState::Stopped
                    | SubsystemState::Failed
            ) =>
        {
            return None;
        }
        SubsystemEvent::Ended { name, end, .. } => {
            format!("`{name}` ended: {} (start {})", end.kind(), end.generation())
        }
        SubsystemEvent::RestartScheduled { name, restarts, .. } => {
            format!("`{name}` starts again (after {restarts} restarts)")
        }
        SubsystemEvent::HealthChanged { name, probe, health, .. } => {
            format!("`{name}`: {probe} is {health}")
        }
        SubsystemEvent::ReloadFailed { error, .. } => format!("reload failed: {:?}", error.kind()),
        event => event.to_string(),
    })
}

/// Whether an event may be missing.
fn is_fleeting(event: &str) -> bool {
    event.contains(" is running (start ")
}

/// What all simulated lives of a scenario agree on, for each daemon that it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order(Vec<OneOrder>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct OneOrder {
    /// In all of them.
    always: BTreeSet<String>,
    /// In any of them.
    ever: BTreeSet<String>,
    /// Pairs of `always`: the first comes first in all of them.
    edges: BTreeSet<(String, String)>,
}

impl Order {
    /// What one life says of all of them: everything.
    pub(crate) fn of(life: &[Trace]) -> Self {
        Self(life.iter().map(OneOrder::of).collect())
    }

    /// Leaves what another life agrees on. Whether that is less than before.
    ///
    /// # Panics
    ///
    /// If it has not the same number of daemons: then the scenario is not the same everywhere.
    pub(crate) fn absorb(&mut self, life: &[Trace]) -> bool {
        let same = life.len() == self.0.len();
        assert!(same, "the scenario lives another number of daemons from seed to seed");
        let absorbed = self.0.iter_mut().zip(life).map(|(order, trace)| order.absorb(trace));
        absorbed.fold(false, |changed, this| changed | this)
    }

    /// Holds traces to it.
    ///
    /// # Errors
    ///
    /// What they have, lack or turn round; or that there is none to hold to it.
    pub(crate) fn kept_by(&self, traces: &[Trace]) -> Result<(), String> {
        if traces.is_empty() {
            return Err("no daemon of it is watched, and it is not declared open".to_owned());
        }
        if traces.len() != self.0.len() {
            let (here, there) = (traces.len(), self.0.len());
            return Err(format!("{here} daemons were lived, {there} in the simulator"));
        }
        self.0.iter().zip(traces).try_for_each(|(order, trace)| order.kept_by(trace))
    }
}

impl OneOrder {
    fn of(trace: &Trace) -> Self {
        let pairs = trace.events.iter().enumerate().flat_map(|(place, first)| {
            trace.events[place + 1..].iter().map(|then| (first.clone(), then.clone()))
        });
        let all: BTreeSet<String> = trace.events.iter().cloned().collect();
        Self { edges: pairs.collect(), ever: all.clone(), always: all }
    }

    fn absorb(&mut self, trace: &Trace) -> bool {
        let places = trace.places();
        let before = (self.always.len(), self.ever.len(), self.edges.len());
        self.always.retain(|event| places.contains_key(event.as_str()));
        self.ever.extend(trace.events.iter().cloned());
        let place = |event: &String| places.get(event.as_str());
        self.edges.retain(|(first, then)| match (place(first), place(then)) {
            (Some(first), Some(then)) => first < then,
            _ => false,
        });
        (self.always.len(), self.ever.len(), self.edges.len()) != before
    }

    fn kept_by(&self, trace: &Trace) -> Result<(), String> {
        let places = trace.places();
        let told = || trace.events.join("\n  ");
        let missing = |event: &&String| !places.contains_key(event.as_str()) && !is_fleeting(event);
        if let Some(missing) = self.always.iter().find(missing) {
            return Err(format!("never told, as in every simulated life: {missing}\n  {}", told()));
        }
        if let Some(more) = trace.events.iter().find(|event| !self.ever.contains(*event)) {
            return Err(format!("told, as in no simulated life: {more}\n  {}", told()));
        }
        let place = |event: &String| places.get(event.as_str());
        let turned = |(first, then): &&(String, String)| match (place(first), place(then)) {
            (Some(first), Some(then)) => first > then,
            _ => false,
        };
        match self.edges.iter().find(turned) {
            None => Ok(()),
            Some((first, then)) => Err(format!(
                "{then}: told too early, for in every simulated life this comes first: {first}\n  {}",
                told()
            )),
        }
    }
}

impl Trace {
    fn places(&self) -> BTreeMap<&str, usize> {
        self.events.iter().enumerate().map(|(place, event)| (event.as_str(), place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(events: &str) -> Trace {
        Trace { events: events.split(' ').map(str::to_owned).collect() }
    }

    fn order() -> Order {
        // `d` is not always there, `b` and `c` come either way.
        let mut order = Order::of(&[trace("a b c e")]);
        assert!(order.absorb(&[trace("a c b d e")]));
        assert!(!order.absorb(&[trace("a b c e")]));
        order
    }

    #[test]
    fn what_the_simulator_leaves_open_is_open() {
        assert_eq!(order().0[0].edges.len(), 5, "a before b, c and e; b and c before e");
        for kept in ["a b c e", "a c b e", "a d b c e", "a b c e d"] {
            order().kept_by(&[trace(kept)]).unwrap();
        }
    }

    #[test]
    fn what_it_settles_must_be_kept() {
        for (broken, why) in [
            ("a b e", "never told, as in every simulated life: c"),
            ("a b c e x", "told, as in no simulated life: x"),
            ("b a c e", "b: told too early, for in every simulated life this comes first: a"),
        ] {
            let said = order().kept_by(&[trace(broken)]).unwrap_err();
            assert!(said.starts_with(why), "{said}");
        }
        order().kept_by(&[trace("a b c e"), trace("a b c e")]).unwrap_err();
    }

    #[test]
    fn a_life_without_a_trace_keeps_no_order() {
        let said = Order::of(&[]).kept_by(&[]).unwrap_err();
        assert!(said.starts_with("no daemon of it is watched"), "{said}");
    }
}
