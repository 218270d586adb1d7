//! How subsystems end, and what the report says about it.

use std::fmt;
use std::io;

use futures_lite::future::yield_now;
use proc_daemon::runtime::AnyRuntime;
use proc_daemon::{
    Context, Daemon, EndKind, ErrorKind, RestartPolicy, Result, ShutdownReason, Spec, Subsystem,
    task, task_with,
};

use super::idle;
use super::{Core, core};
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "EXIT-01",
            an_error_ends_the_daemon_named_with_its_cause_chain,
            "An error ends the daemon with 1, and the report names it with its causes.",
            "An error with a source."
        ),
        core!(
            "EXIT-02",
            a_panic_anywhere_is_caught_and_ends_the_daemon_with_70,
            "A panic of a subsystem ends the daemon with 70, wherever it is.",
            "In the factory, at the first poll, later, in a destructor."
        ),
        core!(
            "EXIT-03",
            a_failure_is_an_error_of_run,
            "`run` gives an error that is the failure.",
            "A subsystem fails; the error of `run` is looked at."
        ),
        core!(
            "EXIT-04",
            an_error_on_the_way_down_is_not_lost,
            "A failure while stopping is in the report.",
            "A subsystem fails when it is asked to stop."
        ),
        core!(
            "EXIT-05",
            the_report_is_json_too,
            "The report is JSON with the same facts.",
            "A life with a failure is parsed again."
        ),
        core!(
            "EXIT-06",
            ending_before_being_ready_is_a_failure,
            "A subsystem that must say when it is ready, and ends before, has failed.",
            "One with explicit readiness returns."
        ),
        core!(
            "EXIT-07",
            a_once_subsystem_may_move_what_it_captures,
            "A subsystem that runs once may move what it captures.",
            "It returns a text that it owns."
        ),
        core!(
            "EXIT-08",
            a_failure_is_started_again_as_a_new_generation,
            "A failure under a restart policy is a new start, with the next number.",
            "The first start fails, the second sees its number."
        ),
    ]
}

#[derive(Debug, thiserror::Error)]
#[error("cannot load the index")]
struct Load(#[source] io::Error);

fn an_error_ends_the_daemon_named_with_its_cause_chain<W: World>(world: &W) {
    let store = task("store", |_| async {
        yield_now().await;
        Err(Load(io::Error::other("disk on fire")).into())
    });
    let store = store.restart_policy(RestartPolicy::never());
    let report = world.run(Daemon::new().with_task("idle", idle).with_subsystem(store));
    assert_eq!(report.code, 1);
    assert_eq!(report.reason, Some(ShutdownReason::SubsystemFailed("store".into())));
    let text = report.to_string();
    assert!(text.starts_with("exit 1: subsystem `store` failed\n"), "{text}");
    assert!(
        text.contains(concat!("cannot load the index: disk on fire (from ", file!(), ":")),
        "{text}"
    );
    let end = report.end_of("store").unwrap();
    assert_eq!(end.find::<Load>().unwrap().0.to_string(), "disk on fire");
    assert_eq!((end.kind(), end.generation()), (EndKind::Error, 1));
    assert_eq!(report.end_of("idle").unwrap().kind(), EndKind::Requested);
}

fn a_panic_anywhere_is_caught_and_ends_the_daemon_with_70<W: World>(world: &W) {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    struct Fine;
    impl Subsystem for Fine {
        fn name(&self) -> &str {
            "fine"
        }
        async fn run(&self, ctx: Context) -> Result {
            idle(ctx).await
        }
    }
    let constructor = || -> Result<Fine> { panic!("in the factory") };
    let cases: [(&str, Spec); 5] = [
        ("at once", task("bad", |_| async { panic!("at once") })),
        (
            "in the function",
            task("bad", |_| -> std::future::Ready<Result> { panic!("in the function") }),
        ),
        (
            "later",
            task("bad", |_| async {
                yield_now().await;
                panic!("later")
            }),
        ),
        (
            "in drop",
            task("bad", |_| async {
                let _bomb = Bomb;
                Ok(())
            }),
        ),
        ("in the factory", Spec::factory("bad", constructor)),
    ];
    for (what, spec) in cases {
        let spec = spec.restart_policy(RestartPolicy::never());
        let daemon = Daemon::new().with_task("idle", idle).with_subsystem(spec);
        let report = world.run_with_panics(daemon);
        assert_eq!(report.code, 70, "{what}: {report}");
        let text = report.to_string();
        assert!(
            text.contains("`bad`: panic") && text.contains(&format!("panicked: {what}")),
            "{text}"
        );
        assert_eq!(report.end_of("idle").unwrap().kind(), EndKind::Requested, "{what}");
    }
}

fn a_failure_is_an_error_of_run<W: World>(world: &W) {
    let bad = task("bad", |_| async { Err("broken".into()) });
    let bad = bad.restart_policy(RestartPolicy::never());
    let daemon = world.daemon(Daemon::new().with_subsystem(bad));
    let run = async |runtime: AnyRuntime| daemon.run_on(runtime).await;
    let error = world.block_on(run).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Subsystem, "SUBSYSTEM_FAILED"));
    assert_eq!(error.exit_code(), 1);
    assert_eq!(error.report().unwrap().code, 1);
    assert_eq!(format!("{error:?}"), "exit 1: subsystem `bad` failed to start: broken");
}

