use proc_daemon_runtime::Instant;

use super::Found;
use crate::backends::sim::SimHandle;
use crate::sim::book::{Book, Unit};
use crate::supervisor::engine::How;

/// A stop request.
pub(in crate::sim) fn asked(
    book: &Book,
    unit: u32,
    generation: u32,
    by: Instant,
    now: Instant,
    found: &mut Found,
) {
    let (this, name) = (&book.units[unit as usize], book.name(unit));
    let fresh = this.asked.is_none() && this.live && this.generation == generation;
    found.expect(fresh, "asked once", || format!("`{name}` was asked again, or after its end"));
    let announced = book.stop_began.is_some() || this.returned || this.leaves();
    found.expect(announced, "announced first", || {
        format!("`{name}` was asked, and no shutdown had begun")
    });
    let grace = now + book.grace(unit);
    let expected = book.force_at().map_or(grace, |force_at| grace.min(force_at));
    found.expect(by == expected, "grace given", || {
        format!("`{name}` is to be over by {by:?}; its grace ends at {expected:?}")
    });
    if this.returned {
        return;
    }
    let serves = book.lame_duck_until().is_some_and(|until| now < until);
    found.expect(!serves, "lame duck kept", || {
        format!("`{name}` was asked at {now:?}, in the lame duck")
    });
    let stopping = book.stop_began.is_some();
    found.expect(!stopping || !book.shown_ready, "unready before the stop", || {
        format!("`{name}` was asked while the daemon showed ready")
    });
    for &dependent in &this.dependents {
        let dependent_unit = &book.units[dependent as usize];
        let first = holds(dependent_unit) && (stopping || dependent_unit.leaves());
        found.expect(!first, "dependents first", || {
            format!("`{name}` was asked before `{}` had ended", book.name(dependent))
        });
    }
}

/// What a subsystem that was asked can learn of its deadline is what was decided.
pub(in crate::sim) fn deadline(book: &Book, unit: u32, found: &mut Found) {
    let this = &book.units[unit as usize];
    let (Some(run), Some(asked)) = (this.run.upgrade(), this.asked) else { return };
    found.expect(run.stop_by() == Some(asked.by), "deadline is told", || {
        format!("`{}` is told {:?}; it is {:?}", book.name(unit), run.stop_by(), asked.by)
    });
}

/// That the state dump is written reaches the engine before anybody has to wait.
pub(in crate::sim) fn dump_heard(book: &Book, rests: u64, found: &mut Found) {
    found.expect(book.dumped.is_none_or(|dumped| dumped == rests), "heard at once", || {
        "the state dump was written, and the life came to rest before the engine heard".to_owned()
    });
}

/// A subsystem is left behind: its future cannot be the reason, for that is dropped when it is polled next.
pub(in crate::sim) fn left(book: &Book, unit: u32, rests: u64, found: &mut Found) {
    let this = &book.units[unit as usize];
    let unheard = !this.dropped && this.aborted_at.is_some_and(|at| at != rests);
    found.expect(!unheard, "heard at once", || {
        format!("`{}` was aborted, and its future was not dropped", book.name(unit))
    });
}

/// Whether somebody still counts as alive.
pub(super) const fn holds(unit: &Unit) -> bool {
    unit.live && !unit.left
}

/// A generation's future is to be dropped.
pub(in crate::sim) fn aborted(book: &Book, unit: u32, now: Instant, found: &mut Found) {
    let this = &book.units[unit as usize];
    let over = this.asked.is_some_and(|asked| asked.by <= now);
    let daemons = book.force_at().is_some_and(|force_at| force_at <= now);
    let may = over || daemons || is_late(book, unit, now) || book.forced_by.is_some();
    found.expect(may, "grace kept", || {
        format!("`{}` was aborted at {now:?}, before its time", book.name(unit))
    });
}

