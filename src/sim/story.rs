use std::sync::Arc;
use std::task::Waker;

use parking_lot::Mutex;
use proc_daemon_runtime::Instant;

use super::book::{Asked, Book, Next};
use super::company::{self, Woken};
use super::{calls, laws, model, moment};
use crate::backends::sim::{SimHandle, Verdict};
use crate::state::SubsystemState;
use crate::subsystem::{Board, Told};
use crate::supervisor::driver::{Guard, Watch};
use crate::supervisor::engine::{Concern, Effect, Engine, Event, Out, Outcome, Tuning, UnitEvent};

/// One life as it goes: shared by the observer of the driver, the wrappers of the subsystems and the script.
pub(super) struct Story {
    pub(super) handle: SimHandle,
    pub(super) book: Option<Book>,
    /// Who waits for a change of state.
    pub(super) waiting: Vec<Waker>,
}

/// The story, as everybody holds it.
pub(super) type SharedStory = Arc<Mutex<Story>>;

impl Story {
    pub(super) fn new(handle: SimHandle) -> SharedStory {
        let waiting = Vec::new();
        Arc::new(Mutex::new(Self { handle, book: None, waiting }))
    }

    /// Ends the life: a law was broken.
    pub(super) fn broken(&self, law: &'static str, seen: String) {
        self.handle.halt(Verdict::Violation { law: law.into(), seen });
    }
}

/// The driver's observer: keeps the book and holds the laws against it.
pub(super) struct Observer(pub(super) SharedStory);

impl Watch for Observer {
    fn begins(&mut self, engine: &Engine, board: &Arc<Board>) {
        let mut story = self.0.lock();
        story.book = Some(Book::new(engine, board));
    }

    fn added(&mut self, engine: &Engine, unit: u32) {
        if let Some(book) = &mut self.0.lock().book {
            book.add(engine, unit);
        }
    }

    fn proposed(&mut self, concerned: &[Concern], tuning: &Tuning) {
        if let Some(book) = &mut self.0.lock().book {
            model::reload::proposed(book, concerned, *tuning);
        }
    }