fn an_error_on_the_way_down_is_not_lost<W: World>(world: &W) {
    #[derive(Debug)]
    struct Unprintable;
    impl fmt::Display for Unprintable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in Display")
        }
    }
    impl std::error::Error for Unprintable {}
    let report = world.run(
        Daemon::new()
            .with_task("odd", |ctx| async move {
                ctx.cancelled().await;
                Err(Unprintable.into())
            })
            .with_subsystem(
                task("flush", |ctx: Context| async move {
                    ctx.shutdown("go");
                    ctx.cancelled().await;
                    Err("disk full".into())
                })
                .after("odd"),
            ),
    );
    assert_eq!((report.code, &report.reason), (1, &Some(ShutdownReason::Requested("go".into()))));
    let text = report.to_string();
    assert!(text.contains("disk full") && text.contains("its Display panicked"), "{text}");
}

fn the_report_is_json_too<W: World>(world: &W) {
    let report = world.run(Daemon::new().with_task("bad", |ctx| async move {
        ctx.shutdown("first");
        ctx.shutdown("second");
        Err("a \"quoted\" text".into())
    }));
    assert_eq!(report.later_reasons(), [ShutdownReason::Requested("second".into())]);
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["code"], 1);
    assert_eq!(json["reason"], "requested: first");
    assert_eq!(json["later"][0], "requested: second");
    assert_eq!(json["subsystems"][0]["name"], "bad");
    assert_eq!(json["subsystems"][0]["end"], "error");
    assert_eq!(json["subsystems"][0]["error"], "a \"quoted\" text");
    assert_eq!(json["subsystems"][0]["generation"], 1);
}

fn ending_before_being_ready_is_a_failure<W: World>(world: &W) {
    let early = task("early", |_| async { Ok(()) }).explicit_ready();
    let early = early.restart_policy(RestartPolicy::never());
    let report = world.run(Daemon::new().with_subsystem(early));
    assert_eq!(report.code, 1, "{report}");
    assert_eq!(report.reason, Some(ShutdownReason::StartFailed("early".into())));
    assert!(report.to_string().contains("before it was ready"), "{report}");
}

fn a_once_subsystem_may_move_what_it_captures<W: World>(world: &W) {
    let (tell, told) = std::sync::mpsc::channel();
    let moved = tell.clone();
    let report = world.run(
        Daemon::new()
            .with_subsystem(Spec::once("once", move |ctx: Context| async move {
                moved.send(ctx.name().to_owned())?;
                drop(moved);
                idle(ctx).await
            }))
            .with_subsystem(
                task_with("state", tell, |ctx: Context, tell| async move {
                    tell.send(ctx.name().to_owned())?;
                    ctx.shutdown("go");
                    idle(ctx).await
                })
                .requires("once"),
            ),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(told.iter().take(2).collect::<Vec<_>>(), ["once", "state"]);
}

/// What depends on it runs on; its children are those of its own start.
fn a_failure_is_started_again_as_a_new_generation<W: World>(world: &W) {
    let flaps = task("flaps", |ctx: Context| async move {
        ctx.spawn(std::future::pending::<()>()).detach();
        match ctx.generation() {
            1 => Err("broken".into()),
            2 => panic!("broken"),
            _ => {
                ctx.shutdown("go");
                idle(ctx).await
            }
        }
    });
    let idle = task("idle", idle).after("flaps");
    let report = world.run_with_panics(Daemon::new().with_subsystem(flaps).with_subsystem(idle));
    assert!(report.is_clean(), "{report}");
    let end = report.end_of("flaps").unwrap();
    assert_eq!((end.kind(), end.generation()), (EndKind::Requested, 3));
    assert!(end.error().is_none(), "{report}");
}
