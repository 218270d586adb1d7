use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::sim::Policy;
use proc_daemon_runtime::{Capabilities, OwnedRuntime, Runtime};
use proc_daemon_sim::{SimOptions, Simulator};

use crate::lab::{Roll, caught};
use crate::order::{Order, Trace};
use crate::probe;
use crate::scenario::{Need, Place, Scenario};
use crate::suite::{Row, lab};
use crate::variant::Variant;
use crate::world::{Real, Simulated};
use crate::{core, laws};

/// One scenario on one row, whatever the backend.
#[derive(Clone)]
pub(crate) struct Trial {
    pub(crate) row: String,
    pub(crate) scenario: Scenario,
    /// When it hangs.
    pub(crate) limit: Duration,
    body: Arc<Body>,
}

type Body = dyn Fn(&Roll) -> Result<Ended, String> + Send + Sync;

/// The limit that nobody has set.
pub(crate) const LIMIT: Duration = Duration::from_secs(45);

/// How a body has ended that has not failed.
pub(crate) enum Ended {
    Passed,
    /// The process is to end with this.
    Exit(ExitCode),
    Absent(Need),
}

/// The lives of a scenario on the simulator's row: each policy, so many seeds.
const SEEDS: u64 = 3;

/// An order is settled when so many lives in a row have left it as it was, or there were so many.
const QUIET: u32 = 60;
const MOST: u64 = 1000;
const POLICIES: [Policy; 4] = [Policy::Fifo, Policy::Lifo, Policy::Shuffle, Policy::Pct];

impl Trial {
    pub(crate) const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it on this thread.
    pub(crate) fn run(&self, roll: &Roll) -> Result<Ended, String> {
        (self.body)(roll)
    }

    pub(crate) const fn place(&self) -> Place {
        self.scenario.place
    }

    /// `tokio/one-worker::SLEEP-03::a_due_sleep_is_ready_at_once`.
    pub(crate) fn path(&self) -> String {
        format!("{}::{}::{}", self.row, self.scenario.id, self.scenario.name)
    }

    /// Whether one of `parts` is in its path, in capitals or not.
    pub(crate) fn is_called(&self, parts: &[String]) -> bool {
        let path = self.path().to_lowercase();
        parts.iter().any(|part| path.contains(&part.to_lowercase()))
    }

    /// The scenarios on a row of a real backend.
    pub(crate) fn real<B: OwnedRuntime + 'static>(row: &Row<B>) -> Vec<Self> {
        let name = format!("{}/{}", <B::Runtime as Runtime>::NAME, row.name);
        let laws = laws::all::<B>().into_iter().map(|law| {
            let (variants, scenario) = (row.variants.clone(), law.scenario);
            Self::new(&name, scenario, move |roll| lawful(&law, &variants, roll))
        });
        let references = core::all::<Simulated>();
        let lives = core::all::<Real<B>>().into_iter().zip(references).map(|(core, reference)| {
            let (variants, scenario) = (row.variants.clone(), core.scenario);
            let body = move |roll: &Roll| {
                for variant in &variants {
                    if let Some(absent) = absent(scenario.needs, variant, roll)? {
                        return Ok(Ended::Absent(absent));
                    }
                    let world = Real::new(variant, roll);
                    caught(|| (core.body)(&world))?;
                    if let Some(code) = world.code() {
                        return Ok(Ended::Exit(code));
                    }
                    if !core.open && scenario.needs.is_empty() {
                        order(&reference)?.kept_by(&world.into_traces())?;
                    }
                }
                Ok(Ended::Passed)
            };
            Self::new(&name, scenario, body)
        });
        laws.chain(lives).collect()
    }

    /// The scenarios in the simulator, each in every order of polls.
    pub(crate) fn simulated() -> Vec<Self> {
        let name = "sim";
        let laws = laws::all::<Simulator>().into_iter().map(|law| {
            let scenario = law.scenario.place(Place::Thread);
            Self::new(name, scenario, move |roll| lawful(&law, &worlds(), roll))
        });
        let lives = core::all::<Simulated>().into_iter().map(|core| {
            let scenario = core.scenario.place(Place::Thread);
            let body = move |_: &Roll| {
                if core.scenario.needs.contains(&Need::RealTime) {
                    return Ok(Ended::Absent(Need::RealTime));
                }
                for (policy, seed) in
                    Policy::ALL.into_iter().flat_map(|p| (0..SEEDS).map(move |s| (p, s)))
                {
                    lived(&core, seed, policy)?;
                }
                Ok(Ended::Passed)
            };
            Self::new(name, scenario, body)
        });
        laws.chain(lives).collect()
    }

    fn new(
        row: &str,
        scenario: Scenario,
        body: impl Fn(&Roll) -> Result<Ended, String> + Send + Sync + 'static,
    ) -> Self {
        Self { row: row.to_owned(), scenario, limit: LIMIT, body: Arc::new(body) }
    }
}

