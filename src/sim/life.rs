use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{Instant, TaskName};

use super::environment::Environment;
use super::moment::Moment;
use super::past::Past;
use super::{failure, render};
use crate::backends::sim::{Policy, Tape, Trace, Verdict};
use crate::daemon::ExitReport;

/// One simulated life, over.
#[must_use = "a life may have gone wrong: look at its verdict, or `expect_clean`"]
pub struct Life {
    pub(super) verdict: Verdict,
    pub(super) past: Arc<Past>,
}

impl Life {
    /// What became of it.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The daemon's report.
    ///
    /// # Panics
    ///
    /// If the life ended before the daemon did; the text is the verdict.
    #[must_use]
    #[track_caller]
    pub fn report(&self) -> &ExitReport {
        match &self.past.report {
            Some(report) => report,
            None => panic!("this life has no report: {}", self.verdict),
        }
    }

    /// The report of a life in which nothing was wrong. The exit code may be any: look at the report.
    /// With `SIM_TRACE` set, outside of a [`check`](super::check), it shows the timeline.
    ///
    /// # Panics
    ///
    /// If something was wrong: with the verdict, the choices that were made and the end of the timeline.
    #[track_caller]
    pub fn expect_clean(self) -> ExitReport {
        Environment::show_alone(&self);
        if !self.verdict.is_clean() {
            panic!("{}", failure::of_life(&self));
        }
        self.report().clone()
    }

    /// The seed; none if its choices were read from a tape.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.past.seed
    }

    /// The order in which ready tasks were polled.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.past.world.policy()
    }

    /// The choices that were not dull.
    #[must_use]
    pub fn tape(&self) -> &Tape {
        self.past.tape.get_or_init(|| self.past.world.tape())
    }

    /// The hash of everything that happened: equal for equal lives, in every build.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.past.trace.hash()
    }

    /// Everything that happened.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.past.trace
    }

    /// What happened to the daemon, in order.
    pub fn moments(&self) -> impl Iterator<Item = (Instant, Moment)> + '_ {
        let records = self.past.trace.records().iter();
        records.filter_map(|record| Some((record.at(), Moment::of(record)?)))
    }

    /// The subsystems' names, by number.
    #[must_use]
    pub fn subsystems(&self) -> &[TaskName] {
        &self.past.subsystems
    }

    /// The names of all tasks there ever were, by number.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskName> {
        self.past.world.task_names()
    }

    /// How many polls it took.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.past.world.polls()
    }

    /// How many steps it took: polls, moves of time, firings of sleeps, acts of devices.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.past.world.steps()
    }

    /// How long it lasted, in virtual time.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.past.ended.since(Instant::ZERO)
    }

    /// The situations that were met: those of the simulator, and those of [`reached`](super::reached).
    #[must_use]
    pub fn reached(&self) -> Vec<&'static str> {
        self.past.world.reached()
    }

    /// The timeline as text: one column a subsystem, time down the side. The last `rows` rows.
    #[must_use]
    pub fn lanes(&self, rows: usize) -> String {
        render::lanes(self, rows)
    }

    /// The timeline as JSON: one object a line.
    #[must_use]
    pub fn json_lines(&self) -> String {
        render::json_lines(self)
    }

    /// The timeline in the Chrome trace format, for <https://ui.perfetto.dev> or `chrome://tracing`.
    #[must_use]
    pub fn perfetto(&self) -> String {
        render::perfetto(self)
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life")
            .field("seed", &self.past.seed)
            .field("verdict", &self.verdict)
            .field("policy", &self.policy())
            .finish_non_exhaustive()
    }
}
