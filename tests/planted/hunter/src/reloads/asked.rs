//! One reload that is asked for while nothing else happens, of which everything is known.

use std::collections::BTreeSet;
use std::sync::Arc;

use proc_daemon::sim::{Life, Sim, Stage};
use proc_daemon::{ReloadError, ReloadErrorKind, ReloadReport, Result};

use super::{NAMES, Notes, daemon, kind, live, text};
use crate::expectations::expect;
use crate::kinds::MS;
use crate::obedient::exact;

/// What the next configuration says of each part, if it changes.
type Words = Vec<Option<(&'static str, &'static str)>>;

/// One reload that is asked for while nothing else happens, then a good one.
pub(super) fn life(sim: Sim) -> Life {
    let parts = 1 + sim.choose(3, "parts") as usize;
    let notes = Notes::default();
    let daemon = daemon(&sim, parts, &notes);
    let sim = exact(sim).daemon(daemon).config_text(&live(parts, 1)).allow_panics();
    sim.script(move |stage| async move {
        stage.until_ready().await;
        let _ = notes.daemon.set(stage.daemon());
        let words: Words = (0..parts).map(|_| word(&stage)).collect();
        let of = |(name, word): (&&'static str, &Option<(&str, &str)>)| match word {
            Some((hook, start)) => text(name, 2, hook, start),
            None => text(name, 1, "live", ""),
        };
        let before = stage.daemon().config_snapshot();
        stage.edit_config(&NAMES.iter().zip(&words).map(of).collect::<String>());
        let began = stage.now();
        let done = stage.daemon().reload().await;
        let took = stage.now().since(began);
        stage.advance(MS).await;
        let same = Arc::ptr_eq(&before, &stage.daemon().config_snapshot());
        let says = |what: &str| words.iter().flatten().any(|(hook, _)| *hook == what);
        let in_force = if says("refuse") || says("panic") || says("hang") {
            let limit = if says("refuse") || says("panic") { 0 } else { 10_000 };
            expect(kind(&done) == Some(ReloadErrorKind::Refused), "refused", || {
                format!("{done:?}")
            });
            expect(took == limit * MS, "refused in time", || format!("after {took:?}"));
            expect(same, "nothing has changed", || format!("{done:?}"));
            1
        } else {
            published(&stage, &words, &notes, &done, same)
        };
        as_is(&notes, parts, &words, in_force);
        let generation = stage.daemon().status().config_generation;
        stage.edit_config(&live(parts, 9));
        let done = stage.daemon().reload().await.map(|report| report.generation);
        expect(done.as_ref().ok() == Some(&(generation + 1)), "the next one", || {
            format!("{done:?}")
        });
        stage.advance(MS).await;
        let last = |name: &&str| notes.last(name).map(|(_, n)| n) == Some(9);
        expect(NAMES[..parts].iter().all(last), "seen by all", || "the next one".to_owned());
    })
}

fn word(stage: &Stage) -> Option<(&'static str, &'static str)> {
    const WORDS: [&str; 12] = [
        "live", "commit", "commit", "commit", "restart", "restart", "", "", "break", "refuse",
        "panic", "hang",
    ];
    const STARTS: [&str; 5] = ["", "", "", "slow", "fail"];
    let changes = stage.choose(4, "changes") > 0;
    let hook = WORDS[stage.choose(12, "hook") as usize];
    changes.then(|| (hook, STARTS[stage.choose(5, "start") as usize]))
}

/// All have agreed. Gives the number that is then in force.
fn published(
    stage: &Stage,
    words: &Words,
    notes: &Notes,
    done: &Result<ReloadReport, ReloadError>,
    same: bool,
) -> u64 {
    let named = NAMES.iter().zip(words).filter_map(|(name, word)| Some((*name, (*word)?)));
    let restarts = |hook: &str| ["restart", "break", ""].contains(&hook);
    let failing = named.clone().any(|(_, (hook, start))| restarts(hook) && start == "fail");
    let generation = stage.daemon().status().config_generation;
    let commits: Vec<_> = named
        .clone()
        .filter(|(_, (hook, _))| *hook == "commit")
        .map(|(name, _)| (name, 2))
        .collect();
    let called = notes.commits.lock().unwrap().clone();
    expect(called == commits, "commits in order", || format!("{called:?}, not {commits:?}"));
    if named.clone().next().is_none() {
        expect(same && generation == 1, "no change, no reload", || format!("{done:?}"));
        return 1;
    }
    if failing {
        let back = kind(done) == Some(ReloadErrorKind::RolledBack) && generation == 3;
        expect(back, "taken back", || format!("{done:?}, generation {generation}"));
        return 1;
    }
    let expected: BTreeSet<&str> =
        named.filter(|(_, (hook, _))| restarts(hook)).map(|(name, _)| name).collect();
    let report = done.as_ref().ok();
    let restarted = report.map(|report| report.restarted.iter().map(|name| &**name).collect());
    expect(restarted == Some(expected) && generation == 2, "restarted", || format!("{done:?}"));
    2
}

/// Each part is in a start that has this number, if it is one of those that have changed.
fn as_is(notes: &Notes, parts: usize, words: &Words, in_force: u64) {
    for (name, word) in NAMES[..parts].iter().zip(words) {
        let expected = if word.is_some() { in_force } else { 1 };
        let (start, n) = notes.last(name).unwrap_or_default();
        expect(n == expected, "seen by all", || {
            format!("`{name}` has {n} in start {start}, not {expected}")
        });
    }
}