    fn stepped(&mut self, event: Event, now: Instant, out: &Out, first: usize) {
        let mut story = self.0.lock();
        let Story { handle, book: Some(book), .. } = &mut *story else { return };
        let mut found = laws::Found::default();
        // What was decided before may not have been performed yet.
        if first == 0 {
            laws::start::readiness(book, &mut found);
        }
        told(book, handle, event, now, &mut found);
        for effect in out.effects.range(first..) {
            match effect {
                Effect::Prepare { unit, generation, .. } => {
                    model::reload::asked(book, *unit, *generation);
                }
                Effect::Publish => {
                    laws::reload::published(book, &out.turns, &mut found);
                    model::give_up(book, &out.turns);
                    model::reload::published(book);
                }
                Effect::Revert { .. } => model::reload::reverted(book),
                _ => {}
            }
        }
        for turn in &out.turns {
            laws::states::turned(book, *turn, &mut found);
            laws::states::stays_over(book, *turn, &mut found);
            laws::storm::again(book, *turn, now, &mut found);
            laws::situations::turned(book, handle, *turn);
            model::turned(book, *turn, now);
            if turn.state == SubsystemState::Zombie {
                laws::stop::left(book, turn.unit, handle.rests(), &mut found);
            }
            moment::turn(handle, *turn);
        }
        laws::states::decided(book, event, &mut found);
        laws::situations::noted(handle, &out.effects, first);
        laws::start::shown_once(&out.effects, first, &mut found);
        for effect in out.effects.range(first..) {
            decided(book, handle, effect, now, &mut found);
        }
        for effect in out.effects.range(first..) {
            if let Effect::Due { unit, at } = effect {
                laws::states::due_together(book, *unit, *at, &mut found);
            }
        }
        if let Event::Unit { unit, .. } = event {
            book.units[unit as usize].next = None;
        }
        laws::states::woken(book, &mut found);
        book.units.iter_mut().for_each(|unit| unit.woken = Woken::No);
        (book.called, book.named) = (None, None);
        laws::calls::after(book, &mut found);
        company::disband(book);
        model::reload::after(book, now);
        laws::situations::reloading(book, handle, event, &out.effects, first);
        for effect in out.effects.range(first..) {
            if let Effect::Reloaded { outcome, .. } = effect {
                laws::reload::over(book, *outcome, &mut found);
                model::reload::over(book);
            }
        }
        laws::due::after(book, handle, event, now, &mut found);
        if event == Event::Tick {
            laws::health::ticked(book, now, &mut found);
        }
        if let Some((law, seen)) = found.take() {
            story.broken(law, seen);
        }
        let waiting = std::mem::take(&mut story.waiting);
        drop(story);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn published(&mut self, before: u64, generation: u64) {
        let mut found = laws::Found::default();
        laws::reload::grows(before, generation, &mut found);
        if let Some((law, seen)) = found.take() {
            self.0.lock().broken(law, seen);
        }
    }

    fn launched(&mut self, unit: u32, generation: u32, now: Instant) {
        let mut story = self.0.lock();
        let Story { handle, book: Some(book), .. } = &mut *story else { return };
        let mut found = laws::Found::default();
        laws::start::launched(book, unit, generation, now, &mut found);
        let rank = book.rank();
        book.units[unit as usize].launch(generation, rank, now);
        moment::launched(handle, unit, generation);
        if let Some((law, seen)) = found.take() {
            story.broken(law, seen);
        }
    }
}

/// What the engine learns.
fn told(book: &mut Book, handle: &SimHandle, event: Event, now: Instant, found: &mut laws::Found) {
    moment::event(handle, event);
    laws::situations::told(book, handle, event);
    laws::states::overdue(book, handle.slack(), now, found);
    laws::storm::stepped(book);
    match event {
        Event::Start => book.started = true,
        Event::Shutdown { own } if book.stop_began.is_none() => {
            (book.stop_began, book.own) = (Some(now), own);
        }
        Event::Signal(signal) => model::signal(book, signal, now),
        Event::Dumped => {
            book.dumped = None;
            model::dumped(book, now);
        }
        Event::Tick => {
            laws::stop::dump_heard(book, handle.rests(), found);
            model::time(book, now);
            laws::stop::overdue(book, handle, now, found);
        }
        Event::Shutdown { .. } | Event::Finalized(_) => {}
        Event::Reload { ticket } => {
            book.reload.calls.insert(ticket);
        }
        Event::Touched | Event::Read { .. } | Event::Committed => {}
        Event::Control { ticket, unit, op, caller } => {
            calls::called(book, ticket, (unit, op), caller);
        }
        Event::Added { ticket, unit } => calls::added(book, ticket, unit),
        Event::Unit { unit, generation, what } => {
            if book.units[unit as usize].generation == generation {
                unit_told(book, handle, unit, what, now, found);
            }
        }
    }
}

fn unit_told(
    book: &mut Book,
    handle: &SimHandle,
    unit: u32,
    what: UnitEvent,
    now: Instant,
    found: &mut laws::Found,
) {
    let rests = handle.rests();
    laws::states::shown(book, unit, found);
    match what {
        UnitEvent::Ready => {
            laws::start::heard_ready(book, unit, rests, found);
            model::ready(book, unit);
        }
        UnitEvent::Returned { say, .. } => model::returned(book, unit, say),
        UnitEvent::Asked { .. } => laws::stop::deadline(book, unit, found),
        UnitEvent::Drained => {}
        UnitEvent::Prepared { said, .. } => model::reload::said(book, unit, said),
        UnitEvent::CommitFailed => model::reload::restart(book, unit),
        UnitEvent::GaveUp(say) => model::gave_up(book, unit, say),
        UnitEvent::Checked { probe, number, answer } => {
            model::checked(book, unit, (probe, number), answer, now);
        }
        UnitEvent::Beat(at) => {
            laws::health::beat_told(book, unit, at, found);
            model::beat(book, unit, at, now);
        }
        UnitEvent::Ended(how, say) => {
            laws::stop::ended(book, unit, how, rests, found);
            laws::situations::ended(book, handle, unit, how, now);
            let this = &mut book.units[unit as usize];
            (this.live, this.ended) = (false, true);
            this.asked_by_then = this.asked.is_some() && !this.returned;
            let next = model::decide(book, unit, how, say, now);
            book.units[unit as usize].next = Some(next);
        }
    }
}

/// What the engine wants done.
fn decided(
    book: &mut Book,
    handle: &SimHandle,
    effect: &Effect,
    now: Instant,
    found: &mut laws::Found,
) {
    moment::effect(handle, effect);
    match effect {
        Effect::RequestStop { unit, generation, by } => {
            laws::stop::asked(book, *unit, *generation, *by, now, found);
            book.units[*unit as usize].asked = Some(Asked { by: *by });
        }
        Effect::Abort { unit, .. } => {
            laws::stop::aborted(book, *unit, now, found);
            laws::situations::aborted(book, handle, *unit, now);
            let late = laws::stop::is_late(book, *unit, now);
            let tie = laws::stop::is_tie(book, *unit);
            let this = &mut book.units[*unit as usize];
            this.tie |= tie;
            (this.aborted, this.late) = (Some(now), late);
            this.cut = this.run.upgrade().is_some_and(|run| !run.has_told(Told::Ended));
            this.aborted_at = Some(handle.rests());
        }
        Effect::Check { unit, probe, number, .. } => {
            laws::health::asked(book, *unit, (*probe, *number), now, found);
        }
        Effect::ReadBeat { unit, .. } => {
            laws::health::beat_asked(book, *unit, now, found);
            book.units[*unit as usize].beat_due = None;
        }
        // What was asked before it in this step was asked as before.
        Effect::Publish => {
            laws::situations::tuning(book, handle, now);
            model::tuned(book, now);
        }
        Effect::Commit { unit } => laws::reload::committed(book, *unit, found),
        Effect::AnswerReload { ticket, .. } => laws::reload::answered(book, *ticket, found),
        Effect::Reloaded { outcome: Outcome::Stranded(_), .. } => book.stranded = true,
        Effect::Answer { ticket, answer } => {
            laws::calls::answered(book, *ticket, *answer, found);
            book.calls.remove(ticket);
        }
        Effect::Ready(ready) => {
            laws::start::shown(book, *ready, found);
            book.shown_ready = *ready;
            book.was_ready |= *ready;
        }
        Effect::Due { unit, at } => {
            laws::states::due(book, *unit, *at, now, found);
            if matches!(book.units[*unit as usize].next, Some(Next::Backoff(_, latest)) if latest < Instant::MAX)
            {
                company::due(book, *unit, *at);
            }
            if !laws::storm::held_back(book, *unit, *at, now, found) {
                book.units[*unit as usize].due = Some(*at);
            }
        }
        Effect::Initiate(cause) => {
            laws::due::initiated(book, *cause, found);
            book.cause.get_or_insert(*cause);
        }
        Effect::Exit => {
            laws::stop::exits(book, handle, now, found);
            laws::reload::exits(book, found);
            book.exited = Some(now);
        }
        _ => {}
    }
}

/// Takes the state dump: a simulated life has no stderr.
pub(super) struct Dumps(pub(super) SimHandle, pub(super) SharedStory);

impl Guard for Dumps {
    fn dump(&self) {
        self.0.reached("state dump");
        let rests = self.0.rests();
        if let Some(book) = &mut self.1.lock().book {
            book.dumped = Some(rests);
        }
    }
}
