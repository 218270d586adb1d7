//! Order and time, to the nanosecond: lives in which time passes only where somebody waits for it.

mod abort;
mod drain;
mod events;
mod file;
mod grace;
mod graphs;
mod health;
mod hooks;
mod interval;
mod lame_duck;
mod log;
mod long;
mod start;
mod states;
mod status;
mod told;
mod waits;

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use proc_daemon::ExitReport;
use proc_daemon::sim::{self, Life, Policy, Sim, Stage, Sweep};

use crate::Diary;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MS: Duration = Duration::from_millis(1);

pub(crate) const LIVES: u64 = 40;

/// Lives `life` in every order of polls, where a poll takes no time and nothing is late; every law must hold.
/// Holds each report to `expect`.
#[track_caller]
pub(crate) fn exactly<L, E>(life: L, expect: E) -> Sweep
where
    L: Fn(Sim) -> Life + Sync,
    E: Fn(&ExitReport) + Sync,
{
    let sweep = sim::check(0..LIVES, |sim| {
        let sim = sim.poll_cost(Duration::ZERO).lateness(Duration::ZERO);
        let life = life(sim.blocking_delay(Duration::ZERO));
        if life.verdict().is_clean() {
            expect(life.report());
        }
        life
    });
    // Fewer are lived when the environment asks for one of them.
    assert!(sweep.lives < LIVES || sweep.policies.len() == Policy::ALL.len(), "{sweep}");
    sweep
}

/// The life, in whose diary must be `lines`, unless something else was wrong.
#[track_caller]
pub(crate) fn telling<L>(life: Life, diary: &Diary, lines: &[L]) -> Life
where
    L: Debug,
    String: PartialEq<L>,
{
    if life.verdict().is_clean() {
        assert_eq!(diary.lines(), lines);
    }
    life
}

/// A script that waits for the end.
pub(crate) async fn to_the_end(s: Stage) {
    s.finish().await;
}

/// A script that asks the daemon to end after this time.
pub(crate) fn go_after(time: Duration) -> impl FnOnce(Stage) -> Pin<Box<dyn Future<Output = ()>>> {
    move |s: Stage| {
        Box::pin(async move {
            s.advance(time).await;
            s.daemon().shutdown_with("go");
        })
    }
}

/// The report's text, without the places in these files.
pub(crate) fn text(report: &ExitReport) -> String {
    let lines = report.to_string();
    let lines: Vec<&str> =
        lines.lines().map(|line| line.split(" (from tests/").next().unwrap_or(line)).collect();
    lines.join("\n")
}
