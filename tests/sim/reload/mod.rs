//! Reloads in virtual time: what is read, who is asked, what is published, and what is taken back.

mod walk;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::sim::{Sim, Stage};
use proc_daemon::{
    Change, Context, Daemon, DaemonBuilder, ExitReport, Prepared, ReloadErrorKind, Result, Section,
    Signal, Spec, SubsystemEvent, SubsystemState, task,
};

#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
struct Part {
    #[serde(default)]
    n: u64,
    /// The same number: a reader that sees another one has seen parts of two configurations.
    #[serde(default)]
    twin: u64,
    /// What the hook answers.
    #[serde(default)]
    hook: String,
    /// What a start with it does.
    #[serde(default)]
    start: String,
}

fn part(name: &str, n: u64, hook: &str, start: &str) -> String {
    format!("[{name}]\nn = {n}\ntwin = {n}\nhook = \"{hook}\"\nstart = \"{start}\"\n")
}

/// Starts as its section says, and then notes every number that it reads.
async fn run(ctx: Context, seen: Arc<Mutex<Vec<(u64, u64)>>>) -> Result<()> {
    let part = ctx.settings::<Part>();
    assert_eq!(part.n, part.twin);
    match part.start.as_str() {
        "fail" => return Err("it cannot start with that".into()),
        "hang" => pending().await,
        "slow" => ctx.sleep(Duration::from_secs(3)).await?,
        _ => {}
    }
    seen.lock().push((ctx.generation(), part.n));
    ctx.ready();
    loop {
        ctx.config_changed().await?;
        let part = ctx.settings::<Part>();
        assert_eq!(part.n, part.twin);
        seen.lock().push((ctx.generation(), part.n));
    }
}

async fn hook(change: Change, commits: Arc<AtomicU64>) -> Result<Prepared> {
    let (current, proposed) = (change.current::<Part>(), change.proposed::<Part>());
    assert!(change.generation() > 1 && current.n == current.twin && proposed.n == proposed.twin);
    Ok(match proposed.hook.as_str() {
        "live" => Prepared::live(),
        "commit" => Prepared::commit(move || {
            commits.fetch_add(1, Ordering::Relaxed);
        }),
        "break" => Prepared::commit(|| panic!("in the commit")),
        "restart" => Prepared::restart(),
        "refuse" => return Err("not that".into()),
        "panic" => panic!("in the hook"),
        "hang" => pending().await,
        _ => Prepared::default(),
    })
}

#[derive(Clone, Default)]
struct Notes {
    seen: Arc<Mutex<Vec<(u64, u64)>>>,
    commits: Arc<AtomicU64>,
}

impl Notes {
    /// A subsystem that owns the section of its name.
    fn spec(&self, name: &'static str, asked: bool) -> Spec {
        let (seen, commits) = (Arc::clone(&self.seen), Arc::clone(&self.commits));
        let spec = task(name, move |ctx| run(ctx, Arc::clone(&seen)))
            .explicit_ready()
            .start_timeout(Duration::from_secs(10))
            .with_settings::<Part>(name);
        if asked { spec.on_reload(move |change| hook(change, Arc::clone(&commits))) } else { spec }
    }

    fn last(&self) -> (u64, u64) {
        *self.seen.lock().last().expect("it has started")
    }
}

fn live<F, Fut>(daemon: DaemonBuilder, config: &str, script: F) -> ExitReport
where
    F: FnOnce(Stage) -> Fut,
    Fut: Future<Output = ()> + 'static,
{
    Sim::new(7).daemon(daemon).config_text(config).allow_panics().script(script).expect_clean()
}

#[test]
fn the_owner_of_a_changed_section_restarts_and_nobody_else() {
    let (http, mail) = (Notes::default(), Notes::default());
    let daemon = Daemon::new()
        .with_subsystem(http.spec("http", false))
        .with_subsystem(mail.spec("mail", false));
    let (http_notes, mail_notes) = (http, mail);
    let text = |n| part("http", n, "", "") + &part("mail", 5, "", "");
    live(daemon, &text(1), move |s| async move {
        s.until_ready().await;
        s.edit_config(&text(2));
        let report = s.daemon().reload().await.unwrap();
        assert_eq!(report.to_string(), "generation 2: 0 live; 1 restarted: http");
        assert_eq!((http_notes.last(), mail_notes.last()), ((2, 2), (1, 5)));
        let status = s.daemon().status();
        assert_eq!(status.config_generation, 2);
        assert_eq!(status.last_reload.unwrap().result.unwrap(), report);
        let report = s.daemon().reload().await.unwrap();
        assert!(!report.is_changed());
        assert_eq!((report.generation, s.restarts("http")), (2, 1));
    });
}

