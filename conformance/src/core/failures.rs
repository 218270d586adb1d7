//! Many failures at once, at the limit and one beyond it, and under a dependency that flaps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_lite::future::yield_now;
use proc_daemon::{
    Backoff, Context, Daemon, DaemonBuilder, EndKind, RestartPolicy, ShutdownReason, Spec,
    task_with,
};

use super::{Core, OnDrop, at_once, core, idle};
use crate::told::Told;
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "MANY-01",
            a_thousand_that_fail_at_once_all_come_back,
            "A thousand failures at once are a thousand restarts.",
            "All fail when the last is up."
        )
        .open(),
        core!(
            "MANY-02",
            of_a_thousand_that_are_given_up_at_once_one_is_the_cause,
            "Of many that end the daemon at once, one is the cause.",
            "A thousand critical ones fail."
        )
        .open(),
        core!(
            "MANY-03",
            as_many_failures_as_the_limit_are_put_up_with,
            "As many failures as the limit allows are restarted; one more is not.",
            "At the limit, and one beyond it."
        )
        .open(),
        core!(
            "MANY-04",
            under_a_dependency_that_flaps_each_lives_its_own_starts,
            "Dependents of something that flaps have one life at a time.",
            "A dependency fails again and again."
        )
        .open(),
    ]
}

/// A thousand; twenty where each body is lived in many orders.
fn many<W: World>(_: &W) -> u32 {
    if W::MANY < 10_000 { 20 } else { 1_000 }
}

/// Not told from no time at all, so that nothing but the count decides.
const FOREVER: Duration = Duration::from_secs(24 * 3600);

/// Counts starts; notes if one was started while the one before it lived.
#[derive(Clone, Default)]
struct Count(Arc<Counts>);

#[derive(Default)]
struct Counts {
    live: AtomicU32,
    starts: AtomicU32,
    overlaps: AtomicU32,
}

impl Count {
    /// One start, until the guard is dropped.
    fn start(&self) -> OnDrop<impl FnMut() + Send + use<>> {
        let counts = Arc::clone(&self.0);
        counts.starts.fetch_add(1, Ordering::SeqCst);
        counts.overlaps.fetch_add(counts.live.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
        OnDrop(move || _ = counts.live.fetch_sub(1, Ordering::SeqCst))
    }

    fn starts(&self) -> u32 {
        assert_eq!(self.0.live.load(Ordering::SeqCst), 0, "everything is over");
        assert_eq!(self.0.overlaps.load(Ordering::SeqCst), 0, "one after the other");
        self.0.starts.load(Ordering::SeqCst)
    }
}

/// Opens the gate once as many as it waits for have called.
#[derive(Clone)]
struct Muster(Arc<AtomicU32>, Told);

impl Muster {
    fn of(many: u32) -> Self {
        Self(Arc::new(AtomicU32::new(many)), Told::default())
    }

