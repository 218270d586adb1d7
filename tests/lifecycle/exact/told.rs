//! Each part of a status, as text and as JSON: one that were another would be seen.

use proc_daemon::sim::Stage;
use proc_daemon::{
    Backoff, Config, Context, Daemon, Prepared, RestartPolicy, Result, Status, task,
};
use serde_json::{Value, json};

use super::health::scripted;
use super::{MS, SECOND};
use crate::exact::exactly;
use crate::{Diary, idle};

#[derive(serde::Deserialize)]
struct Part {
    n: u64,
}

fn first_line(status: &Status) -> String {
    status.to_string().lines().next().expect("there is one").to_owned()
}

fn as_json(status: &Status) -> Value {
    serde_json::from_str(&status.to_json()).expect("it is JSON")
}

/// What the status of the daemon says about its configuration.
fn told(s: &Stage) -> (String, Value, Value) {
    let status = s.daemon().status();
    let json = as_json(&status);
    (first_line(&status), json["config_generation"].clone(), json["last_reload"].clone())
}

#[test]
fn the_configuration_in_force_and_the_last_reload_are_told() {
    exactly(
        |sim| {
            let hook = |change: proc_daemon::Change| async move {
                match change.proposed::<Part>().n {
                    7 => Err("not\nseven".into()),
                    _ => Ok(Prepared::restart()),
                }
            };
            let http = task("http", idle).with_settings::<Part>("http").on_reload(hook);
            let sim = sim.daemon(Daemon::new().with_subsystem(http)).config_text("[http]\nn = 1");
            sim.script(async |s| {
                s.until_ready().await;
                assert_eq!(told(&s), ("ready".to_owned(), json!(1), Value::Null));

                s.advance(SECOND).await;
                s.edit_config("[http]\nn = 2");
                s.daemon().reload().await.expect("it restarts");
                let done = "generation 2: 0 live; 1 restarted: http";
                let line = format!("ready, configuration 2, last reload: {done}");
                s.advance(SECOND).await;
                let expected = json!({
                    "outcome": "changed", "ago_ms": 1000, "generation": 2, "subsystem": null, "text": done,
                });
                assert_eq!(told(&s), (line, json!(2), expected));
                let last = s.daemon().status().last_reload.expect("there was one");
                assert_eq!(last.at + SECOND, s.now());

                s.advance(SECOND).await;
                s.edit_config("[http]\nn = 7");
                let refused = s.daemon().reload().await.unwrap_err().to_string();
                assert!(refused.contains("not\nseven"), "{refused}");
                let line = refused.replace('\n', " ");
                let line = format!("ready, configuration 2, last reload: {line}");
                let expected = json!({
                    "outcome": "refused", "ago_ms": 0, "generation": null, "subsystem": "http", "text": refused,
                });
                assert_eq!(told(&s), (line, json!(2), expected));
                let last = s.daemon().status().last_reload.expect("there were two");
                assert_eq!((last.at, last.result.is_err()), (s.now(), true));

                s.edit_config("[http]\nn = 1\n[logging]\nlevel = 'warn'");
                s.daemon().reload().await.expect("it restarts");
                let (_, generation, last) = told(&s);
                assert_eq!((generation, &last["outcome"]), (json!(3), &json!("changed")));
                s.daemon().reload().await.expect("there is nothing to do");
                assert_eq!(told(&s).2["outcome"], json!("unchanged"));
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn one_that_has_not_run_has_read_nothing() {
    let daemon = Daemon::builder(Config::file("/nowhere/daemon.toml")).with_task("a", idle);
    let status = daemon.build().unwrap().status();
    assert_eq!(first_line(&status), "not running");
    let json = as_json(&status);
    let flags = ["live", "ready", "degraded"].map(|name| json[name].clone());
    assert_eq!(flags, [json!(false), json!(false), json!(false)]);
    assert_eq!((&json["config_generation"], &json["last_reload"]), (&json!(0), &Value::Null));
}

/// Ready after a while.
async fn slow(ctx: Context) -> Result<()> {
    ctx.sleep(2 * SECOND).await?;
    ctx.ready();
    idle(ctx).await
}

/// Fails twice at once.
async fn flaky(ctx: Context) -> Result<()> {
    match ctx.generation() {
        1 | 2 => Err("no line".into()),
        _ => idle(ctx).await,
    }
}

#[test]
fn each_part_of_a_line_is_of_the_subsystem_and_of_the_moment() {
    exactly(
        |sim| {
            let backoff = Backoff::constant(150 * MS).jitter(0.0);
            let policy = RestartPolicy::on_failure().backoff(backoff).unlimited();
            let once = RestartPolicy::never();
            let (up, down) = (Diary::default(), Diary::default());
            let up = scripted(&up, "+++").every(SECOND).rise(1);
            let down = scripted(&down, "---").every(100 * MS).fall(2);
            let broken = |_| async { Err("gone".into()) };
            let daemon = Daemon::new()
                .with_subsystem(task("db", slow).explicit_ready())
                .with_subsystem(task("cache", slow).explicit_ready())
                .with_subsystem(task("web", idle).requires("db").after("cache"))
                .with_subsystem(task("flaky", flaky).restart_policy(policy))
                .with_subsystem(task("up", idle).readiness(up))
                .with_subsystem(task("down", idle).readiness(down))
                .with_subsystem(task("gone", broken).restart_policy(once).optional());
            sim.daemon(daemon).script(async |s| {
                s.advance(SECOND).await;
                let status = s.daemon().status();
                let lines = [
                    "not ready, degraded",
                    "  db     starting for 1s, start 1",
                    "  cache  starting for 1s, start 1",
                    "  web    waiting for 1s, waits for db and cache",
                    "  flaky  running for 700ms, start 3, last end: error after 0s: no line",
                    "  up     running for 1s, start 1, health up",
                    "  down   running for 1s, not ready, start 1, health down: no progress",
                    "  gone   failed for 1s, start 1, last end: error after 0s: gone",
                ];
                assert_eq!(status.to_string(), lines.join("\n"));
                let json = as_json(&status);
                let of = |key: &str| -> Vec<Value> {
                    let all = json["subsystems"].as_array().expect("a list");
                    all.iter().map(|one| one[key].clone()).collect()
                };
                let (no, none) = (json!([]), Value::Null);
                assert_eq!(of("id"), (0..7).map(Value::from).collect::<Vec<_>>());
                assert_eq!(of("restarts"), [0, 0, 0, 2, 0, 0, 0].map(Value::from));
                assert_eq!(of("generation"), [1, 1, 0, 3, 1, 1, 1].map(Value::from));
                let ready = [false, false, false, true, true, false, false];
                assert_eq!(of("ready"), ready.map(Value::from));
                let since = [1000, 1000, 1000, 700, 1000, 1000, 1000];
                assert_eq!(of("state_for_ms"), since.map(Value::from));
                assert_eq!(of("waits_for")[2], json!(["db", "cache"]));
                assert_eq!(of("waits_for")[5], no);
                assert_eq!(of("health")[4..6], [json!("up"), json!("down")]);
                assert_eq!(of("reason")[4..6], [none.clone(), json!("no progress")]);
                assert_eq!(of("restart_in_ms"), vec![none; 7]);
                assert_eq!(json["degraded"], json!(true));
                s.daemon().shutdown();
            })
        },
        |report| assert_eq!(report.code, 1, "{report}"),
    );
}