#[test]
fn a_hook_takes_it_live_by_a_commit_or_restarts() {
    let http = Notes::default();
    let daemon = Daemon::new().with_subsystem(http.spec("http", true));
    live(daemon, &part("http", 1, "", ""), move |s| async move {
        s.until_ready().await;
        for (n, hook, restarts, commits) in [
            (2, "live", 0, 0),
            (3, "commit", 0, 1),
            (4, "restart", 1, 1),
            (5, "", 2, 1),
            (6, "break", 3, 1),
        ] {
            s.edit_config(&part("http", n, hook, ""));
            let report = s.daemon().reload().await.unwrap();
            assert_eq!(report.generation, n, "{hook}");
            s.advance(Duration::from_millis(1)).await;
            assert_eq!(http.last(), (restarts + 1, n), "{hook}");
            assert_eq!(s.restarts("http"), restarts, "{hook}");
            assert_eq!(http.commits.load(Ordering::Relaxed), commits, "{hook}");
        }
    });
}

#[test]
fn a_refusal_a_panic_and_silence_change_nothing_at_every_place_of_several() {
    for place in 0..3 {
        for (word, text) in [
            ("refuse", "refused: not that"),
            ("panic", "refused: panicked: in the hook"),
            ("hang", "did not answer within 10 s"),
        ] {
            let names = ["a", "b", "c"];
            let notes = [Notes::default(), Notes::default(), Notes::default()];
            let mut daemon = Daemon::new();
            for (name, notes) in names.iter().zip(&notes) {
                daemon = daemon.with_subsystem(notes.spec(name, true));
            }
            let text_of = move |n, word: &str| {
                let of = |(at, name): (usize, &&str)| {
                    part(name, n, if at == place { word } else { "commit" }, "")
                };
                names.iter().enumerate().map(of).collect::<String>()
            };
            live(daemon, &text_of(1, ""), move |s| async move {
                s.until_ready().await;
                let before = s.daemon().config_snapshot();
                s.edit_config(&text_of(2, word));
                let error = s.daemon().reload().await.unwrap_err();
                assert_eq!(error.kind(), ReloadErrorKind::Refused);
                assert_eq!(error.subsystem(), Some(names[place]));
                assert!(error.to_string().contains(text), "{error}");
                assert!(Arc::ptr_eq(&before, &s.daemon().config_snapshot()));
                assert_eq!(s.daemon().status().config_generation, 1);
                s.edit_config(&text_of(3, "commit"));
                assert_eq!(s.daemon().reload().await.unwrap().generation, 2);
                s.advance(Duration::from_millis(1)).await;
                for notes in &notes {
                    assert_eq!(notes.last(), (1, 3));
                    assert_eq!(notes.commits.load(Ordering::Relaxed), 1);
                }
            });
        }
    }
}

#[test]
fn what_cannot_be_used_keeps_the_configuration_and_says_why() {
    let http = Notes::default();
    let daemon = Daemon::new().with_subsystem(http.spec("http", false));
    live(daemon, &part("http", 1, "", ""), move |s| async move {
        s.until_ready().await;
        let before = s.daemon().config_snapshot();
        for (bad, says) in [
            ("[http", "<text>:1:"),
            ("[http]\nn = -1", "<text>:2:5: http.n = -1: expected a whole number, 0 or more"),
            ("[htpp]", "did you mean [http]?"),
            (
                "name = \"another\"\n[http]\nn = 1\ntwin = 1",
                "only a new process can take a change of name",
            ),
        ] {
            s.edit_config(bad);
            let error = s.daemon().reload().await.unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            assert!(Arc::ptr_eq(&before, &s.daemon().config_snapshot()));
            let last = s.daemon().status().last_reload.unwrap().result.unwrap_err();
            assert_eq!(last.to_string(), error.to_string());
        }
        assert_eq!(s.state("http"), SubsystemState::Running);
        s.edit_config(&part("http", 2, "", ""));
        assert!(s.daemon().reload().await.is_ok());
        assert_eq!(http.last(), (2, 2));
    });
}

