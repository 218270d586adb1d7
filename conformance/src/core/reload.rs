//! Hot reload, of a text that is a file on a real runtime.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use proc_daemon::{
    Change, Context, Daemon, Prepared, ReloadErrorKind, Result, Section, Signal, Spec,
    SubsystemState, task,
};

use super::{Core, core};
use crate::told::Told;
use crate::world::{Plan, Stage, World};

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "RELOAD-01",
            an_owner_of_a_changed_section_is_restarted_alone,
            "A subsystem whose section has changed starts again with the new one; others stay.",
            "Two sections; one is edited.",
        ),
        core!(
            "RELOAD-02",
            a_live_section_is_read_by_who_runs,
            "A subsystem that takes its section live is told, and not restarted.",
            "It waits for the change and notes what it reads.",
        ),
        core!(
            "RELOAD-03",
            what_cannot_be_read_changes_nothing,
            "A text that is no configuration leaves the running one, the very same.",
            "Broken, unknown and empty texts; then a good one.",
        ),
        core!(
            "RELOAD-04",
            one_refusal_refuses_the_whole,
            "A reload that one subsystem refuses changes nothing for anybody.",
            "One of two refuses, panics, and agrees.",
        ),
        core!(
            "RELOAD-05",
            who_cannot_start_with_it_takes_it_back,
            "A configuration with which a subsystem does not become ready is taken back.",
            "The start fails with the new section.",
        ),
        core!(
            "RELOAD-06",
            nothing_changed_is_no_reload,
            "A reload of the same text publishes nothing.",
            "Reloaded twice without an edit.",
        ),
        core!(
            "RELOAD-07",
            a_stop_does_not_wait_for_a_reload,
            "A daemon that is asked to stop while a subsystem thinks about a reload stops.",
            "The hook never answers.",
        )
        .open(),
        core!(
            "RELOAD-08",
            sighup_reloads_and_does_not_stop,
            "SIGHUP is a reload, and nothing else.",
            "Edited, SIGHUP, looked at; then SIGTERM.",
        )
        .alone(),
        core!(
            "RELOAD-09",
            a_slow_reload_does_not_delay_a_signal,
            "SIGTERM during a reload stops the daemon.",
            "The hook never answers; SIGTERM.",
        )
        .open()
        .alone(),
    ]
}

#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
struct Part {
    n: u64,
    #[serde(default)]
    then: String,
}

fn text(http: u64, then: &str, mail: u64) -> String {
    format!("[http]\nn = {http}\nthen = '{then}'\n[mail]\nn = {mail}\n")
}

/// Fails with a section that says so.
async fn run(ctx: Context) -> Result {
    if ctx.settings::<Part>().then == "fail" {
        return Err("it cannot start with that".into());
    }
    ctx.ready();
    ctx.cancelled().await;
    Ok(())
}

fn part(name: &'static str) -> Spec {
    task(name, run).explicit_ready().with_settings::<Part>(name)
}

/// Answers as the proposed section says.
async fn answer(change: Change) -> Result<Prepared> {
    match change.proposed::<Part>().then.as_str() {
        "refuse" => Err("not that".into()),
        "panic" => crate::lab::panic_on_purpose("in the hook"),
        "hang" => pending().await,
        _ => Ok(Prepared::live()),
    }
}

fn two(http: Spec) -> Plan {
    let daemon = Daemon::new().with_subsystem(http).with_subsystem(part("mail"));
    Plan::new(daemon).with_config(&text(1, "", 1))
}

fn restarts(stage: &Stage, name: &str) -> u64 {
    let status = stage.daemon.subsystems().status(name);
    status.expect("it is there").restarts
}