    /// Whether this was the last one.
    fn call(&self) -> bool {
        let all = self.0.fetch_sub(1, Ordering::SeqCst) == 1;
        if all {
            self.1.tell();
        }
        all
    }
}

fn a_thousand_that_fail_at_once_all_come_back<W: World>(world: &W) {
    let many = many(world);
    let (first, second) = (Muster::of(many), Muster::of(many));
    let counts: Vec<Count> = (0..many).map(|_| Count::default()).collect();
    let specs = counts.iter().enumerate().map(|(n, count)| {
        let state = (first.clone(), second.clone(), count.clone());
        let fails =
            task_with(format!("s{n}"), state, async |ctx: Context, (first, second, count)| {
                let (first, second, count): (Muster, Muster, Count) = (first, second, count);
                let _live = count.start();
                if ctx.generation() == 1 {
                    first.call();
                    first.1.once().await;
                    return Err("with all the others".into());
                }
                if second.call() {
                    ctx.shutdown("all are back");
                }
                idle(ctx).await
            });
        fails.restart_policy(at_once(RestartPolicy::on_failure()))
    });
    let report = world.run(Daemon::new().restarts_per_second(0).with_subsystems(specs));
    assert!(report.is_clean(), "{report}");
    assert!(counts.iter().all(|count| count.starts() == 2));
    let twice = report.subsystems().iter().filter_map(|s| s.end.as_ref());
    assert_eq!(twice.filter(|end| end.generation() == 2).count(), many as usize);
}

fn of_a_thousand_that_are_given_up_at_once_one_is_the_cause<W: World>(world: &W) {
    let many = many(world);
    let muster = Muster::of(many);
    let specs = (0..many).map(|n| {
        let fails =
            task_with(format!("s{n}"), muster.clone(), async |ctx: Context, all: Muster| {
                all.call();
                all.1.once().await;
                Err(format!("{} is lost", ctx.name()).into())
            });
        fails.restart_policy(RestartPolicy::never())
    });
    let report = world.run(Daemon::new().with_subsystems(specs));
    assert_eq!(report.code, 1, "{report}");
    // Whether the first of them counts as started is a matter of who is seen first.
    let cause = match &report.reason {
        Some(ShutdownReason::SubsystemFailed(name) | ShutdownReason::StartFailed(name)) => name,
        other => panic!("{other:?}"),
    };
    assert!(report.end_of(cause).is_some(), "{cause}");
    for subsystem in report.subsystems() {
        let end = subsystem.end.as_ref().expect("it was started");
        assert_eq!((end.kind(), end.generation()), (EndKind::Error, 1), "{subsystem}");
        let said = end.error().map(ToString::to_string);
        assert_eq!(said, Some(format!("{} is lost", subsystem.name)), "no error is lost");
    }
}

/// Ends in its way `times` times; after that it asks for the end of the daemon.
fn ends(times: u32, how: &'static str, count: &Count) -> Spec {
    task_with("s", count.clone(), move |ctx: Context, count: Count| async move {
        let _live = count.start();
        if ctx.generation() > u64::from(times) {
            ctx.shutdown("it has been put up with");
            return idle(ctx).await;
        }
        match how {
            "ok" => Ok(()),
            "error" => Err("once more".into()),
            _ => panic!("once more"),
        }
    })
}

fn as_many_failures_as_the_limit_are_put_up_with<W: World>(world: &W) {
    let on_failure: fn() -> RestartPolicy = RestartPolicy::on_failure;
    for (policy, how, too_many) in [
        (on_failure, "error", 69),
        (on_failure, "panic", 70),
        (RestartPolicy::always, "ok", 69),
        (RestartPolicy::always, "error", 69),
        (RestartPolicy::always, "panic", 70),
    ] {
        for limit in [0, 1, 5] {
            for (times, code) in [(limit, 0), (limit + 1, too_many)] {
                let count = Count::default();
                let policy = at_once(policy()).intensity(limit, FOREVER);
                let spec = ends(times, how, &count).restart_policy(policy);
                let report = world.run_with_panics(Daemon::new().with_subsystem(spec));
                assert_eq!(report.code, code, "{how}, {times} of {limit}: {report}");
                assert_eq!(count.starts(), limit + 1, "{how}, {times} of {limit}");
            }
        }
    }
}

/// `db` fails 20 times and its dependents 10 times each, some of them while it is away.
fn under_a_dependency_that_flaps_each_lives_its_own_starts<W: World>(world: &W) {
    fn flaps(name: String, last: u64, settled: &Arc<AtomicU32>, count: &Count) -> Spec {
        let state = (Arc::clone(settled), count.clone());
        let flaps = task_with(name, state, move |ctx: Context, (settled, count)| async move {
            let (settled, count): (Arc<AtomicU32>, Count) = (settled, count);
            let _live = count.start();
            ctx.ready();
            for _ in 0..ctx.generation() % 4 {
                yield_now().await;
            }
            if ctx.generation() < last {
                return Err("it flaps".into());
            }
            if settled.fetch_add(1, Ordering::SeqCst) + 1 == 5 {
                ctx.shutdown("all have settled");
            }
            idle(ctx).await
        });
        let backoff = Backoff::constant(Duration::from_micros(300)).jitter(0.9);
        flaps.restart_policy(RestartPolicy::on_failure().backoff(backoff).unlimited())
    }
    let (settled, db) = (Arc::default(), Count::default());
    let needs: [Count; 4] = std::array::from_fn(|_| Count::default());
    let flapping = flaps("db".to_owned(), 20, &settled, &db).explicit_ready();
    let daemon: DaemonBuilder = Daemon::new().restarts_per_second(0).with_subsystem(flapping);
    let dependents = needs.iter().enumerate();
    let report = world.run(daemon.with_subsystems(dependents.map(|(n, count)| {
        flaps(format!("needs{n}"), 10, &settled, count).explicit_ready().requires("db")
    })));
    assert!(report.is_clean(), "{report}");
    assert_eq!((db.starts(), needs.map(|count| count.starts())), (20, [10; 4]));
}
