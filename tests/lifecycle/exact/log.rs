//! What the operator reads in the log of a daemon that is supervised, line by line.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::sim::{Sim, Stage};
use proc_daemon::{Backoff, Context, Daemon, DaemonBuilder, RestartPolicy, Spec, Strategy, task};
use tracing_subscriber::fmt::MakeWriter;

use super::health::scripted;
use super::{MS, SECOND};
use crate::{Diary, idle};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The lines of one life from level info up, each with its level.
fn log<F, Fut>(daemon: DaemonBuilder, script: F) -> Vec<String>
where
    F: FnOnce(Stage) -> Fut,
    Fut: Future<Output = ()> + 'static,
{
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(kept.clone())
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let sim = Sim::new(7).daemon(daemon).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
        let life = sim.script(script);
        assert!(life.verdict().is_clean(), "{}", life.verdict());
    });
    let bytes = kept.0.lock().clone();
    let text = String::from_utf8(bytes).expect("it is text");
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// Those of `lines` that speak of `part`.
fn about<'a>(lines: &'a [String], part: &str) -> Vec<&'a str> {
    lines.iter().map(String::as_str).filter(|line| line.contains(part)).collect()
}

#[test]
fn a_call_by_name_is_told_with_who_made_it() {
    let ops = |ctx: Context| async move {
        ctx.subsystems().restart("db").await?;
        // Refused: there is nothing to tell.
        assert!(ctx.subsystems().start("db").await.is_err());
        idle(ctx).await
    };
    let daemon = Daemon::new().with_task("db", idle).with_subsystem(task("ops", ops).after("db"));
    let lines = log(daemon, async |s| {
        s.until_ready().await;
        s.advance(SECOND).await;
        let subsystems = s.daemon().subsystems();
        subsystems.stop("db").await.unwrap();
        subsystems.start("db").await.unwrap();
        subsystems.add(task("more", idle)).await.unwrap();
        subsystems.remove("more").await.unwrap();
    });
    let expected = [
        "INFO `db` restarts: asked by `ops`",
        "INFO `db` stops: asked from outside",
        "INFO `db` starts: asked from outside",
        "INFO `more` is added: asked from outside",
        "INFO `more` is removed: asked from outside",
    ];
    assert_eq!(about(&lines, "asked"), expected, "{lines:#?}");
}

#[test]
fn readiness_is_told_with_the_reason_and_only_when_it_changes() {
    let check = scripted(&Diary::default(), "+~--+").every(SECOND).rise(1).fall(2);
    let daemon = Daemon::new().with_subsystem(task("db", idle).readiness(check));
    let lines = log(daemon, async |s| s.advance(8 * SECOND).await);
    let expected = [
        "INFO `db` is ready",
        "INFO `db`: degraded, says readiness: slow disk",
        "WARN `db`: its readiness check failed: no progress",
        "WARN `db` is not ready: no progress",
        "INFO `db`: its readiness check is good again",
        "INFO `db` is ready again",
    ];
    assert_eq!(about(&lines, "`db`"), expected, "{lines:#?}");
}

#[test]
fn that_the_daemon_is_not_ready_any_more_is_told_with_whom_it_waits_for() {
    let backoff = Backoff::constant(SECOND).jitter(0.0);
    let policy = RestartPolicy::on_failure().backoff(backoff).unlimited();
    let breaks = |ctx: Context| async move {
        ctx.sleep(5 * SECOND).await?;
        Err("no line".into())
    };
    let daemon = Daemon::new()
        .with_subsystem(task("uplink", breaks).restart_policy(policy))
        .with_subsystem(task("web", idle).binds("uplink"));
    let lines = log(daemon, async |s| s.advance(7 * SECOND).await);
    let told: Vec<&str> =
        lines.iter().map(String::as_str).filter(|line| line.contains("ready")).collect();
    let expected = ["INFO ready", "INFO not ready: uplink (in backoff), web", "INFO ready"];
    assert_eq!(told, expected, "{lines:#?}");
}

#[test]
fn who_is_still_starting_says_for_whom_it_waits() {
    let backoff = Backoff::constant(60 * SECOND).jitter(0.0);
    let policy = RestartPolicy::on_failure().backoff(backoff).unlimited();
    let broken = |_| async { Err("no line".into()) };
    let slow = |ctx: Context| async move { ctx.sleep(20 * SECOND).await.map_err(Into::into) };
    let mut daemon = Daemon::new()
        .with_subsystem(task("uplink", broken).restart_policy(policy).explicit_ready())
        .with_subsystem(task("db", slow).explicit_ready())
        .with_subsystem(task("web", idle).requires("db").after("uplink"));
    let mut many = task("many", idle);
    for name in ["a", "b", "c", "d", "e"] {
        daemon = daemon.with_subsystem(task(name, idle).after("db"));
        many = many.after(name);
    }
    let lines = log(daemon.with_subsystem(many), async |s| s.advance(6 * SECOND).await);
    let expected = "INFO still starting: uplink (in backoff), db, web (waits for uplink, db), \
        a (waits for db), b (waits for db), c (waits for db), d (waits for db), e (waits for db) and 1 more";
    assert_eq!(about(&lines, "still starting"), [expected], "{lines:#?}");
}

/// Fails so many times and is then given up.
fn failing(name: &'static str, allowed: u32) -> Spec {
    let backoff = Backoff::constant(10 * MS).jitter(0.0);
    let policy = RestartPolicy::on_failure().backoff(backoff).intensity(allowed, 60 * SECOND);
    task(name, |_| async { Err("no line".into()) }).restart_policy(policy)
}

