//! Reloads that meet something else: a stop, another reload, a start, one that cannot go back.

use std::future::pending;

use proc_daemon::sim::{Life, Sim};
use proc_daemon::{Context, Daemon, ReloadErrorKind, RestartPolicy, Signal, SubsystemState, task};

use super::{Notes, Part, daemon, idle, kind, live, text};
use crate::expectations::{exits_with, expect, stops_in};
use crate::kinds::MS;
use crate::obedient::exact;

/// A stop at any step of a reload: all of it or nothing, and everybody is answered.
pub(super) fn stopped(sim: Sim) -> Life {
    let notes = Notes::default();
    let step = 1 + u64::from(sim.choose(400, "step"));
    let hooks = ["commit", "hang", "slow"];
    let how = hooks[sim.choose(3, "how") as usize];
    let daemon = daemon(&sim, 2, &notes);
    let next = match how {
        "slow" => text("a", 2, "commit", "") + &text("b", 2, "restart", "slow"),
        hook => text("a", 2, "commit", "") + &text("b", 2, hook, ""),
    };
    let sim = exact(sim).daemon(daemon).config_text(&live(2, 1));
    let life = sim.raise_at_step(step, Signal::Terminate).script(move |stage| async move {
        let _ = notes.daemon.set(stage.daemon());
        if stage.daemon().ready().await {
            stage.edit_config(&next);
            let done = stage.daemon().reload().await;
            let generation = stage.daemon().status().config_generation;
            let commits = notes.commits.lock().unwrap().len() as u64;
            let whole = if how == "commit" { 2 * (generation - 1) } else { generation - 1 };
            expect(commits == whole, "all or nothing", || format!("{commits} of {generation}"));
            expect(done.is_err() || generation == 2, "answered as it is", || format!("{done:?}"));
        }
        stage.raise(Signal::Terminate);
        stage.finish().await;
    });
    if life.verdict().is_clean() {
        exits_with(&life, 0);
        let time = life.report().stopped_in();
        expect(time < 100 * MS, "stop is prompt", || format!("it took {time:?}"));
    }
    life
}

/// What is asked for during a reload is one more, which reads what is there then.
pub(super) fn again(sim: Sim) -> Life {
    let notes = Notes::default();
    let daemon = daemon(&sim, 1, &notes);
    let sim = exact(sim).daemon(daemon).config_text(&live(1, 1));
    sim.script(move |stage| async move {
        stage.until_ready().await;
        stage.edit_config(&text("a", 2, "restart", "slow"));
        let first = stage.daemon().reload();
        stage.advance(stage.choose(4, "later") * 1000 * MS).await;
        stage.edit_config(&live(1, 3));
        let by_call = stage.choose(2, "by a call") == 1;
        if by_call {
            let done = stage.daemon().reload().await;
            expect(done.is_ok(), "answered", || format!("{done:?}"));
        } else {
            stage.raise(Signal::Hangup);
        }
        let done = first.await;
        expect(done.is_ok(), "answered", || format!("{done:?}"));
        stage.advance(5000 * MS).await;
        let last = notes.last("a").map(|(_, n)| n);
        expect(last == Some(3), "the last edit wins", || format!("{last:?}"));
    })
}

/// Asked for before the daemon is ready, it is put off until then.
pub(super) fn early(sim: Sim) -> Life {
    let notes = Notes::default();
    let daemon = daemon(&sim, 2, &notes);
    let slow = text("a", 1, "live", "slow") + &text("b", 1, "live", "");
    let sim = exact(sim).daemon(daemon).config_text(&slow);
    sim.script(move |stage| async move {
        let _ = notes.daemon.set(stage.daemon());
        // It has been read for the first time.
        stage.advance(MS + stage.choose(3, "moment") * 1000 * MS).await;
        stage.edit_config(&(text("a", 2, "commit", "slow") + &text("b", 2, "commit", "")));
        let done = stage.daemon().reload().await;
        let ready = stage.daemon().status().ready;
        expect(done.is_ok() && ready, "put off until it is ready", || format!("{done:?}"));
        let count = notes.commits.lock().unwrap().len();
        expect(count == 2, "everybody is asked", || format!("{count} commits"));
    })
}

/// What is started once can neither take it nor go back.
pub(super) fn stranded(sim: Sim) -> Life {
    let strict = sim.choose(2, "strict") == 1;
    let spec = task("a", |ctx: Context| async move {
        if ctx.generation() > 1 {
            return Err("it starts once".into());
        }
        ctx.ready();
        idle(ctx).await
    });
    let spec = spec.explicit_ready().with_settings::<Part>("a").optional();
    let spec = spec.restart_policy(RestartPolicy::never());
    let daemon = Daemon::new().with_subsystem(spec).with_task("companion", idle);
    let daemon = daemon.end_on_failed_rollback(strict);
    let sim = exact(sim).daemon(daemon).config_text(&live(1, 1));
    let life = sim.script(move |stage| async move {
        stage.until_ready().await;
        stage.edit_config(&live(1, 2));
        let done = stage.daemon().reload().await;
        let failed = Some(ReloadErrorKind::RollbackFailed);
        expect(kind(&done) == failed, "it says so", || format!("{done:?}"));
        if !strict {
            stage.advance(1000 * MS).await;
            let state = stage.state("a");
            expect(state == SubsystemState::Failed, "given up", || format!("{state}"));
            stage.raise(Signal::Terminate);
        }
        stage.finish().await;
    });
    if life.verdict().is_clean() {
        exits_with(&life, if strict { 78 } else { 1 });
    }
    life
}

/// The grace of one that does not listen is the one that was published last.
pub(super) fn tuned(sim: Sim) -> Life {
    let daemon = Daemon::new().with_task("deaf", |_| pending()).with_task("companion", idle);
    let of = |ms: u32| format!("[shutdown]\ntimeout_ms = {ms}\nforce_timeout_ms = 60000\n");
    let (first, second) = (sim.choose(10, "grace") * 100, sim.choose(10, "grace") * 100);
    let sim = exact(sim).daemon(daemon).config_text(&of(first));
    let life = sim.script(move |stage| async move {
        stage.until_ready().await;
        stage.edit_config(&of(second));
        let done = stage.daemon().reload().await;
        expect(done.is_ok(), "answered", || format!("{done:?}"));
        stage.raise(Signal::Terminate);
        stage.finish().await;
    });
    if life.verdict().is_clean() {
        stops_in(&life, second * MS);
        exits_with(&life, 124);
    }
    life
}
