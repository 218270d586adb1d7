use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon_runtime::TaskName;
use serde::de::DeserializeOwned;

use super::check::{Check, OfTheValue, Watch};
use super::factory::{Constructor, Factory, Function, Once, Shared, Stateful};
use super::prepare::{ByTheValue, Hook, Prepare};
use super::provided::is_own;
use super::{Context, Subsystem};
use crate::boxed::Result;
use crate::config::{ErasedSection, Section};
use crate::end::End;
use crate::exit::Exit;
use crate::reload::{Change, Prepared};
use crate::restart::RestartPolicy;

/// A subsystem and how to run it; erased, so that one `Vec<Spec>` holds many kinds.
///
/// No setter fails: what is wrong is reported, whole, when the daemon is built.
#[derive(Clone)]
#[must_use = "a spec does nothing until a daemon is built from it"]
pub struct Spec {
    pub(crate) name: TaskName,
    pub(crate) factory: Arc<dyn Factory>,
    pub(crate) dependencies: Vec<(TaskName, Kind)>,
    pub(crate) group: Option<TaskName>,
    pub(crate) sections: Vec<ErasedSection>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) grace: Option<Duration>,
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) explicit_ready: bool,
    pub(crate) background: bool,
    /// None: that of what it is made of. A box, for most have none: many specs are held at once.
    pub(crate) policy: Option<Box<RestartPolicy>>,
    /// It can be started once.
    pub(crate) once: bool,
    pub(crate) optional: bool,
    pub(crate) on_give_up: Option<OnGiveUp>,
    /// None: it is not watched.
    pub(crate) watch: Option<Box<Watch>>,
    /// Shown a proposed configuration.
    pub(crate) hook: Option<Arc<dyn Prepare>>,
}

/// How a subsystem depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Order only.
    After,
    /// It cannot be without it.
    Requires,
    /// And it starts again when the other does.
    Binds,
}

/// Decides what becomes of the daemon.
pub(crate) type OnGiveUp = Arc<dyn Fn(&End) -> Exit + Send + Sync>;

/// # Making one
impl Spec {
    /// Runs a [`Subsystem`] under its own name.
    #[track_caller]
    pub fn new<S: Subsystem>(subsystem: S) -> Self {
        let name = TaskName::from(subsystem.name().to_owned());
        let policy = subsystem.restart_policy();
        let shared = Arc::new(Shared(subsystem));
        let mut spec = Self::erased(name, Arc::clone(&shared) as _).restart_policy(policy);
        if const { is_own::<S, _, _>(&S::prepare_reload) } {
            spec.hook = Some(Arc::clone(&shared) as _);
        }
        if const { is_own::<S, _, _>(&S::health_check) } {
            spec.liveness(Check::asking(shared))
        } else {
            spec
        }
    }

    /// Runs a function that can be called once, so it may move what it captures. It is never started again; a
    /// policy that would is an error of `build`.
    #[track_caller]
    pub fn once<F, Fut>(name: impl Into<Cow<'static, str>>, function: F) -> Self
    where
        F: FnOnce(Context) -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let factory = Arc::new(Once(Mutex::new(Some(function))));
        Self { once: true, ..Self::erased(name.into().into(), factory) }
    }

    /// Makes a new value for every start. An error or a panic of the constructor is a failed start. There is no value
    /// before the first start to ask for its [`restart_policy`](Subsystem::restart_policy): set it here.
    #[track_caller]
    pub fn factory<F, S>(name: impl Into<Cow<'static, str>>, constructor: F) -> Self
    where
        F: Fn() -> Result<S> + Send + Sync + 'static,
        S: Subsystem,
    {
        let mut spec = Self::erased(name.into().into(), Arc::new(Constructor(constructor)));
        if const { is_own::<S, _, _>(&S::prepare_reload) } {
            spec.hook = Some(Arc::new(ByTheValue::<S>::NEW));
        }
        if const { is_own::<S, _, _>(&S::health_check) } {
            spec.liveness(Check::asking(Arc::new(OfTheValue::<S>::NEW)))
        } else {
            spec
        }
    }

    #[track_caller]
    pub(crate) fn erased(name: TaskName, factory: Arc<dyn Factory>) -> Self {
        Self {
            name,
            factory,
            dependencies: Vec::new(),
            group: None,
            sections: Vec::new(),
            location: Location::caller(),
            grace: None,
            start_timeout: None,
            explicit_ready: false,
            background: false,
            policy: None,
            once: false,
            optional: false,
            on_give_up: None,
            watch: None,
            hook: None,
        }
    }
}

impl Spec {
    fn watch(&mut self) -> &mut Watch {
        self.watch.get_or_insert_default()
    }