#[test]
fn a_failure_is_over_when_the_file_says_again_what_is_in_force() {
    let http = Notes::default();
    let daemon = Daemon::new().with_subsystem(http.spec("http", true));
    let text = |n, word: &str| "hot_reload = true\n".to_owned() + &part("http", n, word, "");
    live(daemon, &text(1, ""), move |s| async move {
        s.until_ready().await;
        for bad in [text(2, "refuse"), "[http".to_owned()] {
            s.edit_config(&bad);
            s.advance(Duration::from_secs(1)).await;
            assert!(s.daemon().status().last_reload.unwrap().result.is_err(), "{bad}");
            s.edit_config(&text(1, ""));
            s.advance(Duration::from_secs(1)).await;
            let last = s.daemon().status().last_reload.unwrap().result.unwrap();
            assert!(!last.is_changed(), "{last}");
        }
        assert_eq!(http.last(), (1, 1));
    });
}

#[test]
fn a_start_that_fails_or_takes_too_long_takes_it_back() {
    for start in ["fail", "hang"] {
        let (http, mail) = (Notes::default(), Notes::default());
        let daemon = Daemon::new()
            .with_subsystem(http.spec("http", false))
            .with_subsystem(mail.spec("mail", true).requires("http"));
        let text = |n, start: &str| part("http", n, "", start) + &part("mail", n, "commit", "");
        let notes = (http, mail);
        live(daemon, &text(1, ""), move |s| async move {
            s.until_ready().await;
            s.edit_config(&text(2, start));
            let error = s.daemon().reload().await.unwrap_err();
            assert_eq!(error.kind(), ReloadErrorKind::RolledBack);
            assert_eq!(error.subsystem(), Some("http"));
            s.advance(Duration::from_millis(1)).await;
            assert_eq!(s.daemon().status().config_generation, 3);
            assert_eq!((notes.0.last(), notes.1.last().1), ((3, 1), 1), "{start}");
            assert_eq!(notes.1.commits.load(Ordering::Relaxed), 2, "there and back");
            assert!(s.daemon().status().ready && !s.daemon().status().degraded);
        });
    }
}

#[test]
fn what_cannot_be_taken_back_is_left_to_the_policy_or_ends_the_daemon() {
    let stubborn = |ctx: Context| async move {
        if ctx.generation() > 1 {
            return Err("it starts once".into());
        }
        ctx.ready();
        ctx.cancelled().await;
        Ok(())
    };
    for strict in [false, true] {
        let spec = task("http", stubborn).explicit_ready().with_settings::<Part>("http").optional();
        let spec = spec.restart_policy(proc_daemon::RestartPolicy::never());
        let idle = task("idle", idle);
        let daemon =
            Daemon::new().with_subsystem(spec).with_subsystem(idle).end_on_failed_rollback(strict);
        let report = live(daemon, &part("http", 1, "", ""), move |s| async move {
            s.until_ready().await;
            s.edit_config(&part("http", 2, "", ""));
            let error = s.daemon().reload().await.unwrap_err();
            assert_eq!(error.kind(), ReloadErrorKind::RollbackFailed);
            assert!(error.to_string().contains("it starts once"), "{error}");
            if !strict {
                s.advance(Duration::from_secs(1)).await;
                assert_eq!(s.state("http"), SubsystemState::Failed);
                assert!(s.daemon().status().degraded);
                s.raise(Signal::Terminate);
            }
            s.finish().await;
        });
        assert_eq!(report.code, if strict { 78 } else { 1 }, "{report}");
    }
}

#[test]
fn ten_thousand_hangups_in_a_second_are_a_few_reloads_and_the_last_edit_wins() {
    let http = Notes::default();
    let reads = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&reads);
    let section = Section::<Part>::new("http").check(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok::<_, &str>(())
    });
    let daemon = Daemon::new()
        .with_settings(section)
        .with_subsystem(http.spec("http", true))
        .with_task("idle", idle);
    live(daemon, &part("http", 0, "live", ""), move |s| async move {
        s.until_ready().await;
        for n in 1..=10_000 {
            s.edit_config(&part("http", n, "live", ""));
            s.raise(Signal::Hangup);
            s.advance(Duration::from_micros(100)).await;
        }
        s.daemon().reload().await.unwrap();
        s.advance(Duration::from_millis(1)).await;
        assert_eq!(http.last(), (1, 10_000));
        assert!(reads.load(Ordering::Relaxed) <= 20_004, "{reads:?}");
        assert_eq!(s.state("idle"), SubsystemState::Running);
    });
}

