use super::Found;
use crate::sim::book::{Book, Unit};
use crate::sim::calls::Call;
use crate::sim::company::Leave;
use crate::state::SubsystemState as State;
use crate::supervisor::engine::{Op, Refusal, Ticket};

/// A call is answered.
pub(in crate::sim) fn answered(
    book: &Book,
    ticket: Ticket,
    answer: Result<(), Refusal>,
    found: &mut Found,
) {
    let call = book.calls.get(&ticket);
    found.expect(call.is_some(), "answered once", || format!("{ticket:?} was answered before"));
    let Some(&call) = call else { return };
    let this = &book.units[call.unit as usize];
    let refused = book.calling.as_ref().filter(|(calling, _)| *calling == ticket);
    let holds = match answer {
        Ok(()) if refused.is_some_and(|(_, reasons)| !reasons.is_empty()) => false,
        Ok(()) => has_come_true(this, call),
        Err(_) if call.early => true,
        Err(refusal) => {
            refused.is_some_and(|(_, reasons)| reasons.iter().any(|reason| same(*reason, refusal)))
                || cannot_come_true(book, this, refusal)
        }
    };
    found.expect(holds, "answer is true", || {
        let (name, state, generation) = (book.name(call.unit), this.state, this.generation);
        format!("{call:?} is answered {answer:?}; `{name}` is {state} in start {generation}")
    });
}

/// Which of its dependents needs it is open.
fn same(one: Refusal, other: Refusal) -> bool {
    matches!(
        (one, other),
        (Refusal::Needed(_), Refusal::Needed(_)) | (Refusal::Down(_), Refusal::Down(_))
    ) || one == other
}

fn has_come_true(unit: &Unit, call: Call) -> bool {
    let over = matches!(unit.state, State::Stopped | State::Failed | State::Removed);
    match call.op {
        None => true,
        Some(Op::Start | Op::Restart) => {
            let completed = over && unit.met;
            let ready = unit.state == State::Running && unit.met || completed;
            unit.generation > call.generation && ready
        }
        Some(Op::Stop) => over,
        Some(Op::Remove) => unit.state == State::Removed,
    }
}

/// What a call that was accepted has been waiting for can be no more.
fn cannot_come_true(book: &Book, unit: &Unit, refusal: Refusal) -> bool {
    match refusal {
        Refusal::ShuttingDown => book.stop_began.is_some(),
        Refusal::Failed => unit.state == State::Failed,
        Refusal::NotRunning => unit.leave == Leave::Retired || unit.done,
        Refusal::StillStopping => unit.state == State::Zombie,
        _ => false,
    }
}

/// The engine was stepped: nobody waits for what there is, or will not be.
pub(in crate::sim) fn after(book: &mut Book, found: &mut Found) {
    let calling = book.calling.take();
    for (ticket, &call) in &book.calls {
        let this = &book.units[call.unit as usize];
        let refused = calling
            .as_ref()
            .is_some_and(|(calling, reasons)| calling == ticket && !reasons.is_empty());
        let starts = matches!(call.op, Some(Op::Start | Op::Restart));
        let hopeless = match this.state {
            State::Zombie => true,
            // The end that it asked for says more.
            State::Stopped | State::Removed if book.cause.is_some() => book.stop_began.is_some(),
            State::Failed | State::Stopped | State::Removed => starts,
            _ => starts && book.stop_began.is_some(),
        };
        let waits = (call.early && !book.started)
            || !(refused || hopeless || has_come_true(this, call) || call.op.is_none());
        found.expect(waits, "answered at once", || {
            format!("{call:?} is not answered; `{}` is {}", book.name(call.unit), this.state)
        });
    }
    for (_, call) in book.calls.iter_mut() {
        if !call.early {
            book.units[call.unit as usize].removed |= call.op == Some(Op::Remove);
        }
        call.early &= !book.started;
    }
    for (unit, this) in (0..).zip(&book.units) {
        let over = matches!(this.state, State::Stopped | State::Failed);
        found.expect(!this.removed || !over, "removed when over", || {
            format!("`{}` was to be removed, and is {}", book.name(unit), this.state)
        });
    }
}
