use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon_runtime::{OwnedRuntime, RuntimeOptions, ShutdownSummary, TaskName, Threading};

use crate::world::{Choices, World};
use crate::{Orphan, Policy, SimHandle, SimOptions, Tape, TaskDump, Trace, Verdict};

/// One simulated world: an executor on this thread, a virtual clock, scripted signals.
///
/// Dropping it drops its tasks, oldest first.
pub struct Simulator {
    world: Arc<World>,
}

impl Simulator {
    /// A world whose open questions `seed` answers.
    #[must_use]
    pub fn seeded(seed: u64, options: &SimOptions) -> Self {
        Self { world: World::new(Choices::Seed(seed), options) }
    }

    /// A world whose open questions `tape` answers; those that are not on it have the dull answer.
    #[must_use]
    pub fn taped(tape: &Tape, options: &SimOptions) -> Self {
        Self { world: World::new(Choices::Tape(tape.clone()), options) }
    }

    /// Polls `future` and every task until it resolves.
    ///
    /// # Errors
    ///
    /// The verdict, if it never will.
    pub fn try_block_on<F: Future>(
        &mut self,
        name: TaskName,
        future: F,
    ) -> Result<F::Output, Verdict> {
        self.world.run(name, future)
    }

    /// Polls what is ready until nothing is, without letting time pass.
    pub fn settle(&mut self) {
        self.world.settle();
    }

    /// Drops every task, oldest first, and refuses new ones. Gives the sleeps and the signal listeners that are
    /// registered all the same: somebody else holds them, or they were forgotten.
    pub fn close(&mut self) -> Vec<Orphan> {
        self.world.close().1
    }

    /// Changes what the seed has chosen; a policy only if choices are drawn, for a tape has its own order.
    pub fn configure(&mut self, options: &SimOptions) {
        self.world.state().configure(options);
    }

    /// The policy of this world; the dull one if its choices are on a tape.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.world.state().settled.policy
    }

    /// The choices so far.
    #[must_use]
    pub fn tape(&self) -> Tape {
        self.world.state().oracle.tape()
    }

    /// The hash of the trace.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.world.state().trace.hash()
    }

    /// The trace, taken out.
    #[must_use]
    pub fn take_trace(&mut self) -> Trace {
        std::mem::take(&mut self.world.state().trace)
    }

    /// How many polls there were.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.world.clock.polls()
    }

    /// How many steps there were: polls, moves of time, firings of sleeps, acts of devices.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.world.state().steps
    }

    /// The names of all tasks there ever were, by number.
    #[must_use]
    pub fn task_names(&self) -> Vec<TaskName> {
        self.world.state().tasks.names().to_vec()
    }

    /// The tasks that are alive.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskDump> {
        self.world.state().tasks.dump()
    }

    /// How many listen to signals.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.world.state().listeners.count()
    }

    /// The tasks that panicked, with what they said.
    #[must_use]
    pub fn panics(&self) -> Vec<(TaskName, String)> {
        self.world.state().panics.clone()
    }

    /// Why the life was ended before its time, if it was.
    #[must_use]
    pub fn halted(&self) -> Option<Verdict> {
        self.world.state().halt.clone()
    }

    /// The situations that were reached.
    #[must_use]
    pub fn reached(&self) -> Vec<&'static str> {
        self.world.state().reached.clone()
    }
}

impl OwnedRuntime for Simulator {
    type Runtime = SimHandle;

    /// The dullest world. `worker_threads` and `thread_name` have no meaning in it and are refused; so is
    /// `max_blocking_threads`. [`Threading::PerCore`], the default, is taken for the one thread there is.
    fn build(options: &RuntimeOptions) -> io::Result<Self> {
        let refuse = |option| {
            let instead = "a simulation runs on the thread that calls block_on";
            Err(RuntimeOptions::unsupported("sim", option, instead))
        };
        match options {
            RuntimeOptions { threading: Threading::Workers(_), .. } => refuse("worker_threads"),
            RuntimeOptions { thread_name: Some(_), .. } => refuse("thread_name"),
            RuntimeOptions { max_blocking_threads: Some(_), .. } => refuse("max_blocking_threads"),
            _ => Ok(Self::taped(&Tape::dull(), &SimOptions::dull())),
        }
    }

    fn handle(&self) -> SimHandle {
        SimHandle::new(Arc::clone(&self.world))
    }

    /// # Panics
    ///
    /// With the verdict and a dump of the tasks if `future` will never resolve.
    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        match self.try_block_on(TaskName::literal("main"), future) {
            Ok(output) => output,
            Err(verdict) => panic!("{verdict}"),
        }
    }

    /// Takes no time, real or virtual.
    fn shutdown(self, _: Duration) -> ShutdownSummary {
        let blocked = self.tasks().iter().filter(|task| task.blocking).count();
        let (alive, _) = self.world.close();
        ShutdownSummary::new(alive - blocked, blocked)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.world.close();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("policy", &self.policy()).finish_non_exhaustive()
    }
}
