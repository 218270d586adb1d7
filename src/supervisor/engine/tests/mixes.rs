//! The daemons that are explored: every small graph with every kind of edge, in groups of every strategy, of
//! subsystems of every kind.

use super::*;
use crate::backoff::Backoff;
use crate::config::Config;
use crate::health::ProbeRules;
use crate::restart::{Intensity, Restart};
use crate::signal::Action;
use crate::strategy::Strategy;
use crate::subsystem::Kind;

/// One daemon to explore.
#[derive(Clone, Debug)]
pub(super) struct Mix {
    pub(super) rules: Vec<Rules>,
    /// A unit, one before it that it depends on, and how.
    pub(super) edges: Vec<(u32, u32, Kind)>,
    /// Who is in one group, and its strategy.
    pub(super) group: Option<(Strategy, Vec<u32>)>,
    pub(super) settings: Settings,
    /// Whether a state dump takes its time.
    pub(super) slow_dump: bool,
    /// Who is watched, and how.
    pub(super) watched: Vec<(u32, Checks)>,
}

impl Mix {
    /// Anything.
    pub(super) fn any(choices: &mut Choices, units: u32) -> Self {
        let kinds = [Kind::After, Kind::Requires, Kind::Binds];
        let pairs = choices.edges(units).into_iter();
        let edges = pairs.map(|(unit, on)| (unit, on, kinds[choices.below(3)])).collect();
        let all = all_rules();
        let rules = (0..units).map(|_| all[choices.below(all.len())]).collect();
        let members = (0..units).filter(|_| choices.below(4) > 0).collect();
        let group = GROUPS[choices.below(4)].map(|strategy| (strategy, members));
        let settings = [quick(), slow()][choices.below(2)].clone();
        let slow_dump = choices.below(2) == 0;
        Self { rules, edges, group, settings, slow_dump, watched: Vec::new() }
    }

    /// With `unit` watched like this.
    pub(super) fn watch(mut self, unit: u32, watch: Watch) -> Self {
        self.rules[unit as usize].startup_check = watch.startup;
        self.rules[unit as usize].start_timeout = watch.startup.then_some(START_TIMEOUT);
        self.watched.push((unit, watch.checks()));
        self
    }

    /// Whoever starts again with `unit`, itself among them: those that are bound to it, those of its group, and
    /// whoever starts again with these; in `world`, where some may have been removed.
    pub(super) fn along(&self, world: &World, unit: u32) -> Vec<u32> {
        let mut all = vec![unit];
        let mut next = 0;
        while let Some(&one) = all.get(next) {
            let bound = self.edges.iter().filter(|edge| (edge.1, edge.2) == (one, Kind::Binds));
            let new: Vec<u32> = bound.map(|edge| edge.0).chain(self.group_of(one)).collect();
            let new = new.into_iter().filter(|other| world.state(*other) != State::Removed);
            all.extend(new.filter(|other| !all.contains(other)).collect::<Vec<_>>());
            next += 1;
        }
        all
    }

    /// `gone` are over for good: they, whoever of those that go on cannot be without them, and the groups of these.
    /// A temporary one that is gone concerns no group.
    pub(super) fn lost_with(&self, gone: Vec<u32>, goes_on: impl Fn(u32) -> bool) -> Vec<u32> {
        let (first, mut next) = (gone.len(), 0);
        let mut all = gone;
        while let Some(&one) = all.get(next) {
            let needs = |edge: &&(u32, u32, Kind)| edge.1 == one && edge.2 >= Kind::Requires;
            let requiring = self.edges.iter().filter(needs).map(|edge| edge.0);
            let alone = next < first && self.rules[one as usize].restart == Restart::Never;
            let group = if alone { Vec::new() } else { self.group_of(one) };
            let new: Vec<u32> = requiring.chain(group).filter(|other| goes_on(*other)).collect();
            all.extend(new.into_iter().filter(|other| !all.contains(other)).collect::<Vec<_>>());
            next += 1;
        }
        all
    }

    /// Whoever of its group starts again with `unit`.
    fn group_of(&self, unit: u32) -> Vec<u32> {
        let group = self.group.iter().filter(|(_, members)| members.contains(&unit));
        let rest = group.flat_map(|(strategy, members)| match strategy {
            Strategy::OneForOne => Vec::new(),
            Strategy::OneForAll => members.clone(),
            Strategy::RestForOne => members.iter().copied().filter(|on| *on > unit).collect(),
        });
        rest.collect()
    }

