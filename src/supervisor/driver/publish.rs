//! What subscribers are told, once the board shows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use proc_daemon_runtime::Instant;

use super::Driver;
use crate::end::{End, EndKind};
use crate::event::SubsystemEvent;
use crate::id::SubsystemId;
use crate::state::SubsystemState;
use crate::supervisor::Hub;
use crate::supervisor::engine::{Event, Note, Turn, UnitEvent};

/// Where the driver publishes, and the names that it has published.
pub(super) struct Publisher {
    hub: Arc<Hub>,
    /// By number, once they were asked for: a name is shared by all of its events.
    names: BTreeMap<u32, Arc<str>>,
    /// By number: after which generation the next start was told, and for when.
    dues: BTreeMap<u32, (u32, Instant)>,
}

impl Publisher {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self { hub, names: BTreeMap::new(), dues: BTreeMap::new() }
    }

    /// `unit` is gone: nothing more is told of it.
    pub(super) fn forget(&mut self, unit: u32) {
        self.names.remove(&unit);
        self.dues.remove(&unit);
    }
}

impl Driver {
    /// The engine was stepped with `event`; its turns are on the board.
    pub(super) fn publish(&mut self, event: Event, now: Instant) {
        if let Event::Shutdown { .. } = event {
            self.publisher.hub.shutdown_began(self.shared.coordinator.reason(), now);
        }
        if let Event::Unit { unit, what: UnitEvent::Checked { .. }, .. } = event {
            self.publish_health(unit, now);
        }
        if self.out.turns.is_empty() || !self.publisher.hub.is_heard() {
            return;
        }
        if let Event::Unit { unit, generation, what: UnitEvent::Ended(..) } = event {
            let kind = self.engine.units()[unit as usize].end;
            // What was left behind has ended when it was.
            if let Some(kind) = kind.filter(|kind| *kind != EndKind::Zombie) {
                self.publish_end(unit, generation, kind, now);
            }
        }
        let turns = std::mem::take(&mut self.out.turns);
        for Turn { unit, generation, state } in turns.iter().copied() {
            if state == SubsystemState::Zombie {
                self.publish_end(unit, generation, EndKind::Zombie, now);
            }
            let (id, name) = self.subject(unit);
            let generation = u64::from(generation);
            self.tell(&SubsystemEvent::StateChanged { id, name, state, generation, at: now });
        }
        self.out.turns = turns;
    }

    fn publish_end(&mut self, unit: u32, generation: u32, kind: EndKind, now: Instant) {
        let error = self.failures.get(&unit).filter(|_| kind.is_failure()).cloned();
        let ran_for = now.since(self.engine.units()[unit as usize].started_at);
        let end = End { kind, error, ran_for, generation };
        let (id, name) = self.subject(unit);
        self.tell(&SubsystemEvent::Ended { id, name, end, at: now });
    }

    /// Shows when `unit` is started again.
    pub(super) fn show_due(&mut self, unit: u32, due: Instant, now: Instant) {
        let row = self.shared.board.row(unit);
        row.set_due(due);
        let (generation, in_backoff) = (row.generation(), row.due().is_some());
        // Not if a shutdown has begun since that was decided.
        if in_backoff && self.publisher.hub.is_heard() && self.is_news(unit, generation, due) {
            let (id, name) = self.subject(unit);
            let restarts = u64::from(generation.saturating_sub(1));
            self.tell(&SubsystemEvent::RestartScheduled { id, name, due, restarts, at: now });
        }
    }

    /// Whether that is not what was told last.
    fn is_news(&mut self, unit: u32, generation: u32, due: Instant) -> bool {
        self.publisher.dues.insert(unit, (generation, due)) != Some((generation, due))
    }

    /// Shows whether everything is ready.
    pub(super) fn show_ready(&mut self, ready: bool, now: Instant) {
        let changes = self.shared.board.is_ready() != ready;
        self.shared.board.set_ready(ready);
        if changes && self.publisher.hub.is_heard() {
            self.tell(&SubsystemEvent::ReadyChanged { ready, at: now });
        }
    }

    /// Of what the operator is told, what subscribers are told as well.
    pub(super) fn publish_note(&mut self, note: &Note, now: Instant) {
        if let Note::GaveUp { unit, .. } = *note
            && self.publisher.hub.is_heard()
        {
            let (id, name) = self.subject(unit);
            self.tell(&SubsystemEvent::GaveUp { id, name, at: now });
        }
    }

    /// Something is known of the health of `unit`.
    pub(super) fn publish_health(&mut self, unit: u32, now: Instant) {
        for (probe, health, reason) in self.watched.news(unit) {
            if self.publisher.hub.is_heard() {
                let ((id, name), at) = (self.subject(unit), now);
                self.tell(&SubsystemEvent::HealthChanged { id, name, probe, health, reason, at });
            }
        }
    }

    /// If anybody listens.
    pub(super) fn tell(&self, event: &SubsystemEvent) {
        self.publisher.hub.publish(event);
    }

    fn subject(&mut self, unit: u32) -> (SubsystemId, Arc<str>) {
        let name = || self.shared.board.row(unit).name.to_shared();
        let name = self.publisher.names.entry(unit).or_insert_with(name);
        (SubsystemId::new(unit), Arc::clone(name))
    }
}
