use std::time::Duration;

use proc_daemon_runtime::Signal;

use crate::Policy;
use crate::oracle::Oracle;
use crate::sites::{MOST_BLOCKING, MOST_LATENESS, POLL_COST};

/// How a life is simulated. What is left open, the seed chooses.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SimOptions {
    /// Which ready task is polled next.
    pub policy: Option<Policy>,
    /// How much virtual time a poll takes.
    pub poll_cost: Option<Duration>,
    /// How late a sleep may fire, at most.
    pub lateness: Option<Duration>,
    /// How long blocking work waits for its thread, at most.
    pub blocking_delay: Option<Duration>,
    /// The chance that blocking work never returns; 0 by default.
    pub stuck_blocking: f64,
    /// After this moment no blocking work begins that never returns.
    pub stuck_until: Duration,
    /// Whether every task is polled at every rest: see [`Verdict::LostWakeup`](crate::Verdict::LostWakeup).
    pub probes: bool,
    /// Raise these, each before the step with that number; the first step is 1. A step is a poll, time that
    /// moves on because nothing is ready, the firing of the sleeps that are due, or an act of a device.
    pub at_step: Vec<(u64, Signal)>,
    /// When, in virtual time, a life is given up.
    pub time_limit: Duration,
    /// After how many polls a life is given up.
    pub poll_limit: u64,
    /// After how many polls without a rest (a moment at which nothing is ready) a life is given up.
    pub restless_polls: u64,
    /// How much real time a poll may take before it is told of on stderr; zero: any. That code blocks its thread is
    /// no verdict: the simulator cannot interrupt it, and no real time has a part in a life.
    pub stuck_after: Duration,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            policy: None,
            poll_cost: None,
            lateness: None,
            blocking_delay: None,
            stuck_blocking: 0.0,
            stuck_until: Duration::MAX,
            probes: false,
            at_step: Vec::new(),
            time_limit: Duration::from_secs(100 * 365 * 24 * 3600),
            poll_limit: 20_000_000,
            restless_polls: 100_000,
            stuck_after: Duration::from_secs(10),
        }
    }
}

impl SimOptions {
    /// Nothing is left to the seed: first in first out, no time passes in a poll, sleeps are on time.
    #[must_use]
    pub fn dull() -> Self {
        Self {
            policy: Some(Policy::Fifo),
            poll_cost: Some(Duration::ZERO),
            lateness: Some(Duration::ZERO),
            blocking_delay: Some(Duration::ZERO),
            ..Self::default()
        }
    }
}

/// What the seed chooses from. A machine under load, not a broken one: ordinary timeouts hold.
const POLL_COSTS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_nanos(900),
    Duration::from_micros(40),
    Duration::from_millis(1),
];
const LATENESSES: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(20)];
const BLOCKING_DELAYS: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(2), Duration::from_millis(100)];

/// The options of one life, settled.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) policy: Policy,
    pub(crate) poll_cost: u64,
    pub(crate) lateness: u64,
    pub(crate) blocking_delay: u64,
    pub(crate) stuck_blocking: f64,
    pub(crate) stuck_until: u64,
    pub(crate) time_limit: u64,
    pub(crate) restless_polls: u64,
    pub(crate) poll_limit: u64,
    pub(crate) probes: bool,
}

impl Settled {
    pub(crate) fn new(oracle: &mut Oracle) -> Self {
        let mut one_of = |all: &[Duration], site| {
            let of = u32::try_from(all.len()).unwrap_or(1);
            nanos(all[oracle.choose(of, site) as usize])
        };
        Self {
            poll_cost: one_of(&POLL_COSTS, POLL_COST),
            lateness: one_of(&LATENESSES, MOST_LATENESS),
            blocking_delay: one_of(&BLOCKING_DELAYS, MOST_BLOCKING),
            // A tape's own order is the dull one with its choices.
            policy: Policy::ALL[oracle.draw(5) as usize],
            stuck_blocking: 0.0,
            stuck_until: u64::MAX,
            time_limit: u64::MAX,
            restless_polls: u64::MAX,
            poll_limit: u64::MAX,
            probes: false,
        }
    }

    /// Takes over what `options` say. A policy is for lives whose choices are drawn.
    pub(crate) fn change(&mut self, options: &SimOptions, oracle: &mut Oracle) {
        let mut set = |mine: &mut u64, wanted: Option<Duration>, site| {
            if let Some(wanted) = wanted {
                *mine = nanos(wanted);
                oracle.forget(site);
            }
        };
        set(&mut self.poll_cost, options.poll_cost, POLL_COST);
        set(&mut self.lateness, options.lateness, MOST_LATENESS);
        set(&mut self.blocking_delay, options.blocking_delay, MOST_BLOCKING);
        self.policy = match options.policy {
            Some(policy) if oracle.is_seeded() => policy,
            _ => self.policy,
        };
        self.stuck_blocking = options.stuck_blocking;
        self.stuck_until = nanos(options.stuck_until);
        self.time_limit = nanos(options.time_limit);
        self.probes = options.probes;
        self.restless_polls = options.restless_polls;
        self.poll_limit = options.poll_limit;
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
