//! What is written into the trace about the daemon, and read back for the timeline.
//!
//! A record's `a` holds the code, a small number and the subsystem; its `b` a larger number.

use proc_daemon_runtime::{Instant, Signal};

use crate::backends::sim::{Kind, Record, SimHandle};
use crate::state::SubsystemState;
use crate::supervisor::engine::{Cause, Effect, Event, Found, How, Say, Turn, UnitEvent};

/// Something that happened to the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// The daemon began to start.
    Start,
    /// The shutdown began.
    Shutdown,
    /// A signal arrived at the process.
    Raised(Signal),
    /// A signal reached the engine.
    Signal(Signal),
    /// The daemon showed whether it is ready.
    Ready(bool),
    /// The run ended.
    Exit,
    /// A generation of a subsystem was spawned.
    Launched {
        /// Which subsystem.
        unit: u32,
        /// Which start of it.
        generation: u32,
    },
    /// A subsystem changed its state.
    Turned {
        /// Which subsystem.
        unit: u32,
        /// What it does now.
        state: SubsystemState,
    },
    /// A subsystem was asked to stop.
    Asked {
        /// Which subsystem.
        unit: u32,
        /// When its grace is over.
        by: Instant,
    },
    /// A subsystem is being aborted.
    Aborted {
        /// Which subsystem.
        unit: u32,
    },
    /// A subsystem is to start again.
    Due {
        /// Which subsystem.
        unit: u32,
        /// When.
        at: Instant,
    },
    /// A subsystem ended.
    Ended {
        /// Which subsystem.
        unit: u32,
        /// `ok`, `error`, `panic` or `aborted`.
        how: &'static str,
    },
    /// A fault was injected.
    Fault {
        /// Into which subsystem.
        unit: u32,
        /// What it does.
        fault: &'static str,
    },
}

const START: u8 = 1;
const SHUTDOWN: u8 = 2;
const SIGNAL: u8 = 3;
const READY: u8 = 4;
const EXIT: u8 = 5;
const LAUNCHED: u8 = 6;
const TURNED: u8 = 7;
const ASKED: u8 = 8;
const ABORTED: u8 = 9;
const ENDED: u8 = 10;
const FAULT: u8 = 11;
/// Decisions and reports that the timeline does not show, and the hash is of.
const INITIATED: u8 = 12;
const REPORT: u8 = 13;
const DUE: u8 = 14;

/// The faults that a subsystem can be given.
pub(super) const FAULTS: [&str; 8] =
    ["panic", "error", "slow start", "slow stop", "deaf", "stall", "spurious wake-up", "silence"];
const HOWS: [&str; 4] = ["ok", "error", "panic", "aborted"];

fn note(handle: &SimHandle, code: u8, small: u32, unit: u32, b: u64) {
    let small = u64::from(small & 0x00ff_ffff);
    handle.note(u64::from(code) << 56 | small << 32 | u64::from(unit), b);
}

pub(super) fn turn(handle: &SimHandle, turn: Turn) {
    note(handle, TURNED, turn.state as u32, turn.unit, u64::from(turn.generation));
}

pub(super) fn launched(handle: &SimHandle, unit: u32, generation: u32) {
    note(handle, LAUNCHED, generation, unit, u64::from(generation));
}

pub(super) fn fault(handle: &SimHandle, unit: u32, fault: &'static str) {
    let index = (0..).zip(FAULTS).find(|(_, known)| *known == fault).map_or(0, |(index, _)| index);
    note(handle, FAULT, index, unit, 0);
}