/// When the start of this generation has taken too long; none once it is ready or asked to stop.
pub(in crate::sim) fn start_deadline(unit: &Unit) -> Option<Instant> {
    const DEFAULT: std::time::Duration = std::time::Duration::from_secs(30);
    let says = unit.rules.explicit_ready || unit.rules.startup_check;
    let limit = unit.rules.start_timeout.or(says.then_some(DEFAULT));
    let began = unit.launched.filter(|_| !unit.ready && unit.asked.is_none());
    limit.zip(began).map(|(limit, began)| began + limit)
}

/// Whether an abort now is for a start that took too long: an earlier moment has the earlier say.
pub(in crate::sim) fn is_late(book: &Book, unit: u32, now: Instant) -> bool {
    let deadline = start_deadline(&book.units[unit as usize]).filter(|deadline| *deadline <= now);
    let forced = book.forced_by.map(|(_, at)| at);
    let earliest = forced.into_iter().chain(book.force_at()).min();
    deadline.is_some_and(|deadline| earliest.is_none_or(|earliest| deadline <= earliest))
}

/// Whether two reasons for an abort fell on one moment: then either of them may be told.
pub(in crate::sim) fn is_tie(book: &Book, unit: u32) -> bool {
    let others = book.forced_by.map(|(_, at)| at).into_iter().chain(book.force_at());
    let deadline = start_deadline(&book.units[unit as usize]);
    others.into_iter().any(|other| Some(other) == deadline)
}

/// The end of a generation is told.
pub(in crate::sim) fn ended(book: &Book, unit: u32, how: How, rests: u64, found: &mut Found) {
    let (this, name) = (&book.units[unit as usize], book.name(unit));
    found.expect(!this.ended, "ends once", || format!("the end of `{name}` was told again"));
    found.expect(this.dropped || this.launched.is_none(), "joined first", || {
        format!("`{name}` was told to have ended ({how:?}), and its future lives")
    });
    let late = !this.busy && this.dropped_at.is_some_and(|dropped| dropped != rests);
    found.expect(!late, "heard at once", || {
        format!("`{name}` ended, and the life came to rest before the engine heard of it")
    });
}

/// How long after its abort a subsystem is left behind.
const LEFT_AFTER: std::time::Duration = std::time::Duration::from_millis(250);

/// Nobody may be alive after its deadline, by more than the world itself is late.
pub(in crate::sim) fn overdue(book: &Book, handle: &SimHandle, now: Instant, found: &mut Found) {
    let slack = handle.slack();
    for (unit, this) in (0..).zip(&book.units).filter(|(_, unit)| holds(unit)) {
        let deadline = this.asked.map(|asked| asked.by);
        let late = start_deadline(this);
        let deadline = deadline.into_iter().chain(book.force_at()).chain(late).min();
        let leave = this.aborted.map(|aborted| aborted + LEFT_AFTER);
        let stays = leave.is_some_and(|leave| leave + slack < now);
        found.expect(!stays, "left in time", || {
            format!("`{}` lives at {now:?}; it was to be left at {leave:?}", book.name(unit))
        });
        let waits = this.aborted.is_none() && deadline.is_some_and(|by| by + slack < now);
        found.expect(!waits, "grace ends", || {
            format!("`{}` lives at {now:?}; its time was over at {deadline:?}", book.name(unit))
        });
    }
}

/// The run ends.
pub(in crate::sim) fn exits(book: &Book, handle: &SimHandle, now: Instant, found: &mut Found) {
    let budget = book.budget_at().unwrap_or(Instant::MAX);
    found.expect(book.dumping.is_none() || budget <= now, "dumped first", || {
        format!("the run ends at {now:?}, and the state dump is being written")
    });
    let left = (0..).zip(&book.units).find(|(_, unit)| holds(unit));
    let over = left.is_none() || budget <= now;
    found.expect(over, "exit when over", || {
        let name = left.map_or_else(String::new, |(unit, _)| book.name(unit));
        format!("the run ends at {now:?}, and `{name}` lives")
    });
    found.expect(now <= budget + handle.slack(), "budget kept", || {
        format!("the run ends at {now:?}; its budget was over at {budget:?}")
    });
}
