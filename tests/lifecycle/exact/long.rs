//! Lives of years.

use std::time::Duration;

use proc_daemon::sim::{Life, Sim};
use proc_daemon::{Context, Daemon, MissedTicks, task};

use super::{SECOND, exactly, go_after, text};
use crate::idle;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn after(sim: Sim, time: Duration) -> Life {
    let daemon = Daemon::new()
        .with_task("store", idle)
        .with_subsystem(task("http", idle).requires("store"))
        .with_subsystem(task("mail", idle).background());
    sim.daemon(daemon).script(move |s| async move {
        s.advance(time).await;
        s.daemon().shutdown_with("go");
    })
}

/// An idle daemon has no timer: a decade takes as many polls as a minute.
#[test]
fn an_idle_daemon_is_never_polled() {
    exactly(
        |sim| {
            let seed = u64::from(sim.choose(1000, "seed"));
            let exact = |seed| Sim::new(seed).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
            let minute = after(exact(seed), 60 * SECOND);
            let decade = after(exact(seed), 3650 * DAY);
            assert_eq!(minute.polls(), decade.polls());
            decade
        },
        |report| assert_eq!(report.ran_for(), 3650 * DAY),
    );
}

#[test]
fn a_month_of_ticks_is_complete() {
    exactly(
        |sim| {
            let ticker = task("ticker", |ctx: Context| async move {
                let mut ticks = ctx.interval(600 * SECOND).missed(MissedTicks::Burst);
                let mut count = 0;
                while ticks.tick().await.is_ok() {
                    count += 1;
                }
                assert_eq!(count, 1 + 30 * 144);
                Ok(())
            });
            sim.daemon(Daemon::new().with_subsystem(ticker)).script(go_after(30 * DAY + SECOND))
        },
        |report| {
            assert_eq!(text(report), "exit 0: requested: go\n  ended well: 1; stopped in 0s");
        },
    );
}
