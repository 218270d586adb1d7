//! The dependency order of subsystems: who waits for whom, in compressed rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::config::nearest;
use crate::subsystem::{Kind, Needs, Spec};

/// Who depends on whom. An edge means: starts after, stops before. Acyclic by construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    dependencies: Rows,
    dependents: Rows,
    /// Those of the dependents that cannot be without it.
    requiring: Rows,
    /// Those of these that start again when it does.
    binding: Rows,
}

/// Row `n` is `targets[starts[n]..starts[n + 1]]`, unless it has changed since it was built. A clone shares what was
/// built; one of nothing allocates nothing.
#[derive(Clone, Debug, Default)]
struct Rows {
    starts: Arc<[u32]>,
    targets: Arc<[u32]>,
    changed: BTreeMap<u32, Vec<u32>>,
}

/// Who depends on whom, as pairs: a unit, and one that it depends on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges {
    /// All of them.
    pub(crate) all: Vec<(u32, u32)>,
    /// Those that are more than an order.
    pub(crate) needed: Vec<(u32, u32)>,
    /// Those of these along which restarts go.
    pub(crate) bound: Vec<(u32, u32)>,
}

/// What is wrong with a set of subsystems. Each prints on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GraphIssue {
    NoName { at: String },
    Duplicate { name: String, first: String, second: String },
    Unknown { name: String, by: String, at: String, near: Option<String> },
    Cycle { path: Vec<String>, at: String },
    Policy { name: String, at: String, what: String },
    NoGroup { name: String, by: String, at: String, near: Option<String> },
    GroupTwice { name: String, first: String, second: String },
    NoOwner { section: String, at: String },
}

impl Graph {
    /// The order of `specs`, or everything that is wrong with them.
    pub(crate) fn build(specs: &[Spec]) -> Result<Self, Vec<GraphIssue>> {
        let mut issues = Vec::new();
        let units = index(specs, &mut issues);
        let mut edges = Edges::default();
        for (unit, spec) in specs.iter().enumerate() {
            for (name, kind) in spec.dependencies() {
                match units.binary_search_by(|(other, _)| (*other).cmp(name.as_str())) {
                    Ok(found) => edges.add(number(unit), units[found].1, kind),
                    Err(_) => issues.push(GraphIssue::Unknown {
                        name: name.to_string(),
                        by: spec.name.to_string(),
                        at: spec.location.to_string(),
                        near: nearest(name, units.iter().map(|(other, _)| *other))
                            .map(str::to_owned),
                    }),
                }
            }
        }
        let graph = Self::from_edges(specs.len(), edges);
        for cycle in graph.cycles() {
            let name = |unit: &u32| specs[*unit as usize].name.to_string();
            let at = specs[cycle[0] as usize].location.to_string();
            issues.push(GraphIssue::Cycle { path: cycle.iter().map(name).collect(), at });
        }
        if issues.is_empty() { Ok(graph) } else { Err(issues) }
    }

    /// A graph of `units` nodes. Repeated edges count once.
    pub(crate) fn from_edges(units: usize, mut edges: Edges) -> Self {
        for edges in [&mut edges.all, &mut edges.needed, &mut edges.bound] {
            edges.sort_unstable();
            edges.dedup();
        }
        let backwards = |edges: &[(u32, u32)]| match edges {
            [] => Rows::default(),
            edges => Rows::build(units, edges.iter().map(|(unit, on)| (*on, *unit))),
        };
        Self {
            dependencies: Rows::build(units, edges.all.iter().copied()),
            dependents: backwards(&edges.all),
            requiring: backwards(&edges.needed),
            binding: backwards(&edges.bound),
        }
    }

    /// Enters `unit`, on which nobody depends yet.
    pub(crate) fn grow(&mut self, unit: u32, dependencies: &[(u32, Kind)]) {
        for &(on, kind) in dependencies {
            self.dependencies.push(unit, on);
            self.dependents.push(on, unit);
            if kind >= Kind::Requires {
                self.requiring.push(on, unit);
            }
            if kind == Kind::Binds {
                self.binding.push(on, unit);
            }
        }
    }

