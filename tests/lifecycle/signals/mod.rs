//! Signals, in every state of a daemon's life: each with the exact report.

mod actions;
mod handlers;
mod harmless;
mod interrupt;
mod quit;
mod terminate;
mod unhandled;

use std::time::Duration;

use proc_daemon::sim::{Life, Sim, Stage};
use proc_daemon::{
    Config, Context, Daemon, DaemonBuilder, ExitReport, Result, Signal, SignalConfig, task,
};

use crate::exact::{MS, SECOND, exactly, text};

/// Opens for 3 s.
async fn store(ctx: Context) -> Result {
    ctx.sleep(3 * SECOND).await?;
    ctx.ready();
    ctx.cancelled().await;
    Ok(())
}

/// Has a request in flight, which is answered 8 s after the stop request.
async fn http(ctx: Context) -> Result {
    let _busy = ctx.in_flight();
    ctx.cancelled().await;
    ctx.runtime().sleep(8 * SECOND).await;
    Ok(())
}

/// A store and a server on it, and a lame duck of 5 s: a stop takes 13 s.
fn two(signals: SignalConfig) -> DaemonBuilder {
    let config = Config::builder().lame_duck(5 * SECOND).build().unwrap();
    Daemon::builder(config)
        .with_signal_config(signals)
        .with_subsystem(task("store", store).explicit_ready())
        .with_subsystem(task("http", http).requires("store"))
}

/// Where in its life a daemon is when a signal arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Nothing has been polled.
    Nothing,
    /// After 1 s: the store opens, the server waits for it.
    Start,
    /// After 10 s.
    Up,
    /// 2 s after a shutdown was asked for at 10 s.
    LameDuck,
    /// 2 s later than the lame duck.
    Drain,
    /// When it has ended.
    After,
}

impl At {
    const ALL: [Self; 6] =
        [Self::Nothing, Self::Start, Self::Up, Self::LameDuck, Self::Drain, Self::After];

    async fn reached(self, s: &Stage) {
        match self {
            Self::Nothing => return,
            Self::Start => return s.advance(SECOND).await,
            _ => s.advance(10 * SECOND).await,
        }
        if self == Self::Up {
            return;
        }
        s.daemon().shutdown_with("go");
        match self {
            Self::LameDuck => s.advance(2 * SECOND).await,
            Self::Drain => s.advance(7 * SECOND).await,
            _ => drop(s.finish().await),
        }
    }
}

/// Raises `signals`, each so long after the state was reached.
fn raised(sim: Sim, daemon: DaemonBuilder, at: At, signals: &[(Duration, Signal)]) -> Life {
    let mut signals = signals.to_vec();
    sim.daemon(daemon).script(async move |s| {
        at.reached(&s).await;
        let reached = s.now();
        signals.sort_by_key(|(after, _)| *after);
        for (after, signal) in signals {
            s.advance((reached + after).since(s.now())).await;
            s.raise(signal);
        }
        s.finish().await;
    })
}

/// Holds the report to `expected`, with the default signals.
#[track_caller]
fn report(at: At, signals: &[(Duration, Signal)], expected: &str) {
    report_of(SignalConfig::unix, at, signals, expected);
}

#[track_caller]
fn report_of(config: fn() -> SignalConfig, at: At, signals: &[(Duration, Signal)], expected: &str) {
    exactly(
        |sim| raised(sim, two(config()), at, signals),
        |report: &ExitReport| assert_eq!(text(report), expected, "{at:?} {signals:?}"),
    );
}

/// So many milliseconds.
fn ms(ms: u32) -> Duration {
    ms * MS
}

/// As a report shows it.
fn shown(duration: Duration) -> String {
    let (seconds, ms) = (duration.as_secs(), duration.subsec_millis());
    match (seconds, ms) {
        (0, ms) => format!("{ms}ms"),
        (seconds, 0) => format!("{seconds}s"),
        _ => format!("{seconds}s {ms}ms"),
    }
}