    pub(crate) fn dependencies(&self) -> impl Iterator<Item = (&TaskName, Kind)> {
        self.dependencies.iter().map(|(name, kind)| (name, *kind))
    }
}

/// # Settings
impl Spec {
    /// Gives it another name: one type can then run more than once.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into().into();
        self
    }

    /// Starts it once `name` is ready and stops it before `name`. If `name` fails for good, this is stopped and
    /// has failed as well.
    pub fn requires(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.dependencies.push((name.into().into(), Kind::Requires));
        self
    }

    /// As [`requires`](Self::requires), and starts it again whenever `name` is: it is stopped first, and starts
    /// once `name` is ready again, or by name. As systemd's `PartOf=`, restarts after a failure included; unlike with
    /// `BindsTo=`, a `name` that completes leaves it running.
    pub fn binds(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.dependencies.push((name.into().into(), Kind::Binds));
        self
    }

    /// Starts it once `name` is ready, or has ended, and stops it before `name`.
    pub fn after(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.dependencies.push((name.into().into(), Kind::After));
        self
    }

    /// Puts it into the group named `name`, which [`DaemonBuilder::with_group`](crate::DaemonBuilder::with_group)
    /// declares. The last one counts.
    pub fn group(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.group = Some(name.into().into());
        self
    }

    /// Makes it ready only at [`Context::ready`]; returning without it is a failed start. It then has a
    /// start timeout, 30 s by default.
    pub fn explicit_ready(mut self) -> Self {
        self.explicit_ready = true;
        self
    }

