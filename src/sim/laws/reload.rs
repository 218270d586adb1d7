//! What a reload owes.

use super::Found;
use crate::sim::book::Book;
use crate::state::SubsystemState as State;
use crate::supervisor::engine::{Outcome, Said, Ticket, Turn};

/// A configuration is published; `turns` are those of the same step.
pub(in crate::sim) fn published(book: &Book, turns: &[Turn], found: &mut Found) {
    let over = book.stop_began.is_some() || book.cause.is_some();
    found.expect(!over, "nothing is published after a stop", || {
        "a configuration was published, and the shutdown had begun".to_owned()
    });
    for (&unit, &(generation, said)) in &book.reload.asked {
        let this = &book.units[unit as usize];
        let turned = turns.iter().any(|turn| turn.unit == unit && turn.state != State::Running);
        let stays = this.lives() && this.generation == generation && !turned;
        // Of one that goes nothing is heard any more.
        let goes = this.asked.is_some() || this.aborted.is_some() || this.leaves();
        let agreed = !stays || goes || said.is_some_and(|said| said != Said::Refuse);
        found.expect(agreed, "all agree first", || {
            let (name, state, at) = (book.name(unit), this.state, this.generation);
            format!(
                "a configuration was published; `{name}`, asked in start {generation}, has said \
                 {said:?}; it is {state} in start {at}"
            )
        });
    }
}

/// The generation in force becomes another one.
pub(in crate::sim) fn grows(before: u64, generation: u64, found: &mut Found) {
    found.expect(generation > before, "generations grow", || {
        format!("generation {generation} was published, after {before}")
    });
}

/// A commit is called.
pub(in crate::sim) fn committed(book: &Book, unit: u32, found: &mut Found) {
    let said = book.reload.asked.get(&unit).and_then(|(_, said)| *said);
    found.expect(said == Some(Said::Commit), "commits what was prepared", || {
        format!("the commit of `{}` is called, which has said {said:?}", book.name(unit))
    });
}

/// A reload is over.
pub(in crate::sim) fn over(book: &Book, outcome: Outcome, found: &mut Found) {
    let ready = !matches!(outcome, Outcome::Done | Outcome::RolledBack(_));
    let waiting = book.reload.waiting.keys().next();
    found.expect(ready || waiting.is_none(), "settled", || {
        let name = waiting.map_or_else(|| "?".to_owned(), |unit| book.name(*unit).to_string());
        format!("the reload is over ({outcome:?}), and `{name}` is not ready")
    });
    let back = matches!(outcome, Outcome::RolledBack(_) | Outcome::Stranded(_));
    let told = back == book.reload.back || outcome == Outcome::ShuttingDown;
    found.expect(told, "says when it went back", || format!("{outcome:?}"));
}

/// Who called for it is answered.
pub(in crate::sim) fn answered(book: &mut Book, ticket: Ticket, found: &mut Found) {
    found.expect(book.reload.calls.remove(&ticket), "reload answered once", || {
        format!("{ticket:?} was answered before")
    });
}

/// The run ends.
pub(in crate::sim) fn exits(book: &Book, found: &mut Found) {
    found.expect(book.reload.calls.is_empty(), "reload answered", || {
        format!("the run ends, and these wait for a reload: {:?}", book.reload.calls)
    });
}
