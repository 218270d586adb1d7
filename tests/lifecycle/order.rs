//! Starting and stopping in dependency order.

use std::time::{Duration, Instant};

use proc_daemon::runtime::OwnedRuntime;
use proc_daemon::{Context, Daemon, Result, Spec, task, task_with};

use crate::{Diary, Row};

crate::on_every_runtime!(
    dependents_start_after_readiness_and_stop_before,
    a_dependency_is_ready_when_it_says_so_and_not_before,
    after_orders_and_a_completed_dependency_counts,
    a_hundred_random_graphs_stop_in_reverse_near_the_critical_path,
    a_failed_start_stops_what_had_started,
    a_start_that_hangs_is_dropped_after_its_timeout,
    no_start_timeout_is_the_longest_one,
);

fn noting(name: &'static str, diary: &Diary) -> Spec {
    task_with(name, diary.clone(), move |ctx: Context, diary| async move {
        diary.note(format!("+{name}"));
        ctx.ready();
        ctx.cancelled().await;
        diary.note(format!("-{name}"));
        Ok(())
    })
    .explicit_ready()
}

/// Ends the daemon once it and what it requires are up.
fn ender(requires: &'static str) -> Spec {
    task("ender", |ctx: Context| async move {
        ctx.shutdown("done");
        Ok(())
    })
    .requires(requires)
}

fn dependents_start_after_readiness_and_stop_before<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let report = row.run(
        Daemon::new()
            .with_subsystem(noting("janitor", &diary).after("http"))
            .with_subsystem(noting("http", &diary).requires("store"))
            .with_subsystem(noting("store", &diary))
            .with_subsystem(ender("janitor")),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["+store", "+http", "+janitor", "-janitor", "-http", "-store"]);
}

fn a_dependency_is_ready_when_it_says_so_and_not_before<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let slow = task_with("slow", diary.clone(), |ctx: Context, diary: Diary| async move {
        ctx.sleep(Duration::from_millis(30)).await?;
        diary.note("ready");
        ctx.ready();
        ctx.cancelled().await;
        Ok(())
    });
    let report = row.run(
        Daemon::new()
            .with_subsystem(noting("user", &diary).requires("slow"))
            .with_subsystem(slow.explicit_ready())
            .with_subsystem(ender("user")),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["ready", "+user", "-user"]);
}

fn after_orders_and_a_completed_dependency_counts<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let migrate = task_with("migrate", diary.clone(), |_, diary: Diary| async move {
        diary.note("migrated");
        Ok(())
    });
    let report = row.run(
        Daemon::new()
            .with_subsystem(noting("http", &diary).after("migrate"))
            .with_subsystem(migrate)
            .with_subsystem(ender("http")),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(diary.lines(), ["migrated", "+http", "-http"]);
}

/// Stop times of 0-9 ms; a subsystem depends on up to two before it. Over all graphs stopping takes less
/// than one after the other would; a single one may not, on a machine that is busy.
fn a_hundred_random_graphs_stop_in_reverse_near_the_critical_path<B: OwnedRuntime>(row: &Row<B>) {
    let mut took_in_all = Duration::ZERO;
    let mut one_by_one = Duration::ZERO;
    for seed in 0..100u64 {
        let graph = Random::graph(seed, 50);
        let diary = Diary::default();
        let mut daemon = Daemon::new();
        for (unit, (pause, dependencies)) in graph.iter().enumerate() {
            let state = (unit, *pause, diary.clone());
            let spec = task_with(format!("u{unit}"), state, slow_to_stop).explicit_ready();
            let spec = dependencies.iter().fold(spec, |spec, on| spec.requires(format!("u{on}")));
            daemon = daemon.with_subsystem(spec);
        }
        let last =
            (0..50).fold(task("ender", end_it), |spec, unit| spec.requires(format!("u{unit}")));
        let report = row.run(daemon.with_subsystem(last));
        assert!(report.is_clean(), "seed {seed}: {report}");
        for (unit, (_, dependencies)) in graph.iter().enumerate() {
            for on in dependencies {
                assert!(
                    diary.at(&format!("-u{unit}")) < diary.at(&format!("?u{on}")),
                    "seed {seed}"
                );
                assert!(
                    diary.at(&format!("+u{on}")) < diary.at(&format!("+u{unit}")),
                    "seed {seed}"
                );
            }
        }
        let longest = critical_path(&graph);
        let took = report.stopped_in();
        assert!(
            took >= longest,
            "seed {seed}: {took:?} is shorter than the critical path {longest:?}"
        );
        took_in_all += took;
        one_by_one += graph.iter().map(|(pause, _)| *pause).sum::<Duration>();
    }
    assert!(took_in_all < one_by_one, "{took_in_all:?}, and one by one {one_by_one:?}");
}

