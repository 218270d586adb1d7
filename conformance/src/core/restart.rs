//! Restarts, and what ends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proc_daemon::{
    Backoff, Context, Daemon, EndKind, RestartPolicy, Result, Spec, Strategy, SubsystemState, task,
};

use super::{Core, Diary, OnDrop, at_once, core, idle, until, with_a_backoff_of_an_hour};
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "RESTART-01",
            each_policy_starts_as_often_as_it_says,
            "Never, on failure and always restart what they say, for each kind of end.",
            "Three policies by success, error and panic; at most three starts.",
        ),
        core!(
            "RESTART-02",
            a_backoff_is_waited_for,
            "A restart comes no earlier than its backoff.",
            "20 ms, doubled; the moments of four starts.",
        ),
        core!(
            "RESTART-03",
            a_stop_cancels_a_backoff,
            "A shutdown does not wait for a restart that is due in an hour.",
            "Asked to stop while one waits.",
        ),
        core!(
            "RESTART-04",
            one_failure_too_many_gives_up,
            "What fails more often than its policy allows is given up, and ends the daemon with 69.",
            "Three in a minute are allowed; it always fails.",
        ),
        core!(
            "RESTART-05",
            what_is_optional_ends_nobody,
            "An optional subsystem that is given up leaves the daemon running.",
            "It fails for good; the other goes on until it is told.",
        ),
        core!(
            "RESTART-06",
            one_for_all_restarts_the_group,
            "In a one-for-all group a failure restarts every member.",
            "Three members; the second fails once.",
        )
        .open(),
        core!(
            "RESTART-07",
            no_two_starts_live_at_once,
            "A start begins when what the one before owned is dropped.",
            "Fifty failures without backoff; a count of the living.",
        ),
    ]
}

fn failing(kind: u64) -> Result {
    match kind {
        0 => Ok(()),
        1 => Err("on purpose".into()),
        _ => crate::lab::panic_on_purpose("on purpose"),
    }
}

fn each_policy_starts_as_often_as_it_says<W: World>(world: &W) {
    let policies = [RestartPolicy::never(), RestartPolicy::on_failure(), RestartPolicy::always()];
    let expected = [[1, 1, 1], [1, 3, 3], [3, 3, 3]];
    for (policy, expected) in policies.into_iter().zip(expected) {
        for (kind, expected) in (0..).zip(expected) {
            let starts = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&starts);
            let job = task("job", move |ctx: Context| {
                let starts = count.fetch_add(1, Ordering::SeqCst) + 1;
                async move {
                    if starts == 3 {
                        ctx.shutdown("three are enough");
                        return idle(ctx).await;
                    }
                    failing(kind)
                }
            });
            let job = job.restart_policy(at_once(policy.clone()).unlimited());
            let report = world.run_with_panics(Daemon::new().with_subsystem(job));
            let starts = starts.load(Ordering::SeqCst);
            assert_eq!(starts, expected, "{policy:?}, end {kind}: {report}");
            let code = if expected == 3 || kind == 0 { 0 } else { [0, 1, 70][kind as usize] };
            assert_eq!(report.code, code, "{policy:?}, end {kind}: {report}");
        }
    }
}

fn a_backoff_is_waited_for<W: World>(world: &W) {
    const BASE: Duration = Duration::from_millis(20);
    let moments = Diary::default();
    let diary = moments.clone();
    let job = task("job", move |ctx: Context| {
        diary.note(ctx.now().as_nanos().to_string());
        async move {
            if ctx.generation() == 4 {
                ctx.shutdown("enough");
                return idle(ctx).await;
            }
            Err("on purpose".into())
        }
    });
    let backoff = Backoff::exponential(BASE, Duration::from_secs(1)).jitter(0.0);
    let job = job.restart_policy(RestartPolicy::on_failure().backoff(backoff).unlimited());
    let report = world.run(Daemon::new().with_subsystem(job));
    assert!(report.is_clean(), "{report}");
    let moments: Vec<u64> =
        moments.lines().iter().map(|line| line.parse().expect("a number")).collect();
    assert_eq!(moments.len(), 4);
    for (n, pair) in (0..).zip(moments.windows(2)) {
        let (waited, wanted) = (Duration::from_nanos(pair[1] - pair[0]), BASE * 2_u32.pow(n));
        assert!(waited >= wanted, "start {} came after {waited:?}, not {wanted:?}", n + 2);
    }
}

