//! The storm guard, from outside: who is told a later moment although its backoff is over waits in a queue.

use std::time::Duration;

use proc_daemon_runtime::Instant;

use super::Found;
use crate::sim::book::{Book, Next};
use crate::sim::company;
use crate::state::SubsystemState::{Backoff, Starting, Waiting};
use crate::supervisor::engine::Turn;

/// Those that the storm guard holds back.
#[derive(Default)]
pub(in crate::sim) struct Queue {
    /// In the order in which they were told; whether those were waited for meanwhile with whom it starts again: then
    /// its place is open.
    waiting: Vec<(u32, bool)>,
    /// When the first of them came, or the last of them was started.
    moved: Instant,
}

impl Queue {
    fn is_in_order(&self) -> bool {
        self.waiting.iter().any(|(_, open)| !open)
    }
}

/// Between two restarts, on average.
fn every(book: &Book) -> Duration {
    // Roundings are not what this is about.
    Duration::from_secs(1) / book.restarts_a_second.max(1) + Duration::from_nanos(1)
}

/// Whether a reload has ended the backoff of `unit` in this step: one that begins in the same step was told before.
pub(in crate::sim) fn is_hurried(book: &Book, unit: u32) -> bool {
    let this = &book.units[unit as usize];
    let begins = matches!(this.next, Some(Next::Backoff(..))) && this.due.is_none();
    book.reload.hurried.contains(&unit) && !begins
}

/// It is told when `unit` starts again. Whether the storm guard holds it back until then.
pub(in crate::sim) fn held_back(
    book: &mut Book,
    unit: u32,
    at: Instant,
    now: Instant,
    found: &mut Found,
) -> bool {
    let this = &book.units[unit as usize];
    let over = is_hurried(book, unit) || this.due.is_some_and(|due| due <= now);
    let over = over && company::due_with(book, unit) <= now;
    if at <= now || !over || this.state != Backoff {
        return false;
    }
    let known = book.queue.waiting.iter().position(|(other, _)| *other == unit);
    let again = known.map(|place| book.queue.waiting.remove(place));
    found.expect(again.is_none_or(|(_, open)| open), "turns kept", || {
        format!("`{}` waits for its turn, and is told another one", book.name(unit))
    });
    let most = u32::try_from(book.queue.waiting.len() + 1).unwrap_or(u32::MAX);
    found.expect(at <= now + every(book).saturating_mul(most), "turns kept", || {
        format!("`{}` is told {at:?} at {now:?}, with {} before it", book.name(unit), most - 1)
    });
    if !book.queue.is_in_order() {
        book.queue.moved = now;
    }
    book.queue.waiting.push((unit, false));
    true
}

/// The engine is stepped.
pub(in crate::sim) fn stepped(book: &mut Book) {
    let mut waiting = std::mem::take(&mut book.queue.waiting);
    for (unit, open) in &mut waiting {
        *open |= company::waited_for(book, *unit).is_some();
    }
    book.queue.waiting = waiting;
}

/// Whether `unit` is held back; then the first of those that are starts in time.
pub(in crate::sim) fn holds(
    book: &Book,
    unit: u32,
    slack: Duration,
    now: Instant,
    found: &mut Found,
) -> bool {
    let Queue { waiting, moved } = &book.queue;
    let Some((_, open)) = waiting.iter().find(|(other, _)| *other == unit) else { return false };
    let in_time = *moved + every(book) + slack >= now;
    found.expect(*open || in_time, "turns kept", || {
        format!("`{}` waits at {now:?}; nobody has been started since {moved:?}", book.name(unit))
    });
    true
}

/// A subsystem leaves its backoff to start again.
pub(in crate::sim) fn again(book: &mut Book, turn: Turn, now: Instant, found: &mut Found) {
    let unit = turn.unit;
    if book.units[unit as usize].state != Backoff || turn.state == Backoff {
        return;
    }
    let named = book.named == Some(unit);
    let place = book.queue.waiting.iter().position(|(other, _)| *other == unit);
    let entry = place.map(|place| book.queue.waiting.remove(place));
    if book.restarts_a_second == 0 || named || !matches!(turn.state, Starting | Waiting) {
        return;
    }
    let before = &book.queue.waiting[..place.unwrap_or(book.queue.waiting.len())];
    let passed = before.iter().find(|(other, open)| {
        !open && entry.is_none_or(|(_, open)| !open) && company::waited_for(book, *other).is_none()
    });
    found.expect(passed.is_none(), "turns kept", || {
        let other = passed.map_or_else(String::new, |(other, _)| book.name(*other));
        format!("`{}` starts before `{other}`, which has waited longer", book.name(unit))
    });
    book.queue.moved = now;
    // As many at once as there may be in a second, and as many more in the second after that.
    let most = 2 * book.restarts_a_second as usize;
    book.restarts.push_back(now);
    if book.restarts.len() > most {
        let first = book.restarts.pop_front();
        let kept = first.is_none_or(|first| now.since(first) >= Duration::from_secs(1));
        found.expect(kept, "storm held back", || {
            format!("{} restarts from {first:?} to {now:?}", most + 1)
        });
    }
}