async fn slow_to_stop(ctx: Context, (unit, pause, diary): (usize, Duration, Diary)) -> Result {
    diary.note(format!("+u{unit}"));
    ctx.ready();
    ctx.cancelled().await;
    diary.note(format!("?u{unit}"));
    ctx.runtime().sleep(pause).await;
    diary.note(format!("-u{unit}"));
    Ok(())
}

async fn end_it(ctx: Context) -> Result {
    ctx.shutdown("all are up");
    Ok(())
}

/// The time that stopping takes if everything that may be parallel is.
fn critical_path(graph: &[(Duration, Vec<usize>)]) -> Duration {
    let mut from: Vec<Duration> = vec![Duration::ZERO; graph.len()];
    // Dependents come later in the list, and stop first.
    for unit in (0..graph.len()).rev() {
        let done = from[unit] + graph[unit].0;
        for on in &graph[unit].1 {
            from[*on] = from[*on].max(done);
        }
    }
    (0..graph.len()).map(|unit| from[unit] + graph[unit].0).max().unwrap_or_default()
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn graph(seed: u64, units: usize) -> Vec<(Duration, Vec<usize>)> {
        let mut random = Self(seed);
        (0..units as u64)
            .map(|unit| {
                let count = if unit == 0 { 0 } else { random.below(3) };
                let on = (0..count).map(|_| usize::try_from(random.below(unit)).unwrap()).collect();
                (Duration::from_millis(random.below(10)), on)
            })
            .collect()
    }
}

fn a_failed_start_stops_what_had_started<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let report = row.run(
        Daemon::new()
            .with_subsystem(noting("a", &diary))
            .with_subsystem(noting("b", &diary).requires("a"))
            .with_subsystem(task("bad", |_| async { Err("no disk".into()) }).requires("b"))
            .with_subsystem(noting("never", &diary).requires("bad")),
    );
    assert_eq!(report.code, 1, "{report}");
    assert!(report.to_string().contains("`bad`: error"), "{report}");
    assert!(report.to_string().contains("no disk"), "{report}");
    assert_eq!(diary.lines(), ["+a", "+b", "-b", "-a"]);
    assert!(report.end_of("never").is_none());
}

fn a_start_that_hangs_is_dropped_after_its_timeout<B: OwnedRuntime>(row: &Row<B>) {
    let diary = Diary::default();
    let hung = task("hung", |_| std::future::pending()).start_timeout(Duration::from_millis(40));
    let began = Instant::now();
    let report = row.run(
        Daemon::new()
            .with_subsystem(noting("store", &diary))
            .with_subsystem(hung.explicit_ready().requires("store")),
    );
    assert_eq!(report.code, 75, "{report}");
    assert!(report.to_string().contains("`hung`: start timeout"), "{report}");
    assert_eq!(diary.lines(), ["+store", "-store"]);
    assert!(began.elapsed() >= Duration::from_millis(40));
}

fn no_start_timeout_is_the_longest_one<B: OwnedRuntime>(row: &Row<B>) {
    let slow = task("slow", |ctx: Context| async move {
        ctx.sleep(Duration::from_millis(20)).await?;
        ctx.ready();
        ctx.cancelled().await;
        Ok(())
    });
    let slow = slow.explicit_ready().start_timeout(Duration::MAX);
    let report = row.run(Daemon::new().with_subsystem(slow).with_subsystem(ender("slow")));
    assert!(report.is_clean(), "{report}");
}
