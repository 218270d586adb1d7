//! Random graphs: stops are in reverse, and take as long as the longest path.

use std::time::Duration;

use proc_daemon::sim::{self, Sim};
use proc_daemon::{Context, Daemon, Result, task, task_with};

use super::{SECOND, to_the_end};
use crate::Diary;

const UNITS: u32 = 50;

/// For each subsystem, how long it takes to stop, and what it depends on.
type Graph = Vec<(Duration, Vec<u32>)>;

/// Stop times of 0 to 9 s; a subsystem depends on up to two before it.
fn graph(sim: &Sim) -> Graph {
    (0..UNITS)
        .map(|unit| {
            let count = if unit == 0 { 0 } else { sim.choose(3, "dependencies") };
            let on = (0..count).map(|_| sim.choose(unit, "dependency")).collect();
            (sim.choose(10, "seconds to stop") * SECOND, on)
        })
        .collect()
}

/// The time that stopping takes if everything that may be parallel is.
fn longest_path(graph: &Graph) -> Duration {
    let mut from = vec![Duration::ZERO; graph.len()];
    let mut longest = Duration::ZERO;
    // Dependents come later in the list, and stop first.
    for (unit, (pause, dependencies)) in graph.iter().enumerate().rev() {
        let done = from[unit] + *pause;
        longest = longest.max(done);
        for on in dependencies {
            from[*on as usize] = from[*on as usize].max(done);
        }
    }
    longest
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

#[test]
fn random_graphs_stop_in_reverse_along_the_critical_path() {
    sim::check(0..100, |sim| {
        let sim = sim.poll_cost(Duration::ZERO).lateness(Duration::ZERO);
        let graph = graph(&sim);
        let diary = Diary::default();
        // The longest path may take longer than the default grace and budget.
        let config = proc_daemon::Config::builder().shutdown_timeout(3600 * SECOND);
        let mut daemon = Daemon::builder(config.build().unwrap());
        let mut last = task("ender", |ctx: Context| async move {
            ctx.shutdown("all are up");
            Ok(())
        });
        for (unit, (pause, dependencies)) in graph.iter().enumerate() {
            let state = (unit, *pause, diary.clone());
            let spec = task_with(format!("u{unit}"), state, slow_to_stop).explicit_ready();
            let spec = dependencies.iter().fold(spec, |spec, on| spec.requires(format!("u{on}")));
            daemon = daemon.with_subsystem(spec);
            last = last.requires(format!("u{unit}"));
        }
        let life = sim.daemon(daemon.with_subsystem(last)).script(to_the_end);
        if !life.verdict().is_clean() {
            return life;
        }
        let place =
            |mark: char, unit: &dyn std::fmt::Display| diary.place(&format!("{mark}u{unit}"));
        for (unit, (_, dependencies)) in graph.iter().enumerate() {
            for on in dependencies {
                assert!(place('+', on) < place('+', &unit), "u{unit} requires u{on}");
                assert!(place('-', &unit) < place('?', on), "u{unit} requires u{on}");
            }
        }
        assert!(life.report().is_clean(), "{}", life.report());
        assert_eq!(life.report().stopped_in(), longest_path(&graph));
        life
    });
}
