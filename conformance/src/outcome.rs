use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Need, Scenario};

/// What a scenario came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// What must hold, held.
    Pass,
    /// It did not, or the scenario hung.
    Fail(Failure),
    /// The backend declares that it lacks the capability, and a probe has found no sign of it.
    Absent(Need),
}

/// Why a scenario failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// What was found, in the words of the assertion.
    pub message: String,
    /// File, line and column of the assertion, if the process reports its panics to the kit.
    pub place: Option<String>,
    /// It did not end in time.
    pub hang: bool,
}

/// One line of a report: one scenario on one row.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Line {
    /// The backend and how it was built: `tokio/one-worker`.
    pub backend: String,
    /// Which scenario.
    pub scenario: Scenario,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None, hang: false }
    }

    pub(crate) fn hang(message: impl Into<String>) -> Self {
        Self { hang: true, ..Self::new(message) }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Outcome {
    /// `pass`, `FAIL` or `declared-absent`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "FAIL",
            Self::Absent(_) => "declared-absent",
        }
    }

    /// Whether it is a [`Fail`](Self::Fail).
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Fail(_))
    }

    /// What there is to say about it; empty for a pass.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Pass => String::new(),
            Self::Fail(failure) => failure.to_string(),
            Self::Absent(need) => need.to_string(),
        }
    }
}
