use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;

use proc_daemon_runtime::{RuntimeOptions, TaskName};

use crate::boxed::BoxError;
use crate::config::Pending;
use crate::config::{ConfigError, ErasedSection};
use crate::error::BuildError;
use crate::reload::{Recipe, Snapshot};
use crate::sentinel::Sentinel;
use crate::signal::ActionTable;
use crate::strategy::Strategy;
use crate::subsystem::{Factory, Handlers, Row, SignalConfig, Spec, Watch};
use crate::supervisor::advice::advice;
use crate::supervisor::blueprint;
use crate::supervisor::engine::RuleList;
use crate::supervisor::graph::Graph;
use crate::supervisor::groups::Groups;
use crate::supervisor::hooks::Hooks;

/// A daemon that has been checked and not run.
pub(super) struct Plan {
    pub(super) graph: Graph,
    pub(super) groups: Groups,
    pub(super) group_names: Vec<TaskName>,
    pub(super) rules: RuleList,
    pub(super) hooks: BTreeMap<u32, Hooks>,
    /// How those are watched that are.
    pub(super) watched: BTreeMap<u32, Box<Watch>>,
    pub(super) restarts_a_second: u32,
    /// The daemon ends when a reload fails and going back fails as well.
    pub(super) strict_reload: bool,
    /// What is sound and probably not meant.
    pub(super) advice: Vec<String>,
    /// For the board, which has them as soon as there is a daemon.
    pub(super) rows: Box<[Row]>,
    /// How to start each subsystem, and whether it says itself when it is ready.
    pub(super) factories: Vec<(Arc<dyn Factory>, bool)>,
    pub(super) handlers: Handlers,
    pub(super) actions: ActionTable,
    /// None once it has been read for the run.
    pub(super) config: Option<PlannedConfig>,
    pub(super) options: Option<RuntimeOptions>,
    pub(super) exit_when_stuck: bool,
}

/// The configuration, read when the daemon was built, or to be read when it runs.
pub(super) enum PlannedConfig {
    Read(Arc<Snapshot>, Option<Arc<Recipe>>),
    Unread(Arc<Recipe>),
}

/// The first snapshot, and how to read another one.
pub(super) type Configured = (Arc<Snapshot>, Option<Arc<Recipe>>);

/// What a builder has collected.
pub(super) struct Draft {
    pub(super) config: Pending,
    pub(super) specs: Vec<Spec>,
    pub(super) groups: Vec<(TaskName, Strategy)>,
    /// Those that nobody owns, and where they were given to the builder.
    pub(super) sections: Vec<(ErasedSection, &'static Location<'static>)>,
    pub(super) signals: SignalConfig,
    pub(super) options: Option<RuntimeOptions>,
    pub(super) exit_when_stuck: bool,
    pub(super) restarts_a_second: u32,
    pub(super) strict_reload: bool,
}

impl Draft {
    /// Checks everything that can be checked without I/O.
    pub(super) fn plan(mut self) -> Result<Plan, BuildError> {
        let actions = self.signals.table();
        let handlers = self.signals.into_handlers();
        self.specs.extend(handlers.specs());

        let graph = Graph::build(&self.specs);
        let groups = Groups::build(&self.groups, &self.specs);
        let mut issues = blueprint::issues(&self.specs);
        issues.extend(
            self.sections.iter().filter_map(|(section, at)| blueprint::ownerless(section, at)),
        );
        let graph = match (graph, groups, issues) {
            (Ok(graph), Ok(groups), none) if none.is_empty() => Ok((graph, groups)),
            (graph, groups, issues) => {
                let mut all = graph.err().unwrap_or_default();
                all.extend(groups.err().into_iter().flatten().chain(issues));
                Err(all)
            }
        };
        let mut sections: Vec<_> = self.sections.into_iter().map(|(section, _)| section).collect();
        sections.extend(self.specs.iter().flat_map(|spec| spec.sections.iter().cloned()));
        let config = PlannedConfig::new(self.config, sections);
        let ((graph, groups), config) = match (graph, config) {
            (Ok(graph), Ok(config)) => (graph, config),
            (graph, config) => {
                let error = BuildError::graph(graph.err().unwrap_or_default());
                return Err(match config {
                    Ok(_) => error,
                    Err(config) => error.and_config(config),
                });
            }
        };
        Ok(Plan {
            advice: advice(&self.specs, &graph, &groups),
            graph,
            groups,
            group_names: self.groups.into_iter().map(|(name, _)| name).collect(),
            rules: self.specs.iter().map(blueprint::rules).collect(),
            hooks: (0..)
                .zip(&self.specs)
                .map(|(unit, spec)| (unit, blueprint::hooks(spec)))
                .filter(|(_, hooks)| hooks.is_some())
                .collect(),
            watched: (0..)
                .zip(&mut self.specs)
                .filter_map(|(unit, spec)| Some((unit, spec.watch.take()?)))
                .collect(),
            restarts_a_second: self.restarts_a_second,
            strict_reload: self.strict_reload,
            factories: self
                .specs
                .iter()
                .map(|spec| (Arc::clone(&spec.factory), spec.explicit_ready))
                .collect(),
            rows: self.specs.into_iter().map(blueprint::row).collect(),
            handlers,
            actions,
            config: Some(config),
            options: self.options,
            exit_when_stuck: self.exit_when_stuck,
        })
    }
}

impl Plan {
    /// The configuration, read now if that has not been done, and how to read it again. `guard` knows what is read
    /// meanwhile.
    pub(super) fn read_config(
        &mut self,
        guard: Option<&Sentinel>,
    ) -> Result<Configured, ConfigError> {
        let Some(config) = self.config.take() else { unreachable!("a plan is run once") };
        let reads = |what| guard.map_or((), |guard| guard.reads(what));
        if let PlannedConfig::Unread(recipe) = &config {
            reads(recipe.source().places());
        }
        let configured = config.read();
        reads(None);
        configured
    }
}

impl PlannedConfig {
    fn new(config: Pending, sections: Vec<ErasedSection>) -> Result<Self, BoxError> {
        let config = match config {
            Pending::Source(source) => {
                return Ok(Self::Unread(Arc::new(Recipe::new(source, sections))));
            }
            Pending::Failed(error) => return Err(error),
            Pending::Ready(config) => config,
        };
        let source = config.source().cloned();
        let snapshot = Arc::new(Snapshot::build(Arc::new(config), &sections)?);
        let recipe = source.map(|source| Arc::new(Recipe::new(source, sections)));
        Ok(Self::Read(snapshot, recipe))
    }

    /// Reads it if that has not been done.
    fn read(self) -> Result<Configured, ConfigError> {
        match self {
            Self::Read(snapshot, recipe) => Ok((snapshot, recipe)),
            Self::Unread(recipe) => {
                let snapshot = Snapshot::load(recipe.source(), recipe.sections())?;
                Ok((Arc::new(snapshot), Some(recipe)))
            }
        }
    }
}
