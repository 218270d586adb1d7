use proc_daemon_runtime::{PanicPayload, Signal, TaskName};

use super::Call;
use super::question::Finding;
use crate::boxed::{BoxError, Result as Boxed};
use crate::exit::Exit;
use crate::health::Probe;
use crate::reload::{Prepared, Read, ReloadError, ReloadPlan, ReloadReport};
use crate::shutdown::is_stopping;
use crate::sync::Sender;

/// What reaches the driver from outside the engine.
#[derive(Debug)]
pub(crate) enum Report {
    /// A generation tells something about itself.
    Unit { unit: u32, generation: u32, what: What },
    /// A signal that the sentinel saw before the runtime's source listened.
    Signal(Signal),
    /// Somebody controls the subsystems.
    Call(Box<Call>),
    /// Somebody asks for a reload. Dropped without an answer, it says that the daemon goes down.
    Reload(Sender<Result<ReloadReport, ReloadError>>),
    /// Somebody asks what a reload would do.
    PlanReload(Sender<Result<ReloadPlan, ReloadError>>),
    /// The configuration file was touched.
    #[cfg_attr(
        not(any(feature = "config-watch", feature = "sim")),
        expect(dead_code, reason = "nobody watches it")
    )]
    Touched,
    /// The configuration has been read.
    Read { number: u32, read: Box<Read> },
    /// The state dump has been written.
    Dumped,
    /// A finalizer has returned.
    Finalized(usize),
}

#[derive(Debug)]
pub(crate) enum What {
    /// It may receive work.
    Ready,
    /// It was asked to stop and nothing is in flight any more.
    Drained,
    /// Its `run` has returned, with an error or a panic if `failed`; children or work in flight are left. This is
    /// what it has said about its end by now.
    Returned { failed: bool, exit: Exit },
    /// It is joined: its future and its children are dropped. This is what it said about its end.
    Ended(Outcome, Exit),
    /// A check has answered the question of that number.
    Checked { probe: Probe, number: u32, finding: Box<Finding> },
    /// It has answered to the proposed configuration of that number.
    Prepared { number: u32, answer: Box<Boxed<Prepared>> },
}

/// How a generation ended, as its own task saw it.
#[derive(Debug)]
pub(crate) enum Outcome {
    Completed,
    /// `stopping`: the error only says that it was asked to stop.
    Failed {
        error: BoxError,
        stopping: bool,
    },
    Panicked(PanicPayload),
    /// A child panicked and nobody joined it. A box: many reports are held at once, and few are of this.
    ChildPanicked(Box<ChildPanic>),
    Aborted,
}

/// The panic of a child, and its name if it has one.
#[derive(Debug)]
pub(crate) struct ChildPanic {
    pub(crate) child: Option<TaskName>,
    pub(crate) payload: PanicPayload,
}

impl Outcome {
    /// What `run` returned. `told` is whether this generation was ever handed `Stopping`: an error that
    /// merely reads like it does not count.
    pub(crate) fn of(result: Result<(), BoxError>, told: bool) -> Self {
        match result {
            Ok(()) => Self::Completed,
            Err(error) => {
                let stopping = told && is_stopping(error.as_ref());
                Self::Failed { error, stopping }
            }
        }
    }
}
