//! Random walks of configurations.

use proc_daemon::sim::{self, Life, Sim, Stage};

use super::*;
use crate::shape;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// A random configuration of so many parts, or what is none.
fn random_text(s: &Stage, parts: usize, n: u64) -> String {
    if s.choose(8, "unusable") == 1 {
        return ["", "[a", "[a]\nn = -1", "name = \"x\""][s.choose(4, "how unusable") as usize]
            .into();
    }
    let hooks = ["live", "commit", "restart", "", "refuse", "panic", "hang", "break"];
    let starts = ["", "", "", "", "slow", "fail", "hang"];
    let of = |name: &&str| {
        let changes = s.choose(3, "changes") > 0;
        let hook = hooks[s.choose(8, "hook") as usize];
        let start = starts[s.choose(7, "start") as usize];
        part(name, if changes { n } else { 0 }, hook, start)
    };
    let parts: String = NAMES[..parts].iter().map(of).collect();
    parts + &shape::monitoring(s)
}

/// Random edits at random moments, with calls, signals and a stop in between; at the end, if it lives, a good
/// configuration, after which everybody is as after a fresh start with it.
fn walk(sim: Sim) -> Life {
    let parts = 1 + sim.choose(4, "parts") as usize;
    let notes: Vec<Notes> = (0..parts).map(|_| Notes::default()).collect();
    let mut daemon = Daemon::new().end_on_failed_rollback(sim.chance(0.1, "strict"));
    for (place, notes) in notes.iter().enumerate() {
        let mut spec = notes.spec(NAMES[place], sim.chance(0.7, "has a hook")).optional();
        for on in &NAMES[..place] {
            spec = match sim.choose(6, "depends") {
                1 => spec.requires(*on),
                2 => spec.binds(*on),
                3 => spec.after(*on),
                _ => spec,
            };
        }
        daemon = daemon.with_subsystem(shape::paced(&sim, spec));
    }
    let idle = task("idle", idle);
    let first: String = NAMES[..parts].iter().map(|name| part(name, 0, "", "")).collect();
    let lasting = Duration::from_secs(3600);
    let sim = sim.daemon(daemon.with_subsystem(idle)).config_text(&first).allow_panics();
    sim.lasting(lasting).script(move |s| async move {
        s.daemon().ready().await;
        for n in 1..=u64::from(2 + s.choose(8, "edits")) {
            s.edit_config(&random_text(&s, parts, n));
            match s.choose(6, "trigger") {
                0 | 1 => drop(s.daemon().reload().await),
                2 => s.raise(Signal::Hangup),
                3 => drop((s.daemon().reload(), s.daemon().reload())),
                4 => drop(
                    s.daemon().subsystems().restart(NAMES[s.choose(4, "which") as usize % parts]),
                ),
                _ => {}
            }
            if s.choose(5, "adds") == 1 {
                drop(s.daemon().subsystems().add(shape::added(format!("added {n}"))));
            }
            let millis = [0, 1, 300, 4_000, 20_000][s.choose(5, "time") as usize];
            s.advance(Duration::from_millis(millis)).await;
            if s.choose(40, "stop") == 1 {
                s.raise(Signal::Terminate);
                break;
            }
        }
        if s.choose(2, "until the end") == 0 || s.daemon().status().ready {
            last(&s, &notes).await;
        }
    })
}

/// The last edit wins, and everybody that runs has it.
async fn last(s: &Stage, notes: &[Notes]) {
    let good: String =
        NAMES[..notes.len()].iter().map(|name| part(name, 999, "live", "")).collect();
    let good = good + "[monitoring]\nhealth_check_interval = '1s'\n";
    s.edit_config(&good);
    let mut done = s.daemon().reload().await;
    // One that went back, or waited for a hook that hangs, is over by then; checks have other moods than before.
    while matches!(&done, Err(error) if error.kind() != ReloadErrorKind::ShuttingDown) {
        s.advance(Duration::from_secs(67)).await;
        done = s.daemon().reload().await;
    }
    s.advance(Duration::from_secs(100)).await;
    if done.is_err() || !s.daemon().is_running() {
        return;
    }
    for (name, notes) in NAMES.iter().zip(notes) {
        if s.state(name) == SubsystemState::Running {
            assert_eq!(notes.last().1, 999, "`{name}` has not the last edit");
        }
        let generations = notes.seen.lock();
        assert!(generations.is_sorted_by_key(|seen| seen.0), "{generations:?}");
    }
    sim::reached("the last edit won");
}

#[test]
fn a_random_walk_of_configurations_ends_as_a_fresh_start_with_the_last() {
    let sweep = sim::check(0..5_000, walk);
    sweep.expect_sometimes(sim::RELOAD_SITUATIONS);
    sweep.expect_sometimes(sim::MONITORING_SITUATIONS);
    sweep.expect_sometimes(&["the last edit won"]);
    println!("{sweep}");
}

#[test]
fn whom_going_back_has_start_again_waits_for_its_turn_like_everybody() {
    for (seed, most) in (0..8).flat_map(|seed| (1..7).map(move |most| (seed, most))) {
        let [a, b, c] = [(); 3].map(|()| Notes::default());
        let daemon = Daemon::new()
            .restarts_per_second(most)
            .with_subsystem(a.spec("a", false))
            .with_subsystem(b.spec("b", false))
            .with_subsystem(c.spec("c", false).binds("a"));
        let text = |n, start: &str| {
            part("a", n, "", "") + &part("b", n, "", "") + &part("c", n, "", start)
        };
        let sim = Sim::new(seed).daemon(daemon).config_text(&text(1, ""));
        let life = sim.script(move |s| async move {
            s.until_ready().await;
            // It fails while the others are ready: its backoff is over when they restart, and it waits for one of them.
            s.edit_config(&text(2, "fail"));
            let error = s.daemon().reload().await.unwrap_err();
            assert_eq!((error.kind(), error.subsystem()), (ReloadErrorKind::RolledBack, Some("c")));
            for notes in [&a, &b, &c] {
                assert_eq!(notes.last(), (notes.last().0, 1));
            }
            s.until_ready().await;
        });
        life.expect_clean();
    }
}
