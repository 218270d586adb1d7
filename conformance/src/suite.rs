use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{OwnedRuntime, Runtime, RuntimeOptions, Signal};

use crate::lab::{Lab, Roll};
use crate::report::Report;
use crate::trial::{LIMIT, Trial};
use crate::variant::{Make, Raise, Variant, kill_self};
use crate::{child, run};

/// The scenarios over one backend, on each of its rows: the ways in which it is built.
///
/// The default rows are `multi-thread` (two workers), `one-worker` and, if the backend declares it,
/// `current-thread`; a backend whose executor is process-wide (it does not declare
/// [`stops`](proc_daemon_runtime::Capabilities::stops)) has `multi-thread` alone, since it can be sized but once.
#[must_use = "a suite does nothing until it is run"]
pub struct Suite<B: OwnedRuntime> {
    rows: Vec<Row<B>>,
    make: Option<Make<B>>,
    raise: Option<Raise<B>>,
    limit: Duration,
}

/// One row: a way to build a runtime, or several that must all pass.
pub(crate) struct Row<B: OwnedRuntime> {
    pub(crate) name: String,
    pub(crate) variants: Vec<Variant<B>>,
}

impl<B: OwnedRuntime + 'static> Suite<B> {
    /// The default rows.
    ///
    /// A runtime is built to ask what it can, and ended.
    #[expect(clippy::new_without_default, reason = "it builds a runtime")]
    pub fn new() -> Self {
        let many = RuntimeOptions::new().workers(2).thread_name("conformance");
        let capabilities = B::build(&many).map(|owned| {
            let capabilities = owned.handle().capabilities();
            let _ = owned.shutdown(Duration::ZERO);
            capabilities
        });
        let suite = Self::bare().row("multi-thread", many.clone());
        match capabilities {
            // Each scenario will say what is wrong.
            Err(_) => suite,
            Ok(capabilities) if !capabilities.stops => suite,
            Ok(capabilities) => {
                let one =
                    many.threading(proc_daemon_runtime::Threading::Workers(NonZeroUsize::MIN));
                let suite = suite.row("one-worker", one);
                let current = RuntimeOptions::new().current_thread();
                if capabilities.current_thread {
                    suite.row("current-thread", current)
                } else {
                    suite
                }
            }
        }
    }

    /// No rows.
    pub const fn bare() -> Self {
        Self { rows: Vec::new(), make: None, raise: None, limit: LIMIT }
    }

    /// With one more row: a name, and what the runtime is built with.
    pub fn row(self, name: impl Into<String>, options: RuntimeOptions) -> Self {
        let raise: Raise<B> = Arc::new(|_, signal| kill_self(signal));
        self.variants(name, vec![Variant::new(options, raise)])
    }

    pub(crate) fn variants(mut self, name: impl Into<String>, variants: Vec<Variant<B>>) -> Self {
        self.rows.push(Row { name: name.into(), variants });
        self
    }

    /// How a signal is raised, instead of by sending it to this process.
    pub fn raise_with(
        mut self,
        raise: impl Fn(&B::Runtime, Signal) + Send + Sync + 'static,
    ) -> Self {
        self.raise = Some(Arc::new(raise));
        self
    }

    /// How a runtime is built, instead of by [`OwnedRuntime::build`]: but not for `CODE` scenarios, in which the daemon
    /// builds its own, as in a program's `main`.
    pub fn build_with(
        mut self,
        build: impl Fn(&RuntimeOptions) -> std::io::Result<B> + Send + Sync + 'static,
    ) -> Self {
        self.make = Some(Arc::new(build));
        self
    }

    /// When a scenario has hung: 45 s after its beginning, if this does not say otherwise.
    ///
    /// What must come at once is waited for a third of it, and what a daemon must come to two thirds: to fail then in
    /// words of its own.
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Each scenario on each row, in the order of the reports.
    pub(crate) fn trials(&self) -> Vec<Trial> {
        let rows = self.rows.iter().map(|row| Row {
            name: row.name.clone(),
            variants: row.variants.iter().map(|variant| self.settled(variant)).collect(),
        });
        rows.flat_map(|row| Trial::real(&row)).map(|trial| trial.limit(self.limit)).collect()
    }

    fn settled(&self, variant: &Variant<B>) -> Variant<B> {
        let mut variant = variant.clone();
        if let Some(make) = &self.make {
            variant.make = Arc::clone(make);
        }
        if let Some(raise) = &self.raise {
            variant.raise = Arc::clone(raise);
        }
        variant
    }

    /// Runs every scenario on every row, and gives what came of it.
    ///
    /// Scenarios about what is process-wide start this program again, with
    /// `PROC_DAEMON_CONFORMANCE_CHILD` set: then this call runs that one and ends the process. So it
    /// belongs into `main`, before anything that should happen once.
    pub fn report(&self) -> Report {
        self.report_of(|_| true)
    }

    /// As [`report`](Self::report), for the scenarios with these ids alone. For those who check the kit.
    #[doc(hidden)]
    pub fn report_of(&self, wanted: impl Fn(&str) -> bool) -> Report {
        let mut trials = self.trials();
        if child::run_if_asked(|_| trials.clone()).is_err() {
            // Another suite's: this one has nothing to say.
            return Report::default();
        }
        trials.retain(|trial| wanted(trial.scenario.id));
        run::all(&trials, run::threads(), &|_| {})
    }
}

/// The lab of one variant, built.
pub(crate) fn lab<B: OwnedRuntime>(variant: &Variant<B>, roll: &Roll) -> Lab<B> {
    match Lab::new(variant, roll) {
        Ok(lab) => lab,
        Err(error) => panic!("{:?} cannot be built: {error}", variant.options),
    }
}