pub(super) fn event(handle: &SimHandle, event: Event) {
    match event {
        Event::Start => note(handle, START, 0, 0, 0),
        Event::Shutdown { own } => note(handle, SHUTDOWN, u32::from(own), 0, 0),
        Event::Signal(signal) => note(handle, SIGNAL, signal as u32, 0, 0),
        Event::Unit { unit, generation, what: UnitEvent::Ended(how, say) } => {
            let how = match how {
                How::Completed => 0,
                How::Failed { .. } => 1,
                How::Panicked => 2,
                How::Aborted => 3,
            };
            let said = match say {
                Say::Nothing => 0,
                Say::Final => 1,
                Say::Shutdown(code) => 2 + u64::from(code),
            };
            note(handle, ENDED, how, unit, said << 32 | u64::from(generation));
        }
        Event::Unit { unit, generation, what } => {
            let what = match what {
                UnitEvent::Ready => 0,
                UnitEvent::Asked { busy } => 1 + u32::from(busy),
                UnitEvent::Drained => 3,
                UnitEvent::Returned { failed, .. } => 4 + u32::from(failed),
                UnitEvent::Ended(..) => 6,
                UnitEvent::GaveUp(_) => 10,
                UnitEvent::Checked { probe, answer, .. } => 20 + 4 * probe as u32 + answer as u32,
                UnitEvent::Beat(_) => 16,
                UnitEvent::CommitFailed => 17,
                UnitEvent::Prepared { said, .. } => 40 + said as u32,
            };
            note(handle, REPORT, what, unit, u64::from(generation));
        }
        Event::Dumped => note(handle, REPORT, 7, 0, 0),
        Event::Finalized(_) => note(handle, REPORT, 8, 0, 0),
        Event::Tick => note(handle, REPORT, 9, 0, 0),
        Event::Control { unit, op, .. } => note(handle, REPORT, 11 + op as u32, unit, 0),
        Event::Added { unit, .. } => note(handle, REPORT, 15, unit, 0),
        Event::Reload { .. } => note(handle, REPORT, 50, 0, 0),
        Event::Touched => note(handle, REPORT, 51, 0, 0),
        Event::Committed => note(handle, REPORT, 52, 0, 0),
        Event::Read { number, found } => {
            let found = match found {
                Found::Bad { same: false } => 53,
                Found::Unchanged => 54,
                Found::Changed => 55,
                Found::Bad { same: true } => 57,
            };
            note(handle, REPORT, found, number, 0);
        }
    }
}

pub(super) fn effect(handle: &SimHandle, effect: &Effect) {
    match effect {
        Effect::RequestStop { unit, by, .. } => note(handle, ASKED, 0, *unit, by.as_nanos()),
        Effect::Abort { unit, .. } => note(handle, ABORTED, 0, *unit, 0),
        Effect::Ready(ready) => note(handle, READY, u32::from(*ready), 0, 0),
        Effect::Initiate(cause) => {
            let (kind, which) = match cause {
                Cause::Signal(signal) => (0, *signal as u32),
                Cause::Failed(unit) => (1, *unit),
                Cause::StartFailed(unit) => (2, *unit),
                Cause::NothingToRun => (3, 0),
                Cause::Asked(unit, _) => (4, *unit),
                Cause::Stranded(unit) => (5, *unit),
            };
            note(handle, INITIATED, kind, which, 0);
        }
        Effect::Due { unit, at } => note(handle, DUE, 0, *unit, at.as_nanos()),
        Effect::Publish => note(handle, REPORT, 56, 0, 0),
        Effect::Exit => note(handle, EXIT, 0, 0, 0),
        _ => {}
    }
}

impl Moment {
    /// What `record` tells about the daemon; none if it tells of the tasks only.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        if record.kind == Kind::Signal {
            return signal_of(record.a).map(Self::Raised);
        }
        if record.kind != Kind::Note {
            return None;
        }
        let code = u8::try_from(record.a >> 56).ok()?;
        let small = u32::try_from(record.a >> 32 & 0x00ff_ffff).ok()?;
        let unit = u32::try_from(record.a & 0xffff_ffff).ok()?;
        Some(match code {
            START => Self::Start,
            SHUTDOWN => Self::Shutdown,
            SIGNAL => Self::Signal(signal_of(u64::from(small))?),
            READY => Self::Ready(small == 1),
            EXIT => Self::Exit,
            LAUNCHED => Self::Launched { unit, generation: small },
            TURNED => {
                Self::Turned { unit, state: SubsystemState::from_u8(u8::try_from(small).ok()?) }
            }
            ASKED => Self::Asked { unit, by: Instant::from_nanos(record.b) },
            ABORTED => Self::Aborted { unit },
            DUE => Self::Due { unit, at: Instant::from_nanos(record.b) },
            ENDED => Self::Ended { unit, how: HOWS.get(small as usize)? },
            FAULT => Self::Fault { unit, fault: FAULTS.get(small as usize)? },
            _ => return None,
        })
    }

    /// The subsystem that it is about.
    #[must_use]
    pub const fn unit(&self) -> Option<u32> {
        match self {
            Self::Launched { unit, .. }
            | Self::Turned { unit, .. }
            | Self::Asked { unit, .. }
            | Self::Aborted { unit }
            | Self::Due { unit, .. }
            | Self::Ended { unit, .. }
            | Self::Fault { unit, .. } => Some(*unit),
            _ => None,
        }
    }
}

fn signal_of(number: u64) -> Option<Signal> {
    Signal::ALL.into_iter().find(|signal| *signal as u64 == number)
}
