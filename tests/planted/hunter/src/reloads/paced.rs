//! Daemons that are watched, and whose `[monitoring]` is edited.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proc_daemon::sim::{Life, Sim, Stage};
use proc_daemon::{Check, Daemon, Health, Spec, task};

use super::{NAMES, Notes, idle, text};
use crate::expectations::expect;
use crate::kinds::MS;
use crate::obedient::exact;
use crate::shape;

/// Edits at random moments; after the last of them one subsystem is asked as often as the file says.
pub(super) fn life(sim: Sim) -> Life {
    let (notes, asked) = (Notes::default(), Arc::<AtomicU32>::default());
    let parts = 1 + sim.choose(3, "parts") as usize;
    let mut daemon = Daemon::new().with_subsystem(steady(Arc::clone(&asked)));
    for (place, name) in NAMES[..parts].iter().enumerate() {
        let mut spec = notes.spec(name).optional();
        for on in &NAMES[..place] {
            spec = match sim.choose(4, "depends") {
                1 => spec.requires(*on),
                2 => spec.binds(*on),
                _ => spec,
            };
        }
        daemon = daemon.with_subsystem(shape::paced(&sim, spec));
    }
    let good = move |n| NAMES[..parts].iter().map(|name| text(name, n, "live", "")).collect();
    let first: String = good(1);
    exact(sim).daemon(daemon).config_text(&first).script(move |stage| async move {
        let _ = notes.daemon.set(stage.daemon());
        stage.advance(stage.choose(12, "moment") * 1000 * MS).await;
        for n in 2..4 + u64::from(stage.choose(6, "edits")) {
            let parts: String = NAMES[..parts].iter().map(|name| any(&stage, name, n)).collect();
            stage.edit_config(&(parts + &shape::monitoring(&stage)));
            let done = stage.daemon().reload();
            if stage.choose(4, "waits") > 0 {
                let _ = done.await;
            }
            if stage.choose(4, "adds") == 1 {
                drop(stage.daemon().subsystems().add(shape::added(format!("added {n}"))));
            }
            stage.advance(stage.choose(16, "pause") * 500 * MS).await;
        }
        let every = 300 + 100 * stage.choose(5, "last interval");
        let on = stage.choose(3, "last asked") > 0;
        let last =
            format!("[monitoring]\nhealth_checks = {on}\nhealth_check_interval_ms = {every}\n");
        stage.edit_config(&(good(100) + &last));
        if stage.daemon().reload().await.is_ok() {
            let before = asked.load(Ordering::Relaxed);
            stage.advance(10 * every * MS).await;
            let times = asked.load(Ordering::Relaxed) - before;
            let fits = if on { (9..=11).contains(&times) } else { times == 0 };
            expect(fits, "asked as the file says", || {
                format!("asked {times} times in ten intervals; it is wanted: {on}")
            });
        }
    })
}

/// Asked as often as the configuration says.
fn steady(asked: Arc<AtomicU32>) -> Spec {
    task("steady", idle).liveness(Check::new(move |_| {
        asked.fetch_add(1, Ordering::Relaxed);
        async { Ok(Health::Up) }
    }))
}

fn any(stage: &Stage, name: &str, n: u64) -> String {
    match stage.choose(8, "part") {
        1 => text(name, n, "restart", ""),
        2 => text(name, n, "restart", "slow"),
        3 => text(name, n, "restart", "fail"),
        4 => text(name, n, "refuse", ""),
        _ => text(name, 1, "live", ""),
    }
}