    pub(super) fn world(&self) -> World {
        let mut edges = Edges::default();
        self.edges.iter().for_each(|(unit, on, kind)| edges.add(*unit, *on, *kind));
        let mut groups = Groups::default();
        if let Some((strategy, members)) = &self.group {
            let group = groups.enter(*strategy);
            members.iter().for_each(|unit| groups.join(group, *unit));
        }
        let mut world = World::of(&self.rules, edges, groups, self.settings.clone());
        world.dumps = !self.slow_dump;
        for (unit, checks) in &self.watched {
            world.engine.watch(*unit, checks.clone());
        }
        world
    }
}

/// How a subsystem is watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    startup: bool,
    readiness: bool,
    liveness: bool,
    heart: bool,
}

/// Not a multiple of the time between two checks.
const START_TIMEOUT: Duration = Duration::from_millis(1200);

impl Watch {
    /// One of all sixteen.
    pub(super) fn of(bits: usize) -> Self {
        let bit = |place: usize| bits >> place & 1 == 1;
        Self { startup: bit(0), readiness: bit(1), liveness: bit(2), heart: bit(3) }
    }

    /// One good answer in a row and two bad ones, or the other way round.
    fn checks(self) -> Checks {
        let (every, timeout) = (Duration::from_millis(500), Duration::from_millis(400));
        let rules = ProbeRules { delay: Duration::ZERO, every, timeout, rise: 1, fall: 2 };
        let asking = |on: bool, rules| on.then(|| Asking::new(rules, false));
        let readiness = ProbeRules { rise: 2, fall: 1, ..rules };
        Checks::new(
            asking(self.startup, rules),
            asking(self.readiness, readiness),
            asking(self.liveness, rules),
            self.heart.then_some(Duration::from_millis(600)),
        )
    }
}

/// Restarts at once, with a second's grace: no two timers of different kinds take the same time.
const BASE: Rules = Rules {
    backoff: Backoff::constant(Duration::from_millis(100)).jitter(0.0),
    grace: Some(Duration::from_secs(1)),
    ..Rules::PLAIN
};

const fn rules(restart: Restart, optional: bool) -> Rules {
    Rules { restart, optional, ..BASE }
}

/// Every policy, of critical and of optional subsystems.
pub(super) const POLICIES: [Rules; 6] = [
    rules(Restart::Never, false),
    rules(Restart::Never, true),
    rules(Restart::OnFailure, false),
    rules(Restart::OnFailure, true),
    rules(Restart::Always, false),
    rules(Restart::Always, true),
];

/// Once in a minute, and not twice.
const LIMIT: Option<Intensity> = Some(Intensity { failures: 1, window: Duration::from_secs(60) });

/// Everything else that a subsystem can be, and that matters.
const CHARACTERS: [Rules; 6] = [
    Rules { intensity: LIMIT, ..rules(Restart::OnFailure, true) },
    Rules { intensity: LIMIT, ..rules(Restart::Always, false) },
    Rules { asks: true, ..rules(Restart::Never, false) },
    Rules { background: true, once: true, ..rules(Restart::OnFailure, true) },
    Rules { explicit_ready: true, ..rules(Restart::OnFailure, true) },
    Rules { backoff: Backoff::none(), ..rules(Restart::Always, true) },
];

/// The last has nobody start again with another, as none has: `groups.rs` shows that.
const GROUPS: [Option<Strategy>; 4] =
    [None, Some(Strategy::OneForAll), Some(Strategy::RestForOne), Some(Strategy::OneForOne)];

/// One signal forces at once, and one when the state has been dumped.
fn quick() -> Settings {
    Settings {
        actions: SignalConfig::unix().on(Signal::Terminate, Action::Force).table(),
        ..settings()
    }
}

/// A lame duck, a budget that ends before what was aborted is left behind, finalizers, few restarts.
fn slow() -> Settings {
    let timeouts = Config::builder()
        .lame_duck(Duration::from_millis(100))
        .force_shutdown_timeout(Duration::from_secs(1))
        .kill_timeout(Duration::from_millis(1100))
        .build()
        .expect("they are in order")
        .shutdown();
    let tuning = Tuning { timeouts, ..TUNING };
    Settings { tuning, finalizers: 1, restarts_a_second: 1, ..quick() }
}