    /// Sets how long it may take from its start to being ready. Over it, the start has failed. Zero is an error of
    /// `build`: no start would be in time.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = Some(timeout);
        self
    }

    /// Sets how long it may take from its stop request to its end; then it is aborted. The
    /// configuration's `shutdown.timeout_ms` by default, and never beyond `shutdown.force_timeout_ms`. Zero is an
    /// abort at once.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// Sets whether it is started again after its end, how soon and how often. Beats
    /// [`Subsystem::restart_policy`].
    pub fn restart_policy(mut self, policy: RestartPolicy) -> Self {
        self.policy = Some(Box::new(policy));
        self
    }

    /// The daemon ends when this is given up. The default: a daemon that quietly lost a part that it cannot do
    /// without is the worse surprise.
    pub fn critical(mut self) -> Self {
        self.optional = false;
        self
    }

    /// The daemon lives on when this is given up, without it and what requires it; its status says so. What requires
    /// it is given up as well: if that is critical, the daemon ends all the same.
    ///
    /// While it fails and starts again, the daemon is ready without it. Before the daemon has been ready for the first
    /// time it waits for the start of this one, unless that fails or waits for another; later it is not ready while this
    /// one runs and its readiness, once there, has fallen.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Decides what becomes of the daemon when this is given up: [`Exit::Default`] is what
    /// [`critical`](Self::critical) or [`optional`](Self::optional) says, [`Exit::DoNotRestart`] lets the daemon
    /// live on, [`Exit::ShutdownDaemon`] ends it with a code. Called once, before what requires this is stopped, by
    /// the daemon's own task: it must not block. A panic in it counts as `Default`.
    pub fn on_give_up(mut self, decide: impl Fn(&End) -> Exit + Send + Sync + 'static) -> Self {
        self.on_give_up = Some(Arc::new(decide));
        self
    }

    /// Says that it does not keep the daemon alive: when only such subsystems are left, the daemon ends.
    pub fn background(mut self) -> Self {
        self.background = true;
        self
    }

    /// Sets the check without which it has not started: asked at once and every second by default, and one good
    /// answer will do. It is ready when both this and itself have said so; bad answers mean nothing but that it is
    /// not ready yet. It then has a start timeout, 30 s by default.
    pub fn startup(mut self, check: Check) -> Self {
        self.watch().startup = Some(check);
        self
    }

    /// Sets the check that says whether it may receive work: asked from the moment it runs. It is not ready, nor is
    /// the daemon, before the answers have risen, and after they have fallen until they rise again. What requires it
    /// waits for the first rise; a fall stops nobody.
    pub fn readiness(mut self, check: Check) -> Self {
        self.watch().readiness = Some(check);
        self
    }

    /// Sets the check that says whether it still makes progress: asked one period after it runs. A fall stops it and
    /// counts as a failure ([`EndKind::Unhealthy`](crate::EndKind::Unhealthy)), which its restart policy answers.
    /// Beats [`Subsystem::health_check`].
    pub fn liveness(mut self, check: Check) -> Self {
        self.watch().liveness = Some(check);
        self
    }

    /// Sets the most time between two calls of [`Context::beat`], from the moment it runs. When it is over without
    /// one, it is stopped, as after a fall of [`liveness`](Self::liveness).
    pub fn heartbeat(mut self, deadline: Duration) -> Self {
        self.watch().heartbeat = Some(deadline);
        self
    }

    /// Registers a section of the configuration and makes this subsystem its owner: `ctx.settings::<T>()`
    /// looks there first, and a reload that changes it restarts this subsystem, unless its hook
    /// ([`on_reload`](Self::on_reload)) or the section ([`Section::live`]) says otherwise.
    pub fn with_settings<T>(mut self, section: impl Into<Section<T>>) -> Self
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        self.sections.push(ErasedSection::from(section.into()));
        self
    }

    /// Sets the hook that is shown a proposed configuration. Beats [`Subsystem::prepare_reload`], which says what it
    /// may answer.
    ///
    /// ```
    /// use proc_daemon::{Prepared, task};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Mail { relay: String, retries: u32 }
    ///
    /// let mailer = task("mailer", |ctx| async move { Ok(ctx.cancelled().await) })
    ///     .with_settings::<Mail>("mail")
    ///     .on_reload(|change| async move {
    ///         let (old, new) = (change.current::<Mail>(), change.proposed::<Mail>());
    ///         if new.relay.is_empty() {
    ///             return Err("mail.relay is empty".into());
    ///         }
    ///         // A new relay takes a new connection; the number of retries is read each time.
    ///         Ok(if new.relay == old.relay { Prepared::live() } else { Prepared::restart() })
    ///     });
    /// ```
    pub fn on_reload<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(Change) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Prepared>> + Send + 'static,
    {
        self.hook = Some(Arc::new(Hook(hook)));
        self
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec")
            .field("name", &self.name)
            .field("dependencies", &self.dependencies)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// Runs a function as a subsystem. The function is called at every start: a closure that captures clones
/// what it moves, or uses [`task_with`] or [`Spec::once`].
#[track_caller]
pub fn task<F, Fut>(name: impl Into<Cow<'static, str>>, function: F) -> Spec
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    Spec::erased(name.into().into(), Arc::new(Function(function)))
}

/// Runs a function as a subsystem, with a state that is cloned for every start.
#[track_caller]
pub fn task_with<S, F, Fut>(name: impl Into<Cow<'static, str>>, state: S, function: F) -> Spec
where
    S: Clone + Send + Sync + 'static,
    F: Fn(Context, S) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    Spec::erased(name.into().into(), Arc::new(Stateful(state, function)))
}

/// What a builder takes as a subsystem: a [`Subsystem`] or a [`Spec`]. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subsystem",
    note = "implement `Subsystem` for it, or wrap an async function with `task(\"name\", f)`"
)]
pub trait IntoSpec: sealed::Sealed {
    #[doc(hidden)]
    #[track_caller]
    fn __into_spec(self) -> Spec;
}

impl<S: Subsystem> IntoSpec for S {
    #[track_caller]
    fn __into_spec(self) -> Spec {
        Spec::new(self)
    }
}

impl IntoSpec for Spec {
    fn __into_spec(self) -> Spec {
        self
    }
}

mod sealed {
    pub trait Sealed {}
    impl<S: super::Subsystem> Sealed for S {}
    impl Sealed for super::Spec {}
}
