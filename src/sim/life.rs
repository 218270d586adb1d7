use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::thread;
use std::time::Duration;

use proc_daemon_runtime::{Instant, TaskName};

use super::moment::Moment;
use super::{failure, render};
use crate::backends::sim::{Policy, Simulator, Tape, Trace, Verdict};
use crate::daemon::ExitReport;

/// One simulated life, over.
#[must_use = "a life may have gone wrong: look at its verdict, or `expect_clean`"]
pub struct Life {
    pub(super) seed: Option<u64>,
    pub(super) verdict: Verdict,
    pub(super) report: Option<ExitReport>,
    pub(super) world: Simulator,
    /// Read from the world when it is asked for.
    pub(super) tape: OnceCell<Tape>,
    pub(super) trace: Trace,
    /// The subsystems, by number.
    pub(super) subsystems: Vec<TaskName>,
    pub(super) ended: Instant,
    /// The timeline, if nothing else is left of it.
    pub(super) told: Option<String>,
}

thread_local! {
    /// The end of the timeline of the life that this thread dropped in a panic.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// When the code around a life panics, what happened in it is still told.
impl Drop for Life {
    fn drop(&mut self) {
        if thread::panicking() && !self.trace.records().is_empty() {
            LAST.set(Some(self.lanes(failure::ROWS)));
        }
    }
}

impl Life {
    /// The end of the timeline of the life that this thread dropped in a panic, if there was one.
    pub(super) fn last_dropped() -> Option<String> {
        LAST.take()
    }

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
        match &self.report {
            Some(report) => report,
            None => panic!("this life has no report: {}", self.verdict),
        }
    }

    /// The report of a life in which nothing was wrong. The exit code may be any: look at the report.
    ///
    /// # Panics
    ///
    /// If something was wrong: with the verdict, the choices that were made and the end of the timeline.
    #[track_caller]
    pub fn expect_clean(self) -> ExitReport {
        if !self.verdict.is_clean() {
            panic!("{}", failure::of_life(&self));
        }
        self.report().clone()
    }

    /// The seed; none if its choices were read from a tape.
    #[must_use]
    pub const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The order in which ready tasks were polled.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.world.policy()
    }

    /// The choices that were not dull.
    #[must_use]
    pub fn tape(&self) -> &Tape {
        self.tape.get_or_init(|| self.world.tape())
    }

    /// The hash of everything that happened: equal for equal lives, in every build.
    #[must_use]
    pub const fn trace_hash(&self) -> u64 {
        self.trace.hash()
    }

    /// Everything that happened.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What happened to the daemon, in order.
    pub fn moments(&self) -> impl Iterator<Item = (Instant, Moment)> + '_ {
        let records = self.trace.records().iter();
        records.filter_map(|record| Some((record.at(), Moment::of(record)?)))
    }

    /// The subsystems' names, by number.
    #[must_use]
    pub fn subsystems(&self) -> &[TaskName] {
        &self.subsystems
    }

    /// The names of all tasks there ever were, by number.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskName> {
        self.world.task_names()
    }

    /// How many polls it took.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.world.polls()
    }

    /// How long it lasted, in virtual time.
    #[must_use]
    pub const fn lasted(&self) -> Duration {
        self.ended.since(Instant::ZERO)
    }

    /// The situations that were met: those of the simulator, and those of [`reached`](super::reached).
    #[must_use]
    pub fn reached(&self) -> Vec<&'static str> {
        self.world.reached()
    }

    /// The timeline as text: one column a subsystem, time down the side. The last `rows` rows.
    #[must_use]
    pub fn lanes(&self, rows: usize) -> String {
        self.told.clone().unwrap_or_else(|| render::lanes(self, rows))
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
            .field("seed", &self.seed)
            .field("verdict", &self.verdict)
            .field("policy", &self.policy())
            .finish_non_exhaustive()
    }
}
