use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use super::{GaveUp, Outcome, Probe, Refusal, Ticket};

/// What the engine wants done. The driver performs it and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Spawn this generation.
    Spawn { unit: u32, generation: u32 },
    /// Ask this generation to stop, to be over `by` then; answer with `UnitEvent::Asked`.
    RequestStop { unit: u32, generation: u32, by: Instant },
    /// Drop this generation's future.
    Abort { unit: u32, generation: u32 },
    /// It starts again then.
    Due { unit: u32, at: Instant },
    /// Ask the user's code what becomes of the daemon without it; answer with `UnitEvent::GaveUp`.
    AskGiveUp { unit: u32 },
    /// Ask this generation how it is; answer with `UnitEvent::Checked` and this number.
    Check { unit: u32, generation: u32, probe: Probe, number: u32 },
    /// Say when its last sign of life was; answer with `UnitEvent::Beat`.
    ReadBeat { unit: u32, generation: u32 },
    /// Answer this call.
    Answer { ticket: Ticket, answer: Result<(), Refusal> },
    /// Read the configuration; answer with `Event::Read`.
    Read { number: u32 },
    /// Show it the configuration that is proposed; answer with `UnitEvent::Prepared`.
    Prepare { unit: u32, generation: u32, number: u32 },
    /// Drop what was prepared, and ask nobody any more.
    Unprepare,
    /// What is proposed is the configuration from now on.
    Publish,
    /// Call its commit; if that panics, answer with `UnitEvent::CommitFailed`.
    Commit { unit: u32 },
    /// That were all commits: drop what else was prepared, answer with `Event::Committed`.
    Committed,
    /// What was the configuration before is proposed.
    Revert { culprit: u32 },
    /// A reload has ended so. `news`: tell the operator.
    Reloaded { outcome: Outcome, news: bool },
    /// Answer the call for a reload.
    AnswerReload { ticket: Ticket, outcome: Outcome },
    /// It was removed: nothing is to be kept of it.
    Forget { unit: u32 },
    /// Show whether everything is ready.
    Ready(bool),
    /// Ask for a shutdown on the engine's behalf; answer with `Event::Shutdown`.
    Initiate(Cause),
    /// Call the user's handler.
    Handle(Signal),
    /// Write every subsystem's state to stderr; answer with `Event::Dumped`.
    Dump,
    /// Run this finalizer; answer with `Event::Finalized`.
    Finalize(usize),
    /// Tell the operator.
    Note(Note),
    /// Report and be done.
    Exit,
}

/// Why the engine itself asks for a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Signal(Signal),
    Failed(u32),
    StartFailed(u32),
    /// A subsystem, or the user's code about it, asked for the end with this code.
    Asked(u32, u8),
    NothingToRun,
    /// It was not ready with a new configuration, and going back has failed.
    Stranded(u32),
}

/// What the operator is told, without names: the driver puts them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// Everything is ready.
    AllReady,
    /// These are not ready any more, or were added and are not yet.
    NotReady(Box<Waiting>),
    /// These have not become ready yet.
    StillStarting(Box<Waiting>),
    /// These have not ended yet.
    StillStopping(Box<Waiting>),
    /// It did not become ready in time.
    StartTimedOut(u32),
    /// It ended and starts again after this.
    Restarts {
        unit: u32,
        delay: Duration,
    },
    /// These start again with it.
    TakesAlong {
        unit: u32,
        others: Box<Waiting>,
    },
    /// It ended and does not start again.
    GaveUp {
        unit: u32,
        why: GaveUp,
    },
    /// A check has come to say so, or says so again.
    Healthy {
        unit: u32,
        probe: Probe,
    },
    Unhealthy {
        unit: u32,
        probe: Probe,
    },
    /// It gave no sign of life within its deadline.
    NoBeat(u32),
    /// Its grace is over.
    GraceOver(u32),
    /// It did not end after its abort.
    LeftBehind(u32),
    /// The daemon's moment of abort has come, with this many left.
    ForceTime(usize),
    /// This signal forces the end, with this many left.
    Forced(Signal, usize),
    /// This signal asked for a shutdown that is under way.
    Repeated(Signal),
    /// Nothing can be reloaded.
    NothingToReload(Signal),
    /// No log file is open.
    NoLogFiles(Signal),
    /// Everything has ended or was left behind.
    AllEnded {
        left: usize,
    },
    /// This finalizer has not returned in time and is left.
    FinalizerSlow(usize),
}

/// Who is being waited for: the first few, and how many more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) units: Vec<u32>,
    pub(crate) more: usize,
}

/// A start of 100 000 queues as many effects at once.
const _: () = assert!(size_of::<Effect>() <= 24);
