//! Health: what a check says, and when that becomes a verdict.
//!
//! 1. One answer is no verdict: it takes so many in a row (Kubernetes' success and failure thresholds).
//! 2. Nothing is known at first; what is not known is not up.

mod gauge;
mod probe;
mod state;

use std::borrow::Cow;

pub(crate) use gauge::{Gauge, ProbeRules};
pub(crate) use probe::Probe;
pub use state::HealthState;

/// What a check found. An error is a failed check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// All is well.
    Up,
    /// It works, not as well as it should; the text says why. Counts as up; the text is
    /// logged, and the status shows `degraded`.
    Degraded(Cow<'static, str>),
    /// There is nothing to check: this generation is not asked again.
    Unmonitored,
}
