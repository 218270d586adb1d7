//! What an interval does about ticks that nobody waited for in time.
//!
//! Only moments are compared: those that ticks were due at, and those that the clock said in between. A
//! machine that is busy makes these later, and no comparison wrong.

use std::time::Duration;

use proc_daemon::runtime::OwnedRuntime;
use proc_daemon::{Context, Daemon, Instant, Interval, MissedTicks, Result};

use crate::Row;

crate::on_every_runtime!(
    missed_ticks_are_left_out_and_the_grid_is_kept,
    missed_ticks_are_left_out_by_default,
    a_late_tick_begins_a_new_grid_if_asked_to,
    each_missed_tick_is_made_up_for_if_asked_to,
);

const EVERY: Duration = Duration::from_millis(10);
const STALL: Duration = Duration::from_millis(55);

/// A tick, and what the clock said before and after it was waited for.
struct Tick {
    due: Instant,
    before: Instant,
    after: Instant,
}

/// Takes the first tick in time, then three after a stall of more than five periods.
async fn ticks(ctx: &Context, mut interval: Interval) -> Result<[Tick; 4]> {
    let mut tick = async || -> Result<Tick> {
        let before = ctx.now();
        let due = interval.tick().await?;
        Ok(Tick { due, before, after: ctx.now() })
    };
    let first = tick().await?;
    ctx.runtime().sleep(STALL).await;
    Ok([first, tick().await?, tick().await?, tick().await?])
}

/// Runs `check` on the ticks of an interval that `make` has set.
fn on_ticks<B: OwnedRuntime>(row: &Row<B>, make: fn(Interval) -> Interval, check: fn([Tick; 4])) {
    let report = row.run(Daemon::new().with_task("ticker", move |ctx| async move {
        check(ticks(&ctx, make(ctx.interval(EVERY))).await?);
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn left_out([first, late, next, last]: [Tick; 4]) {
    for tick in [&late, &next, &last] {
        let off = (tick.due - first.due).as_nanos() % EVERY.as_nanos();
        assert_eq!(off, 0, "{:?} is not on the grid of {:?}", tick.due, first.due);
    }
    // The tick that was due in the stall comes late; those that are missed by then never do.
    assert!(next.due > late.before, "{:?} came after {:?}", next.due, late.before);
    assert!(next.due <= late.after + EVERY);
    assert!(last.due > next.due && last.due > next.before);
}

fn missed_ticks_are_left_out_and_the_grid_is_kept<B: OwnedRuntime>(row: &Row<B>) {
    on_ticks(row, |interval| interval.missed(MissedTicks::Skip), left_out);
}

fn missed_ticks_are_left_out_by_default<B: OwnedRuntime>(row: &Row<B>) {
    on_ticks(row, |interval| interval, left_out);
}

fn a_late_tick_begins_a_new_grid_if_asked_to<B: OwnedRuntime>(row: &Row<B>) {
    on_ticks(
        row,
        |interval| interval.missed(MissedTicks::Delay),
        |ticks| {
            for pair in ticks.windows(2) {
                let (tick, next) = (&pair[0], &pair[1]);
                let earliest = tick.due.max(tick.before) + EVERY;
                let latest = tick.after + EVERY;
                assert!(
                    earliest <= next.due && next.due <= latest,
                    "{:?} is not in {earliest:?}..={latest:?}",
                    next.due
                );
            }
        },
    );
}

fn each_missed_tick_is_made_up_for_if_asked_to<B: OwnedRuntime>(row: &Row<B>) {
    on_ticks(
        row,
        |interval| interval.missed(MissedTicks::Burst),
        |ticks| {
            for pair in ticks.windows(2) {
                assert_eq!(pair[1].due, pair[0].due + EVERY);
            }
            // All of them were due in the stall: nobody waited for them.
            assert!(ticks[3].due < ticks[1].before);
        },
    );
}
