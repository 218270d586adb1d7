//! What can be measured, and the unit of work of one process.

use std::fmt;
use std::time::Duration;

use crate::bare::Backend;

/// A kind of measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// Build, start, stop and free n idle subsystems.
    StartStop,
    /// n subsystems fail at once and start again.
    Restart,
    /// What n idle subsystems hold.
    Memory,
    /// `SIGTERM` to `cancelled()`, to all stopped.
    Signal,
    /// exec to handlers in place; `SIGTERM` to the end of the process.
    Exec,
    /// Processor time of n idle subsystems.
    Idle,
    /// The erased runtime beside the generic one.
    Erased,
    /// A subsystem reads the configuration in force.
    Snapshot,
    /// A file is renamed over the configuration's, to a subsystem that sees it.
    Reload,
    /// A file of n bytes is read.
    ReadFile,
    /// A daemon's life of 30 s in simulation.
    Lives,
    /// The same for an hour.
    LivesHour,
    /// The same with a tick every half a minute.
    LivesHourSparse,
}

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Bytes.
    Bytes,
    /// Things.
    Count,
    /// Percent of one core.
    Percent,
    /// Things in a second of one core.
    PerSecond,
}

/// What one process does: a row on a backend with n subsystems.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is measured.
    pub row: Row,
    /// On which runtime.
    pub backend: Backend,
    /// How many subsystems.
    pub n: usize,
    /// How many processes run it, one after the other.
    pub processes: u32,
    /// How often each variant runs in one.
    pub rounds: u32,
    /// How long an idle phase lasts, or a life in virtual time.
    pub window: Duration,
    /// How many lives a round has, each with its own seed.
    pub batch: u32,
    /// What is compared. A `peer` runs in the first round alone.
    pub variants: Vec<String>,
    /// Whether the sampler whose allocator counts runs it.
    pub counted: bool,
    /// When it is given up.
    pub timeout: Duration,
}

impl Row {
    /// Every row.
    pub const ALL: [Self; 13] = [
        Self::StartStop,
        Self::Restart,
        Self::Memory,
        Self::Signal,
        Self::Exec,
        Self::Idle,
        Self::Erased,
        Self::Snapshot,
        Self::Reload,
        Self::ReadFile,
        Self::Lives,
        Self::LivesHour,
        Self::LivesHourSparse,
    ];

