use proc_daemon_runtime::TaskName;

use super::Spec;
use crate::control::ControlError;
use crate::end::End;
use crate::id::SubsystemId;
use crate::sync::Sender;

/// Somebody asks for something about a subsystem.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) ask: Ask,
    /// Whom it is about, who may be gone before it is taken up.
    pub(crate) name: Option<TaskName>,
    /// The subsystem that asks.
    pub(crate) caller: Option<u32>,
    /// Dropped without an answer, it says that the daemon goes down.
    pub(crate) reply: Sender<Result<Done, ControlError>>,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Ask {
    Start(u32),
    Stop(u32),
    Restart(u32),
    Remove(u32),
    Add(Box<Spec>),
}

/// What has been done.
#[derive(Debug)]
pub(crate) enum Done {
    /// It is ready, in this generation.
    Ready(u64),
    /// It is over.
    Over(End),
    /// It was added.
    Added(u32),
}

impl Done {
    /// The generation that is ready.
    pub(crate) fn ready(self) -> Option<u64> {
        if let Self::Ready(generation) = self { Some(generation) } else { None }
    }

    /// How it ended.
    pub(crate) fn over(self) -> Option<End> {
        if let Self::Over(end) = self { Some(end) } else { None }
    }

    /// Who was added.
    pub(crate) fn added(self) -> Option<SubsystemId> {
        if let Self::Added(unit) = self { Some(SubsystemId::new(unit)) } else { None }
    }
}
