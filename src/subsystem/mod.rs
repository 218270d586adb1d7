//! Subsystems: the trait, what one is handed, how it is described.
//!
//! ```text
//!   user's code --Spec--> Factory --makes--> Body (the task)      Context (the user's view)
//!                                               \                    /
//!                                                Run (one generation)
//!                                               /                    \
//!                         reports to the Mailbox                      the driver asks: stop, abort
//! ```
//!
//! # Invariants
//!
//! 1. A generation reports its end exactly once, after its future and its children have been dropped.
//! 2. A generation never decides about its lifecycle: it reports, the engine decides.
//! 3. A context reaches the layers above only through `Shared::port`.

mod board;
mod body;
mod call;
mod called;
mod cancelled;
mod check;
mod child;
mod children;
mod context;
mod dump;
mod factory;
mod handler;
mod in_flight;
mod interval;
mod needs;
mod prepare;
mod provided;
mod question;
mod report;
mod row;
mod run;
mod shared;
mod signal_config;
mod spec;

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use crate::boxed::Result;
use crate::health::Health;
use crate::reload::{Change, Prepared};
use crate::restart::RestartPolicy;

pub(crate) use board::Board;
pub(crate) use call::{Ask, Call, Done};
pub use cancelled::Cancelled;
#[cfg(feature = "sim")]
pub(crate) use check::BoxCheck;
pub use check::Check;
pub(crate) use check::Watch;
pub use child::Child;
pub use context::Context;
pub(crate) use dump::{dump, stuck};
#[cfg(feature = "sim")]
pub(crate) use factory::BoxRun;
pub(crate) use factory::{Factory, Removed, Wrap};
pub(crate) use handler::Handlers;
pub use in_flight::InFlight;
pub use interval::{Interval, MissedTicks};
pub(crate) use needs::Needs;
#[cfg(feature = "sim")]
pub(crate) use prepare::BoxPrepare;
pub(crate) use prepare::{Asking, Prepare};
use provided::Provided;
pub(crate) use question::{Finding, Over, Question};
pub(crate) use report::{Outcome, Report, What};
pub(crate) use row::Row;
pub(crate) use run::Run;
#[cfg(feature = "sim")]
pub(crate) use run::Told;
pub(crate) use shared::Shared;
pub use signal_config::SignalConfig;
pub use spec::{IntoSpec, Spec, task, task_with};
pub(crate) use spec::{Kind, OnGiveUp};

/// A named, long-running part of a daemon.
///
/// ```
/// use proc_daemon::{Context, Result, Subsystem};
///
/// struct Store;
///
/// impl Subsystem for Store {
///     fn name(&self) -> &str {
///         "store"
///     }
///     async fn run(&self, ctx: Context) -> Result<()> {
///         ctx.ready();
///         ctx.cancelled().await;
///         Ok(())
///     }
/// }
/// ```
///
/// A list of many kinds holds [`Spec`]s, not `dyn Subsystem`. An `Arc<S>` is a subsystem too: keep a
/// clone, hand one over.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subsystem",
    note = "implement `Subsystem` for it, or wrap an async function with `task(\"name\", f)`"
)]
pub trait Subsystem: Send + Sync + 'static {
    /// Its name, unique in the daemon. Asked once.
    fn name(&self) -> &str;

    /// Runs until it is done, fails, or is asked to stop by `ctx`. Called at every start.
    ///
    /// An error is a failure, which the restart policy answers, unless it only says that the subsystem was asked to stop
    /// ([`Stopping`](crate::Stopping), also wrapped). A panic is caught and counts as a failure. The
    /// future is dropped at an abort.
    fn run(&self, ctx: Context) -> impl Future<Output = Result<()>> + Send;

    /// Whether it is started again after its end, how soon and how often.
    fn restart_policy(&self) -> RestartPolicy {
        RestartPolicy::on_failure()
    }

    /// Whether it still makes progress: its liveness check, unless [`Spec::liveness`] sets another. Asked while it
    /// runs, on the value that runs; an error is one bad answer, and so many in a row stop it, to be started again as
    /// its policy says. See [`Check`] for when and how often.
    ///
    /// One that does not provide it is not asked: it costs nothing, not even a timer.
    fn health_check(&self, ctx: Context) -> impl Future<Output = Result<Health>> + Send {
        drop(ctx);
        Provided::<Health>::NEW
    }

    /// Is shown a proposed configuration beside the one in force, while this runs, and answers what it would take:
    /// [`Prepared::live`], [`Prepared::commit`] or [`Prepared::restart`]. An error, a panic, or no answer within 10 s
    /// refuses the whole reload, and what others have prepared is dropped. It should change nothing by itself: what
    /// is to change belongs into the commit.
    ///
    /// Asked about every change, whoever owns the section. One that does not provide it restarts when a section
    /// that it owns has changed, and is not asked otherwise.
    fn prepare_reload(&self, change: Change) -> impl Future<Output = Result<Prepared>> + Send {
        drop(change);
        Provided::<Prepared>::NEW
    }

    /// A spec to adjust: readiness, grace, dependencies.
    #[track_caller]
    fn into_spec(self) -> Spec
    where
        Self: Sized,
    {
        Spec::new(self)
    }

    /// As [`Spec::after`].
    #[track_caller]
    fn after(self, name: impl Into<Cow<'static, str>>) -> Spec
    where
        Self: Sized,
    {
        Spec::new(self).after(name)
    }

    /// As [`Spec::requires`].
    #[track_caller]
    fn requires(self, name: impl Into<Cow<'static, str>>) -> Spec
    where
        Self: Sized,
    {
        Spec::new(self).requires(name)
    }
}

impl<S: Subsystem> Subsystem for Arc<S> {
    fn name(&self) -> &str {
        S::name(self)
    }

    fn run(&self, ctx: Context) -> impl Future<Output = Result<()>> + Send {
        S::run(self, ctx)
    }

    fn restart_policy(&self) -> RestartPolicy {
        S::restart_policy(self)
    }

    fn health_check(&self, ctx: Context) -> impl Future<Output = Result<Health>> + Send {
        S::health_check(self, ctx)
    }

    fn prepare_reload(&self, change: Change) -> impl Future<Output = Result<Prepared>> + Send {
        S::prepare_reload(self, change)
    }
}
