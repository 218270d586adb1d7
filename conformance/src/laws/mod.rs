//! The laws of the contract: one file for each subject, one function for each law.
//!
//! A law is handed a [`Lab`] with a fresh runtime, and panics if it does not hold. It waits for what it is
//! about, never for time to pass, and may be late without being wrong.

#![expect(clippy::needless_pass_by_value, reason = "a law owns its lab, and drops it")]

mod abort;
mod blocking;
mod build;
mod clock;
mod contract;
mod end;
mod panics;
mod signals;
mod sleep;
mod spawn;

use proc_daemon_runtime::OwnedRuntime;

pub(crate) use contract::law_of;

use crate::Scenario;
use crate::lab::Lab;
use crate::scenario::Place;

/// A law and how it is tried.
pub(crate) struct Law<B: OwnedRuntime> {
    pub(crate) scenario: Scenario,
    pub(crate) body: fn(Lab<B>),
}

impl<B: OwnedRuntime> Law<B> {
    const fn needs(mut self, needs: &'static [crate::Need]) -> Self {
        self.scenario = self.scenario.needs(needs);
        self
    }

    /// It changes what is process-wide, or blocks what others use.
    const fn alone(mut self) -> Self {
        self.scenario = self.scenario.place(Place::Process);
        self
    }
}

/// `law!("SLEEP-01", function, "goal", "method")`: the name is the function's.
macro_rules! law {
    ($id:literal, $body:ident, $goal:literal, $method:literal $(,)?) => {
        $crate::laws::Law {
            scenario: $crate::Scenario::new(
                $crate::Tier::Law,
                $id,
                stringify!($body),
                $goal,
                $method,
            ),
            body: $body::<B>,
        }
    };
}
use law;

/// Every law, in the order of the reports.
pub(crate) fn all<B: OwnedRuntime>() -> Vec<Law<B>> {
    let mut laws = spawn::laws();
    laws.extend(abort::laws());
    laws.extend(panics::laws());
    laws.extend(clock::laws());
    laws.extend(sleep::laws());
    laws.extend(blocking::laws());
    laws.extend(build::laws());
    laws.extend(end::laws());
    laws.extend(signals::laws());
    laws
}