    /// Takes `unit` out, on which nobody depends any more.
    pub(crate) fn prune(&mut self, unit: u32) {
        for &on in self.dependencies.row(unit) {
            for rows in [&mut self.dependents, &mut self.requiring, &mut self.binding] {
                rows.remove(on, unit);
            }
        }
        for rows in
            [&mut self.dependencies, &mut self.dependents, &mut self.requiring, &mut self.binding]
        {
            rows.clear(unit);
        }
    }

    /// How many rows and edges there are that were not there when it was built.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        let rows = [&self.dependencies, &self.dependents, &self.requiring, &self.binding];
        let changed = |rows: &&Rows| rows.changed.values().map(|row| row.len() + 1).sum::<usize>();
        rows.iter().map(changed).sum()
    }

    /// What `unit` depends on.
    pub(crate) fn dependencies(&self, unit: u32) -> &[u32] {
        self.dependencies.row(unit)
    }

    /// What depends on `unit`.
    pub(crate) fn dependents(&self, unit: u32) -> &[u32] {
        self.dependents.row(unit)
    }

    /// What cannot be without `unit`.
    pub(crate) fn requiring(&self, unit: u32) -> &[u32] {
        self.requiring.row(unit)
    }

    /// What starts again when `unit` does.
    pub(crate) fn binding(&self, unit: u32) -> &[u32] {
        self.binding.row(unit)
    }

    /// `units`, each after whatever of them it depends on, directly or not.
    pub(crate) fn in_order(&self, units: &[u32]) -> Vec<u32> {
        let wanted: BTreeSet<u32> = units.iter().copied().collect();
        let (mut seen, mut order) = (BTreeSet::new(), Vec::with_capacity(wanted.len()));
        let mut open: Vec<(u32, bool)> = Vec::new();
        for &unit in &wanted {
            open.push((unit, false));
            while let Some((next, entered)) = open.pop() {
                if entered {
                    order.extend(wanted.get(&next));
                } else if seen.insert(next) {
                    open.push((next, true));
                    open.extend(self.dependencies(next).iter().map(|on| (*on, false)));
                }
            }
        }
        order
    }

    /// Whether `dependent` cannot be without `unit`, or merely comes after it.
    pub(crate) fn requires(&self, dependent: u32, unit: u32) -> bool {
        self.requiring(unit).binary_search(&dependent).is_ok()
    }

    /// Cycles, each with its first node repeated at its end: one for each edge that leads back to where the walk along
    /// the dependencies came from. Without these edges there is no cycle. The first of them, if they are many.
    fn cycles(&self) -> Vec<Vec<u32>> {
        let units = self.dependencies.starts.len().saturating_sub(1);
        let (mut seen, mut cycles) = (vec![Seen::Not; units], Vec::new());
        // The way to where the walk is, and how many dependencies of each on it have been looked at.
        let mut way: Vec<(u32, usize)> = Vec::new();
        for first in (0..units).map(number) {
            if seen[first as usize] == Seen::Not {
                seen[first as usize] = Seen::OnTheWay;
                way.push((first, 0));
            }
            while let Some((unit, looked)) = way.last_mut() {
                let Some(&next) = self.dependencies(*unit).get(*looked) else {
                    seen[*unit as usize] = Seen::Done;
                    way.pop();
                    continue;
                };
                *looked += 1;
                match seen[next as usize] {
                    Seen::Not => {
                        seen[next as usize] = Seen::OnTheWay;
                        way.push((next, 0));
                    }
                    Seen::OnTheWay if cycles.len() < MOST_CYCLES => {
                        let back = way.iter().skip_while(|(unit, _)| *unit != next);
                        cycles.push(back.map(|(unit, _)| *unit).chain([next]).collect());
                    }
                    Seen::OnTheWay | Seen::Done => {}
                }
            }
        }
        cycles
    }
}

/// How far a walk has come with a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    OnTheWay,
    Done,
}

/// Most cycles that are told at once.
const MOST_CYCLES: usize = 32;

impl Needs for Graph {
    fn each(&self, unit: u32, visit: &mut dyn FnMut(u32, bool)) {
        for &on in self.dependencies(unit) {
            visit(on, self.requires(unit, on));
        }
    }
}

