use super::Found;
use crate::daemon::ExitReport;
use crate::reason::ShutdownReason;
use crate::sim::book::{Book, Unit};
use crate::sim::model;
use crate::supervisor::engine::Cause;

/// The life is over, and this is its report.
pub(in crate::sim) fn over(book: &Book, report: &ExitReport, found: &mut Found) {
    let told = report.subsystems().iter().map(|told| told.id.as_u64());
    let there = (0..).zip(&book.units).filter(|(_, unit)| !unit.past).map(|(number, _)| number);
    found.expect(told.eq(there), "end as it was", || {
        "the report does not tell of all that were not removed before the shutdown".to_owned()
    });
    for told in report.subsystems() {
        let number = told.id.as_u64().try_into().unwrap_or(u32::MAX);
        let Some(unit) = book.units.get(number as usize) else { continue };
        super::states::shown(book, number, found);
        let (expected, is) = (model::end(unit), told.end.as_ref().map(crate::end::End::kind));
        let generation = told.end.as_ref().map(crate::end::End::generation);
        let last = u64::from(unit.generation);
        found.expect(generation.is_none_or(|told| told == last), "end as it was", || {
            format!("`{}` is reported of start {generation:?}; the last was {last}", told.name)
        });
        found.expect(uncertain(unit) || expected == is, "end as it was", || {
            format!("`{}` is reported as {is:?}; the model says {expected:?}", told.name)
        });
    }
    let certain = book.forced_by.is_some() || !book.units.iter().any(uncertain);
    let expected = model::exit_code(book);
    found.expect(!certain || expected == report.code, "exit code", || {
        format!("the report says {}; the model says {expected}", report.code)
    });
    if book.own {
        let reason = report.reason.as_ref();
        let fits = book.cause.is_some_and(|cause| fits(book, cause, reason));
        found.expect(fits, "first cause", || {
            format!("the report says {reason:?}; the first cause was {:?}", book.cause)
        });
    }
}

/// Two rules claimed the moment of its abort: which of them is told is open.
fn uncertain(unit: &Unit) -> bool {
    unit.tie && !unit.past
}

fn fits(book: &Book, cause: Cause, reason: Option<&ShutdownReason>) -> bool {
    match (cause, reason) {
        (Cause::Signal(mine), Some(ShutdownReason::Signal(told))) => mine == *told,
        (Cause::Failed(unit), Some(ShutdownReason::SubsystemFailed(name)))
        | (Cause::StartFailed(unit), Some(ShutdownReason::StartFailed(name))) => {
            book.name(unit) == **name
        }
        (Cause::Asked(unit, mine), Some(ShutdownReason::SubsystemAsked(name, told))) => {
            book.name(unit) == **name && mine == *told
        }
        (Cause::NothingToRun, Some(ShutdownReason::NothingToRun)) => true,
        _ => false,
    }
}
