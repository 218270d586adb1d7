use proc_daemon_runtime::{Instant, Signal};

use super::{Answer, Found, Op, Probe, Said, Say, Ticket};

/// What the engine learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The daemon begins to run.
    Start,
    /// A shutdown has been asked for. `own`: by this engine's own `Effect::Initiate`, and first.
    Shutdown { own: bool },
    /// A signal arrived.
    Signal(Signal),
    /// The state dump has been written.
    Dumped,
    /// A finalizer has returned.
    Finalized(usize),
    /// Time has passed: look at the timers.
    Tick,
    /// Somebody asks for this; `caller` is a subsystem. Answered by `Effect::Answer`.
    Control { ticket: Ticket, unit: u32, op: Op, caller: Option<u32> },
    /// A subsystem has been entered by `Engine::add`.
    Added { ticket: Ticket, unit: u32 },
    /// Somebody asks for a reload. Answered by `Effect::AnswerReload`.
    Reload { ticket: Ticket },
    /// The configuration file was touched.
    Touched,
    /// The configuration has been read.
    Read { number: u32, found: Found },
    /// The commits of a reload have been called.
    Committed,
    /// Something about one generation. A generation that is not the live one is stale and dropped.
    Unit { unit: u32, generation: u32, what: UnitEvent },
}

/// What the engine learns about one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UnitEvent {
    /// It may receive work.
    Ready,
    /// Its stop request has been delivered; `busy`: work is in flight.
    Asked { busy: bool },
    /// Nothing is in flight any more.
    Drained,
    /// Its `run` has returned, with an error or a panic if `failed`; children or work in flight are left.
    Returned { failed: bool, say: Say },
    /// It is joined.
    Ended(How, Say),
    /// The user's code has said what becomes of the daemon now that it was given up.
    GaveUp(Say),
    /// A check has answered.
    Checked { probe: Probe, number: u32, answer: Answer },
    /// When its last sign of life was, or when it began to run.
    Beat(Instant),
    /// What it says of the configuration that is proposed.
    Prepared { number: u32, said: Said },
    /// Its commit has panicked.
    CommitFailed,
}

/// How a generation ended, as its task saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    Completed,
    /// `stopping`: the error says only that it was asked to stop.
    Failed {
        stopping: bool,
    },
    Panicked,
    Aborted,
}
