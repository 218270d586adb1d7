//! What an interval does about ticks that nobody waited for in time.

use std::time::Duration;

use proc_daemon::{Context, Daemon, Instant, Interval, MissedTicks, Result, task};

use super::{MS, SECOND, exactly, go_after, telling, to_the_end};
use crate::Diary;

const EVERY: Duration = Duration::from_secs(60);
const STALL: Duration = Duration::from_secs(330);

/// Takes three ticks in time, then four after a stall of five periods and a half: for each, when it was due
/// and when it came, in seconds.
async fn ticks(ctx: &Context, mut interval: Interval) -> Result<Vec<(u64, u64)>> {
    let seconds = |at: Instant| at.since(Instant::ZERO).as_secs();
    let mut ticks = Vec::new();
    for n in 0..7 {
        if n == 3 {
            ctx.runtime().sleep(STALL).await;
        }
        let due = interval.tick().await?;
        ticks.push((seconds(due), seconds(ctx.now())));
    }
    Ok(ticks)
}

/// Holds the ticks of an interval that `make` has set to `expected`.
#[track_caller]
fn on_ticks(make: fn(Interval) -> Interval, expected: [(u64, u64); 7]) {
    exactly(
        |sim| {
            let ticker = task("ticker", move |ctx: Context| async move {
                assert_eq!(ticks(&ctx, make(ctx.interval(EVERY))).await?, expected);
                Ok(())
            });
            let daemon = Daemon::new().with_subsystem(ticker);
            sim.daemon(daemon).script(to_the_end)
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// The tick that was due in the stall comes late, those that are missed by then never do.
const LEFT_OUT: [(u64, u64); 7] =
    [(0, 0), (60, 60), (120, 120), (180, 450), (480, 480), (540, 540), (600, 600)];

#[test]
fn missed_ticks_are_left_out_and_the_grid_is_kept() {
    on_ticks(|interval| interval.missed(MissedTicks::Skip), LEFT_OUT);
}

#[test]
fn missed_ticks_are_left_out_by_default() {
    on_ticks(|interval| interval, LEFT_OUT);
}

#[test]
fn a_late_tick_begins_a_new_grid_if_asked_to() {
    let expected = [(0, 0), (60, 60), (120, 120), (180, 450), (510, 510), (570, 570), (630, 630)];
    on_ticks(|interval| interval.missed(MissedTicks::Delay), expected);
}

#[test]
fn each_missed_tick_is_made_up_for_if_asked_to() {
    let expected = [(0, 0), (60, 60), (120, 120), (180, 450), (240, 450), (300, 450), (360, 450)];
    on_ticks(|interval| interval.missed(MissedTicks::Burst), expected);
}

/// A grid is kept by the moments at which ticks are due, not by those at which they come.
#[test]
fn work_between_ticks_moves_none_of_them() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let inside = diary.clone();
            let ticker = move |ctx: Context| {
                let diary = inside.clone();
                async move {
                    let mut interval = ctx.interval(10 * SECOND);
                    for work in [0, 9_999, 1, 5_000] {
                        interval.tick().await?;
                        diary.at(&ctx, "tick");
                        ctx.runtime().sleep(work * MS).await;
                    }
                    Ok(())
                }
            };
            let daemon = Daemon::new().with_task("ticker", ticker);
            let life = sim.daemon(daemon).script(to_the_end);
            telling(life, &diary, &["0ns tick", "10s tick", "20s tick", "30s tick"])
        },
        |report| assert_eq!(report.ran_for(), 35 * SECOND),
    );
}

/// A tick and a stop at one moment: the stop wins once the subsystem has been asked.
#[test]
fn a_stop_ends_an_interval_at_its_moment() {
    exactly(
        |sim| {
            let ticker = |ctx: Context| async move {
                let mut interval = ctx.interval(10 * SECOND);
                while interval.tick().await.is_ok() {}
                let moment = ctx.now().since(Instant::ZERO);
                assert_eq!(moment, 25 * SECOND);
                ctx.runtime().sleep(20 * SECOND - MS).await;
                assert!(interval.tick().await.is_err(), "a tick is due, and it was asked to stop");
                Ok(())
            };
            sim.daemon(Daemon::new().with_task("ticker", ticker)).script(go_after(25 * SECOND))
        },
        |report| {
            assert!(report.is_clean(), "{report}");
            assert_eq!(report.stopped_in(), 20 * SECOND - MS);
        },
    );
}