/// All of them.
pub(super) fn all_rules() -> Vec<Rules> {
    [POLICIES, CHARACTERS].concat()
}

/// One subsystem of every kind, with all settings.
pub(super) fn alone() -> Vec<Mix> {
    let mut mixes = Vec::new();
    for settings in [quick(), slow()] {
        for slow_dump in [false, true] {
            let mix = |rules| {
                let (edges, settings) = (Vec::new(), settings.clone());
                let watched = Vec::new();
                Mix { rules: vec![rules], edges, group: None, settings, slow_dump, watched }
            };
            mixes.extend(all_rules().into_iter().map(mix));
        }
    }
    mixes
}

/// All pairs of `rules`, on every graph, in so many groups of all.
pub(super) fn pairs(rules: &[Rules], groups: usize) -> impl Iterator<Item = Mix> {
    let pairs = rules.iter().flat_map(|one| rules.iter().map(|two| vec![*one, *two]));
    let pairs: Vec<Vec<Rules>> = pairs.collect();
    of_all(2, groups).flat_map(move |mix| {
        pairs.clone().into_iter().map(move |rules| Mix { rules, ..mix.clone() })
    })
}

/// Every graph of three, alone and in each group, with six of the 216 mixes of policies each: no pair of policies of
/// two of them is left out.
pub(super) fn trios() -> impl Iterator<Item = Mix> {
    of_all(3, 3).enumerate().flat_map(|(place, mix)| {
        (0..6).map(move |first| {
            let places = [first, (first + place) % 6, (first + place / 6) % 6];
            Mix { rules: places.map(|place| POLICIES[place]).to_vec(), ..mix.clone() }
        })
    })
}

/// So many of any kind.
pub(super) fn any(units: u32, count: u64) -> impl Iterator<Item = Mix> {
    (0..count).map(move |seed| Mix::any(&mut Choices(seed), units))
}

/// Every graph, in so many groups of all; without rules.
fn of_all(units: u32, groups: usize) -> impl Iterator<Item = Mix> {
    graphs(units).into_iter().flat_map(move |edges| {
        GROUPS.into_iter().take(groups).map(move |group| {
            let group = group.map(|strategy| (strategy, (0..units).collect()));
            let (rules, edges) = (Vec::new(), edges.clone());
            let watched = Vec::new();
            Mix { rules, edges, group, settings: quick(), slow_dump: false, watched }
        })
    })
}

/// Every set of edges among `units` where each depends on those before it alone, of every kind.
fn graphs(units: u32) -> Vec<Vec<(u32, u32, Kind)>> {
    let pairs = (0..units).flat_map(|unit| (0..unit).map(move |on| (unit, on)));
    let mut graphs = vec![Vec::new()];
    for (unit, on) in pairs {
        let mut more = Vec::with_capacity(graphs.len() * 4);
        for graph in graphs {
            for kind in [Kind::After, Kind::Requires, Kind::Binds] {
                more.push([graph.as_slice(), &[(unit, on, kind)]].concat());
            }
            more.push(graph);
        }
        graphs = more;
    }
    graphs
}

/// One subsystem of every kind, watched in every way.
pub(super) fn watched_alone() -> impl Iterator<Item = Mix> {
    let kinds = all_rules().len();
    (1..16).flat_map(move |bits| {
        let quick = alone().into_iter().take(kinds);
        quick.map(move |mix| mix.watch(0, Watch::of(bits)))
    })
}

/// Two subsystems, of which the first is watched in one way, and the second as well or not.
pub(super) fn watched_pairs() -> impl Iterator<Item = Mix> {
    let ways = [(1, 0), (2, 0), (4, 0), (8, 0), (4, 2), (2, 4), (1, 8), (12, 0)];
    pairs(&POLICIES, 3).enumerate().map(move |(place, mix)| {
        let (first, second) = ways[(place + place / ways.len()) % ways.len()];
        let mix = mix.watch(0, Watch::of(first));
        if second > 0 { mix.watch(1, Watch::of(second)) } else { mix }
    })
}

/// One that starts again, and whose startup, liveness and heart are watched.
pub(super) fn watched_closely() -> Mix {
    alone().remove(2).watch(0, Watch::of(13))
}