fn an_owner_of_a_changed_section_is_restarted_alone<W: World>(world: &W) {
    let report = world.live(two(part("http")), async |stage: Stage| {
        stage.until_ready().await;
        stage.edit(&text(2, "", 1));
        let report = stage.daemon.reload().await.unwrap();
        assert_eq!(report.to_string(), "generation 2: 0 live; 1 restarted: http");
        assert_eq!((restarts(&stage, "http"), restarts(&stage, "mail")), (1, 0));
        let status = stage.daemon.status();
        assert!(status.ready, "{status}");
        stage.daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

fn a_live_section_is_read_by_who_runs<W: World>(world: &W) {
    let seen = Told::default();
    let open = seen.clone();
    let http = task("http", move |ctx: Context| {
        let open = open.clone();
        async move {
            ctx.ready();
            while ctx.settings::<Part>().n != 2 {
                ctx.config_changed().await?;
            }
            open.tell();
            ctx.cancelled().await;
            Ok(())
        }
    });
    let http = http.explicit_ready().with_settings(Section::<Part>::new("http").live());
    let report = world.live(two(http), async move |stage: Stage| {
        stage.until_ready().await;
        stage.edit(&text(2, "", 1));
        let report = stage.daemon.reload().await.unwrap();
        assert_eq!((report.generation, restarts(&stage, "http")), (2, 0));
        seen.once().await;
        stage.daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

fn what_cannot_be_read_changes_nothing<W: World>(world: &W) {
    let report = world.live(two(part("http")), async |stage: Stage| {
        stage.until_ready().await;
        let before = stage.daemon.config_snapshot();
        for bad in ["[http\nn = 2", "[http]\nn = 'two'\n[mail]\nn = 1", "", "[nobody]\nn = 1"] {
            stage.edit(bad);
            let error = stage.daemon.reload().await.unwrap_err();
            assert_eq!(error.kind(), ReloadErrorKind::Invalid, "{bad:?}: {error}");
            assert!(Arc::ptr_eq(&before, &stage.daemon.config_snapshot()), "{bad:?}");
            let last = stage.daemon.status().last_reload.expect("it is told");
            assert!(last.result.is_err(), "{bad:?}");
        }
        stage.edit(&text(2, "", 1));
        assert_eq!(stage.daemon.reload().await.unwrap().generation, 2);
        stage.daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

fn one_refusal_refuses_the_whole<W: World>(world: &W) {
    let plan = two(part("http").on_reload(answer)).with_panics();
    let report = world.live(plan, async |stage: Stage| {
        stage.until_ready().await;
        let before = stage.daemon.config_snapshot();
        for then in ["refuse", "panic"] {
            stage.edit(&text(2, then, 2));
            let error = stage.daemon.reload().await.unwrap_err();
            assert_eq!(error.kind(), ReloadErrorKind::Refused, "{then}: {error}");
            assert_eq!(error.subsystem(), Some("http"), "{then}");
            assert!(Arc::ptr_eq(&before, &stage.daemon.config_snapshot()), "{then}");
            assert_eq!(restarts(&stage, "mail"), 0, "{then}");
        }
        stage.edit(&text(2, "agree", 1));
        assert_eq!(stage.daemon.reload().await.unwrap().generation, 2);
        assert_eq!(restarts(&stage, "http"), 0);
        stage.daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

fn who_cannot_start_with_it_takes_it_back<W: World>(world: &W) {
    let report = world.live(two(part("http")), async |stage: Stage| {
        stage.until_ready().await;
        stage.edit(&text(2, "fail", 1));
        let error = stage.daemon.reload().await.unwrap_err();
        assert_eq!(error.kind(), ReloadErrorKind::RolledBack, "{error}");
        assert_eq!(stage.daemon.status().state_of("http"), Some(SubsystemState::Running));
        assert!(stage.daemon.status().ready);
        stage.daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

fn nothing_changed_is_no_reload<W: World>(world: &W) {
    let report = world.live(two(part("http")), async |stage: Stage| {
        stage.until_ready().await;
        let before = stage.daemon.config_snapshot();
        for _ in 0..2 {
            let report = stage.daemon.reload().await.unwrap();
            assert!(!report.is_changed(), "{report}");
        }
        assert!(Arc::ptr_eq(&before, &stage.daemon.config_snapshot()));
        stage.daemon.shutdown();
    });
    assert!(report.is_clean(), "{report}");
}

/// A daemon whose hook has been asked and does not answer; what it does then.
fn stuck<W: World>(world: &W, signals: bool, act: impl AsyncFnOnce(&Stage) + 'static) {
    let asked = Told::default();
    let open = asked.clone();
    let http = part("http").on_reload(move |change| {
        open.tell();
        answer(change)
    });
    let plan = if signals { two(http).with_signals() } else { two(http) };
    let report = world.live(plan, async move |stage: Stage| {
        stage.until_ready().await;
        let before = stage.daemon.config_snapshot();
        stage.edit(&text(2, "hang", 1));
        let reload = stage.daemon.reload();
        asked.once().await;
        act(&stage).await;
        let error = reload.await.unwrap_err();
        assert_eq!(error.kind(), ReloadErrorKind::ShuttingDown, "{error}");
        assert!(Arc::ptr_eq(&before, &stage.daemon.config_snapshot()));
    });
    assert!(report.is_clean(), "{report}");
    assert!(report.stopped_in() < Duration::from_secs(5), "{report}");
}

fn a_stop_does_not_wait_for_a_reload<W: World>(world: &W) {
    stuck(world, false, async |stage: &Stage| {
        stage.daemon.shutdown();
    });
}

fn a_slow_reload_does_not_delay_a_signal<W: World>(world: &W) {
    stuck(world, true, async |stage: &Stage| stage.raise(Signal::Terminate));
}

fn sighup_reloads_and_does_not_stop<W: World>(world: &W) {
    let plan = two(part("http")).with_signals();
    let report = world.live(plan, async |stage: Stage| {
        stage.until_ready().await;
        let mut events = stage.daemon.subscribe_events();
        stage.edit(&text(2, "", 1));
        stage.raise(Signal::Hangup);
        while (stage.daemon.status().config_generation, restarts(&stage, "http")) != (2, 1) {
            events.next_event().await.expect("it goes on");
        }
        assert!(stage.daemon.is_running());
        stage.raise(Signal::Terminate);
        stage.daemon.stopped().await;
    });
    assert!(report.is_clean(), "{report}");
}