fn a_stop_cancels_a_backoff<W: World>(world: &W) {
    let report = world.script(with_a_backoff_of_an_hour(), async |daemon: Daemon| {
        until(&daemon, "job", SubsystemState::Backoff).await;
        daemon.shutdown();
    });
    assert!(report.stopped_in() < world.bound(), "{report}");
    assert_eq!(report.end_of("job").map(|end| end.kind()), Some(EndKind::Error), "{report}");
}

fn one_failure_too_many_gives_up<W: World>(world: &W) {
    let starts = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&starts);
    // Not before it has started well: that would be a failed start.
    let job = task("job", move |ctx: Context| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            until(&ctx.daemon(), "job", SubsystemState::Running).await;
            Err::<(), _>("on purpose".into())
        }
    });
    let policy = RestartPolicy::on_failure().backoff(Backoff::none());
    let policy = policy.intensity(3, Duration::from_secs(60));
    let report = world.run(Daemon::new().with_subsystem(job.restart_policy(policy)));
    assert_eq!((report.code, starts.load(Ordering::SeqCst)), (69, 4), "{report}");
}

fn what_is_optional_ends_nobody<W: World>(world: &W) {
    let job = task("job", |_| async { Err::<(), _>("on purpose".into()) });
    let job = job.restart_policy(RestartPolicy::never()).optional();
    let daemon = Daemon::new().with_subsystem(job).with_task("idle", idle);
    let report = world.script(daemon, async |daemon: Daemon| {
        until(&daemon, "job", SubsystemState::Failed).await;
        assert!(daemon.is_running());
        daemon.shutdown();
    });
    assert_eq!(report.end_of("idle").map(|end| end.kind()), Some(EndKind::Requested), "{report}");
}

fn one_for_all_restarts_the_group<W: World>(world: &W) {
    let starts = Arc::new(AtomicU64::new(0));
    let member = |name: &'static str| -> Spec {
        let starts = Arc::clone(&starts);
        let spec = task(name, move |ctx: Context| {
            let all = starts.fetch_add(1, Ordering::SeqCst) + 1;
            async move {
                if all == 6 {
                    ctx.shutdown("all twice");
                }
                if ctx.generation() == 1 && ctx.name() == "b" {
                    ctx.daemon().ready().await;
                    return Err("on purpose".into());
                }
                idle(ctx).await
            }
        });
        let policy = RestartPolicy::on_failure().backoff(Backoff::none());
        spec.group("g").restart_policy(policy)
    };
    let daemon = Daemon::new()
        .with_group("g", Strategy::OneForAll)
        .with_subsystems(["a", "b", "c"].map(member));
    let report = world.run(daemon);
    assert_eq!(starts.load(Ordering::SeqCst), 6, "{report}");
    assert!(
        report.subsystems().iter().all(|s| s.end.as_ref().is_some_and(|e| e.generation() == 2))
    );
}

fn no_two_starts_live_at_once<W: World>(world: &W) {
    let living = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&living);
    let job = task("job", move |ctx: Context| {
        let count = Arc::clone(&count);
        async move {
            assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "two live at once");
            let _gone = OnDrop(|| {
                count.fetch_sub(1, Ordering::SeqCst);
            });
            if ctx.generation() > 50 {
                ctx.shutdown("enough");
                return idle(ctx).await;
            }
            futures_lite::future::yield_now().await;
            Err("on purpose".into())
        }
    });
    let job = job.restart_policy(at_once(RestartPolicy::on_failure()).unlimited());
    let daemon = Daemon::new().restarts_per_second(0).with_subsystem(job);
    let report = world.run(daemon);
    assert!(report.is_clean(), "{report}");
    assert_eq!(living.load(Ordering::SeqCst), 0);
}