#[test]
fn who_is_given_up_is_told_with_the_numbers_and_what_follows() {
    let given_up = |daemon: DaemonBuilder| {
        let lines = log(daemon, async |s| s.advance(SECOND).await);
        about(&lines, "is not started again").join("\n")
    };
    let critical = Daemon::new().with_subsystem(failing("db", 5));
    assert_eq!(
        given_up(critical),
        "ERROR `db` is not started again: it failed 6 times within 1m (5 are allowed); \
         the daemon shuts down with 69"
    );
    let optional = Daemon::new().with_task("keeper", idle);
    let optional = optional.with_subsystem(failing("db", 1).optional());
    assert_eq!(
        given_up(optional),
        "ERROR `db` is not started again: it failed 2 times within 1m (1 is allowed); \
         the daemon goes on without it"
    );
    let last = Daemon::new().with_subsystem(failing("db", 1).optional());
    assert!(given_up(last).ends_with("; nothing is left to run"));
    let asks = failing("db", 1).on_give_up(|_| proc_daemon::Exit::ShutdownDaemon(3));
    let asks = given_up(Daemon::new().with_subsystem(asks));
    assert!(asks.ends_with("; its `on_give_up` says what follows"), "{asks}");
    let never = failing("db", 1).restart_policy(RestartPolicy::never());
    let never = given_up(Daemon::new().with_subsystem(never));
    assert!(never.ends_with(": its end is final; the daemon shuts down with 1"), "{never}");
    let slow = |ctx: Context| async move { ctx.sleep(40 * SECOND).await.map_err(Into::into) };
    let policy = RestartPolicy::on_failure().intensity(1, 10 * SECOND);
    let starts = task("db", slow).explicit_ready().restart_policy(policy).optional();
    let lines = log(Daemon::new().with_subsystem(starts), async |s| {
        s.advance(100 * SECOND).await;
    });
    let expected = "it was not ready in 2 starts in a row (1 is allowed); nothing is left to run";
    assert_eq!(about(&lines, expected).len(), 1, "{lines:#?}");
}

#[test]
fn a_failure_is_told_before_what_follows_from_it_with_the_code_of_the_daemon() {
    let never = RestartPolicy::never();
    let about_db = |db: Spec| {
        let lines = log(Daemon::new().with_subsystem(db), async |s| s.advance(60 * SECOND).await);
        about(&lines, "`db`").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let slow = |ctx: Context| async move { ctx.sleep(40 * SECOND).await.map_err(Into::into) };
    let timeout = Duration::from_micros(2_000_123);
    let db = task("db", slow).explicit_ready().start_timeout(timeout).restart_policy(never.clone());
    let expected = [
        "WARN `db` did not become ready in time",
        "INFO shutting down: subsystem `db` failed to start",
        "ERROR `db` failed: it was not ready in time; does it call `ctx.ready()`?",
        "ERROR `db` is not started again: its end is final; the daemon shuts down with 75",
    ];
    assert_eq!(about_db(db), expected);
    // It has returned, and what it holds has its grace.
    let holds = |ctx: Context| async move {
        ctx.sleep(SECOND).await?;
        let held = ctx.in_flight();
        let _left = ctx.spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        Err("no line".into())
    };
    let expected = [
        "INFO shutting down: subsystem `db` failed",
        "WARN the grace of `db` is over: aborting it",
        "ERROR `db` failed: no line",
        "ERROR `db` is not started again: its end is final; the daemon shuts down with 1",
    ];
    assert_eq!(about_db(task("db", holds).restart_policy(never)), expected);
}

#[test]
fn what_is_sound_and_probably_not_meant_is_warned_of_once() {
    let lonely = task("lonely", idle).requires("cache").on_give_up(|_| proc_daemon::Exit::Default);
    let daemon = Daemon::new()
        .with_group("pair", Strategy::RestForOne)
        .with_group("both", Strategy::OneForAll)
        .with_subsystem(task("web", idle).requires("cache").group("both"))
        .with_subsystem(task("cache", idle).optional().group("both"))
        .with_subsystem(task("page", idle).binds("cache").optional())
        .with_subsystem(task("log", idle).after("cache"))
        .with_subsystem(lonely)
        .with_subsystem(task("parse", idle).requires("fetch").group("pair"))
        .with_subsystem(task("fetch", idle).group("pair"))
        .with_subsystem(task("store", idle).requires("fetch").group("pair"));
    let lines = log(daemon, async |s| {
        s.until_ready().await;
        s.daemon().subsystems().add(task("more", idle).requires("cache")).await.unwrap();
        s.daemon().subsystems().add(task("less", idle).after("cache")).await.unwrap();
    });
    let of = |by: &str| {
        format!(
            "WARN `{by}` is critical and requires `cache`, which is optional: if `cache` is given up, the daemon \
             shuts down; make both optional or both critical, or have `{by}` only start `after` it"
        )
    };
    let expected = [
        of("web"),
        "WARN `parse` requires `fetch` and comes before it in the rest-for-one group `pair`, which starts `fetch` \
         again when `parse` fails, and not `parse` when `fetch` fails: give `fetch` to the builder first"
            .to_owned(),
        of("more"),
    ];
    assert_eq!(about(&lines, "WARN"), expected, "{lines:#?}");
}