#[test]
fn a_stop_ends_a_reload_at_every_step_of_it() {
    for raised in 1..400 {
        let http = Notes::default();
        let daemon = Daemon::new()
            .with_subsystem(http.spec("http", true))
            .with_subsystem(Notes::default().spec("mail", false).requires("http"));
        let text = |n| part("http", n, "commit", "") + &part("mail", n, "", "slow");
        let commits = Arc::clone(&http.commits);
        let life = Sim::new(raised)
            .daemon(daemon)
            .config_text(&text(1))
            .raise_at_step(raised, Signal::Terminate)
            .script(move |s| async move {
                if s.daemon().ready().await {
                    s.edit_config(&text(2));
                    let done = s.daemon().reload().await;
                    let generation = s.daemon().status().config_generation;
                    let committed = commits.load(Ordering::Relaxed);
                    // Before the publication nothing has changed; after it everything has.
                    assert_eq!(generation - 1, committed, "at step {raised}");
                    assert!(done.is_err() || generation == 2);
                }
            });
        assert_eq!(life.expect_clean().code, 0);
    }
}

#[test]
fn events_tell_of_reloads() {
    let daemon = Daemon::new().with_subsystem(Notes::default().spec("http", false));
    live(daemon, &part("http", 1, "", ""), move |s| async move {
        let mut events = s.daemon().subscribe_events();
        s.until_ready().await;
        s.edit_config("[http");
        let _ = s.daemon().reload().await;
        s.edit_config(&part("http", 2, "", ""));
        let _ = s.daemon().reload().await;
        let mut told = Vec::new();
        while let Some(event) = events.try_next_event() {
            match event {
                SubsystemEvent::Reloaded { generation, .. } => told.push(generation.to_string()),
                SubsystemEvent::ReloadFailed { error, .. } => {
                    told.push(format!("{:?}", error.kind()));
                }
                _ => {}
            }
        }
        assert_eq!(told, ["Invalid", "2"]);
    });
}

#[test]
fn a_plan_says_what_would_be_and_does_nothing() {
    let daemon = Daemon::new()
        .with_settings(Section::<Part>::new("fixed").process())
        .with_settings::<Part>("loose")
        .with_subsystem(Notes::default().spec("http", true));
    let text = |n| part("http", n, "", "") + &part("loose", n, "", "") + &part("fixed", n, "", "");
    live(daemon, &text(1), move |s| async move {
        s.until_ready().await;
        s.edit_config(&text(2));
        let plan = s.daemon().plan_reload().await.unwrap();
        assert_eq!(plan.to_string(), "2 live, 1 restart: http, 2 process: fixed.n, fixed.twin");
        let keys = ["http.n".to_owned(), "http.twin".to_owned()];
        assert_eq!(plan.restart, [("http".into(), keys.to_vec())]);
        assert_eq!(s.daemon().status().config_generation, 1);
        let error = s.daemon().reload().await.unwrap_err();
        assert_eq!(error.keys(), ["fixed.n", "fixed.twin"]);
        assert_eq!(error.kind(), ReloadErrorKind::NeedsNewProcess);
    });
}

#[test]
fn how_a_section_is_applied_beats_its_owner() {
    let owner = |section: Section<Part>, answer: fn() -> Prepared| {
        task("http", idle).with_settings(section).on_reload(move |_| async move { Ok(answer()) })
    };
    for (section, answer, restarts) in [
        (Section::new("http").live(), Prepared::default as fn() -> Prepared, 0),
        (Section::new("http"), Prepared::default, 1),
        (Section::new("http").restart(), Prepared::live, 1),
        (Section::new("http").live(), Prepared::restart, 1),
    ] {
        let daemon = Daemon::new().with_subsystem(owner(section, answer));
        live(daemon, &part("http", 1, "", ""), move |s| async move {
            s.until_ready().await;
            s.edit_config(&part("http", 2, "", ""));
            s.daemon().reload().await.unwrap();
            assert_eq!(s.restarts("http"), restarts);
        });
    }
}

#[test]
fn a_configuration_made_in_code_cannot_be_reloaded() {
    let daemon = Daemon::new().with_task("idle", idle);
    Sim::new(1)
        .daemon(daemon)
        .script(|s| async move {
            s.until_ready().await;
            for error in
                [s.daemon().reload().await.map(drop), s.daemon().plan_reload().await.map(drop)]
            {
                assert_eq!(error.unwrap_err().kind(), ReloadErrorKind::NothingToReload);
            }
            s.raise(Signal::Hangup);
            s.advance(Duration::from_secs(1)).await;
            assert_eq!(s.state("idle"), SubsystemState::Running);
        })
        .expect_clean();
}

async fn idle(ctx: Context) -> Result<()> {
    ctx.cancelled().await;
    Ok(())
}
