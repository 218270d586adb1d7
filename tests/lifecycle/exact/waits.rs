//! What a subsystem waits with: each ends at its moment.

use std::future::pending;
use std::time::Duration;

use proc_daemon::{Context, Daemon, Instant, Result};

use super::{MS, SECOND, exactly, go_after};

/// Runs one subsystem, which is asked to stop after 100 s.
#[track_caller]
fn asked_after_100_s<F>(run: fn(Context) -> F)
where
    F: Future<Output = Result> + Send + 'static,
{
    exactly(
        |sim| sim.daemon(Daemon::new().with_task("waiter", run)).script(go_after(100 * SECOND)),
        |report| assert!(report.is_clean(), "{report}"),
    );
}

fn moment(ctx: &Context) -> Duration {
    ctx.now().since(Instant::ZERO)
}

#[test]
fn a_sleep_ends_at_its_moment_or_at_the_stop() {
    asked_after_100_s(|ctx| async move {
        // The time runs from the call.
        let (long, short) = (ctx.sleep(40 * SECOND), ctx.sleep(10 * SECOND));
        assert!(short.await.is_ok());
        assert_eq!(moment(&ctx), 10 * SECOND);
        assert!(long.await.is_ok());
        assert_eq!(moment(&ctx), 40 * SECOND);
        assert!(ctx.sleep(Duration::ZERO).await.is_ok());
        assert_eq!(moment(&ctx), 40 * SECOND);
        assert!(ctx.sleep(Duration::MAX).await.is_err());
        assert_eq!(moment(&ctx), 100 * SECOND);
        Ok(())
    });
}

#[test]
fn a_timeout_ends_at_its_moment_and_a_stop_does_not_end_it() {
    asked_after_100_s(|ctx| async move {
        assert!(ctx.timeout(90 * SECOND, pending::<()>()).await.is_err());
        assert_eq!(moment(&ctx), 90 * SECOND);
        assert!(ctx.timeout(15 * SECOND, pending::<()>()).await.is_err());
        assert_eq!(moment(&ctx), 105 * SECOND);
        let runtime = ctx.runtime().clone();
        let work = async move {
            runtime.sleep(3 * SECOND).await;
            7
        };
        assert_eq!(ctx.timeout(3 * SECOND + MS, work).await, Ok(7));
        assert_eq!(moment(&ctx), 108 * SECOND);
        Ok(())
    });
}

#[test]
fn the_future_wins_a_tie_with_its_timeout() {
    asked_after_100_s(|ctx| async move {
        for _ in 0..10 {
            let work = ctx.runtime().sleep(SECOND);
            assert!(ctx.timeout(SECOND, work).await.is_ok());
        }
        assert_eq!(moment(&ctx), 10 * SECOND);
        Ok(())
    });
}

#[test]
fn work_goes_on_until_it_is_done_or_the_stop() {
    asked_after_100_s(|ctx| async move {
        let runtime = ctx.runtime().clone();
        let done = ctx.run_until_cancelled(async move { runtime.sleep(30 * SECOND).await }).await;
        assert!(done.is_ok());
        assert_eq!(moment(&ctx), 30 * SECOND);
        assert!(ctx.run_until_cancelled(pending::<()>()).await.is_err());
        assert_eq!(moment(&ctx), 100 * SECOND);
        Ok(())
    });
}

/// A subsystem's own time outlasts the stop request, for as long as its grace.
#[test]
fn the_runtimes_sleep_is_not_ended_by_a_stop() {
    asked_after_100_s(|ctx| async move {
        ctx.runtime().sleep(119 * SECOND).await;
        assert_eq!(moment(&ctx), 119 * SECOND);
        assert_eq!(ctx.time_remaining(), Some(SECOND));
        Ok(())
    });
}
