//! The section `[monitoring]` of a file that is edited: how often, and whether at all, is what it says last.

use std::time::Duration;

use proc_daemon::sim::Stage;
use proc_daemon::{Context, Daemon, HealthState, ReloadErrorKind, Result, Spec, task};

use super::{MS, SECOND, health, noting, scripted};
use crate::Diary;
use crate::exact::{exactly, telling};

fn every(seconds: u64) -> String {
    format!("[monitoring]\nhealth_check_interval = '{seconds}s'\n")
}

const OFF: &str = "[monitoring]\nhealth_checks = false\nhealth_check_interval = '2s'\n";

/// Edits the file, has it read, and lets time pass.
async fn edited(s: &Stage, text: &str, time: Duration) {
    s.edit_config(text);
    s.daemon().reload().await.expect("it can be used");
    s.advance(time).await;
}

/// Lives with `spec` under a file that says 5 s at first.
#[track_caller]
fn lived<F>(spec: impl Fn(&Diary) -> Spec + Sync, script: F, lines: &[&str])
where
    F: AsyncFn(&Stage) + Copy + Sync + 'static,
{
    exactly(
        |sim| {
            let diary = Diary::default();
            let daemon = Daemon::new().with_subsystem(spec(&diary)).with_task("b", crate::idle);
            let life = sim.daemon(daemon).config_text(&every(5)).script(move |s| async move {
                s.until_ready().await;
                script(&s).await;
                s.daemon().shutdown();
                s.finish().await;
            });
            telling(life, &diary, lines)
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn another_interval_counts_from_the_last_question() {
    let alive = |diary: &Diary| task("a", crate::idle).liveness(scripted(diary, "+"));
    lived(
        alive,
        async |s| {
            s.advance(7 * SECOND).await;
            edited(s, &every(1), 2500 * MS).await;
            edited(s, &every(4), 5 * SECOND).await;
        },
        // Asked at 5 s; overdue at 7 s.
        &["5s +", "7s +", "8s +", "9s +", "13s +"],
    );
    lived(
        |diary| task("a", crate::idle).liveness(scripted(diary, "+").every(3 * SECOND)),
        async |s| {
            s.advance(4 * SECOND).await;
            edited(s, &every(1), 3 * SECOND).await;
        },
        &["3s +", "6s +"],
    );
}

#[test]
fn an_interval_that_is_edited_again_and_again_does_not_put_a_question_off() {
    lived(
        |diary| task("a", crate::idle).liveness(scripted(diary, "+")),
        async |s| {
            for time in 0..11 {
                edited(s, &every(5 + time % 2), SECOND).await;
            }
        },
        &["5s +", "10s +"],
    );
}

#[test]
fn switched_off_nobody_is_asked_and_switched_on_as_if_it_had_begun_to_run() {
    lived(
        |diary| {
            let spec = task("a", noting(diary));
            let spec = spec.readiness(scripted(diary, "++?").every(7 * SECOND));
            spec.liveness(scripted(diary, "-")).heartbeat(3600 * SECOND)
        },
        async |s| {
            // Its last question is open.
            s.advance(7500 * MS).await;
            edited(s, OFF, 60 * SECOND).await;
            assert_eq!(health(s, "a"), None);
            edited(s, &every(2), 5 * SECOND).await;
            assert_eq!(health(s, "a"), Some(HealthState::Unknown));
            assert!(s.daemon().status().ready);
        },
        &[
            "0ns start",
            "0ns +",
            "5s -",
            "7s +",
            "10s -",
            "14s ?",
            "74.5s ?",
            "76.5s -",
            "78.5s -",
            "79.5s asked",
        ],
    );
}

#[test]
fn who_is_not_ready_for_its_check_is_when_that_is_switched_off() {
    lived(
        |diary| task("a", crate::idle).readiness(scripted(diary, "++---")),
        async |s| {
            s.advance(15_500 * MS).await;
            assert!(!s.daemon().status().ready);
            edited(s, OFF, Duration::ZERO).await;
            assert!(s.daemon().status().ready);
            edited(s, &every(5), 9 * SECOND).await;
            assert!(s.daemon().status().ready);
            s.advance(2 * SECOND).await;
            assert!(!s.daemon().status().ready);
        },
        &["0ns +", "5s +", "10s -", "15s -", "20s -", "20.5s -", "25.5s -", "30.5s -"],
    );
}

/// What is tried says 1 s and does not start; what comes back says 5 s.
#[test]
fn what_is_taken_back_takes_its_interval_along() {
    #[derive(serde::Deserialize)]
    struct Part {
        starts: bool,
    }
    async fn part(ctx: Context) -> Result<()> {
        if !ctx.settings::<Part>().starts {
            ctx.runtime().sleep(2500 * MS).await;
            return Err("not with that".into());
        }
        ctx.ready();
        crate::idle(ctx).await
    }
    exactly(
        |sim| {
            let diary = Diary::default();
            let part = task("part", part).explicit_ready().with_settings::<Part>("part");
            let alive = task("a", crate::idle).liveness(scripted(&diary, "+"));
            let daemon = Daemon::new().with_subsystem(part).with_subsystem(alive);
            let of = |starts: bool, seconds| every(seconds) + &format!("[part]\nstarts = {starts}");
            let (first, second) = (of(true, 5), of(false, 1));
            let life = sim.daemon(daemon).config_text(&first).script(move |s| async move {
                s.until_ready().await;
                s.advance(6 * SECOND).await;
                s.edit_config(&second);
                let error = s.daemon().reload().await.unwrap_err();
                assert_eq!(error.kind(), ReloadErrorKind::RolledBack);
                s.advance(8 * SECOND).await;
            });
            telling(life, &diary, &["5s +", "6s +", "7s +", "8s +", "13s +"])
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}
