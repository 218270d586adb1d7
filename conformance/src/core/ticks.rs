//! What becomes of the ticks of an interval that nobody has waited for in time.
//!
//! A tick may be late on any runtime, so nothing is held to a moment: each tick is held to the one before it, by
//! when that was taken.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::{Context, Daemon, Instant, Interval, MissedTicks, task_with};

use super::{Core, core};
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "TICK-01",
            missed_ticks_are_left_out,
            "After a stall, ticks that were missed are left out, and the grid is kept: by default too.",
            "Two ticks of 5 ms, a stall of 28 ms, four more; by default, and asked for.",
        ),
        core!(
            "TICK-02",
            a_late_tick_begins_a_new_grid,
            "After a stall, an interval that is to delay has its next tick a whole period after the late one.",
            "Two ticks of 5 ms, a stall of 28 ms, four more.",
        ),
        core!(
            "TICK-03",
            each_missed_tick_is_made_up_for,
            "After a stall, an interval that is to make up for what it has missed leaves no tick out.",
            "Two ticks of 5 ms, a stall of 28 ms, four more.",
        ),
    ]
}

const EVERY: Duration = Duration::from_millis(5);
const STALL: Duration = Duration::from_millis(28);

/// A tick of an interval.
#[derive(Clone, Copy, Debug)]
struct Tick {
    due: Instant,
    /// It was taken between these two.
    asked: Instant,
    taken: Instant,
}

impl Tick {
    /// The earliest moment at which it can have been taken.
    fn earliest(self) -> Instant {
        self.asked.max(self.due)
    }
}

/// The ticks of an interval that `set` has set, those from the third on after a stall.
fn ticks<W: World>(world: &W, set: fn(Interval) -> Interval) -> Vec<Tick> {
    let ticks: Arc<Mutex<Vec<Tick>>> = Arc::default();
    let ticker = task_with("ticker", Arc::clone(&ticks), move |ctx: Context, ticks| async move {
        let ticks: Arc<Mutex<Vec<Tick>>> = ticks;
        let mut interval = set(ctx.interval(EVERY));
        for n in 0..6 {
            if n == 2 {
                W::stall(&ctx, STALL).await;
            }
            let asked = ctx.now();
            let due = interval.tick().await?;
            ticks.lock().push(Tick { due, asked, taken: ctx.now() });
        }
        Ok(())
    });
    let report = world.run(Daemon::new().with_subsystem(ticker));
    assert!(report.is_clean(), "{report}");
    let ticks = ticks.lock().clone();
    assert_eq!(ticks.len(), 6, "{ticks:?}");
    for tick in &ticks {
        assert!(tick.taken >= tick.due, "a tick came early: {tick:?}");
    }
    let late = ticks[2].asked.since(ticks[2].due);
    assert!(late > 3 * EVERY, "there was no stall: {ticks:?}");
    ticks
}

/// Each two that follow one another.
fn pairs(ticks: &[Tick]) -> impl Iterator<Item = (Tick, Tick)> {
    ticks.windows(2).map(|pair| (pair[0], pair[1]))
}

fn missed_ticks_are_left_out<W: World>(world: &W) {
    let sets: [fn(Interval) -> Interval; 2] =
        [|interval| interval, |interval| interval.missed(MissedTicks::Skip)];
    for set in sets {
        let ticks = ticks(world, set);
        for (one, next) in pairs(&ticks) {
            let apart = next.due.since(one.due);
            assert_eq!(apart.as_nanos() % EVERY.as_nanos(), 0, "off the grid: {ticks:?}");
            assert!(next.due > one.earliest(), "a tick that was missed has come: {ticks:?}");
            assert!(next.due <= one.taken + EVERY, "a tick to come was left out: {ticks:?}");
        }
    }
}

fn a_late_tick_begins_a_new_grid<W: World>(world: &W) {
    let ticks = ticks(world, |interval| interval.missed(MissedTicks::Delay));
    for (one, next) in pairs(&ticks) {
        assert!(next.due >= one.earliest() + EVERY, "not a whole period later: {ticks:?}");
        assert!(next.due <= one.taken + EVERY, "more than a period later: {ticks:?}");
    }
}

fn each_missed_tick_is_made_up_for<W: World>(world: &W) {
    let ticks = ticks(world, |interval| interval.missed(MissedTicks::Burst));
    for (one, next) in pairs(&ticks) {
        assert_eq!(next.due, one.due + EVERY, "a tick was left out: {ticks:?}");
    }
}
