//! `Sim`: what is simulated, and how. `living` has it live.

use std::time::Duration;

use proc_daemon_runtime::{OwnedRuntime, Signal};

use super::faults::Faults;
use super::past::Slot;
use crate::backends::sim::{Policy, SimOptions, Simulator, Tape};
use crate::daemon::DaemonBuilder;

/// A life to be simulated: a daemon, its faults, a script. Made from a seed or a tape, which answers
/// everything that is left open.
#[must_use = "a simulation does nothing until it is run"]
pub struct Sim {
    pub(super) seed: Option<u64>,
    pub(super) world: Simulator,
    pub(super) options: SimOptions,
    pub(super) daemon: Option<DaemonBuilder>,
    pub(super) config: Option<String>,
    pub(super) faults: Faults,
    pub(super) lasting: Option<Duration>,
    pub(super) panics_allowed: bool,
    /// Where its past is left for a [`Shadow`].
    pub(super) slot: Slot,
}

/// # What is simulated
impl Sim {
    /// A life whose open questions `seed` answers.
    pub fn new(seed: u64) -> Self {
        let options = SimOptions::default();
        Self::over(Some(seed), Simulator::seeded(seed, &options), options)
    }

    /// A life whose open questions `tape` answers; every other answer is dull.
    pub fn from_tape(tape: &Tape) -> Self {
        let options = SimOptions::default();
        Self::over(None, Simulator::taped(tape, &options), options)
    }

    fn over(seed: Option<u64>, world: Simulator, options: SimOptions) -> Self {
        Self {
            seed,
            world,
            options,
            daemon: None,
            config: None,
            faults: Faults::none(),
            lasting: None,
            panics_allowed: false,
            slot: Slot::default(),
        }
    }

    /// The daemon. Its `runtime_options` and `exit_when_stuck` have no meaning here.
    pub fn daemon(mut self, daemon: DaemonBuilder) -> Self {
        self.daemon = Some(daemon);
        self
    }

    /// The configuration, as TOML, in the place of the daemon's own. A daemon that reads a file needs it.
    pub fn config_text(mut self, toml: &str) -> Self {
        self.config = Some(toml.to_owned());
        self
    }

    /// What goes wrong. A plan that cannot strike is refused; see [`Faults`].
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// How long the daemon lives before [`run`](Self::run) asks it to end, and until when faults come, also in a
    /// [`script`](Self::script); 30 s by default, or until the faults are quiet and 30 s more. `Duration::MAX`: until it ends by itself.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasting = Some(time);
        self
    }

    /// A panic of a subsystem is part of the story: the daemon deals with it, and the verdict does not.
    pub fn allow_panics(mut self) -> Self {
        self.panics_allowed = true;
        self
    }
}

/// # How
///
/// What is not set here, the seed chooses.
impl Sim {
    /// The order in which ready tasks are polled. A tape has its own.
    pub fn policy(self, policy: Policy) -> Self {
        self.options(|options| options.policy = Some(policy))
    }

    /// How much time a poll takes.
    pub fn poll_cost(self, cost: Duration) -> Self {
        self.options(|options| options.poll_cost = Some(cost))
    }

    /// Polls every task at every moment at which nothing is ready. A correct one has nothing to do then; what
    /// comes of it is a lost wake-up. For code whose futures do nothing when they are polled without a reason.
    pub fn probes(self) -> Self {
        self.options(|options| options.probes = true)
    }

    /// How late a sleep fires, at most.
    pub fn lateness(self, most: Duration) -> Self {
        self.options(|options| options.lateness = Some(most))
    }

    /// How long blocking work waits for its thread, at most.
    pub fn blocking_delay(self, most: Duration) -> Self {
        self.options(|options| options.blocking_delay = Some(most))
    }

    /// A signal arrives before the step with this number; the first step is 1. A step is a poll, time that
    /// moves on, the firing of the sleeps that are due, or an act of a device: a signal, a jump of the clock, a fault.
    pub fn raise_at_step(self, step: u64, signal: Signal) -> Self {
        self.options(|options| options.at_step.push((step, signal)))
    }

    /// After how much virtual time the life is given up; 100 years by default.
    pub fn time_limit(self, limit: Duration) -> Self {
        self.options(|options| options.time_limit = limit)
    }

    /// After how many polls the life is given up; 20 million by default.
    pub fn poll_limit(self, limit: u64) -> Self {
        self.options(|options| options.poll_limit = limit)
    }

    /// After how much real time a poll that has not returned is told of on stderr: which task, seed and moment;
    /// 10 s by default, zero: never. It tells of code that blocks its thread, and has no part in the life.
    pub fn stuck_after(self, time: Duration) -> Self {
        self.options(|options| options.stuck_after = time)
    }

    fn options(mut self, set: impl FnOnce(&mut SimOptions)) -> Self {
        set(&mut self.options);
        self.world.configure(&self.options);
        self
    }

    /// A number below `of`, chosen by the seed; `site` says what is chosen. 0 is the dull answer, to which
    /// a failing life shrinks: use it for the shape of what is simulated.
    #[must_use]
    pub fn choose(&self, of: u32, site: &str) -> u32 {
        self.world.handle().choose(of, site)
    }

    /// True with this chance; false is the dull answer.
    #[must_use]
    pub fn chance(&self, chance: f64, site: &str) -> bool {
        self.world.handle().chance(chance, site)
    }
}
