//! Random edits at random moments, with calls, signals and a stop in between: the laws must hold.

use std::time::Duration;

use proc_daemon::sim::{Life, Sim, Stage};
use proc_daemon::{Daemon, RestartPolicy, Signal};

use super::{NAMES, Notes, idle, text};
use crate::kinds::MS;
use crate::shape;

pub(super) fn life(sim: Sim) -> Life {
    let parts = 1 + sim.choose(3, "parts") as usize;
    let notes = Notes::default();
    let mut daemon = Daemon::new().with_task("companion", idle);
    for (place, name) in NAMES[..parts].iter().enumerate() {
        let mut spec = notes.spec(name).optional().start_timeout(2000 * MS);
        for on in &NAMES[..place] {
            spec = match sim.choose(5, "depends") {
                1 => spec.requires(*on),
                2 => spec.binds(*on),
                3 => spec.after(*on),
                _ => spec,
            };
        }
        spec = match sim.choose(4, "policy") {
            1 => spec.restart_policy(RestartPolicy::never()),
            2 => spec.restart_policy(RestartPolicy::always()),
            _ => spec,
        };
        daemon = daemon.with_subsystem(shape::paced(&sim, spec));
    }
    let first: String = NAMES[..parts].iter().map(|name| text(name, 1, "live", "")).collect();
    let sim = sim.daemon(daemon).config_text(&first).allow_panics();
    sim.lasting(Duration::from_secs(250)).script(move |stage| async move {
        let _ = notes.daemon.set(stage.daemon());
        stage.daemon().ready().await;
        for n in 2..4 + u64::from(stage.choose(5, "edits")) {
            stage.edit_config(&any(&stage, parts, n));
            let which = NAMES[stage.choose(3, "which") as usize % parts];
            match stage.choose(8, "trigger") {
                0 | 1 => drop(stage.daemon().reload().await),
                2 => stage.raise(Signal::Hangup),
                3 => drop((stage.daemon().reload(), stage.daemon().reload())),
                4 => drop(stage.daemon().subsystems().restart(which)),
                5 => drop(stage.daemon().subsystems().stop(which)),
                _ => drop(stage.daemon().reload()),
            }
            let pauses = [0, 0, 1, 300, 2500, 12_000];
            stage.advance(pauses[stage.choose(6, "pause") as usize] * MS).await;
            if stage.choose(8, "stop") == 1 {
                stage.raise(Signal::Terminate);
            }
        }
    })
}

fn any(stage: &Stage, parts: usize, n: u64) -> String {
    if stage.choose(8, "unusable") == 1 {
        return ["", "[a", "name = 'x'"][stage.choose(3, "how unusable") as usize].into();
    }
    let hooks = ["live", "commit", "restart", "", "refuse", "panic", "hang", "break"];
    let starts = ["", "", "", "slow", "fail"];
    let part = |name: &&str| {
        let hook = hooks[stage.choose(8, "hook") as usize];
        let start = starts[stage.choose(5, "start") as usize];
        if stage.choose(3, "changes") > 0 {
            text(name, n, hook, start)
        } else {
            text(name, 1, "live", "")
        }
    };
    let grace = 1000 + 100 * stage.choose(10, "grace");
    let parts: String = NAMES[..parts].iter().map(part).collect();
    let monitoring = shape::monitoring(stage);
    format!("{parts}{monitoring}[shutdown]\ntimeout_ms = {grace}\n")
}
