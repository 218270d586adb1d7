use std::collections::VecDeque;

use proc_daemon_runtime::Instant;

use super::Found;
use crate::sim::book::{Book, Unit};
use crate::sim::company;
use crate::state::SubsystemState as State;
use crate::supervisor::engine::Effect;

/// A generation is about to be spawned.
pub(in crate::sim) fn launched(
    book: &Book,
    unit: u32,
    generation: u32,
    now: Instant,
    found: &mut Found,
) {
    let this = &book.units[unit as usize];
    let name = book.name(unit);
    let over = book.stop_began.is_some() || book.dumping.is_some();
    found.expect(!over, "nothing starts after a stop", || {
        format!(
            "`{name}` was spawned, and the shutdown had begun, or a signal that forces was seen"
        )
    });
    found.expect(!this.live && generation == this.generation + 1, "one generation", || {
        format!("`{name}`: generation {generation} began after {}", this.generation)
    });
    for (&dependency, &required) in this.dependencies.iter().zip(&this.requires) {
        let on = &book.units[dependency as usize];
        let over = matches!(on.state, State::Failed | State::Zombie | State::Stopped);
        found.expect(
            on.met || (over && !required) || !on.is_certain(),
            "dependencies first",
            || format!("`{name}` was spawned before `{}` was ready", book.name(dependency)),
        );
    }
    let other = company::waited_for(book, unit).filter(|other| *other != unit);
    found.expect(other.is_none(), "together", || {
        let other = other.map_or_else(String::new, |other| book.name(other));
        format!("`{name}` was spawned before `{other}`, with which it starts again, had ended")
    });
    found.expect(this.due.is_none_or(|due| due <= now), "backoff kept", || {
        format!("`{name}` starts again at {now:?}; its backoff lasts until {:?}", this.due)
    });
}

/// The engine heard that a subsystem is ready.
pub(in crate::sim) fn heard_ready(book: &Book, unit: u32, rests: u64, found: &mut Found) {
    let said = book.units[unit as usize].ready_at;
    found.expect(said.is_none_or(|said| said == rests), "heard at once", || {
        format!("`{}` said that it is ready, and the life came to rest", book.name(unit))
    });
}

/// What anybody can read of the readiness is what the engine decided last.
pub(in crate::sim) fn readiness(book: &Book, found: &mut Found) {
    let (shown, decided) = (book.board.is_ready(), book.shown_ready);
    found.expect(shown == decided, "readiness is shown", || {
        format!("the status shows ready: {shown}; decided is {decided}")
    });
}

/// The daemon shows whether it is ready.
pub(in crate::sim) fn shown(book: &Book, ready: bool, found: &mut Found) {
    if !ready {
        return;
    }
    found.expect(book.stop_began.is_none(), "ready is true", || {
        "the daemon shows ready, and the shutdown had begun".to_owned()
    });
    let waits =
        |unit: &Unit| !unit.is_ready() && unit.is_waited_for(book.was_ready) && unit.is_certain();
    let mut waiting = (0..).zip(&book.units).filter(|(_, unit)| waits(unit));
    if let Some((unit, _)) = waiting.next() {
        found.expect(false, "ready is true", || {
            format!("the daemon shows ready, and `{}` is not", book.name(unit))
        });
    }
}

/// One step shows one readiness; its effects are those from the place `first` on.
pub(in crate::sim) fn shown_once(effects: &VecDeque<Effect>, first: usize, found: &mut Found) {
    let shown = effects.range(first..).filter(|effect| matches!(effect, Effect::Ready(_))).count();
    found.expect(shown <= 1, "ready without a flicker", || {
        format!("one step shows the daemon's readiness {shown} times")
    });
}