    /// The name in tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StartStop => "start-stop",
            Self::Restart => "restart",
            Self::Memory => "memory",
            Self::Signal => "signal",
            Self::Exec => "exec",
            Self::Idle => "idle",
            Self::Erased => "erased",
            Self::Snapshot => "snapshot",
            Self::Reload => "reload",
            Self::ReadFile => "read-file",
            Self::Lives => "lives",
            Self::LivesHour => "lives-hour",
            Self::LivesHourSparse => "lives-hour-sparse",
        }
    }

    /// What its table shows, in one line.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::StartStop => "start and stop of n idle subsystems",
            Self::Restart => "n subsystems fail at once: until the last one runs again",
            Self::Memory => "memory of n idle subsystems",
            Self::Signal => "SIGTERM to one subsystem's cancelled(), to all stopped",
            Self::Exec => "exec to handlers in place; SIGTERM to the end of the process",
            Self::Idle => "processor time of n idle subsystems, percent of one core",
            Self::Erased => "erased runtime beside the generic one, per operation",
            Self::Snapshot => "a subsystem reads a key of the configuration in force, per reading",
            Self::ReadFile => "a sealed file of n bytes is opened, read and freed",
            Self::Reload => {
                "rename over the configuration's file to `config_changed()`, less the debounce"
            }
            Self::Lives => "lives of 30 virtual seconds, of six subsystems, each with a new seed",
            Self::LivesHour => "lives of one virtual hour, of six subsystems, each with a new seed",
            Self::LivesHourSparse => {
                "lives of one virtual hour, of six subsystems that tick every 30 s"
            }
        }
    }

    /// What a reader must know besides.
    #[must_use]
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Self::StartStop => Some(
                "peer: proc-daemon 1.1.3, without signals, whose `run` frees before it returns; with at \
                 most 10 000, since its stop is quadratic (`--peer-all` for 100 000)",
            ),
            Self::Restart => Some(
                "respawn: tasks whose last act is to spawn the next; daemon: an error each, a policy without \
                 delay and limit, no storm guard",
            ),
            Self::Memory => Some(
                "live and blocks by a counting allocator, resident and process by the system; names and \
                 factories included",
            ),
            Self::Signal => Some(
                "bare: stream and waiter are tasks; bare-main: the stream is awaited in `block_on`; \
                 sentinel: with the thread that `main` starts; service: four subsystems, three stop in order",
            ),
            Self::Exec => Some("empty: the same program, ended by the signal's default action"),
            Self::Lives => Some(
                "on one core, by processor time; bare, paused and madsim: the same ticks, a stop and joins, \
                 written by hand, on our simulator, on tokio with paused time and on madsim; daemon: with \
                 every law held; faults: with faults as well, which end some lives early",
            ),
            Self::Snapshot => Some(
                "arc-swap: the same reading of a bare `ArcSwap`; -2: two threads at once; allocations by a \
                 counting allocator, of all readings of a round",
            ),
            Self::Reload => Some(
                "the debounce is 250 ms, by the runtime's timer; sleep: how late a sleep of 250 ms ends on that runtime; \
                 bare: the same by hand, a watch, a sleep, a reading off the workers, a task that is woken",
            ),
            Self::ReadFile => Some(
                "no runtime; std: `read_to_string`; copy: the core's one sized reading into a kept buffer and \
                 its second look; map: of a sealed memfd (feature `mmap-config`); each looks at every byte",
            ),
            Self::Idle | Self::Erased | Self::LivesHour | Self::LivesHourSparse => None,
        }
    }

    /// What it yields.
    #[must_use]
    pub const fn metrics(self) -> &'static [(&'static str, Unit)] {
        match self {
            Self::StartStop => &[
                ("build", Unit::Nanos),
                ("start", Unit::Nanos),
                ("stop", Unit::Nanos),
                ("free", Unit::Nanos),
                ("work", Unit::Nanos),
            ],
            Self::Restart => &[("running", Unit::Nanos)],
            Self::ReadFile => &[("read", Unit::Nanos)],
            Self::Memory => &[
                ("live", Unit::Bytes),
                ("blocks", Unit::Count),
                ("resident", Unit::Bytes),
                ("process", Unit::Bytes),
            ],
            Self::Signal => &[("cancelled", Unit::Nanos), ("stopped", Unit::Nanos)],
            Self::Exec => &[("handlers", Unit::Nanos), ("exit", Unit::Nanos)],
            Self::Idle => &[("cpu", Unit::Percent)],
            Self::Erased => {
                &[("spawn", Unit::Nanos), ("sleep", Unit::Nanos), ("reset", Unit::Nanos)]
            }
            Self::Snapshot => &[("read", Unit::Nanos), ("allocations", Unit::Count)],
            Self::Reload => &[("seen", Unit::Nanos)],
            Self::Lives => &[
                ("life", Unit::Nanos),
                ("lives", Unit::PerSecond),
                ("polls", Unit::Count),
                ("poll", Unit::Nanos),
            ],
            Self::LivesHour | Self::LivesHourSparse => &[
                ("life", Unit::Nanos),
                ("hours", Unit::PerSecond),
                ("polls", Unit::Count),
                ("poll", Unit::Nanos),
            ],
        }
    }

    /// Which metric is set in relation to which variant.
    #[must_use]
    pub const fn ratios(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::StartStop => {
                &[("start", "shared"), ("stop", "shared"), ("work", "shared"), ("work", "child")]
            }
            Self::Restart => &[("running", "respawn")],
            Self::Memory => &[("process", "shared")],
            Self::Signal => {
                &[("cancelled", "bare"), ("cancelled", "bare-main"), ("stopped", "bare-main")]
            }
            Self::Exec => &[("handlers", "empty"), ("exit", "empty")],
            Self::Idle => &[],
            Self::Reload => &[("seen", "bare")],
            Self::Snapshot => &[("read", "arc-swap")],
            Self::ReadFile => &[("read", "std")],
            Self::Erased => &[("spawn", "generic"), ("sleep", "generic"), ("reset", "generic")],
            Self::Lives | Self::LivesHour | Self::LivesHourSparse => {
                &[("life", "bare"), ("life", "paused"), ("life", "madsim"), ("poll", "bare")]
            }
        }
    }

    /// Which metrics are shown for one subsystem of n, and beyond the shared floor's.
    #[must_use]
    pub const fn per_subsystem(self) -> &'static [&'static str] {
        match self {
            Self::Memory => &["live", "blocks", "resident"],
            _ => &[],
        }
    }

    /// The row called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.name() == name)
    }
}

impl Job {
    /// The arguments for the sampler.
    #[must_use]
    pub fn to_args(&self) -> Vec<String> {
        vec![
            self.row.name().into(),
            self.backend.name().into(),
            self.n.to_string(),
            self.rounds.to_string(),
            self.window.as_millis().to_string(),
            self.batch.to_string(),
            self.variants.join(","),
        ]
    }

    /// The job of a sampler's arguments.
    #[must_use]
    pub fn from_args(args: &[String]) -> Option<Self> {
        let [row, backend, n, rounds, window, batch, variants] = args else {
            return None;
        };
        Some(Self {
            row: Row::from_name(row)?,
            backend: Backend::from_name(backend)?,
            n: n.parse().ok()?,
            processes: 1,
            rounds: rounds.parse().ok()?,
            window: Duration::from_millis(window.parse().ok()?),
            batch: batch.parse().ok()?,
            variants: variants.split(',').map(str::to_owned).collect(),
            counted: false,
            timeout: Duration::MAX,
        })
    }

    /// Whether every word is part of its description.
    #[must_use]
    pub fn matches(&self, words: &[String]) -> bool {
        let text = self.to_string();
        words.iter().all(|word| text.contains(word.as_str()))
    }
}

/// What filters match against.
impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, backend, n, .. } = self;
        write!(f, "{} {backend} {n} {}", row.name(), self.variants.join(","))?;
        if self.counted { f.write_str(" counted") } else { Ok(()) }
    }
}
