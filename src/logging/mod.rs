//! Logs to stderr (feature `logging`): a `tracing` subscriber for programs that bring none.
//!
//! # Invariants
//!
//! 1. Installed by `main` alone, and only if the program has installed none.
//! 2. `RUST_LOG` beats the configuration's level.
//! 3. A log line never blocks the thread that writes it: a thread of its own writes to stderr, and lines
//!    beyond its queue are dropped.
//! 4. After the flush, lines are written by the thread that logs them: none is lost.
//! 5. Colour only on a terminal, and not with `NO_COLOR`.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::LogLevel;

/// The subscriber that was installed, if any. Dropping it writes what is queued.
pub(crate) struct Logging {
    level: Level,
    guard: WorkerGuard,
    flushed: Arc<AtomicBool>,
}

/// The level of an installed subscriber.
#[derive(Clone)]
pub(crate) struct Level {
    handle: reload::Handle<EnvFilter, Registry>,
    from_env: bool,
}

/// The variable that selects what is logged.
const VARIABLE: &str = "RUST_LOG";

impl Logging {
    /// Installs the subscriber; none if the program has its own.
    pub(crate) fn install() -> Option<Self> {
        let wanted = std::env::var(VARIABLE).ok().filter(|text| !text.trim().is_empty());
        let from_env = wanted.is_some();
        let filter = match wanted {
            Some(text) => EnvFilter::builder().parse_lossy(text),
            None => filter(LogLevel::Info),
        };
        let (filter, level) = reload::Layer::new(filter);
        let (queue, guard) = tracing_appender::non_blocking(stderr());
        let flushed = Arc::new(AtomicBool::new(false));
        let writer = Writer { queue, flushed: Arc::clone(&flushed) };
        let colour =
            stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let lines = fmt::layer().with_writer(writer).with_ansi(colour).with_target(false);
        tracing_subscriber::registry().with(filter).with(lines).try_init().ok()?;
        Some(Self { level: Level { handle: level, from_env }, guard, flushed })
    }

    pub(crate) fn level(&self) -> Level {
        self.level.clone()
    }

    /// Writes what is queued; blocks for at most about a second.
    pub(crate) fn flush(self) {
        drop(self.guard);
        self.flushed.store(true, Ordering::Release);
    }
}

impl Level {
    /// Obeys the configuration's level, unless the environment said otherwise.
    pub(crate) fn obey(&self, level: LogLevel) {
        if !self.from_env {
            let _ = self.handle.reload(filter(level));
        }
    }
}

/// Where lines go: to the queue, and once that has been flushed to stderr.
struct Writer {
    queue: NonBlocking,
    flushed: Arc<AtomicBool>,
}

impl<'a> MakeWriter<'a> for Writer {
    type Writer = Box<dyn Write + 'a>;

    fn make_writer(&'a self) -> Self::Writer {
        if self.flushed.load(Ordering::Acquire) {
            Box::new(stderr())
        } else {
            Box::new(self.queue.clone())
        }
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let level: LevelFilter = level.into();
    EnvFilter::default().add_directive(level.into())
}
