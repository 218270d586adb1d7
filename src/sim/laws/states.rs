use super::Found;
use crate::sim::book::Book;
use crate::state::SubsystemState::{
    self as State, Aborting, Draining, Failed, Registered, Running, Starting, Stopped, Stopping,
    Waiting, Zombie,
};
use crate::supervisor::engine::Turn;

/// A subsystem's state changes.
pub(in crate::sim) fn turned(book: &Book, turn: Turn, found: &mut Found) {
    let from = book.units[turn.unit as usize].state;
    found.expect(legal(from, turn.state), "legal transition", || {
        format!("`{}` went from {from} to {}", book.name(turn.unit), turn.state)
    });
}

/// The arrows of [`SubsystemState`](crate::SubsystemState).
const fn legal(from: State, to: State) -> bool {
    match from {
        Registered => matches!(to, Waiting | Starting | Stopped),
        Waiting => matches!(to, Starting | Stopped),
        Starting => {
            matches!(to, Running | Draining | Stopping | Aborting | Stopped | Failed | Zombie)
        }
        Running => matches!(to, Draining | Stopping | Aborting | Stopped | Failed | Zombie),
        // Straight to its end if somebody else noted work in flight on its context once it had returned.
        Draining => matches!(to, Stopping | Aborting | Stopped | Failed | Zombie),
        Stopping => matches!(to, Aborting | Stopped | Failed | Zombie),
        Aborting | Zombie => matches!(to, Stopped | Failed | Zombie),
        Stopped | Failed => false,
    }
}

/// What anybody can read is what the engine decided last.
pub(in crate::sim) fn shown(book: &Book, unit: u32, found: &mut Found) {
    let (shown, decided) = (book.board.row(unit).state(), book.units[unit as usize].state);
    found.expect(shown == decided, "status agrees", || {
        format!("the status shows `{}` as {shown}; it is {decided}", book.name(unit))
    });
}