/// A simulated world for each policy.
fn worlds() -> Vec<Variant<Simulator>> {
    let world = |policy: Policy| {
        let mut options = SimOptions::default();
        options.policy = Some(policy);
        let mut variant = Variant::<Simulator>::new(
            proc_daemon_runtime::RuntimeOptions::new(),
            Arc::new(|handle, signal| handle.raise(signal)),
        );
        variant.name = policy.to_string();
        // What cannot be honoured is refused as a simulator's own `build` refuses it.
        variant.make =
            Arc::new(move |asked| Simulator::build(asked).map(|_| Simulator::seeded(7, &options)));
        variant
    };
    Policy::ALL.into_iter().map(world).collect()
}

fn lawful<B: OwnedRuntime>(
    law: &laws::Law<B>,
    variants: &[Variant<B>],
    roll: &Roll,
) -> Result<Ended, String> {
    for variant in variants {
        if let Some(absent) = absent(law.scenario.needs, variant, roll)? {
            return Ok(Ended::Absent(absent));
        }
        caught(|| (law.body)(lab(variant, roll))).map_err(|said| match &*variant.name {
            "" => said,
            name => format!("{name}: {said}"),
        })?;
    }
    Ok(Ended::Passed)
}

/// The capability that this backend declares to lack, if a probe does not find it all the same.
fn absent<B: OwnedRuntime>(
    needs: &'static [Need],
    variant: &Variant<B>,
    roll: &Roll,
) -> Result<Option<Need>, String> {
    if needs.is_empty() {
        return Ok(None);
    }
    let build = || variant.build().map_err(|error| format!("it cannot be built: {error}"));
    let owned = build()?;
    let declared: Capabilities = owned.handle().capabilities();
    drop(owned);
    let Some(need) = needs.iter().copied().find(|need| !need.declared(&declared, &variant.options))
    else {
        return Ok(None);
    };
    if probe::finds(need, variant, roll.bound()) {
        return Err(format!("`{need}` is declared absent, and is there"));
    }
    Ok(Some(need))
}

/// One simulated life of a scenario.
fn lived(core: &core::Core<Simulated>, seed: u64, policy: Policy) -> Result<Vec<Trace>, String> {
    let world = Simulated::new(seed, policy);
    caught(|| (core.body)(&world))
        .map_err(|said| format!("in the simulator, {policy}, seed {seed}: {said}"))?;
    Ok(world.into_traces())
}

/// What the simulated lives of a scenario agree on; found once in each process.
fn order(core: &core::Core<Simulated>) -> Result<Order, String> {
    type Orders = Mutex<BTreeMap<&'static str, Arc<OnceLock<Result<Order, String>>>>>;
    static ORDERS: Orders = Mutex::new(BTreeMap::new());
    let slot = Arc::clone(ORDERS.lock().entry(core.scenario.id).or_default());
    slot.get_or_init(|| {
        let mut order = Order::of(&lived(core, 0, Policy::Random)?);
        let mut quiet = 0;
        for seed in 1..MOST {
            // One that is in a different order each time finds the most; the others are for what it misses.
            let policy =
                if seed % 2 == 0 { Policy::Random } else { POLICIES[seed as usize / 2 % 4] };
            let life = lived(core, seed, policy)?;
            quiet = if caught(|| order.absorb(&life))? { 0 } else { quiet + 1 };
            if quiet == QUIET {
                break;
            }
        }
        Ok(order)
    })
    .clone()
}