impl Edges {
    /// `unit` depends on `on`.
    pub(crate) fn add(&mut self, unit: u32, on: u32, kind: Kind) {
        self.all.push((unit, on));
        self.needed.extend((kind >= Kind::Requires).then_some((unit, on)));
        self.bound.extend((kind == Kind::Binds).then_some((unit, on)));
    }
}

impl Rows {
    fn build(rows: usize, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0u32; rows + 1];
        for (row, _) in edges.clone() {
            starts[row as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; starts[rows] as usize];
        for (row, target) in edges {
            targets[next[row as usize] as usize] = target;
            next[row as usize] += 1;
        }
        Self { starts: starts.into(), targets: targets.into(), changed: BTreeMap::new() }
    }

    fn row(&self, row: u32) -> &[u32] {
        if let Some(row) = self.changed.get(&row) {
            return row;
        }
        match self.starts.get(row as usize..row as usize + 2) {
            Some([start, end]) => &self.targets[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// Adds a target to a row, once.
    fn push(&mut self, row: u32, target: u32) {
        let targets = self.change(row);
        if let Err(place) = targets.binary_search(&target) {
            targets.insert(place, target);
        }
    }

    fn remove(&mut self, row: u32, target: u32) {
        if self.row(row).binary_search(&target).is_err() {
            return;
        }
        let targets = self.change(row);
        if let Ok(place) = targets.binary_search(&target) {
            targets.remove(place);
        }
        if targets.is_empty() {
            self.clear(row);
        }
    }

    /// Empties a row, so that it takes no more place than it did when the rows were built.
    fn clear(&mut self, row: u32) {
        match self.starts.get(row as usize..row as usize + 2) {
            Some([start, end]) if start != end => drop(self.changed.insert(row, Vec::new())),
            _ => drop(self.changed.remove(&row)),
        }
    }

    /// A row that is no longer as it was built.
    fn change(&mut self, row: u32) -> &mut Vec<u32> {
        let built = match self.starts.get(row as usize..row as usize + 2) {
            Some([start, end]) => &self.targets[*start as usize..*end as usize],
            _ => &[],
        };
        self.changed.entry(row).or_insert_with(|| built.to_vec())
    }
}

fn number(unit: usize) -> u32 {
    u32::try_from(unit).expect("a daemon has fewer than 2^32 subsystems")
}

/// Every name with its number, by name; duplicates and empty names are issues.
fn index<'a>(specs: &'a [Spec], issues: &mut Vec<GraphIssue>) -> Vec<(&'a str, u32)> {
    let mut units: Vec<(&str, u32)> = Vec::with_capacity(specs.len());
    for (unit, spec) in specs.iter().enumerate() {
        match spec.name.trim().is_empty() {
            true => issues.push(GraphIssue::NoName { at: spec.location.to_string() }),
            false => units.push((spec.name.as_str(), number(unit))),
        }
    }
    units.sort_unstable();
    for pair in units.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        issues.push(GraphIssue::Duplicate {
            name: pair[0].0.to_owned(),
            first: specs[pair[0].1 as usize].location.to_string(),
            second: specs[pair[1].1 as usize].location.to_string(),
        });
    }
    units
}

impl fmt::Display for GraphIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName { at } => write!(f, "{at}: a subsystem without a name"),
            Self::Duplicate { name, first, second } => {
                write!(f, "{second}: a second subsystem named `{name}`; the first is at {first}")
            }
            Self::Unknown { name, by, at, near } => {
                write!(f, "{at}: `{by}` depends on `{name}`, which does not exist")?;
                near.as_ref().map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
            }
            Self::NoGroup { name, by, at, near } => {
                write!(f, "{at}: `{by}` is in the group `{name}`, which nobody has declared")?;
                match near {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => f.write_str(": `DaemonBuilder::with_group` does that"),
                }
            }
            Self::GroupTwice { name, first, second } => {
                write!(f, "{second}: a second group named `{name}`; the first is at {first}")
            }
            Self::NoOwner { section, at } => write!(
                f,
                "{at}: a change of [{section}] is to restart its owner, and the builder's sections have none: hand it \
                 to `Spec::with_settings` of the subsystem that is to restart, or leave out `Section::restart`"
            ),
            Self::Policy { name, at, what } => write!(f, "{at}: `{name}`: {what}"),
            Self::Cycle { path, at } => {
                write!(f, "{at}: a cycle of dependencies: {}", path.join(" -> "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subsystem::task;

    fn spec(name: &'static str) -> Spec {
        task(name, |_| async { Ok(()) })
    }

    fn issues(specs: &[Spec]) -> Vec<String> {
        Graph::build(specs).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_edge_is_seen_from_both_ends_once() {
        let specs =
            [spec("a"), spec("b").requires("a").after("a"), spec("c").requires("b").after("a")];
        let graph = Graph::build(&specs).unwrap();
        assert_eq!(graph.dependencies(2), [0, 1]);
        assert_eq!(graph.dependents(0), [1, 2]);
        assert!(graph.dependencies(0).is_empty() && graph.dependents(2).is_empty());
    }

    #[test]
    fn a_cycle_prints_its_path() {
        let specs = [
            spec("entry").requires("a"),
            spec("a").requires("b"),
            spec("b").after("c"),
            spec("c").requires("a"),
            spec("free"),
        ];
        let text = issues(&specs);
        assert!(text[0].ends_with(": a cycle of dependencies: a -> b -> c -> a"), "{text:?}");
        assert!(text[0].contains("graph.rs:"), "{text:?}");
        let two = issues(&[
            spec("a").requires("b").after("c"),
            spec("b").after("a"),
            spec("c").after("a"),
            spec("x").after("y"),
            spec("y").after("x"),
        ]);
        let paths = two.iter().map(|line| line.rsplit(": ").next().unwrap_or_default());
        let paths: Vec<&str> = paths.collect();
        assert_eq!(paths, ["a -> b -> a", "a -> c -> a", "x -> y -> x"]);
        let own = issues(&[spec("x").after("x")]);
        assert!(own[0].ends_with(": a cycle of dependencies: x -> x"), "{own:?}");
    }

    #[test]
    fn of_many_cycles_the_first_are_told() {
        let ring = |n: usize| {
            let (a, b) = (format!("a{n}"), format!("b{n}"));
            let of = |name: &str, on: &str| {
                task(name.to_owned(), |_| async { Ok(()) }).after(on.to_owned())
            };
            [of(&a, &b), of(&b, &a)]
        };
        let count = |rings: usize| issues(&(0..rings).flat_map(ring).collect::<Vec<_>>()).len();
        assert_eq!([31, 32, 33].map(count), [31, 32, 32]);
    }

    #[test]
    fn what_is_entered_later_is_seen_as_what_it_was_built_with() {
        let specs = [spec("a"), spec("b"), spec("c")];
        let mut graph = Graph::build(&specs).unwrap();
        graph.grow(3, &[(0, Kind::After), (1, Kind::Requires), (2, Kind::Binds)]);
        assert_eq!(graph.dependencies(3), [0, 1, 2]);
        let of = |graph: &Graph, rows: fn(&Graph, u32) -> &[u32]| -> Vec<bool> {
            (0..3).map(|on| rows(graph, on) == [3]).collect()
        };
        assert_eq!(of(&graph, Graph::dependents), [true, true, true]);
        assert_eq!(of(&graph, Graph::requiring), [false, true, true]);
        assert_eq!(of(&graph, Graph::binding), [false, false, true]);
        let mut needs = Vec::new();
        Needs::each(&graph, 3, &mut |on, required| needs.push((on, required)));
        assert_eq!(needs, [(0, false), (1, true), (2, true)]);
        graph.prune(3);
        assert_eq!((graph.dependents(0), graph.size()), (&[][..], 0));
    }

    #[test]
    fn unknown_duplicate_and_empty_names_are_reported_together() {
        let specs = [spec("store"), spec("http").requires("stroe"), spec("store"), spec(" ")];
        let text = issues(&specs);
        assert_eq!(text.len(), 3, "{text:?}");
        assert!(text[0].contains("a subsystem without a name"), "{text:?}");
        assert!(text[1].contains("a second subsystem named `store`"), "{text:?}");
        assert!(
            text[2].ends_with(
                "`http` depends on `stroe`, which does not exist; did you mean `store`?"
            ),
            "{text:?}"
        );
        assert!(text[2].contains("graph.rs:"), "{text:?}");
    }
}
